"""The PC's hardware, except disks and network adapters, read from the kernel and the firmware."""
