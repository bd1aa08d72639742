"""The PC's network: adapters, addresses, the WebSocket to the server, and finding a server that moved."""
