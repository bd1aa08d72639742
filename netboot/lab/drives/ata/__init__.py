"""The command core of a SATA disk of our own: registers and data in, registers and data out, no wire and no clock.

Written from ATA/ATAPI Command Set (ACS-3, ACS-4; clauses are named by their titles, since their numbers differ from
one draft to the next) and, where the drafts are not at hand, from the OEM specification of the Ultrastar DC HC580,
chapters 10 and 12, which restates them. It is nobody's firmware: what works with it proves command paths and our
verdicts, never what a maker's disk does.
Not for: the wire (ahci/), NCQ, ATAPI, streaming, zones.
"""
