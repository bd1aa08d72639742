"""The settings in the server's YAML file, as typed values with defaults that work."""
