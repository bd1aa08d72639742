"""The policies of single PCs, in memory, since DHCP asks for one at every DISCOVER.

They come from two places: `machines:` in the settings file, which the admin writes, and the record, which has what
operators set on the page. Where both say something the file wins; a PC denied there stays denied.
Not for: what a policy does (`bootmenu/offered.py`, `dhcp/boot_file.py`, the DHCP cores).
"""

import logging
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from netboot.bootmenu.offered import may_be_default
from netboot.jobs.identity import Key, boot_keys, is_carried, real_uuid
from netboot.jobs.policy import Policy, combined
from netboot.jobs.profile import Profile
from netboot.records.record import Record
from netboot.settings.config import MachineSettings
from netboot.shared.errors import NetbootError
from netboot.shared.inventory import Inventory, Nic

log = logging.getLogger(__name__)

_HINT: Final = "see docs/operator.en.md, “Single PCs”"


class Policies:
    """What is set for each PC that something is set for. Call it with a PC's names for what holds for it now."""

    def __init__(self, fixed: Iterable[MachineSettings] = ()) -> None:
        """`fixed` is the settings' list. Raises NetbootError when one of its entries names no PC."""
        self.machines = tuple(fixed)
        self._fixed: dict[str, Policy] = {}
        self._set: dict[str, Policy] = {}
        for number, machine in enumerate(self.machines, 1):
            names = _names_of(machine, number)
            policy = Policy(denied=machine.denied, loader=machine.loader, dhcp=machine.dhcp, default=machine.default)
            for name in names:
                # Named twice: both hold, the first said first.
                self._fixed[name] = combined(self._fixed.get(name), policy)

    def __call__(self, mac: str, uuid: str = "") -> Policy:
        """What holds for the PC with this address or UUID. Lower case; "" when not known."""
        return combined(self.fixed(mac, uuid), self._set.get(uuid), self._set.get(mac))

    def fixed(self, mac: str, uuid: str = "") -> Policy:
        """What the settings file says of this PC, which nobody changes on the page."""
        return combined(self._fixed.get(uuid), self._fixed.get(mac))

    def of(self, inventory: Inventory) -> Policy:
        """What holds for the PC that has this inventory: what its UUID or any adapter stands for.

        An adapter that is no proof of identity counts as well (virtual machines have made-up addresses), but a dock or
        dongle only where the PC booted from it.
        """
        uuid = real_uuid(inventory.system.uuid)
        return combined(*(self(nic.mac, uuid) for nic in _counting(inventory)), self("", uuid))

    def denied_adapters(self, inventory: Inventory) -> tuple[Nic, ...]:
        """The adapters whose addresses are denied, of those that count for this PC."""
        return tuple(nic for nic in _counting(inventory) if self(nic.mac).denied)

    def take_over(self, record: Record, who: str = "") -> None:
        """Let hold from now on what is set on the record, and withdraw the choices that wait for denied PCs.

        Else those would come back with the permission. In a thread: it blocks. `who` denied them; "" at the start,
        where the settings file did.
        """
        rows = record.policies.all()
        self._set = {name: row.policy for row in rows for name in _spellings(row.key)}
        for waiting in record.choices.pending():
            machine = record.machines.summary(waiting.choice.machine_id)
            if self.of(machine.visits[0].inventory).denied and record.choices.cancel(machine.id, who):
                log.warning("what was chosen for %s is withdrawn: it is denied", machine.label or machine.id)

    def set(self, record: Record, keys: Collection[Key], policy: Policy, who: str, *, note: str = "") -> None:
        """A person sets what holds for the PC with these names, on the record first; in a thread: it blocks."""
        record.policies.set_for(keys, policy, who, note=note)
        self.take_over(record, who)


def check_defaults(machines: Iterable[MachineSettings], profiles: Mapping[str, Profile]) -> None:
    """Raises NetbootError when a default of the settings is unknown, or would write to a disk by itself."""
    for number, machine in enumerate(machines, 1):
        if not may_be_default(machine.default, profiles):
            raise NetbootError(
                f"`machines`, entry {number}: `default: {machine.default}` is no entry that leaves the disk alone",
                hint=_HINT,
            )


def _counting(inventory: Inventory) -> tuple[Nic, ...]:
    return tuple(nic for nic in inventory.nics if nic.boot or not is_carried(nic))


def _names_of(machine: MachineSettings, number: int) -> frozenset[str]:
    if not machine.mac and not machine.uuid:
        raise NetbootError(f"`machines`, entry {number} names no PC: it has neither `mac` nor `uuid`", hint=_HINT)
    if machine.uuid and not real_uuid(machine.uuid):
        raise NetbootError(
            f"`machines`, entry {number}: the UUID {machine.uuid} is no UUID, or one that many PCs have",
            hint="name this PC by its `mac`",
        )
    names = frozenset({machine.mac.lower().replace("-", ":")} - {""})
    return names | _spellings(Key("uuid", real_uuid(machine.uuid)) if machine.uuid else None)


def _spellings(key: Key | None) -> frozenset[str]:
    """A name as DHCP, loaders and agents may tell it: a UUID comes in both byte orders."""
    if key is None:
        return frozenset()
    if key.kind == "uuid":
        return frozenset(spelt.value for spelt in boot_keys(mac="", uuid_text=key.value))
    return frozenset({key.value})
