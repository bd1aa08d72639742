"""The agent's settings, which the server put into its archive, and the token that it keeps over its own restart."""

from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from netboot.shared.errors import NetbootError
from netboot.shared.fields import Token

SETTINGS: Final = Path("/etc/netboot/agent.json")
TOKEN: Final = Path("/run/netboot/token")
BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


class AgentFile(Struct, frozen=True, kw_only=True):
    """/etc/netboot/agent.json: the workshop's public key (64 hex digits), and the page's address for the screen."""

    public_key: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    page: Annotated[str, Meta(max_length=200)] = ""


def read_settings(path: Path = SETTINGS) -> AgentFile:
    """Raises NetbootError."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=AgentFile)
    except (OSError, msgspec.MsgspecError) as error:
        raise NetbootError(f"{path} cannot be used: {error}", hint="restart the server, then this PC") from error


def read_token(path: Path = TOKEN) -> Token:
    """The token of this boot's visit, kept for an agent that is started again; "" when there is none."""
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeError):
        return ""


def keep_token(token: Token, path: Path = TOKEN) -> None:
    """Keep it in RAM only; an agent that is killed meanwhile finds the old one or the new one, never a part."""
    if token == read_token(path):
        return
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.draft")
    draft.touch(mode=0o600)
    draft.write_text(token, encoding="ascii")
    draft.replace(path)
