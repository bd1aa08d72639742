"""Checks and loads what `netboot serve` needs, before any port is opened."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path

from netboot import bootfiles
from netboot.auth.certificate_keys import load_certificate_keys
from netboot.auth.server_keys import load_key, load_ticket_key, public_key
from netboot.dhcp.address_plan import AddressPlan, plan_addresses
from netboot.dns.announcer import load_target
from netboot.dns.naming import with_names
from netboot.dns.update import UpdateTarget
from netboot.files.data_folder import require_private
from netboot.jobs.profile import Profile
from netboot.jobs.profiles import load_shipped, load_with_folders
from netboot.jobs.wifi_network import WifiNetwork
from netboot.lan.interfaces import Interface, choose, read_links
from netboot.serve.masters import Masters, unfit
from netboot.settings.config import Settings
from netboot.settings.wifi_file import load_networks, require_named
from netboot.shared.errors import NetbootError
from netboot.shared.parcel import PlacedFolder
from netboot.store import Store
from netboot.workshop.policies import Policies, check_defaults


@dataclass(frozen=True, slots=True)
class Ready:
    """What `prepare` has checked and loaded."""

    settings: Settings
    interface: Interface
    files: bootfiles.BootFiles
    profiles: tuple[Profile, ...]
    shipped: tuple[Profile, ...]
    """Those that come with netboot, as they came."""
    policies: Policies
    agent: bytes
    building: IPv4Address | None
    building_dns: UpdateTarget | None
    ticket_key: bytes
    plan: AddressPlan | None
    """What our own DHCP server gives, in `full` mode."""
    networks: dict[str, WifiNetwork] = field(repr=False)
    """The Wi-Fi networks that profiles name, with their passwords."""
    folders: dict[Path, PlacedFolder]
    """The folders that profiles put into systems, by where they lie."""


def prepare(settings: Settings) -> Ready:
    """Check what `serve` needs. Raises NetbootError."""
    interface = choose(read_links(), settings.interface)
    plan = None
    if settings.dhcp.mode == "full":
        plan = with_names(plan_addresses(settings.dhcp.full, interface), settings.names)
    files = bootfiles.load(settings.bootfiles_folder)
    loaded = load_with_folders(settings.profile_folders)
    profiles = tuple(one.profile for one in loaded)
    if not profiles:
        raise NetbootError("there is no profile to choose", hint="put one into images/profiles/")
    networks = load_networks(settings.wifi_file)
    require_named(profiles, networks)
    policies = Policies(settings.machines)
    check_defaults(settings.machines, {profile.id: profile for profile in profiles})
    agent = agent_for(settings, interface)
    page_tls(settings)
    building_dns = load_target(settings.names.update)
    ticket_key = load_ticket_key(settings.data_folder)
    load_certificate_keys(settings.data_folder)  # made here, at the first start, so that its page shows them
    return Ready(
        settings,
        interface,
        files,
        profiles,
        load_shipped(),
        policies,
        agent,
        _building(settings),
        building_dns,
        ticket_key,
        plan,
        networks,
        {path: folder for one in loaded for path, folder in one.folders.items()},
    )


def unfit_profiles(ready: Ready) -> Iterator[str]:
    """A sentence for each profile whose master cannot be what it asks for. Raises NetbootError."""
    folder = ready.settings.data_folder
    return unfit(ready.profiles, Masters(Store(folder / "store", accepts=public_key(load_key(folder)))))


def agent_for(settings: Settings, interface: Interface) -> bytes:
    """The agent's own archive, which names the page's address. Raises NetbootError."""
    key = load_key(settings.data_folder)
    return bootfiles.agent_archive(
        {"public_key": public_key(key).hex(), "page": _page_address(settings, interface), "language": settings.language}
    )


def _building(settings: Settings) -> IPv4Address | None:
    """Where the building's DHCP server is, None to ask by broadcast."""
    try:
        return IPv4Address(settings.dhcp.building) if settings.dhcp.building else None
    except ValueError as error:
        raise NetbootError(
            f"`dhcp.building`: {error}", hint="give the address of the building's DHCP server, or leave it empty"
        ) from error


def _page_address(settings: Settings, interface: Interface) -> str:
    """Where people at the bench find the page, for the PCs' screens."""
    scheme = "https" if settings.page.certificate else "http"
    try:
        listening = IPv4Address(settings.page.address)
    except ValueError as error:
        raise NetbootError(f"`page.address`: {error}", hint="give an address of this machine, or 0.0.0.0") from error
    return f"{scheme}://{interface.address if listening.is_unspecified else listening}:{settings.page.port}"


def page_tls(settings: Settings) -> ssl.SSLContext | None:
    if not settings.page.certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        require_private(Path(settings.page.key or settings.page.certificate), "the page's key")
        context.load_cert_chain(settings.page.certificate, settings.page.key or None)
    except (OSError, ssl.SSLError) as error:
        raise NetbootError(
            f"the page's certificate cannot be used: {error}", hint="see `page.certificate` and `page.key`: PEM files"
        ) from error
    return context
