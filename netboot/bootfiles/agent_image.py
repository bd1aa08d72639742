"""Makes agent.img, the small second archive: the agent's code, /init, and this server's settings for the agent.

Made anew whenever the server starts, in pure Python: an edit of the agent never touches the base archive.
The kernel unpacks it over the base, so a name here wins.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import netboot
from netboot.bootfiles import cpio
from netboot.shared.errors import NetbootError

AGENT_KNOWS = ("__init__.py", "agent", "shared", "survey")
"""Files and folders of the netboot package that the agent may import; tests hold the agent to it."""

SETTINGS = "etc/netboot/agent.json"
CODE = "usr/lib/netboot"
LEVEL = 12


def agent_archive(
    settings: Mapping[str, object],
    *,
    knows: Sequence[str] = AGENT_KNOWS,
    secrets: Mapping[str, bytes] = MappingProxyType({}),
) -> bytes:
    """The compressed archive; `settings` become /etc/netboot/agent.json. The same input gives the same bytes.

    `knows`: of the netboot package; `secrets`: further files, by their path, for root alone.
    Raises NetbootError when a module of the agent is missing, ValueError for settings that JSON cannot hold.
    """
    text = json.dumps(settings, ensure_ascii=False, allow_nan=False, indent=1, sort_keys=True)
    entries = {entry.name: entry for entry in _code(Path(netboot.__file__).parent, knows)}
    for name, content in {SETTINGS: text.encode(), **secrets}.items():
        entries[name] = cpio.file(name, content, 0o600)
    for name in tuple(entries):
        for parent in Path(name).parents:
            if parent != Path():
                entries.setdefault(parent.as_posix(), cpio.directory(parent.as_posix()))
    return cpio.compress(cpio.archive((entries[name] for name in sorted(entries)), mtime=0), level=LEVEL)


def _code(package: Path, knows: Sequence[str]) -> Iterator[cpio.Entry]:
    for name in knows:
        path = package / name
        if not path.exists():
            raise NetbootError(f"the agent's {name} is missing from {package}", hint="install netboot again")
        for source in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            yield cpio.file(f"{CODE}/netboot/{source.relative_to(package).as_posix()}", source.read_bytes())
    yield cpio.file("init", (package / "agent/init").read_bytes(), 0o755)
    yield cpio.file(f"{CODE}/dhcp-event", (package / "agent/net/dhcp-event").read_bytes(), 0o755)
