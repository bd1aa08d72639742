"""Inventories with what identity looks at, and nothing else."""

from netboot.jobs.identity import same_machine, signs_of
from netboot.shared.inventory import Board, Disk, DiskId, Firmware, Inventory, Nic, System

DONGLE = "00:e0:4c:68:00:01"


def inventory(
    *,
    uuid: str = "",
    serial: str = "",
    product: str = "OptiPlex 7050",
    board: str = "",
    macs: tuple[str, ...] = (),
    dongles: tuple[str, ...] = (),
    disks: tuple[str, ...] = (),
) -> Inventory:
    """What identity looks at, and nothing else."""
    nics = [Nic(name=f"eth{i}", mac=mac, driver="e1000e") for i, mac in enumerate(macs)]
    nics += [Nic(name=f"usb{i}", mac=mac, driver="r8152") for i, mac in enumerate(dongles)]
    return Inventory(
        system=System(product=product, serial=serial, uuid=uuid),
        board=Board(product="0NW6H5", serial=board),
        firmware=Firmware(mode="bios"),
        nics=tuple(nics),
        disks=tuple(
            Disk(name=f"sd{i}", id=DiskId(serial=disk, size=256_060_514_304), transport="sata")
            for i, disk in enumerate(disks)
        ),
    )


def same(one: Inventory, other: Inventory) -> bool:
    """Whether both inventories are one PC's."""
    return same_machine(signs_of(one), signs_of(other))


UUID = "4c4c4544-0042-3510-8052-b3c04f4b4e32"
