"""Simulates a network boot: downloads what a PC's firmware and loaders would, up to the first MiB of the kernel.

It reads what firmware, shim, GRUB or iPXE would read, in their order, and follows the URLs in each file
(docs/architecture.md, "The way of one PC"). It never says hello, takes no choice and leaves nothing on the record.
Not for: starting anything of what it reads.
"""

import re
import time
from collections.abc import Callable
from contextlib import suppress
from ipaddress import IPv4Address
from typing import Final

from netboot.dhcp.probe import PROBE_UUID
from netboot.doctor.http_get import HttpTrouble, Page, http_get
from netboot.doctor.observed import Asker, Place, Step, Trouble, Walk
from netboot.doctor.tftp_get import TftpTrouble, tftp_get

GRUB_CONFIG: Final = "/grub/grub.cfg"
_LOADER_LIMIT: Final = 16 << 20  # bytes; Debian's signed GRUB for the network has 2.4 MB
_TEXT_LIMIT: Final = 256 << 10  # bytes of a menu
_FIRST_PART: Final = 1 << 20  # bytes read of kernel and initramfs
_SHORTEST_LOADER: Final = 8 << 10  # bytes
_SHORTEST_ARCHIVE: Final = 4 << 10  # bytes; the agent's own code is the smallest

_GRUB_MENU: Final = re.compile(r"\(http,([0-9.]+(?::\d+)?)\)(/menu\.grub)")
_IPXE_BASE: Final = re.compile(r"^set base (http://[0-9.]+(?::\d+)?)$", re.MULTILINE)
_IPXE_MENU: Final = "/menu.ipxe"
_BOOT_FILES: Final = re.compile(r"(?:\$base|\$\{base\}|http://[0-9.]+(?::\d+)?)(/boot/[\w.+-]+)")
_KERNEL_MAGIC: Final = (0x202, b"HdrS")  # Linux's x86 boot protocol
_ARCHIVE_MAGICS: Final = (b"\x28\xb5\x2f\xfd", b"\x1f\x8b", b"070701", b"\xfd7zXZ")  # zstd, gzip, cpio, xz
_PE_MAGIC: Final = b"MZ"


class _Broken(Exception):  # noqa: N818 - it ends a walk, and is no error of this program
    """The step that failed is the last of the list."""


def grub_menu_url(config: bytes, mac: str) -> str | None:
    """Where netboot's first GRUB file leads a PC, None when it is no such file: that is how netboot is recognised."""
    match = _GRUB_MENU.search(config.decode("utf-8", "replace"))
    return f"http://{match[1]}{match[2]}?mac={mac}&uuid={PROBE_UUID}" if match else None


def ipxe_menu_url(script: bytes, mac: str) -> str | None:
    """The same for iPXE's first script."""
    text = script.decode("utf-8", "replace")
    match = _IPXE_BASE.search(text)
    return f"{match[1]}{_IPXE_MENU}?mac={mac}&uuid={PROBE_UUID}" if match and _IPXE_MENU in text else None


def boot_files(menu: bytes, menu_url: str) -> tuple[str, ...]:
    """The URLs of kernel and archives that a menu names, in its order, each once."""
    base = menu_url.partition("/menu.")[0]
    names = dict.fromkeys(_BOOT_FILES.findall(menu.decode("utf-8", "replace")))
    return tuple(f"{base}{name}" for name in names)


class Walker:
    """Walks for one PC after another; what all of them load at the end is read once.

    `until` is the latest end (time.monotonic()); `ipxe_script` is the file that an iPXE is sent, "" when none is.
    """

    def __init__(self, server: IPv4Address, mac: str, *, ipxe_script: str, until: float) -> None:
        self._server = server
        self._mac = mac
        self._ipxe_script = ipxe_script
        self._until = until
        self._read: dict[str, tuple[Step, bytes]] = {}

    def walk(self, asker: Asker, file: str, before: tuple[Step, ...]) -> Walk:
        """From `file`, which DHCP named in the steps `before`, to the kernel, or to the step that fails."""
        steps = list(before)
        with suppress(_Broken):
            self._load(steps, asker, file)
        return Walk(asker, tuple(steps))

    def _load(self, steps: list[Step], asker: Asker, file: str) -> None:
        if asker is Asker.IPXE:
            self._ipxe(steps, file)
            return
        loader = self._file(steps, file, _LOADER_LIMIT)
        self._check(steps, "damaged", len(loader) >= _SHORTEST_LOADER, "too short to be a loader")
        if asker is Asker.BIOS or "snponly" in file or "ipxe" in file:
            self._check(steps, "missing", bool(self._ipxe_script), "no script is named to iPXE")
            self._ipxe(steps, self._ipxe_script)
            return
        self._check(steps, "damaged", loader.startswith(_PE_MAGIC), "not a UEFI program")
        if "shim" in file:
            second = self._file(steps, _beside(file, "grubx64.efi"), _LOADER_LIMIT)
            self._check(steps, "damaged", second.startswith(_PE_MAGIC), "not a UEFI program")
        config = self._file(steps, _at_top(file, GRUB_CONFIG), _TEXT_LIMIT)
        self._menu(steps, grub_menu_url(config, self._mac))

    def _ipxe(self, steps: list[Step], script: str) -> None:
        self._menu(steps, ipxe_menu_url(self._file(steps, script, _TEXT_LIMIT), self._mac))

    def _menu(self, steps: list[Step], url: str | None) -> None:
        self._check(steps, "damaged", url is not None, "it does not lead to netboot's menu")
        assert url is not None
        menu = self._file(steps, url, _TEXT_LIMIT, place="menu")
        files = boot_files(menu, url)
        kernel = any(file.endswith("/vmlinuz") for file in files)
        self._check(steps, "damaged", kernel, "the menu names no kernel")
        for file in files:
            first = self._file(steps, file, _FIRST_PART)
            if file.endswith("/vmlinuz"):
                at, magic = _KERNEL_MAGIC
                self._check(steps, "damaged", first[at : at + len(magic)] == magic, "not a Linux kernel")
            elif file.endswith(".img"):
                whole = len(first) >= _SHORTEST_ARCHIVE and first.startswith(_ARCHIVE_MAGICS)
                self._check(steps, "damaged", whole, "not an initramfs")

    def _file(self, steps: list[Step], name: str, limit: int, *, place: Place | None = None) -> bytes:
        if name not in self._read:
            by_http = name.startswith(("http:", "https:"))
            self._read[name] = _timed(
                place or ("http" if by_http else "tftp"),
                name,
                (lambda: self._by_http(name, limit)) if by_http else (lambda: self._by_tftp(name, limit)),
            )
        step, data = self._read[name]
        steps.append(step)
        if step.trouble:
            raise _Broken
        return data

    def _by_http(self, url: str, limit: int) -> bytes:
        page: Page = http_get(url, limit=limit, until=self._until)
        if page.length is not None and len(page.body) != min(page.length, limit):
            raise HttpTrouble("damaged", f"{page.length} bytes were announced, {len(page.body)} came")
        return page.body

    def _by_tftp(self, name: str, limit: int) -> bytes:
        return tftp_get(self._server, name, limit=limit, until=self._until)

    def _check(self, steps: list[Step], trouble: Trouble, good: bool, otherwise: str) -> None:
        if not good:
            last = steps.pop()
            steps.append(Step(last.place, last.name, last.seconds, last.size, trouble, otherwise))
            raise _Broken


def _timed(place: Place, name: str, read: Callable[[], bytes]) -> tuple[Step, bytes]:
    began = time.monotonic()
    try:
        data = read()
    except (TftpTrouble, HttpTrouble) as error:
        return Step(place, name, time.monotonic() - began, trouble=error.trouble, detail=str(error)), b""
    return Step(place, name, time.monotonic() - began, len(data)), data


def _beside(file: str, name: str) -> str:
    """`name` in the folder of `file`: where shim looks for what it starts."""
    return file.rpartition("/")[0] + ("/" if "/" in file else "") + name


def _at_top(file: str, path: str) -> str:
    """`path` on the server that `file` came from: over HTTP when the loader came so."""
    origin = re.match(r"http://[^/]+", file)
    return f"{origin[0]}{path}" if origin else path
