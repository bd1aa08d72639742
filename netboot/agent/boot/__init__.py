"""How the firmware finds the system on the disk: boot entries, the removable path, and booting it without a job."""
