"""Folders into which other programs saved a disk, partition by partition: Clonezilla's and FOG's.

`clonezilla.py` and `fog.py` find in a folder what belongs to the disk (`parts.py`); `restoring.py` makes the disk of it
again. Not for: images of whole disks (`masters/formats/`), saving in these forms.
"""
