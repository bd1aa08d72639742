"""The PC's disks: listing them, what may be written, and direct I/O that survives faulty sectors."""
