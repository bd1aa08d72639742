"""Lab drives: storage devices of our own, which QEMU's PCs see as PCI devices.

Each drive is one process that speaks vfio-user with QEMU (10.1 or newer) and outlives it, so that a power cut is a
killed QEMU. Each is told how to behave: well, failing, hanging, lying (behaviour.py). They are written from the
standards, not from any maker's firmware: what works with them proves command paths and our verdicts, never what a
real drive does.

What every kind of drive is made of: the transport (vfio_messages.py, vfio_user.py), the PCI function (pci.py), the
PC's memory (guest_memory.py), the data (medium.py), what outlasts a power cut (state.py), an erase that takes its
time (erasing.py). Then each kind has a package of its own.
"""
