"""The stick's own boot menu: French and English, on the screen and on the serial line of the settings."""

from netboot.bootmenu.boot_menu import kernel_parameters, menu_templates
from netboot.bootmenu.texts import TEXTS
from netboot.kit.identity import Kit
from netboot.settings.config import Settings


def kit_menu(kit: Kit, settings: Settings) -> str:
    """grub.cfg of this kit's stick, in ASCII: the firmware's own letters are all that it has."""
    return (
        menu_templates()
        .get_template("kit.grub.j2")
        .render(
            texts=TEXTS,
            language=settings.language,
            serial=settings.menu.serial_port,
            kernel=kernel_parameters(settings),
            boot=kit.boot_uuid,
            disk=f"{kit.disk:08x}",
        )
    )
