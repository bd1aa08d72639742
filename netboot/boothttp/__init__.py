"""The boot HTTP server: what firmware, loaders and agents fetch and say, over plain HTTP."""
