"""A SCSI host on PCI that Linux drives without knowing of us (virtio 1.2 §5.6), for targets of our own.

Its targets are SATA disks behind a bridge (sat_bridge/) or SCSI disks (scsi/).
"""
