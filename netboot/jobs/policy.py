"""Policies for single PCs: denied, another loader, another DHCP mode, another default entry in the menu.

For an office PC on the same LAN, the server itself, or firmware with a quirk. Values only: `workshop/policies.py` keeps
them.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

Loader = Literal["grub", "ipxe", "undionly", "ipxe.pxe", "kkpxe"]
"""What a PC is sent; what is for the other kind of firmware says nothing of it.

UEFI of 64 bits: `grub` is shim and GRUB (Secure Boot), `ipxe` is snponly.efi (Secure Boot off). BIOS: `undionly` is
undionly.kpxe, which works through the adapter's own driver (UNDI), `ipxe.pxe` has iPXE's drivers, and `kkpxe` is
undionly.kkpxe, which leaves the whole of the adapter's PXE in memory.
"""

DhcpMode = Literal["proxy", "merged"]
"""How a PC's DISCOVER is answered, where both are possible."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What is set for one PC; `None` and "" leave it to the workshop's settings.

    `denied`: never offered anything but its own disk. `default`: the menu's entry that is ready under Enter and taken
    after the timeout: "" for the disk, else the id of an entry that writes to no disk.
    """

    denied: bool = False
    loader: Loader | None = None
    dhcp: DhcpMode | None = None
    default: str = ""


NOTHING = Policy()


def combined(*policies: Policy | None) -> Policy:
    """One policy of several, the strongest first: denied by any is denied, for the rest the first that says something.

    Several names of one PC may each stand for a policy, and so may the settings and the page.
    """
    given = [policy for policy in policies if policy is not None]
    if not given:
        return NOTHING
    return Policy(
        denied=any(policy.denied for policy in given),
        loader=next((policy.loader for policy in given if policy.loader is not None), None),
        dhcp=next((policy.dhcp for policy in given if policy.dhcp is not None), None),
        default=next((policy.default for policy in given if policy.default), ""),
    )


class PolicyOf(Protocol):
    """Finds what is set for a PC: from memory, in the event loop. `mac` and `uuid` in lower case, "" when not known."""

    def __call__(self, mac: str, uuid: str = "") -> Policy: ...


def nothing_set(mac: str, uuid: str = "") -> Policy:
    """The policy of a workshop in which nothing is set for any PC."""
    return NOTHING
