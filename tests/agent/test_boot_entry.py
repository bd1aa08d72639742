"""The firmware's boot entries as efibootmgr prints them, and what is done to them, with a firmware made of one dict."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.agent.boot import boot_entry
from netboot.agent.boot.boot_entry import parse_entries, write_boot_entry
from netboot.shared.errors import NetbootError
from netboot.shared.manifest import UefiLoader
from netboot.shared.process import Completed, ProgramError

LOADER = UefiLoader(partition=2, path="/EFI/debian/shimx64.efi", label="debian")

# Recorded: efibootmgr 18 (Debian 13) in a QEMU 7.2 PC with OVMF 2022.11, after the entry was written and started once;
# three of the nine entries were left out.
PRINTED = """Timeout: 0 seconds
BootOrder: 0001,0000,0002,0003,0004,0005,0006,0007,0008
Boot0000* UiApp	FvVol(7cb8bdc9-f8eb-4f34-aaea-3ee4af6516a1)/FvFile(462caa21-7614-4503-836e-8ab6f4662331)
Boot0001* debian	HD(2,GPT,cd25d332-ab65-52a8-bfad-27cbaed27b22,0x1000,0x40000)/File(\\EFI\\debian\\shimx64.efi)
Boot0003* UEFI QEMU HARDDISK QM-ROOM-1 	PciRoot(0x0)/Pci(0x1f,0x2)/Sata(0,65535,0){auto_created_boot_option}
Boot0004* UEFI PXEv4 (MAC:525400123456)	PciRoot(0x0)/Pci(0x2,0x0)/MAC(525400123456,1)/IPv4(0.0.0.00.0.0.0,0,0){auto_created_boot_option}
Boot0006* UEFI HTTPv4 (MAC:525400123456)	PciRoot(0x0)/Pci(0x2,0x0)/MAC(525400123456,1)/IPv4(0.0.0.00.0.0.0,0,0)/Uri(){auto_created_boot_option}
Boot0008* EFI Internal Shell	FvVol(7cb8bdc9-f8eb-4f34-aaea-3ee4af6516a1)/FvFile(7c04a583-9e3e-4f1c-ad65-e05268d0b4d1)
"""  # noqa: E501 - as printed


def test_entries_and_their_order_are_read() -> None:
    entries = parse_entries(PRINTED)
    assert entries.order == ("0001", "0000", "0002", "0003", "0004", "0005", "0006", "0007", "0008")
    assert entries.labels["0004"] == "UEFI PXEv4 (MAC:525400123456)"
    assert len(entries.labels) == 6
    assert entries.labelled("debian") == ("0001",)
    assert entries.labelled("Debian") == ()


@given(st.text(alphabet=st.sampled_from("Boot0123*: \tABCDEF,\nOrder"), max_size=200))
def test_anything_printed_can_be_read(text: str) -> None:
    parse_entries(text)


class FirmwareOfOneDict:
    """Stands for efibootmgr; what it can do wrong is said by its fields. Not a recording."""

    def __init__(self, labels: dict[str, str], order: list[str]) -> None:
        self.labels = dict(labels)
        self.order = list(order)
        self.full = False
        self.forgets = False
        self.appends = False

    def run(self, command: Sequence[str | Path], *, timeout: float) -> Completed:
        words = [str(word) for word in command]
        assert words[0] == "efibootmgr"
        if "--delete-bootnum" in words:
            number = words[words.index("--bootnum") + 1]
            del self.labels[number]
            self.order.remove(number)
        elif "--create" in words:
            self._create(words)
        elif "--bootorder" in words:
            self.order = words[words.index("--bootorder") + 1].split(",")
        lines = [f"BootOrder: {','.join(self.order)}"] if self.order else []
        lines += [f"Boot{number}* {label}\tHD(…)" for number, label in sorted(self.labels.items())]
        return Completed(tuple(words), 0, "\n".join(lines), "", 0.0)

    def _create(self, words: list[str]) -> None:
        if self.full:
            raise ProgramError("efibootmgr ended with status 5", hint="No space left on device")
        assert words[words.index("--part") + 1] == "2"
        assert words[words.index("--loader") + 1] == "\\EFI\\debian\\shimx64.efi"
        if self.forgets:
            return
        number = next(f"{free:04X}" for free in range(256) if f"{free:04X}" not in self.labels)
        self.labels[number] = words[words.index("--label") + 1]
        self.order.insert(len(self.order) if self.appends else 0, number)


@pytest.fixture
def firmware(monkeypatch: pytest.MonkeyPatch) -> FirmwareOfOneDict:
    firmware = FirmwareOfOneDict({"0000": "UEFI: PXE IPv4", "0001": "Windows Boot Manager"}, ["0000", "0001"])
    monkeypatch.setattr(boot_entry, "run", firmware.run)
    return firmware


def test_the_disk_comes_first_and_the_others_stay_behind_it(firmware: FirmwareOfOneDict) -> None:
    assert write_boot_entry(Path("/dev/sda"), LOADER) == "Boot0002 debian"
    assert firmware.order == ["0002", "0000", "0001"]
    assert firmware.labels["0001"] == "Windows Boot Manager"


def test_a_second_imaging_leaves_one_entry(firmware: FirmwareOfOneDict) -> None:
    firmware.labels |= {"0005": "debian", "0007": "debian"}
    firmware.order = ["0005", "0000", "0001", "0007"]
    write_boot_entry(Path("/dev/sda"), LOADER)
    assert [label for label in firmware.labels.values() if label == "debian"] == ["debian"]
    assert firmware.order == ["0002", "0000", "0001"]


def test_a_firmware_that_puts_new_entries_last_is_told_the_order(firmware: FirmwareOfOneDict) -> None:
    firmware.appends = True
    write_boot_entry(Path("/dev/sda"), LOADER)
    assert firmware.order == ["0002", "0000", "0001"]


def test_a_firmware_that_is_full_or_forgets_is_an_error_with_words(firmware: FirmwareOfOneDict) -> None:
    firmware.full = True
    with pytest.raises(NetbootError, match="No space left"):
        write_boot_entry(Path("/dev/sda"), LOADER)
    firmware.full, firmware.forgets = False, True
    with pytest.raises(NetbootError, match="did not keep"):
        write_boot_entry(Path("/dev/sda"), LOADER)
