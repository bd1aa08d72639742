"""Files on the server's own disk: those beside the code, YAML that people wrote, the data folder, reading ahead."""
