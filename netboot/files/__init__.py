"""Files on the server's own disk: those shipped beside the code, YAML settings, the data folder, reading ahead."""
