"""A finding of the doctor: a stable code, its severity, and the values that its sentences name."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Literal


class Severity(Enum):
    """How much a finding matters; the worst decides the exit status."""

    STOPS = "stops-pcs"
    KNOW = "worth-knowing"
    FINE = "fine"


Code = Literal[
    "no-cable",
    "wireless",
    "half-duplex",
    "slow-link",
    "link",
    "mtu",
    "no-own-address",
    "own-address-is-a-lease",
    "own-address-taken",
    "two-cards-one-address",
    "answers-for-everybody",
    "dhcp-none",
    "dhcp-server",
    "dhcp-several",
    "dhcp-several-networks",
    "dhcp-overheard",
    "dhcp-snooping",
    "no-gateway",
    "offer-taken",
    "other-network",
    "netboot-proxy",
    "netboot-merged",
    "netboot-full",
    "netboot-named-by-building",
    "netboot-not-named",
    "netboot-none",
    "netboot-twice",
    "rival-pxe",
    "stray-class",
    "stray-file",
    "stray-server",
    "no-ia32",
    "frames-lost",
    "spanning-tree",
    "querier",
    "no-querier",
    "boots",
    "boot-slow",
    "boot-unnamed",
    "boot-4011-silent",
    "boot-tftp-silent",
    "boot-http-silent",
    "boot-missing",
    "boot-refused",
    "boot-damaged",
]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found. `values` fill the sentences of `texts`."""

    code: Code
    severity: Severity
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Words:
    """One finding in one language: what there is, and what to do. `do` is empty for what is always fine."""

    says: str
    do: str = ""
