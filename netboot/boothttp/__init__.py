"""The boot HTTP server: plain HTTP for firmware, loaders and agents."""
