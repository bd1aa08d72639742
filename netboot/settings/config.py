"""Reads the server's settings from one YAML file. Everything has a default that works; errors name file and line.

Not for: profiles and recipes, which are read by `jobs/profiles.py` and `masters/recipe.py`.
"""

import os
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from msgspec import Meta, Struct

from netboot.files import checked_yaml
from netboot.files.assets import asset_folder
from netboot.files.cache_folder import default_cache_folder
from netboot.jobs.policy import DhcpMode, Loader
from netboot.settings.dhcp_full import DhcpFullSettings
from netboot.settings.names import NamesSettings
from netboot.shared.errors import NetbootError
from netboot.shared.fields import Identifier
from netboot.shared.language import Language

Port = Annotated[int, Meta(ge=1, le=65535)]
FolderPath = Annotated[str, Meta(min_length=1, max_length=4096)]
FolderOrDefault = Annotated[str, Meta(max_length=4096)]
MacAddress = Annotated[
    str,
    Meta(
        max_length=17,
        pattern=r"^([0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5})?\Z",
        description='a MAC address in quotes, such as "98:fa:9b:12:34:56"',
    ),
]
HostName = Annotated[
    str,
    Meta(
        max_length=253,
        pattern=r"^[0-9A-Za-z_]([0-9A-Za-z_.-]*[0-9A-Za-z_])?\Z",
        description="a name such as atelier.example.org, without http:// and without a port",
    ),
]
AddressOrNone = Annotated[
    str, Meta(pattern=r"^(\d{1,3}(\.\d{1,3}){3})?\Z", description="an address such as 10.0.0.1, or nothing")
]


class DhcpSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`mode`: "proxy" answers beside the building's DHCP, "merged" passes on its offers with our boot file in them;
    "full" is the DHCP server of a switch that has no other; "off" where the building's names our boot files itself.

    `move_to_merged`: a PC that takes no proxy's offer gets merged ones, by itself. `building`: the address of the
    building's DHCP server, for merged offers; without it they are asked for by broadcast.
    `plain_pxe_first` is for the lab: an iPXE in the network adapter is first treated as plain PXE firmware.
    """

    mode: Literal["proxy", "merged", "full", "off"] = "proxy"
    move_to_merged: bool = True
    building: AddressOrNone = ""
    plain_pxe_first: bool = False
    full: DhcpFullSettings = DhcpFullSettings()


class HttpSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The boot HTTP server: what firmware and agents speak to, on the interface's own address."""

    port: Port = 80


class PageSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The page for people. With `certificate` and `key` (PEM files) it speaks HTTPS only."""

    # Every address: operators watch from other PCs of the workshop.
    address: Annotated[
        str, Meta(pattern=r"^\d{1,3}(\.\d{1,3}){3}\Z", description="an address of this machine, or 0.0.0.0")
    ] = "0.0.0.0"  # noqa: S104
    port: Port = 8080
    certificate: str = ""
    key: str = ""


class SerialPort(NamedTuple):
    """A serial port as GRUB names it: COM1 is unit 0; `speed` in bits a second."""

    unit: int
    speed: int


class MenuSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The boot menu: after `timeout` seconds without a key the PC boots its own disk.

    `serial` shows it on a serial port as well, such as "ttyS0,115200"; the agent then speaks there too.
    """

    timeout: Annotated[int, Meta(ge=3, le=3600)] = 20
    serial: Annotated[
        str,
        Meta(
            pattern=r"^(ttyS[0-3],(9600|19200|38400|57600|115200))?\Z",
            description="a serial port and its speed, such as ttyS0,115200 (ttyS0 to ttyS3, 9600 to 115200)",
        ),
    ] = ""

    @property
    def serial_port(self) -> SerialPort | None:
        """The parts of `serial`, None for none."""
        name, _, speed = self.serial.partition(",")
        return SerialPort(int(name[-1]), int(speed)) if speed else None


class AgentSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A PC in the agent without a plan waits `wait` seconds for one, then goes home to its disk.

    `hello_within`: seconds from the last file that a starting PC asked for to its agent's hello; then its row says that
    none came.
    `kernel` is added to the agent's kernel command line, for a lab's serial console or a PC with a quirk.
    """

    wait: Annotated[int, Meta(ge=10, le=7 * 86400)] = 3600
    hello_within: Annotated[int, Meta(ge=30, le=86400)] = 300
    kernel: Annotated[
        str,
        Meta(
            max_length=512,
            pattern=r"^[A-Za-z0-9 ._,=:/-]*\Z",
            description="words of letters, digits and . _ , = : / -, with spaces between",
        ),
    ] = ""


class MachineSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is set for one PC, known by `mac` or `uuid` or both (`jobs/policy.py`). `note` is for people."""

    mac: MacAddress = ""
    uuid: Annotated[
        str,
        Meta(
            max_length=36,
            pattern=r"^[0-9A-Fa-f-]*\Z",
            description="a UUID such as 4c1bb2a8-7e52-11ea-9d7a-0862664a1001",
        ),
    ] = ""
    denied: bool = False
    loader: Loader | None = None
    dhcp: DhcpMode | None = None
    default: Identifier = ""
    note: Annotated[
        str,
        Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*\Z", description="one line of plain text"),
    ] = ""


PaperLine = Annotated[
    str,
    Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*\Z", description="one line of plain text"),
]


class CertificatesSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who issues the certificates of erasure, as they print it: the workshop's `name`, its `place`, how to reach it."""

    name: PaperLine = ""
    place: PaperLine = ""
    contact: PaperLine = ""


class MastersSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What masters are made of on the page: folders of your own `recipes`, and of images to take in, `inbox`."""

    recipes: tuple[FolderPath, ...] = ()
    inbox: FolderOrDefault = ""


class LogSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`json` prints one JSON object a line."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that can be set. `interface` is found when there is only one; `data` holds record and masters.

    `hosts` are further names that this machine is reached by: of a proxy before the page, or in a boot URL. `wifi` is a
    file with the Wi-Fi networks that profiles name (`wifi_file.py`).
    """

    interface: Annotated[
        str, Meta(max_length=15, pattern=r"^[^/\s]*\Z", description="an interface's name, such as eth0")
    ] = ""
    language: Language = "fr"
    hosts: tuple[HostName, ...] = ()
    data: FolderOrDefault = ""
    bootfiles: FolderOrDefault = ""
    profiles: tuple[FolderPath, ...] = ()
    wifi: FolderOrDefault = ""
    dhcp: DhcpSettings = DhcpSettings()
    names: NamesSettings = NamesSettings()
    http: HttpSettings = HttpSettings()
    page: PageSettings = PageSettings()
    menu: MenuSettings = MenuSettings()
    agent: AgentSettings = AgentSettings()
    machines: tuple[MachineSettings, ...] = ()
    certificates: CertificatesSettings = CertificatesSettings()
    masters: MastersSettings = MastersSettings()
    log: LogSettings = LogSettings()

    @property
    def data_folder(self) -> Path:
        """Where the record, the key and the masters live."""
        return Path(self.data) if self.data else default_data_folder()

    @property
    def profile_folders(self) -> tuple[Path, ...]:
        """Where profiles are: netboot's own, then the workshop's, of which a later one's id wins."""
        return (asset_folder("images") / "profiles", *map(Path, self.profiles))

    @property
    def recipe_folders(self) -> tuple[Path, ...]:
        """Where recipes are: netboot's own, then the workshop's, of which a later one's file name wins."""
        return (asset_folder("images"), *map(Path, self.masters.recipes))

    @property
    def wifi_file(self) -> Path | None:
        """The file of Wi-Fi networks, None for none."""
        return Path(self.wifi) if self.wifi else None

    @property
    def heads_folder(self) -> Path:
        """Where the record's last event is noted: outside of the data folder, so that no restored backup changes it."""
        return default_cache_folder() / "heads"

    @property
    def bootfiles_folder(self) -> Path:
        """Where built boot files are kept."""
        return Path(self.bootfiles) if self.bootfiles else default_cache_folder() / "bootfiles"


def default_data_folder() -> Path:
    """/var/lib/netboot for root, the user's own data folder for anybody else."""
    if os.geteuid() == 0:
        return Path("/var/lib/netboot")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "netboot-workshop"


def load_settings(path: Path | None) -> Settings:
    """The settings of this file, or the defaults. Raises NetbootError."""
    if path is None:
        return Settings()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise NetbootError(
            f"the settings {path} cannot be read: {error}", hint="give --config an existing file"
        ) from error
    return parse_settings(text, source=str(path))


def parse_settings(text: str, *, source: str) -> Settings:
    """Settings from YAML text; `source` names it in errors. Raises NetbootError with the line and what was expected."""
    node = checked_yaml.compose(text, source=source)
    return checked_yaml.convert(node, Settings, source=source, hint="see docs/operator.en.md, “Settings”")
