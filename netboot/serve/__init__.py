"""`netboot serve`: every service started, told of changes, and stopped in order."""
