"""The inventory of PCs that were recorded, and of PCs that answer nonsense."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netboot.agent.hardware.cpu import parse_cpuinfo
from netboot.agent.hardware.dmi import parse_dimms
from netboot.agent.hardware.firmware import parse_secure_boot
from netboot.agent.host import Host
from netboot.agent.inventory import parse_memory, read_inventory
from netboot.agent.net.nics import normal_mac, with_links_now
from netboot.agent.text import LINE_LIMIT, number, one_line
from netboot.agent.udev import parse_database
from netboot.shared.inventory import Battery, Board, Cpu, Dimm, Firmware, Gpu, Inventory, Nic, System
from netboot.shared.protocol import VERSION, Hello, decode_from_agent, encode

Recorded = Callable[[str], Host]


def travels(inventory: Inventory) -> bool:
    """Whether the inventory survives the way to the server unchanged."""
    hello = Hello(version=VERSION, boot="b", inventory=inventory)
    return decode_from_agent(encode(hello)) == hello


def test_a_desktop_is_known_by_what_its_firmware_says(recorded: Recorded) -> None:
    inventory = read_inventory("52-54-00-12-34-56", recorded("bios-desktop"))
    assert inventory.system == System(
        manufacturer="HP",
        product="HP EliteDesk 800 G3 SFF",
        serial="CZC7380ABC",
        uuid="5d0a1c5e-6c1f-4a57-9d7b-0a1b2c3d4e5f",
        sku="1FY47AV",
    )
    assert inventory.board == Board(manufacturer="HP", product="82A1", serial="PHBXG0AXM9P0AB")
    assert inventory.firmware == Firmware(
        vendor="American Megatrends", version="F.31", date="04/12/2017", mode="bios", secure_boot="unsupported"
    )
    assert inventory.cpus == (
        Cpu(model="QEMU Virtual CPU version 2.5+", cores=2, threads=2, mhz=inventory.cpus[0].mhz),
    )
    assert inventory.dimms == (
        Dimm(
            locator="DIMM 0",
            size=1 << 30,
            kind="RAM",
            mts=2400,
            manufacturer="Samsung",
            serial="12345678",
            part="M378A1K43CB2-CRC",
        ),
    )
    assert inventory.gpus == (Gpu(pci="1234:1111"),)
    assert inventory.batteries == ()
    assert 900 << 20 < inventory.memory < 1 << 30
    assert 1000 < inventory.cpus[0].mhz < 10_000
    assert travels(inventory)


def test_wired_adapters_are_listed_and_the_one_that_booted_is_marked(recorded: Recorded) -> None:
    inventory = read_inventory("01-52-54-00-12-34-56", recorded("bios-desktop"))
    boot = [nic for nic in inventory.nics if nic.boot]
    assert boot == [
        Nic(
            name="eth0",
            mac="52:54:00:12:34:56",
            driver="e1000e",
            model="Intel Corporation 82574L Gigabit Network Connection",
            mbps=1000,
            boot=True,
        )
    ]
    assert [nic.driver for nic in inventory.nics if not nic.boot] == ["cdc_subset"]


@pytest.mark.parametrize(("said", "removable"), [("removable\n", True), ("fixed\n", False), ("", False)])
def test_an_adapter_behind_a_port_that_faces_outwards_is_told_as_removable(
    tmp_path: Path, said: str, removable: bool
) -> None:
    """As Documentation/ABI/testing/sysfs-devices-removable says: no virtual PC has such a port."""
    here = tmp_path / "sys/class/net/eth0"
    (here / "device").mkdir(parents=True)
    for name, text in (("address", "64:4b:f0:00:00:01\n"), ("type", "1\n"), ("device/removable", said)):
        if text:
            (here / name).write_text(text)
    (nic,) = read_inventory("", Host(tmp_path, lambda _: "")).nics
    assert (nic.mac, nic.removable) == ("64:4b:f0:00:00:01", removable)


@pytest.mark.parametrize(("carrier", "link"), [("1\n", "up"), ("0\n", "down"), (None, "unknown")])
def test_an_adapter_that_tells_no_speed_may_have_a_cable_all_the_same(
    recorded: Recorded, tmp_path: Path, carrier: str | None, link: str
) -> None:
    """As virtio's; one that is switched off answers with an error (EINVAL), as here where nothing is."""
    host = recorded("uefi-raid")
    before = read_inventory("", host).nics
    if carrier is not None:
        here = host.real("sys/class/net/eth0").lstrip("/")
        (tmp_path / "uefi-raid" / here / "carrier").write_text(carrier)
    for nics in (read_inventory("", host).nics, with_links_now(before, host)):
        assert [(nic.mbps, nic.link) for nic in nics] == [(0, link)]


def test_a_uefi_pc_without_smbios_values_still_has_an_inventory(recorded: Recorded) -> None:
    inventory = read_inventory("", recorded("uefi-raid"))
    assert inventory.system == System(
        manufacturer="QEMU", product="Standard PC (Q35 + ICH9, 2009)", version="pc-q35-7.2"
    )
    assert inventory.board == Board()
    assert inventory.firmware.mode == "uefi"
    assert inventory.firmware.uefi_bits == 64
    assert inventory.firmware.secure_boot == "off"
    assert len(inventory.cpus) == 2
    assert inventory.nics == (
        Nic(name="eth0", mac="52:54:00:12:34:57", driver="virtio_net", model="Red Hat, Inc. Virtio network device"),
    )
    assert travels(inventory)


def test_a_pc_that_shows_nothing_at_all_has_an_empty_inventory(tmp_path: Path) -> None:
    inventory = read_inventory("", Host(tmp_path, lambda _: ""))
    assert inventory == Inventory(
        system=System(), board=Board(), firmware=Firmware(mode="bios", secure_boot="unsupported")
    )
    assert travels(inventory)


def write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def test_a_laptop_shows_its_batteries_and_that_secure_boot_is_on(recorded: Recorded) -> None:
    inventory = read_inventory("", recorded("uefi-laptop"))
    assert inventory.system.version == "ThinkPad T460"
    assert inventory.firmware.secure_boot == "on"
    # The first tells mAh (4400 and 3520 at 11.1 V), the second mWh.
    assert inventory.batteries == (
        Battery(model="SANYO 45N1127", serial="3042", design=48840, full=39072, kept=80, cycles=287),
        Battery(model="SMP DELL NH6K9", serial="1201", design=23760, full=11880, kept=50),
    )
    assert inventory.hidden == ()
    assert travels(inventory)


def test_the_battery_of_a_mouse_is_not_the_pcs(tmp_path: Path) -> None:
    write(tmp_path, "sys/class/power_supply/hidpp_battery_0/type", "Battery\n")
    write(tmp_path, "sys/class/power_supply/hidpp_battery_0/scope", "Device\n")
    assert read_inventory("", Host(tmp_path, lambda _: "")).batteries == ()


def battery(root: Path, **told: str) -> tuple[Battery, ...]:
    for name, value in {"type": "Battery", **told}.items():
        write(root, f"sys/class/power_supply/BAT0/{name}", f"{value}\n")
    return read_inventory("", Host(root, lambda _: "")).batteries


def test_a_bay_without_its_battery_has_none(tmp_path: Path) -> None:
    assert battery(tmp_path, present="0", model_name="45N1127") == ()
    assert battery(tmp_path, present="1", model_name="45N1127") == (Battery(model="45N1127"),)


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        # Only charge is known, and no voltage that would make energy of it.
        ({"charge_full": "2100000", "charge_full_design": "4200000"}, 50),
        ({"energy_full": "52000000", "energy_full_design": "50000000"}, 104),
        ({"energy_full": "10000", "energy_full_design": "50000000"}, 1),
        ({"charge_full": "2100000"}, 0),
        ({"charge_full": "0", "charge_full_design": "4200000"}, 0),
        ({"energy_full": "52000000", "charge_full_design": "4200000"}, 0),
        ({"energy_full": "4294967295", "energy_full_design": "1"}, 0),
    ],
)
def test_how_much_a_battery_still_holds_is_told_in_whatever_unit(
    tmp_path: Path, told: dict[str, str], kept: int
) -> None:
    assert battery(tmp_path, present="1", **told)[0].kept == kept


# As dmidecode 3.4 prints a slot's size (dmi_memory_device_size and its kin in dmidecode.c).
@pytest.mark.parametrize(
    ("size", "bytes_", "untold"),
    [
        ("No Module Installed", 0, False),
        ("Unknown", 0, True),
        ("8 GB", 8 << 30, False),
        ("16384 MB", 16 << 30, False),
        ("512 kB", 512 << 10, False),
        ("<OUT OF SPEC>", 0, True),
    ],
)
def test_a_module_whose_size_is_not_told_is_no_empty_slot(size: str, bytes_: int, untold: bool) -> None:
    (dimm,) = parse_dimms(f"Handle 0x0010, DMI type 17, 40 bytes\nMemory Device\n\tSize: {size}\n\tLocator: DIMM1\n")
    assert (dimm.size, dimm.untold) == (bytes_, untold)


def test_a_32_bit_uefi_is_told_by_the_kernel(tmp_path: Path) -> None:
    write(tmp_path, "sys/firmware/efi/fw_platform_size", "32\n")
    firmware = read_inventory("", Host(tmp_path, lambda _: "")).firmware
    assert (firmware.mode, firmware.uefi_bits) == ("uefi", 32)


def test_a_windows_licence_is_noticed_and_its_table_which_holds_the_key_is_not_opened(tmp_path: Path) -> None:
    assert not read_inventory("", Host(tmp_path, lambda _: "")).firmware.windows_licence
    table = tmp_path / "sys/firmware/acpi/tables/MSDM"
    table.parent.mkdir(parents=True)
    # Who opened it would wait for ever.
    os.mkfifo(table)
    assert read_inventory("", Host(tmp_path, lambda _: "")).firmware.windows_licence


@pytest.mark.parametrize(
    ("variable", "state"),
    [("0600000001", "on"), ("0600000000", "off"), ("06000000", "unknown"), ("0600000002", "unknown")],
)
def test_secure_boot_is_what_the_variable_says(variable: str, state: str) -> None:
    assert parse_secure_boot(bytes.fromhex(variable)) == state


def test_uefi_without_the_variable_cannot_do_secure_boot_and_without_efivarfs_it_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "sys/firmware/efi/efivars").mkdir(parents=True)
    host = Host(tmp_path, lambda _: "")
    assert read_inventory("", host).firmware.secure_boot == "unknown"
    write(tmp_path, "sys/firmware/efi/efivars/BootOrder-8be4df61-93ca-11d2-aa0d-00e098032b8c", "x")
    assert read_inventory("", host).firmware.secure_boot == "unsupported"


@pytest.mark.parametrize(
    ("text", "mac"),
    [
        ("52:54:00:AB:cd:ef", "52:54:00:ab:cd:ef"),
        ("01-52-54-00-ab-cd-ef", "52:54:00:ab:cd:ef"),
        ("00:00:00:00:00:00", ""),
        ("52:54:00:ab:cd", ""),
        ("", ""),
    ],
)
def test_addresses_are_read_in_every_usual_notation(text: str, mac: str) -> None:
    assert normal_mac(text) == mac


@given(st.text(max_size=3000))
def test_any_text_becomes_one_printable_bounded_line(text: str) -> None:
    line = one_line(text)
    assert len(line) <= LINE_LIMIT
    assert line.isprintable()
    assert line == line.strip()


@given(st.text(max_size=30))
def test_a_number_is_never_negative_nor_too_large(text: str) -> None:
    assert 0 <= number(text) < 2**63


@given(st.text(max_size=2000))
def test_parsers_take_any_text(text: str) -> None:
    parse_database(text)
    assert parse_memory("MemTotal:" + text) >= 0
    assert len(parse_cpuinfo("processor:0\n" + text)) <= 16
    assert len(parse_dimms("Memory Device\n\t" + text)) <= 64


HOSTILE = st.one_of(
    st.binary(max_size=300),
    st.sampled_from([b"\xff" * 9, b"-1", b"99999999999999999999999", b"1_0", b"\x00\x1b[2J", b"SD\n", b"\xd9\xa3"]),
)


@settings(max_examples=40)
@given(contents=st.lists(HOSTILE, min_size=1, max_size=8), output=st.text(max_size=300))
def test_whatever_the_hardware_answers_the_inventory_fits_its_shape(
    contents: list[bytes], output: str, hostile_root: Path
) -> None:
    files = sorted(path for path in hostile_root.rglob("*") if path.is_file() and not path.is_symlink())
    for index, path in enumerate(files):
        path.write_bytes(contents[index % len(contents)])
    inventory = read_inventory("", Host(hostile_root, lambda _: output))
    assert travels(inventory)


@pytest.fixture(scope="module")
def hostile_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small PC with one device of each kind, whose every file the test overwrites."""
    root = tmp_path_factory.mktemp("hostile")
    pci = "sys/devices/pci0000:00/0000:00:01.0"
    for name in ("size", "ro", "removable", "hidden", "dev", "wwid", "serial", "queue/logical_block_size"):
        write(root, f"{pci}/ata1/host0/target0:0:0/0:0:0:0/block/sda/{name}", "")
    for name in ("model", "vendor", "rev", "type", "serial", "vpd_pg80"):
        write(root, f"{pci}/ata1/host0/target0:0:0/0:0:0:0/{name}", "")
    for name in ("class", "vendor", "device", "remapped_nvme"):
        write(root, f"{pci}/{name}", "")
    for name in ("address", "type", "speed", "uevent"):
        write(root, f"{pci}/net/eth0/{name}", "")
    (root / f"{pci}/net/eth0/device").symlink_to("../..")
    (root / f"{pci}/ata1/host0/target0:0:0/0:0:0:0/block/sda/device").symlink_to("../..")
    for link, target in (
        ("sys/block/sda", f"../../{pci}/ata1/host0/target0:0:0/0:0:0:0/block/sda"),
        ("sys/class/net/eth0", f"../../../{pci}/net/eth0"),
        ("sys/bus/pci/devices/0000:00:01.0", f"../../../../{pci}"),
    ):
        (root / link).parent.mkdir(parents=True, exist_ok=True)
        (root / link).symlink_to(target)
    for name in ("type", "scope", "manufacturer", "model_name", "energy_full", "charge_full_design", "cycle_count"):
        write(root, f"sys/class/power_supply/BAT0/{name}", "")
    for name in ("sys_vendor", "product_name", "product_uuid", "chassis_type", "board_serial", "bios_date"):
        write(root, f"sys/class/dmi/id/{name}", "")
    for path in ("proc/cpuinfo", "proc/meminfo", "proc/self/mountinfo", "proc/swaps"):
        write(root, path, "")
    return root
