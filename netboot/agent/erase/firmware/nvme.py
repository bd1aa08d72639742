"""NVMe's Sanitize and Format by nvme-cli, ordered of a namespace's block device, which the caller holds open.

While it is held the kernel gives its name, and its controller's, to no other device; the drive's serial number is asked
for once more right before the order. A Sanitize erases every namespace of the drive, and a Format may (FNA): neither is
ordered unless the drive has told that there is this one alone. The drive's answers are read by `agent/answers/`.
Sources: NVM Express base specification 2.0, §5.24 (Sanitize), §5.14 (Format NVM), figure 275 (FNA); nvme-cli 2.13
(Debian 13), nvme.c: `nvme format` without --ses sends 0, which erases nothing, and without --lbaf it formats a drive
whose FNA says "all namespaces" to its first format; --force, because this process holds the device.
Not for: what follows from an answer (`shared/firmware_verdict.py`).
"""

import re
from dataclasses import replace
from typing import Final

import msgspec
from msgspec import Struct

from netboot.agent.answers.nvme_namespace import parse_namespace, parse_plain_formats
from netboot.agent.answers.nvme_orders import parse_format_order, parse_sanitize_order
from netboot.agent.answers.nvme_sanitize_log import SanitizeLog, parse_dump
from netboot.agent.disks.block_devices import nvme_controller
from netboot.agent.disks.nvme_abilities import parse_controller
from netboot.agent.disks.nvme_namespaces import read_namespaces
from netboot.agent.erase.firmware.programs import (
    answer,
    bare_serial,
    device_of,
    is_same_serial,
    ordered,
    other_byte,
    transcript,
)
from netboot.agent.erase.firmware.technique import Beside, Look, Ordered
from netboot.agent.host import Host
from netboot.shared.firmware_verdict import Proof
from netboot.shared.inventory import Disk
from netboot.shared.stages.erase import DiskErase

_NAME: Final = re.compile(r"nvme\d+n\d+")
_ACTIONS: Final = {
    "block": ("start-block-erase", 2),
    "overwrite": ("start-overwrite", 3),
    "crypto": ("start-crypto-erase", 4),
}
_ONE_PASS: Final = 1
"""Of an overwrite: 0 is sixteen."""
_MOST_ERRORS: Final = 2**63 - 1
_STAYS_ALLOCATED: Final = 1 << 9
"""No-Deallocate After Sanitize."""
FORMAT_SECONDS: Final = 600.0
"""A Format answers at its end, and announces no time: nvme-cli's own."""


class _Controller(Struct):
    sn: str


class _Smart(Struct):
    media_errors: int


class _Nvme:
    """What Sanitize and Format have in common."""

    tool = "nvme"

    def __init__(self, host: Host | None = None) -> None:
        self._host = host or Host()

    def version(self) -> str:
        """nvme-cli's first line: "nvme version 2.13 (git 2.13)"."""
        return answer("nvme", "version").partition("\n")[0][:200]

    def is_this(self, disk: Disk) -> bool:
        """Whether the drive behind this name has the serial number that the disk is known by."""
        if _NAME.fullmatch(disk.name) is None:
            return False
        try:
            said = msgspec.json.decode(
                answer("nvme", "id-ctrl", device_of(disk), "--output-format=json"), type=_Controller
            )
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return False
        named = bool(bare_serial(disk.id.serial))
        return is_same_serial(said.sn, disk.id.serial) if named else disk.id.by_place

    def beside(self, disk: Disk) -> Beside | None:
        """Any other namespace of the drive, or that the drive does not tell which it has."""
        controller = disk.name.rpartition("n")[0]
        number = self._host.number(f"sys/block/{disk.name}/nsid")
        device = f"sys/block/{disk.name}/device"
        place = nvme_controller(self._host, device)
        path = self._host.real(place).partition("/nvme/")[0]
        listed = {name for name in self._host.names("sys/block") if name.startswith(f"{controller}n")}
        others = sorted(listed - {disk.name})
        if others:
            return Beside(", ".join(others))
        told = read_namespaces(self._host).get(path)
        missing = told.missing(frozenset({number}), others=place != device) if told is not None and number else None
        if missing is None:
            return Beside("?")
        return Beside(", ".join(f"{controller}n{one}" for one in missing)) if missing else None

    def _errors(self, disk: Disk) -> int | None:
        return parse_media_errors(answer("nvme", "smart-log", device_of(disk), "--output-format=json"))


class NvmeSanitize(_Nvme):
    """One kind of Sanitize: "block", "crypto" or "overwrite"."""

    def __init__(self, kind: str, host: Host | None = None) -> None:
        super().__init__(host)
        self._kind = kind
        self._action, number = _ACTIONS[kind]
        self._dword = number | (_ONE_PASS << 4 if kind == "overwrite" else 0)
        self.proof = Proof(goes_on=True, action=number, even=kind != "crypto")

    def look(self, disk: Disk) -> Look:
        """The Sanitize Status log page, as the drive sent it."""
        log = parse_dump(answer("nvme", "get-log", device_of(disk), "--log-id=0x81", "--log-len=512"))
        if log is None:
            return Look(errors=self._errors(disk))
        permille = None if log.progress is None else log.progress * 1000 // 65536
        return Look(
            state=log.state,
            permille=permille,
            logged=log.cdw10,
            untouched=log.all_erased,
            announced=self._announced(log),
            errors=self._errors(disk),
            purged=log.purged,
        )

    def order(self, disk: Disk, order: DiskErase) -> Ordered:
        """Order it. A failed one lets nobody read or write until another has succeeded (no --ause)."""
        command = ("nvme", "sanitize", device_of(disk), f"--sanact={self._action}")
        if self._kind != "overwrite":
            return self._given(command)
        byte = other_byte()
        pattern = (f"--owpass={_ONE_PASS}", f"--ovrpat=0x{byte:02x}{byte:02x}{byte:02x}{byte:02x}")
        told = parse_controller(answer("nvme", "id-ctrl", device_of(disk), "--output-format=json"))
        if told is None or not told[1].no_deallocate:
            # What it wrote it may unmap again, and then answers zeros.
            return self._given((*command, *pattern))
        return replace(self._given((*command, *pattern, "--no-dealloc"), _STAYS_ALLOCATED), pattern=byte)

    def _given(self, command: tuple[str, ...], bits: int = 0) -> Ordered:
        return ordered(" ".join(command), parse_sanitize_order(*transcript(command)), dword=self._dword | bits)

    def _announced(self, log: SanitizeLog) -> int | None:
        return {"block": log.times.block, "crypto": log.times.crypto, "overwrite": log.times.overwrite}[self._kind]


class NvmeFormat(_Nvme):
    """Format with this SES: 1 erases user data, 2 changes their key."""

    def __init__(self, ses: int, host: Host | None = None) -> None:
        super().__init__(host)
        self._ses = ses
        self.proof = Proof(goes_on=False, even=ses == 1)

    def look(self, disk: Disk) -> Look:
        """A drive has no word for how its last Format ended; a Format that still runs is one that was not answered."""
        namespace = parse_namespace(answer("nvme", "id-ns", device_of(disk), "--output-format=json"))
        if namespace is None:
            return Look(errors=self._errors(disk))
        return replace(_at(namespace.format_left or 0), errors=self._errors(disk))

    def at_format(self, disk: Disk) -> Look:
        """How far a Format is that nobody waits for. Asked by one command alone; a drive that never tells how far it is
        tells nothing here."""
        namespace = parse_namespace(answer("nvme", "id-ns", device_of(disk), "--output-format=json"))
        return Look() if namespace is None or namespace.format_left is None else _at(namespace.format_left)

    def order(self, disk: Disk, order: DiskErase) -> Ordered:
        """Order it, in the format that the namespace has; this blocks until the drive is done."""
        namespace = parse_namespace(answer("nvme", "id-ns", device_of(disk), "--output-format=json"))
        if namespace is None or namespace.metadata:
            return Ordered("", "no", "the namespace does not tell a plain format that could be kept")
        return self._given(disk, namespace.lba_format)

    def to_sectors(self, disk: Disk, size: int) -> Ordered:
        """Order it in a format with sectors of `size` bytes; this blocks until the drive is done."""
        offered = parse_plain_formats(answer("nvme", "id-ns", device_of(disk), "--output-format=json"))
        if size not in offered:
            return Ordered("", "no", f"the namespace has no plain format with sectors of {size} bytes")
        return self._given(disk, offered[size])

    def rescan(self, disk: Disk) -> None:
        """Have the kernel look at the drive's namespaces anew: of a Format that nobody waited for it knows nothing."""
        answer("nvme", "ns-rescan", f"/dev/{disk.name.rpartition('n')[0]}")

    def _given(self, disk: Disk, lba_format: int) -> Ordered:
        limit = f"--timeout={int(FORMAT_SECONDS * 1000)}"
        how = (f"--lbaf={lba_format}", f"--ses={self._ses}", "--force", limit)
        command = ("nvme", "format", device_of(disk), *how)
        status, text = transcript(command, seconds=FORMAT_SECONDS + 60)
        return ordered(" ".join(command), parse_format_order(status, text))


def _at(left: int) -> Look:
    return Look("running", permille=1000 - 10 * left) if left else Look("idle")


def parse_media_errors(text: str) -> int | None:
    """The drive's count of media errors, of 128 bits, as far as a message holds it; None when it is not told."""
    try:
        return min(_MOST_ERRORS, max(0, msgspec.json.decode(text, type=_Smart).media_errors))
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
