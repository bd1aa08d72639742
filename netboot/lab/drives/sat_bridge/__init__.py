"""A bridge of our own from SCSI to SATA disks of our own (ata/): it translates commands, as USB and SAS bridges do.

Written from SCSI / ATA Translation (SAT-4); its disks are targets of a virtio SCSI host (virtio_scsi/). What it is
there for is what bridges get wrong: registers that a SANITIZE or SECURITY command ends with may be handed on, cut down
or lost (spec.Registers). It is nobody's bridge: what works with it proves command paths and our verdicts.
"""
