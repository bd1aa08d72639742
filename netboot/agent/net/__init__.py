"""The PC's way to the server: adapters, addresses, the one line, and finding a server that moved."""
