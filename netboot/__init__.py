"""netboot: boots used PCs over the LAN, wipes their disks with evidence, and gives them a Linux master."""

__version__ = "0.1.0"
