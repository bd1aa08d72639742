"""What agent and server both know: the only package beside its own that the agent may import."""
