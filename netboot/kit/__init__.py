"""The kit: one image for a USB stick that starts the agent on a PC that cannot boot from the LAN, or has no LAN.

`image.py` puts it together from the boot files of the LAN boot: the same kernel, the same base archive, and the
agent's archive with `netboot/alone/` and the rules of `netboot/jobs/` beside it.
Not for: what happens on the PC (`netboot/alone/`).
"""
