"""The parts of the TFTP service (netboot/tftp.py): codec, one transfer, its socket, and where files come from."""
