"""What is on a disk: its partition table, file systems, used parts, boot loaders and the system installed on it.

`whole_disk.py` asks all of it. Only reads, and mounts nothing; of an image on the server and of a PC's own disk alike.
Not for: what is made of the answers (`masters/`).
"""
