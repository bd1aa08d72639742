"""The agent's archive for a kit: the LAN boot's, `netboot/alone/` and the rules that it goes by, and the kit's key."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from nacl.signing import SigningKey

from netboot.alone.settings import PROFILES, KitFile
from netboot.auth.server_keys import public_key
from netboot.bootfiles import agent_archive
from netboot.bootfiles.agent_image import AGENT_KNOWS
from netboot.jobs.profile import Profile
from netboot.kit.identity import Kit
from netboot.settings.config import Settings
from netboot.shared.errors import NetbootError

KIT_KNOWS: Final = (*AGENT_KNOWS, "alone", "imaging.py", "jobs")
"""What the kit's archive has of the netboot package; tests hold it to that."""

_NEEDS_SERVER: Final = frozenset({"capture", "deploy", "customise"})


def offered_alone(profiles: Iterable[Profile]) -> tuple[Profile, ...]:
    """Those that need no server, in their order: none that installs or captures a master."""
    return tuple(profile for profile in profiles if not _NEEDS_SERVER & set(profile.stages))


def kit_archive(kit: Kit, workshop: SigningKey, settings: Settings, profiles: Sequence[Profile]) -> bytes:
    """The compressed archive. Raises NetbootError when more profiles need no server than a stick offers."""
    offered = offered_alone(profiles)
    if len(offered) > PROFILES:
        raise NetbootError(
            f"{len(offered)} profiles could be done without a server, and a stick offers {PROFILES}",
            hint="name those that it is to have: --profile ID, several times",
        )
    told = KitFile(
        name=kit.name, key=bytes(kit.key).hex(), data=kit.data_uuid, port=settings.http.port, profiles=offered
    )
    return agent_archive(
        {"public_key": public_key(workshop).hex(), "page": "", "language": settings.language},
        knows=KIT_KNOWS,
        secrets={"etc/netboot/kit.json": msgspec.json.format(msgspec.json.encode(told), indent=1)},
    )
