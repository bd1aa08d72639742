"""What may be set in the YAML file of the server, each part as typed values with defaults that work."""
