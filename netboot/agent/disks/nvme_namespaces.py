"""The namespaces of an NVMe drive: those that the kernel lists as disks, those attached beside them, and all others.

Sources: NVM Express base specification 2.0 (Identify Controller: OACS, NN; §8.12, namespaces that are allocated but not
attached); nvme-list-ns(1), nvme-id-ctrl(1). A drive without namespace management rightly refuses to list allocated
namespaces, and one of NVMe 1.0 refuses any list: for both, Identify Controller says how many they can have. Where an
answer is missing that the drive should give, it is unknown what the drive holds.
Not for: what follows from it (`hidden_storage.py`).
"""

from dataclasses import dataclass
from typing import Final

import msgspec
from msgspec import Struct

from netboot.agent.host import Host

_MANAGES: Final = 1 << 3
"""Of OACS: the drive makes, attaches and lists namespaces."""


@dataclass(frozen=True, slots=True)
class Namespaces:
    """What one NVMe controller said: the numbers of the namespaces `attached` to it and of all that are `allocated` in
    the drive, None where it gave no such list; whether it `manages` namespaces, None when it did not tell; `highest`,
    the highest number that one can have, 0 when it did not tell.
    """

    controller: str
    attached: frozenset[int] | None
    allocated: frozenset[int] | None
    manages: bool | None = None
    highest: int = 0

    def missing(self, listed: frozenset[int], *, others: bool = False) -> tuple[int, ...] | None:
        """The namespaces beside those that the kernel `listed`, in order; None when that cannot be known. `others`: the
        drive may have other controllers too, and which namespaces are attached to those alone this one does not list.
        """
        present = listed | (self.attached or frozenset())
        if self.manages is not False and self.allocated is not None and present <= self.allocated:
            return tuple(sorted(self.allocated - listed))
        if not _are_all(present, self.highest) and (others or self.attached is None or self.manages is not False):
            return None
        return tuple(sorted(present - listed))


class _Namespace(Struct):
    nsid: int


class _NamespaceList(Struct):
    nsid_list: list[_Namespace]


class _Controller(Struct):
    oacs: int
    nn: int


def read_namespaces(host: Host) -> dict[str, Namespaces]:
    """What every NVMe controller says by nvme-cli, by the controller's PCI path."""
    namespaces = {}
    for name in host.names("sys/class/nvme"):
        pci_path = host.real(f"sys/class/nvme/{name}").partition(f"/nvme/{name}")[0]
        listing = ("nvme", "list-ns", f"/dev/{name}", "--output-format=json")
        controller = parse_controller(host.output(("nvme", "id-ctrl", f"/dev/{name}", "--output-format=json")))
        namespaces[pci_path] = Namespaces(
            controller=name,
            attached=parse_namespaces(host.output(listing)),
            allocated=parse_namespaces(host.output((*listing[:3], "--all", *listing[3:]))),
            manages=controller[0] if controller else None,
            highest=controller[1] if controller else 0,
        )
    return namespaces


def parse_namespaces(text: str) -> frozenset[int] | None:
    """The numbers in the output of `nvme list-ns --output-format=json`; None when it is no such output."""
    try:
        return frozenset(entry.nsid for entry in msgspec.json.decode(text, type=_NamespaceList).nsid_list)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None


def parse_controller(text: str) -> tuple[bool, int] | None:
    """Whether it manages namespaces, and the highest number of one, from `nvme id-ctrl --output-format=json`; None when
    it is no such output."""
    try:
        controller = msgspec.json.decode(text, type=_Controller)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    return bool(controller.oacs & _MANAGES), controller.nn


def _are_all(numbers: frozenset[int], highest: int) -> bool:
    """Whether these are all from 1 up to the highest that there can be."""
    return 0 < highest == len(numbers) == max(numbers)
