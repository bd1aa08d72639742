"""The virtual workshop: a LAN of its own, the building's DHCP server, and whole PCs in QEMU under emulation.

Used by `./run demo`, by the tests marked `lab` and by the benchmarks. It needs root, for namespaces and taps;
it leaves the host's own network as it is, and cleans up after itself, also after a crash (runs.py).
Not for: anything that runs in a real workshop.
"""
