"""The boot menus of one PC, as GRUB and iPXE get them."""

from collections.abc import Collection
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any, Final

import msgspec

from netboot.bootmenu.boot_menu import BootingPc, BootMenu
from netboot.bootmenu.offered import MenuOffer
from netboot.jobs.profile import Profile
from netboot.settings.config import MenuSettings, Settings
from netboot.shared.language import Language

SERVER = IPv4Address("192.0.2.2")
MAC = "52:54:00:00:00:01"
MEMTEST: Final = ("memtestx64.bin", "memtestia32.bin", "memtestx64.efi", "memtestia32.efi")
SERIAL: Final = "ttyS0,115200"
UUID = "4c4c4544-0042-3510-8034-b4c04f4a4e31"


def profile(name: str, identifier: str = "wipe", master: str = "debian-minimal") -> Profile:
    stages = ["check", "erase", "deploy", "finish"] if master else ["check", "erase", "finish"]
    return msgspec.convert(
        {"id": identifier, "name": {"fr": name, "en": name}, "stages": stages, "master": master}, Profile
    )


WIPE = profile("Effacer et installer", "wipe")
GRUB = BootingPc("grub", MAC, UUID)
IPXE = BootingPc("ipxe", MAC, UUID)


class Menus:
    """The menus of one PC."""

    def __init__(self, boot_menu: BootMenu) -> None:
        self.boot_menu = boot_menu

    def grub(self, **pc: Any) -> str:
        return self.boot_menu.menu(replace(GRUB, **pc))

    def ipxe(self, **pc: Any) -> str:
        return self.boot_menu.menu(replace(IPXE, **pc))


def menu(
    *profiles: Profile,
    language: Language = "fr",
    armed: Profile | None = None,
    offer: MenuOffer | None = None,
    digits: bool = False,
    serial: str = "",
    files: Collection[str] = (),
    lacking: Collection[str] = (),
    left_out: Collection[str] = (),
) -> Menus:
    return Menus(
        BootMenu(
            profiles,
            Settings(language=language, menu=MenuSettings(serial=serial)),
            SERVER,
            offer_of=lambda mac, uuid: offer or MenuOffer(armed=armed),
            digits_asked=lambda: digits,
            prove=lambda picked: f"proof-{picked.profile}-{picked.batch}",
            files=files,
            lacks_master=lambda wanted: wanted.master in lacking,
            left_out=lambda: left_out,
        )
    )
