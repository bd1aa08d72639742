"""What a PC of the lab is, and the QEMU command line that makes it: plain values in, words out.

Always under emulation (`-accel tcg`), so that a run is the same with and without /dev/kvm. Each PC has its own
UUID, serials, MAC address, VGA and source of randomness. QEMU's documentation: qemu-system-x86_64(1).
Not for: starting anything; machine.py does.
"""

import errno
import json
import os
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final
from uuid import UUID

from netboot.lab.firmware import Firmware, FirmwareFiles

# Emulated AVX is slow: without it OpenSSL's SHA-256 runs two to three times as fast in the guest (QEMU 7.2).
_CPU = "max,-avx,-avx2"
_MEMORY = "memory"
_BOOT_AREA: Final = 1 << 20
_RPMB: Final = 128 << 10
EMMC_AREAS: Final = 2 * _BOOT_AREA + _RPMB
"""Bytes that an eMMC's image begins with: its two boot areas and its RPMB (QEMU's docs/system/devices/emmc.rst)."""


class Bus(StrEnum):
    """How a disk is attached."""

    SATA = "sata"
    NVME = "nvme"
    VIRTIO = "virtio"
    USB = "usb"
    EMMC = "emmc"


class BootOrder(StrEnum):
    """What the firmware tries first."""

    NETWORK_FIRST = "network-first"
    # The network and nothing else: OVMF then connects no disk, as firmware that starts quickly.
    NETWORK_ONLY = "network-only"
    # A USB stick, then the other disks: the network card starts nothing.
    STICK_FIRST = "stick-first"
    # The firmware's own order, from its variables. OVMF deletes boot entries that a given order does not name.
    FIRMWARE = "firmware"


@dataclass(frozen=True, slots=True)
class DiskSpec:
    """One disk: its image, size in bytes, and what it says of itself.

    `wwn` is for SATA only (0: none), `rotation` in revolutions a minute too (1: an SSD, 0: not told). `refuses` are
    sectors of 512 bytes that answer every write with an error. `slot`: an NVMe disk that can be taken out while the PC
    runs. One on EMMC, of which a PC has one at most, tells QEMU's own serial number, whatever `serial` says; the first
    EMMC_AREAS bytes of its image are no part of what the PC has for a disk.
    """

    bus: Bus
    path: Path
    size: int
    serial: str
    sector_size: int = 512
    wwn: int = 0
    rotation: int = 0
    refuses: tuple[int, ...] = ()
    slot: bool = False


@dataclass(frozen=True, slots=True)
class PcSpec:
    """One PC as it stands on the bench. `network` False leaves its network card out.

    `clock` is what the clock with the battery says at each power-on ("2005-01-01T00:00:00"), as one whose battery is
    dead; "": what the host's says. `drives` are the sockets of drives of the lab's own (bench_drive.py),
    which are there before the PC is switched on; a PC with one, or with an eMMC, is started by qemu_root.py's QEMU.
    """

    name: str
    firmware: Firmware
    mac: str
    uuid: UUID
    serial: str
    board_serial: str
    manufacturer: str = "Netboot Lab"
    product: str = "Virtual PC"
    memory_mib: int = 1024
    cpus: int = 1
    disks: tuple[DiskSpec, ...] = ()
    drives: tuple[Path, ...] = ()
    network: bool = True
    clock: str = ""
    boot: BootOrder = BootOrder.NETWORK_FIRST
    extra: tuple[str, ...] = field(default=())

    @property
    def needs_newer_qemu(self) -> bool:
        """Whether something of it is in QEMU only since 10.1 (vfio-user) or 10.2 (an eMMC with all its areas)."""
        return bool(self.drives) or any(disk.bus is Bus.EMMC for disk in self.disks)


@dataclass(frozen=True, slots=True)
class PcPaths:
    """Where a PC's sockets and variables are, all in one folder of its own."""

    folder: Path

    @property
    def qmp(self) -> Path:
        """The socket of QEMU's monitor."""
        return self.folder / "qmp"

    @property
    def console(self) -> Path:
        """The socket of the serial port."""
        return self.folder / "console"

    @property
    def variables(self) -> Path:
        """The firmware's variables, which outlive a power cycle."""
        return self.folder / "variables.fd"


def command(
    spec: PcSpec,
    files: FirmwareFiles,
    paths: PcPaths,
    tap: str | None,
    program: tuple[str, ...] = ("qemu-system-x86_64",),
) -> tuple[str, ...]:
    """QEMU's command line for a PC that waits, switched off, for the monitor's `cont`.

    `tap` is the PC's port on the switch, None when spec.network is False; `program` are the words that start QEMU.
    """
    smm = "on" if files.smm else "off"
    return (
        *program,
        *("-name", spec.name),
        "-nodefaults",
        "-no-user-config",
        *("-machine", f"q35,smm={smm}" + (f",memory-backend={_MEMORY}" if spec.drives else "")),
        *("-accel", "tcg,thread=multi,tb-size=512"),
        *("-cpu", _CPU),
        *("-smp", str(spec.cpus)),
        *_memory(spec),
        "-S",
        *("-display", "none"),
        *("-device", "VGA"),
        *("-device", "virtio-rng-pci"),
        *("-rtc", f"base={_value(spec.clock or 'utc')},clock=host"),
        *("-chardev", f"socket,id=monitor,path={_value(paths.qmp)},server=on,wait=off"),
        *("-mon", "chardev=monitor,mode=control"),
        *("-chardev", f"socket,id=console,path={_value(paths.console)},server=on,wait=off"),
        *("-serial", "chardev:console"),
        *_smbios(spec),
        *_firmware(files, paths),
        *_network_card(spec, files, tap),
        *_disks(spec),
        *_drives(spec),
        *spec.extra,
    )


def disk_name(number: int) -> str:
    """QEMU's name of a PC's disk, counted from 0."""
    return f"disk{number}"


def image_name(number: int) -> str:
    """QEMU's name of the image of a PC's disk, counted from 0; its counters carry it."""
    return f"image{number}"


def _memory(spec: PcSpec) -> tuple[str, ...]:
    size = ("-m", f"{spec.memory_mib}M")
    if not spec.drives:
        return size
    # A drive that is a program of its own reads and writes the PC's memory by itself: it maps this file.
    return (*size, "-object", f"memory-backend-memfd,id={_MEMORY},size={spec.memory_mib}M,share=on")


def _smbios(spec: PcSpec) -> tuple[str, ...]:
    made = f"manufacturer={_value(spec.manufacturer)},version=1.0"
    product = f"product={_value(spec.product)}"
    return (
        *("-uuid", str(spec.uuid)),
        *("-smbios", f"type=1,{made},{product},serial={_value(spec.serial)}"),
        *("-smbios", f"type=2,{made},{product},serial={_value(spec.board_serial)}"),
        *("-smbios", f"type=3,{made},serial={_value(spec.serial)}"),
        *("-smbios", f"type=17,manufacturer={_value(spec.manufacturer)},serial=M{_value(spec.serial)},part=LAB-DIMM"),
    )


def _firmware(files: FirmwareFiles, paths: PcPaths) -> tuple[str, ...]:
    if files.factory_variables is None:
        return ("-bios", os.fspath(files.code))
    secure = (
        *("-global", "driver=cfi.pflash01,property=secure,value=on"),
        *("-global", "ICH9-LPC.disable_s3=1"),
    )
    # OVMF reads its setup's "PXE boot" from here (OvmfPkg/RUNTIME_CONFIG.md).
    no_pxe = (
        *("-fw_cfg", "name=opt/org.tianocore/IPv4PXESupport,string=n"),
        *("-fw_cfg", "name=opt/org.tianocore/IPv6PXESupport,string=n"),
    )
    return (
        *(secure if files.smm else ()),
        *(no_pxe if files.http_only else ()),
        *("-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={_value(files.code)}"),
        *("-drive", f"if=pflash,unit=1,format=raw,file={_value(paths.variables)}"),
    )


def _network_card(spec: PcSpec, files: FirmwareFiles, tap: str | None) -> tuple[str, ...]:
    if not spec.network or tap is None:
        return ("-nic", "none")
    index = "" if spec.boot in (BootOrder.FIRMWARE, BootOrder.STICK_FIRST) else ",bootindex=0"
    return (
        *("-netdev", f"tap,id=net0,ifname={tap},script=no,downscript=no"),
        *("-device", f"{_adapter(files)},netdev=net0,mac={spec.mac}{index}"),
    )


def _adapter(files: FirmwareFiles) -> str:
    if files.factory_variables is None:
        return "virtio-net-pci"
    # OVMF has a driver of its own for virtio; without `romfile=` QEMU's iPXE ROM would speak in its place.
    return "e1000" if files.ipxe else "virtio-net-pci,romfile="


def _disks(spec: PcSpec) -> tuple[str, ...]:
    words: list[str] = []
    if any(disk.bus is Bus.USB for disk in spec.disks):
        words += ("-device", "qemu-xhci,id=usb")
    for number, disk in enumerate(spec.disks):
        # The disks need an index too: OVMF deletes the boot entries of what a given order does not name. With it
        # the agent's entry stays, if its loader is there, and is what starts when no order is given (OVMF 2022.11).
        index = f",bootindex={number + 1}" if spec.boot in (BootOrder.NETWORK_FIRST, BootOrder.STICK_FIRST) else ""
        if spec.boot is BootOrder.STICK_FIRST and disk.bus is Bus.USB:
            index = ",bootindex=0"
        if disk.slot:
            words += ("-device", f"pcie-root-port,id=slot{number},chassis={number + 1}")
        words += ("-blockdev", _image(number, disk))
        if disk.bus is Bus.EMMC:
            # The firmware's order knows no such device; the one that a PC has starts when the network does not.
            words += ("-device", "sdhci-pci")
            index = ""
        words += ("-device", _device(number, disk) + index)
    return tuple(words)


def _drives(spec: PcSpec) -> tuple[str, ...]:
    words: list[str] = []
    for number, socket in enumerate(spec.drives):
        device: dict[str, object] = {
            "driver": "vfio-user-pci",
            "id": f"drive{number}",
            "socket": {"type": "unix", "path": os.fspath(socket)},
        }
        if spec.boot in (BootOrder.NETWORK_FIRST, BootOrder.STICK_FIRST):
            device["bootindex"] = len(spec.disks) + number + 1
        words += ("-device", json.dumps(device))
    return tuple(words)


def _image(number: int, disk: DiskSpec) -> str:
    """The image behind a disk; flushes cost nothing (the host's power is not what is tested), discards make holes."""
    return json.dumps(
        {
            "driver": "raw",
            "node-name": image_name(number),
            "discard": "unmap",
            "cache": {"direct": False, "no-flush": True},
            "file": _refusing(disk.refuses, _file(disk)) if disk.refuses else _file(disk),
        }
    )


def _file(disk: DiskSpec) -> dict[str, object]:
    return {
        "driver": "file",
        "filename": os.fspath(disk.path),
        "discard": "unmap",
        "cache": {"direct": False, "no-flush": True},
    }


def _refusing(sectors: tuple[int, ...], below: dict[str, object]) -> dict[str, object]:
    """QEMU's blkdebug: a write that touches one of these sectors fails, again and again, and nothing of it is done."""
    rule = {"event": "none", "iotype": "write", "errno": errno.EIO, "once": False, "immediately": True}
    return {
        "driver": "blkdebug",
        "inject-error": [{**rule, "sector": sector} for sector in sectors],
        "image": below,
    }


def _device(number: int, disk: DiskSpec) -> str:
    common = (
        f"id={disk_name(number)},drive={image_name(number)},serial={_value(disk.serial)},"
        f"logical_block_size={disk.sector_size},physical_block_size={max(disk.sector_size, 512)}"
    )
    if disk.bus is not Bus.NVME:  # which knows no other way
        # By itself QEMU stops the whole PC, without a word, when this machine's disk is full.
        common += ",werror=report,rerror=report"
    match disk.bus:
        case Bus.SATA:
            wwn = f",wwn={disk.wwn:#018x}" if disk.wwn else ""
            rotation = f",rotation_rate={disk.rotation}" if disk.rotation else ""
            return f"ide-hd,bus=ide.{number},{common}{wwn}{rotation}"
        case Bus.NVME:
            return f"nvme,{common}" + (f",bus=slot{number}" if disk.slot else "")
        case Bus.VIRTIO:
            return f"virtio-blk-pci,{common}"
        case Bus.EMMC:
            # Without boot areas it would be a card to the agent, which a person has to be asked about.
            areas = f"boot-partition-size={_BOOT_AREA},rpmb-partition-size={_RPMB}"
            return f"emmc,bus=sd-bus,id={disk_name(number)},drive={image_name(number)},{areas}"
        case Bus.USB:
            return f"usb-storage,bus=usb.0,removable=on,{common}"


def _value(text: str | os.PathLike[str]) -> str:
    """A value inside a QEMU option: a comma is written twice."""
    return os.fspath(text).replace(",", ",,")
