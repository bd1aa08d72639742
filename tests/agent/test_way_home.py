"""The way home where the firmware connected no disk: its entries as it wrote them, and what is chosen among them."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.agent import __main__ as agent
from netboot.agent.boot import way_home
from netboot.agent.boot.load_options import LoadOption, parse_load_option, parse_order
from netboot.agent.boot.way_home import LABEL, Esp, Way, choose_way, read_esps, read_load_options
from netboot.agent.command_line import parse_command_line
from netboot.agent.host import Host
from netboot.agent.screen.consoles import Consoles
from netboot.shared.disk_loaders import IA32, X64
from netboot.shared.errors import NetbootError
from netboot.shared.problems import Problem

Recorded = Callable[[str], Host]
OURS = "/EFI/debian/shimx64.efi"
DISK = Esp("sda", 1, "d232bc3c-5b63-4bc7-952d-d61132c30361", frozenset({OURS.lower(), "/efi/arch/grubx64.efi"}))


def entry(path: str = OURS, *, partition: str = DISK.uuid, boots: bool = True) -> LoadOption:
    return LoadOption("a system", boots, partition, path)


def test_the_firmwares_own_entries_are_read_as_it_keeps_them(recorded: Recorded) -> None:
    entries, order = read_load_options(recorded("ovmf-sent-home"))
    (number,) = (number for number, option in entries.items() if option.label == LABEL)
    assert number not in order
    assert set(order) == entries.keys() - {number}
    ours = entries[number]
    assert (ours.boots, ours.path, len(ours.partition)) == (True, OURS, 36)
    assert {option.partition + option.path for other, option in entries.items() if other != number} == {""}
    found = replace(DISK, uuid=ours.partition.upper())
    assert choose_way(entries, order, [found], X64) == Way(number, found, OURS)
    assert choose_way(entries, order, [DISK], X64) == Way("", DISK, OURS), "the entry is another disk's"


@given(st.binary(max_size=200))
def test_any_bytes_can_be_read(value: bytes) -> None:
    parse_load_option(value)
    parse_order(value)


def test_every_cut_of_a_real_entry_can_be_read(recorded: Recorded) -> None:
    host = recorded("ovmf-sent-home")
    for name in host.names("sys/firmware/efi/efivars"):
        value = host.content(f"sys/firmware/efi/efivars/{name}")[4:]
        for end in range(len(value)):
            parse_load_option(value[:end])


def test_an_mbr_partition_is_named_as_the_kernel_names_it() -> None:
    # UEFI 2.10 §10.3.5.1: signature type 1, the 32 bits of the MBR; the kernel's PARTUUID has the partition behind.
    node = bytes.fromhex("04012a00") + bytes.fromhex("02000000") + bytes(16) + bytes.fromhex("78563412") + bytes(12)
    path = node + bytes.fromhex("0101") + bytes.fromhex("7fff0400")
    option = parse_load_option(b"\1\0\0\0" + len(path).to_bytes(2, "little") + "x\0".encode("utf-16-le") + path)
    assert option == LoadOption("x", True, "12345678-02", "")


def test_a_known_system_comes_before_others_and_what_the_firmware_tries_first_before_the_rest() -> None:
    entries = {"0001": entry("/EFI/arch/grubx64.efi"), "0002": entry(), "0003": entry("/efi/Debian/SHIMX64.efi")}
    assert choose_way(entries, ["0001", "0003", "0002"], [DISK], X64) == Way("0003", DISK, "/efi/Debian/SHIMX64.efi")
    assert choose_way(entries, ["0001"], [DISK], X64) == Way("0002", DISK, OURS)
    del entries["0002"], entries["0003"]
    assert choose_way(entries, ["0001"], [DISK], X64) == Way("0001", DISK, "/EFI/arch/grubx64.efi")
    assert choose_way(entries, [], [DISK], X64) == Way("", DISK, OURS), "a tool that is not in the order is no system"


@pytest.mark.parametrize(
    "other",
    [entry("/EFI/gone/shimx64.efi"), entry(partition="12345678-01"), entry(boots=False), LoadOption("PXE", True)],
    ids=["its loader is gone", "another disk's", "not active", "the network"],
)
def test_an_entry_that_leads_to_no_system_of_this_pc_is_passed_over(other: LoadOption) -> None:
    assert choose_way({"0000": other}, ["0000"], [DISK], X64) == Way("", DISK, OURS)
    assert choose_way({"0000": other}, ["0000"], [DISK], IA32) is None, "its firmware is of 32 bits"
    assert choose_way({"0000": other}, ["0000"], [], X64) is None


def on_every_partition(folder: Path) -> Callable[..., object]:
    """Stands for mounting: what is in this folder is on every partition."""

    @contextmanager
    def mounted(device: Path, kind: str, *options: str) -> Iterator[Path]:
        assert (kind, "ro" in options) == ("vfat", True)
        yield folder

    return mounted


def test_the_efi_partitions_of_the_pcs_own_disks_are_looked_at(
    recorded: Recorded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "efi" / "Debian").mkdir(parents=True)
    (tmp_path / "efi/Debian/ShimX64.efi").touch()
    (tmp_path / "efi/Debian/grub.cfg").touch()
    monkeypatch.setattr(way_home, "mounted", on_every_partition(tmp_path))
    esps, disks = read_esps(recorded("uefi-laptop"))
    assert esps == [replace(DISK, programs=frozenset({OURS.lower()}))]
    assert len(disks) == 2
    none, disks = read_esps(recorded("bios-desktop"))
    assert none == []
    assert disks


def test_a_partition_that_cannot_be_read_is_not_taken_for_one_without_a_system(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mounted(*_: object) -> None:
        raise NetbootError("mount: wrong fs type", hint="")

    monkeypatch.setattr(way_home, "mounted", mounted)
    with pytest.raises(NetbootError, match="wrong fs type"):
        read_esps(recorded("uefi-laptop"))
    with pytest.raises(NetbootError, match="udev"):
        read_esps(Host(Path("/nonexistent"), lambda _: ""))
    with pytest.raises(NetbootError, match="variables"):
        read_load_options(recorded("bios-desktop"))


class StayedError(Exception):
    """The agent goes on waiting."""


@pytest.fixture
def serial(tmp_path: Path) -> Path:
    """A PC whose serial console is a file."""
    (tmp_path / "sys/class/tty/console").mkdir(parents=True)
    (tmp_path / "sys/class/tty/console/active").write_text("tty0 ttyS0\n")
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/ttyS0").touch()
    return tmp_path / "dev/ttyS0"


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Problem("own-disk", {"disks": "sda Used disk"}), "sda Used disk"),
        (Problem("no-disk"), "No internal disk"),
        (NetbootError("BootNext was not kept", hint=""), "could not be sent to its disk"),
        (OSError(5, "Input/output error"), "could not be sent to its disk"),
    ],
)
def test_a_pc_that_finds_no_way_home_says_so_and_stays_as_it_is(
    serial: Path, monkeypatch: pytest.MonkeyPatch, outcome: Problem | Exception, said: str
) -> None:
    def show_way() -> Problem:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def sleep(_: float) -> None:
        raise StayedError

    monkeypatch.setattr(agent, "unmount_leftovers", lambda: None)
    monkeypatch.setattr(agent, "show_way", show_way)
    monkeypatch.setattr(time, "sleep", sleep)
    words = parse_command_line("netboot.server=http://192.0.2.2:80 netboot.home=1 netboot.lang=en")
    with Consoles(serial.parent.parent) as consoles, pytest.raises(StayedError):
        agent.go_home(words, consoles)
    told = serial.read_text()
    assert said in told
    if isinstance(outcome, Exception):
        assert [str(outcome) in line for line in told.splitlines() if "netboot: agent error" in line] == [True]
        assert told.count(str(outcome)) == 1, "a program's words are no sentence for people"
    assert "Ctrl+Alt+Del" in told


def test_a_pc_whose_firmware_was_shown_the_way_restarts(serial: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent, "unmount_leftovers", lambda: None)
    monkeypatch.setattr(agent, "show_way", lambda: f"Boot0003 sda {OURS}")
    words = parse_command_line("netboot.home=1")
    assert words.home
    with Consoles(serial.parent.parent) as consoles:
        assert agent.go_home(words, consoles) == "disk"
    assert f"netboot: home Boot0003 sda {OURS}" in serial.read_text()
    assert "netboot: leaving disk" in serial.read_text()
