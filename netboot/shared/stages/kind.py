"""What a stage is made of, whichever it is: what each module of this folder says of its own in KIND."""

from dataclasses import dataclass

from msgspec import Struct


class Order(Struct, frozen=True, kw_only=True):
    """What the server orders of a stage. Its tag is the stage's name."""


class Evidence(Struct, frozen=True, kw_only=True):
    """What a stage proves. Its tag is the stage's name."""


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a profile may set of a stage; unset, all is as the defaults here say."""


@dataclass(frozen=True, slots=True)
class Kind:
    """`writes`: to a disk, so that a person is asked twice, and what forbids writing forbids it.
    `sends`: what is on a disk to the server, so that a pick in the boot menu needs its ticket, as for one that writes.

    `result` is None where there is nothing to prove, `options` where there is nothing to set.
    """

    order: type[Order]
    result: type[Evidence] | None
    writes: bool
    options: type[Options] | None = None
    sends: bool = False
