"""Browsers that somebody signed in with before: they try passwords apart from strangers (OWASP's device cookies).

A stranger's guesses for a name are few, whatever address they come from, so they could keep that person out. A browser
that signed in under the name before carries a random number and its HMAC-SHA256 over both, by a key of this server.
Not for: signing anybody in; the cookie only says which queue and which share of tries is theirs.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final, Protocol

SETTING: Final = "page.known_browsers_key"
COOKIE_PREFIX: Final = "netboot-known-"


class Keep(Protocol):
    """Where the key is kept: the record."""

    def setting(self, key: str) -> str | None: ...
    def set_setting(self, key: str, value: str) -> None: ...


@dataclass(frozen=True, slots=True)
class KnownBrowsers:
    """Makes and recognises the cookies."""

    key: bytes

    def cookie_of(self, name: str) -> str:
        """The cookie's own name for this person: several sign in at one browser."""
        return COOKIE_PREFIX + self._seal("cookie", name)[:16]

    def new(self, name: str) -> str:
        """The cookie's value for a browser that just signed in under this name."""
        number = secrets.token_hex(16)
        return f"{number}.{self._seal('browser', number, name)}"

    def number(self, name: str, value: str) -> str:
        """The browser's number, if it signed in under this name before; "" otherwise."""
        number, _, seal = value.partition(".")
        return number if hmac.compare_digest(self._seal("browser", number, name).encode(), seal.encode()) else ""

    def _seal(self, *words: str) -> str:
        said = "\0".join(words).encode("utf-8", "surrogatepass")
        return hmac.new(self.key, said, hashlib.sha256).hexdigest()


def known_browsers(keep: Keep) -> KnownBrowsers:
    """With the key that is kept; the first time a new one."""
    kept = keep.setting(SETTING)
    if kept is None:
        kept = secrets.token_hex(32)
        keep.set_setting(SETTING, kept)
    return KnownBrowsers(bytes.fromhex(kept))
