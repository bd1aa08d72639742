"""The agent's settings, which the server put into its archive; the token and the key that it keeps over its restart."""

import logging
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey

from netboot.shared.errors import NetbootError
from netboot.shared.fields import Token

SETTINGS: Final = Path("/etc/netboot/agent.json")
TOKEN: Final = Path("/run/netboot/token")
SEAL_KEY: Final = Path("/run/netboot/seal-key")
BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")

log = logging.getLogger(__name__)


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
    if token != read_token(path):
        _keep(token, path)


def own_seal_key(path: Path = SEAL_KEY) -> PrivateKey:
    """What the secrets of this boot's visit are sealed to: the server keeps to the key that it was told first, so an
    agent that is started again has it still. In RAM only; where it cannot be kept, this agent has it alone."""
    try:
        return PrivateKey(bytes.fromhex(path.read_text(encoding="ascii")))
    except FileNotFoundError:
        pass
    except (OSError, ValueError, CryptoError) as error:
        log.warning("%s cannot be used, another is made: %s", path, type(error).__name__)
    key = PrivateKey.generate()
    try:
        _keep(bytes(key).hex(), path)
    except OSError as error:
        log.warning("%s cannot be kept: %s", path, error)
    return key


def _keep(text: str, path: Path) -> None:
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.draft")
    draft.touch(mode=0o600)
    draft.write_text(text, encoding="ascii")
    draft.replace(path)
