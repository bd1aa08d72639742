"""An AHCI controller of our own with SATA disks of our own (ata/) on its ports.

Written from Serial ATA AHCI 1.3.1 and, for the frames, Serial ATA 3.x, “Register – Host to Device” and its kin. It has
no NCQ, no port multiplier, no hot plug, no power management of its links; what works with it proves command paths and
our verdicts, never what a maker's controller does.
"""
