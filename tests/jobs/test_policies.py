"""Finding what is set for a PC by any of its names, and what the settings file may say."""

from typing import get_args

import pytest
from msgspec.structs import replace

from netboot.jobs.identity import Key
from netboot.jobs.policy import Loader, Policy
from netboot.records.record import Record
from netboot.settings.config import MachineSettings, parse_settings
from netboot.shared.errors import NetbootError
from netboot.shared.inventory import Nic
from netboot.workshop.policies import Policies, check_defaults
from tests.workshop.conftest import *  # noqa: F403 — its fixtures: the record
from tests.workshop.conftest import LOOK, WIPE, hello, pc

MAC = "98:fa:9b:00:00:01"
UUID = pc(1).system.uuid
OTHER_BYTE_ORDER = "a8b21b4c-527e-ea11-9d7a-0862664a0001"
DENIED = Policy(denied=True)


def test_nothing_is_set_for_a_pc_that_nobody_named() -> None:
    assert Policies()(MAC, UUID) == Policy()


@pytest.mark.parametrize("written", ["98:fa:9b:00:00:01", "98-FA-9B-00-00-01"])
def test_the_settings_name_a_pc_by_its_address_in_any_spelling(written: str) -> None:
    policies = Policies(parse_settings(f"machines: [{{mac: '{written}', denied: true}}]", source="x").machines)
    assert policies(MAC) == DENIED
    assert policies("98:fa:9b:00:00:02") == Policy()


def test_a_uuid_is_found_in_both_byte_orders() -> None:
    policies = Policies([MachineSettings(uuid=UUID.upper(), denied=True)])
    assert policies("", UUID) == DENIED
    assert policies(MAC, OTHER_BYTE_ORDER) == DENIED


def test_what_the_settings_say_comes_before_what_was_set_on_the_page(record: Record) -> None:
    policies = Policies([MachineSettings(mac=MAC, denied=True, loader="ipxe")])
    policies.set(record, [Key("mac", MAC)], Policy(loader="grub", dhcp="merged"), "Anne")
    assert policies(MAC) == Policy(denied=True, loader="ipxe", dhcp="merged")
    assert policies.fixed(MAC) == Policy(denied=True, loader="ipxe")


def test_what_is_set_on_the_page_holds_at_once_and_after_a_new_start_until_it_is_taken_back(record: Record) -> None:
    policies, restarted = Policies(), Policies()
    policies.set(record, [Key("uuid", UUID)], DENIED, "Anne")
    assert policies("", OTHER_BYTE_ORDER) == DENIED
    restarted.take_over(record)
    assert restarted("", OTHER_BYTE_ORDER) == DENIED
    policies.set(record, [Key("uuid", UUID)], Policy(), "Anne")
    assert policies("", OTHER_BYTE_ORDER) == Policy()


def test_an_agents_pc_is_denied_by_any_adapter_that_is_its_own_and_by_the_one_it_booted_from() -> None:
    second = Nic(name="eth1", mac="98:fa:9b:00:00:77", driver="igb")
    dock = Nic(name="eth2", mac="98:fa:9b:00:00:99", driver="r8152")
    inventory = replace(pc(1), nics=(*pc(1).nics, second, dock))
    for mac in (MAC, second.mac):
        assert Policies([MachineSettings(mac=mac, denied=True)]).of(inventory).denied
    at_the_dock = Policies([MachineSettings(mac=dock.mac, denied=True)])
    assert not at_the_dock.of(inventory).denied
    assert at_the_dock.of(replace(inventory, nics=(replace(dock, boot=True),))).denied
    assert Policies([MachineSettings(uuid=UUID, denied=True)]).of(inventory).denied


@pytest.mark.parametrize(
    ("machine", "expected"),
    [
        (MachineSettings(denied=True), "names no PC"),
        (MachineSettings(uuid="03000200-0400-0500-0006-000700080009"), "many PCs have"),
        (MachineSettings(uuid="4c1b"), "no UUID"),
    ],
)
def test_an_entry_that_would_stand_for_no_pc_or_for_many_is_refused(machine: MachineSettings, expected: str) -> None:
    with pytest.raises(NetbootError, match=expected) as caught:
        Policies([machine])
    assert caught.value.hint


def test_a_default_that_writes_to_a_disk_is_refused() -> None:
    profiles = {WIPE.id: WIPE, LOOK.id: LOOK}
    check_defaults([MachineSettings(mac=MAC, default=LOOK.id), MachineSettings(mac=MAC, default="memory")], profiles)
    with pytest.raises(NetbootError, match="entry 2: `default: wipe-and-debian`"):
        check_defaults([MachineSettings(mac=MAC), MachineSettings(mac=MAC, default=WIPE.id)], profiles)


@pytest.mark.parametrize("text", ["mac: nonsense", "mac: '98:fa'", "loader: pxe", "dhcp: full", "denies: true"])
def test_a_mistake_in_an_entry_names_its_line(text: str) -> None:
    with pytest.raises(NetbootError, match="x, line 2"):
        parse_settings(f"machines:\n- {{{text}}}\n", source="x")


@pytest.mark.parametrize("loader", get_args(Loader))
def test_each_loader_is_set_by_the_file_and_on_the_page(record: Record, loader: Loader) -> None:
    settings = parse_settings(f"machines:\n- {{mac: '{MAC}', loader: {loader}}}\n", source="x")
    assert Policies(settings.machines)(MAC).loader == loader
    Policies().set(record, [Key("mac", MAC)], Policy(loader=loader), "Anne")
    after_a_restart = Policies()
    after_a_restart.take_over(record)
    assert after_a_restart(MAC).loader == loader


def test_a_virtual_pc_is_denied_by_any_of_its_made_up_addresses() -> None:
    second = Nic(name="eth1", mac="52:54:00:00:00:77", driver="virtio_net")
    inventory = replace(pc(1), nics=(*pc(1).nics, second))
    assert Policies([MachineSettings(mac=second.mac, denied=True)]).of(inventory).denied


def test_a_choice_that_waits_for_a_pc_ends_with_its_denial_and_is_not_back_with_the_permission(record: Record) -> None:
    machine = record.visits.greet(hello(pc()), MAC).machine_id
    other = record.visits.greet(hello(pc(2), "boot-2"), "98:fa:9b:00:00:02").machine_id
    policies = Policies()
    for waiting in (machine, other):
        record.choices.choose(waiting, WIPE.id, "Omar")
    policies.set(record, [Key("mac", MAC)], Policy(loader="ipxe"), "Anne")
    assert [row.choice.machine_id for row in record.choices.pending()] == [machine, other]
    policies.set(record, [Key("mac", MAC)], DENIED, "Anne")
    policies.set(record, [Key("mac", MAC)], Policy(), "Anne")
    assert [row.choice.machine_id for row in record.choices.pending()] == [other]
    assert [event.kind for event in record.journal.read(machine=machine)][-3:] == [
        "policy-set",
        "choice-withdrawn",
        "policy-set",
    ]


@pytest.mark.parametrize("made_up", ["52:54:00:00:00:77", MAC])
def test_a_start_with_a_pc_denied_in_the_settings_withdraws_what_waits_for_it(record: Record, made_up: str) -> None:
    inventory = replace(pc(), nics=(replace(pc().nics[0], mac=made_up),))
    machine = record.visits.greet(hello(inventory), made_up).machine_id
    record.choices.choose(machine, WIPE.id, "Omar")
    Policies([MachineSettings(mac=made_up, denied=True)]).take_over(record)
    assert record.choices.waiting(mac=made_up, uuid=UUID) is None
    assert [event.kind for event in record.journal.read(machine=machine)][-1] == "choice-withdrawn"
