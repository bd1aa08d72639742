import json
from pathlib import Path
from uuid import UUID

import pytest

from netboot.lab.firmware import FILES, Firmware
from netboot.lab.pc import BootOrder, Bus, DiskSpec, PcPaths, PcSpec, command

PATHS = PcPaths(Path("/run/lab/pc1"))


def spec(firmware: Firmware = Firmware.UEFI, **changes: object) -> PcSpec:
    values: dict[str, object] = {
        "name": "pc1",
        "firmware": firmware,
        "mac": "52:54:00:77:00:01",
        "uuid": UUID("6d0c2c0e-0000-4000-8000-000000000001"),
        "serial": "LAB00001",
        "board_serial": "BLAB00001",
        **changes,
    }
    return PcSpec(**values)  # type: ignore[arg-type]  # a test's shorthand


def words(pc: PcSpec, tap: str | None = "tap1") -> tuple[str, ...]:
    return command(pc, FILES[pc.firmware], PATHS, tap)


def values(line: tuple[str, ...], option: str) -> list[str]:
    return [line[at + 1] for at, word in enumerate(line) if word == option]


def disk(bus: Bus, **changes: object) -> DiskSpec:
    return DiskSpec(bus, Path("/run/lab/disk,1.img"), 1 << 30, "S1", **changes)  # type: ignore[arg-type]  # as above


@pytest.mark.parametrize("firmware", list(Firmware))
def test_every_pc_runs_under_emulation_with_a_screen_randomness_and_its_own_identity(firmware: Firmware) -> None:
    line = words(spec(firmware))
    assert values(line, "-accel")[0].startswith("tcg")
    assert {"VGA", "virtio-rng-pci"} <= set(values(line, "-device"))
    assert values(line, "-uuid") == ["6d0c2c0e-0000-4000-8000-000000000001"]
    system = next(value for value in values(line, "-smbios") if value.startswith("type=1,"))
    board = next(value for value in values(line, "-smbios") if value.startswith("type=2,"))
    assert "serial=LAB00001" in system.split(",")
    assert "serial=BLAB00001" in board.split(",")


def test_bios_keeps_the_network_cards_boot_rom_and_uefi_goes_without() -> None:
    bios = [value for value in values(words(spec(Firmware.BIOS)), "-device") if value.startswith("virtio-net")]
    uefi = [value for value in values(words(spec(Firmware.UEFI)), "-device") if value.startswith("virtio-net")]
    assert "romfile=" not in bios[0]
    assert "romfile=" in uefi[0].split(",")


@pytest.mark.parametrize("firmware", list(Firmware))
def test_only_builds_for_secure_boot_have_system_management_mode_and_locked_variables(firmware: Firmware) -> None:
    line = words(spec(firmware))
    open_builds = (Firmware.BIOS, Firmware.UEFI, Firmware.UEFI_HTTP, Firmware.UEFI_IPXE)
    locked = firmware not in open_builds
    assert values(line, "-machine") == ["q35,smm=on" if locked else "q35,smm=off"]
    assert ("driver=cfi.pflash01,property=secure,value=on" in line) is locked


def test_an_http_boot_pc_has_pxe_switched_off_for_both_kinds_of_addresses() -> None:
    assert values(words(spec(Firmware.UEFI)), "-fw_cfg") == []
    for firmware in (Firmware.UEFI_HTTP, Firmware.UEFI_IA32_HTTP, Firmware.SECURE_BOOT_HTTP):
        assert values(words(spec(firmware)), "-fw_cfg") == [
            "name=opt/org.tianocore/IPv4PXESupport,string=n",
            "name=opt/org.tianocore/IPv6PXESupport,string=n",
        ]


def test_an_adapter_with_ipxe_in_its_rom_is_one_that_ovmf_has_no_driver_for() -> None:
    (adapter,) = (value for value in values(words(spec(Firmware.UEFI_IPXE)), "-device") if "netdev" in value)
    assert adapter.startswith("e1000,")
    assert "romfile" not in adapter


def test_network_first_names_the_disks_after_it_so_that_ovmf_keeps_their_entries() -> None:
    line = words(spec(disks=(disk(Bus.SATA), disk(Bus.NVME))))
    order = [value.rpartition(",bootindex=")[2] for value in values(line, "-device") if "bootindex" in value]
    assert order == ["0", "1", "2"]
    assert ",bootindex=0" in next(value for value in values(line, "-device") if value.startswith("virtio-net"))


def test_the_firmwares_own_order_gives_no_boot_index_at_all() -> None:
    line = words(spec(disks=(disk(Bus.SATA),), boot=BootOrder.FIRMWARE))
    assert not [word for word in line if "bootindex" in word]


def test_a_pc_without_network_has_no_network_card() -> None:
    line = words(spec(network=False), None)
    assert not [value for value in values(line, "-device") if "net" in value]
    assert values(line, "-nic") == ["none"]


def test_each_bus_tells_the_disks_serial() -> None:
    line = words(spec(disks=tuple(disk(bus) for bus in Bus if bus is not Bus.EMMC)))
    devices = [value for value in values(line, "-device") if "drive=" in value]
    assert [value.split(",")[0] for value in devices] == ["ide-hd", "nvme", "virtio-blk-pci", "usb-storage"]
    assert all("serial=S1" in value.split(",") for value in devices)
    # An NVMe drive tells an error in any case.
    assert ["werror=report" in value.split(",") for value in devices] == [True, False, True, True]


def test_an_emmc_is_in_a_slot_of_its_own_by_a_newer_qemu_and_has_no_place_in_the_order_of_starts() -> None:
    pc = spec(disks=(disk(Bus.EMMC),))
    devices = values(words(pc), "-device")
    slot, soldered = devices[-2:]
    assert slot == "sdhci-pci"
    assert soldered.startswith("emmc,bus=sd-bus,id=disk0,drive=image0,boot-partition-size=1048576,")
    assert "bootindex" not in soldered
    assert pc.needs_newer_qemu
    assert not spec(disks=(disk(Bus.SATA),)).needs_newer_qemu


def test_a_sata_disk_tells_its_wwn_and_rotation() -> None:
    line = words(spec(disks=(disk(Bus.SATA, wwn=0x5000C50012345678, rotation=7200),)))
    device = next(value for value in values(line, "-device") if value.startswith("ide-hd"))
    assert "wwn=0x5000c50012345678" in device.split(",")
    assert "rotation_rate=7200" in device.split(",")


def test_a_comma_in_a_name_does_not_begin_another_option() -> None:
    line = words(spec(manufacturer="Vendor, Inc.,smm=on"))
    assert any("manufacturer=Vendor,, Inc.,,smm=on," in value for value in values(line, "-smbios"))


def test_image_files_are_given_as_json_so_that_any_name_is_safe() -> None:
    line = words(spec(disks=(disk(Bus.SATA),)))
    assert '"filename": "/run/lab/disk,1.img"' in values(line, "-blockdev")[0]
    assert '"no-flush": true' in values(line, "-blockdev")[0]


def test_a_disk_with_bad_sectors_refuses_to_write_just_these() -> None:
    line = words(spec(disks=(disk(Bus.VIRTIO, refuses=(8, 9)), disk(Bus.SATA))))
    bad, good = (json.loads(value) for value in values(line, "-blockdev"))
    assert [(rule["sector"], rule["iotype"], rule["once"]) for rule in bad["file"]["inject-error"]] == [
        (8, "write", False),
        (9, "write", False),
    ]
    assert bad["file"]["image"] == good["file"]


DRIVE = Path("/run/lab/drive,1.sock")


def test_a_pc_with_a_drive_of_the_labs_own_shares_its_memory_with_it_and_is_started_by_the_newer_qemu() -> None:
    pc = spec(drives=(DRIVE,), memory_mib=768)
    line = command(pc, FILES[pc.firmware], PATHS, "tap1", ("loader", "qemu"))
    assert line[:2] == ("loader", "qemu")
    assert values(line, "-machine") == ["q35,smm=off,memory-backend=memory"]
    assert values(line, "-object") == ["memory-backend-memfd,id=memory,size=768M,share=on"]
    (device,) = (json.loads(value) for value in values(line, "-device") if value.startswith("{"))
    assert device["driver"] == "vfio-user-pci"
    assert device["socket"] == {"type": "unix", "path": "/run/lab/drive,1.sock"}


def test_a_pc_without_one_keeps_its_memory_to_itself() -> None:
    line = words(spec(disks=(disk(Bus.SATA),)))
    assert line[0] == "qemu-system-x86_64"
    assert values(line, "-machine") == ["q35,smm=off"]
    assert values(line, "-object") == []


def test_drives_of_the_labs_own_come_after_the_other_disks_in_the_boot_order() -> None:
    def order(boot: BootOrder) -> list[int | None]:
        line = words(spec(disks=(disk(Bus.SATA),), drives=(DRIVE, DRIVE.with_name("other.sock")), boot=boot))
        return [json.loads(value).get("bootindex") for value in values(line, "-device") if value.startswith("{")]

    assert order(BootOrder.NETWORK_FIRST) == order(BootOrder.STICK_FIRST) == [2, 3]
    assert order(BootOrder.NETWORK_ONLY) == [None, None]
    assert order(BootOrder.FIRMWARE) == [None, None]
