"""How the firmware finds the system on the disk: boot entries, the removable path, and the way home without a job."""
