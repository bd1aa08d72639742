"""The server's side of the work on PCs: agents, choices, jobs, and the live board; greeting.py is the entry."""
