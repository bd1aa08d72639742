"""What the PC is made of but its disks and network adapters, read from the kernel and the firmware."""
