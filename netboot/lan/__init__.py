"""The LAN as the server's kernel shows it: interfaces, addresses, neighbours, and sockets with their limits."""
