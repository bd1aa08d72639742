"""Device cookies (OWASP): a browser that signed in before has its own allowance of password tries.

Strangers may try a name's password only a few times, whatever address they come from; without this, their guesses would
lock out the name's owner. A browser that signed in under the name carries a random number, with an HMAC-SHA256 over
number and name by a key of this server. Not for: signing anybody in.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final, Protocol

SETTING: Final = "page.known_browsers_key"
COOKIE_PREFIX: Final = "netboot-known-"


class SettingStore(Protocol):
    """Where the key is kept: the record."""

    def setting(self, key: str) -> str | None: ...
    def set_setting(self, key: str, value: str) -> None: ...


@dataclass(frozen=True, slots=True)
class KnownBrowsers:
    """Makes and recognises the cookies."""

    key: bytes

    def cookie_name(self, name: str) -> str:
        """The cookie's own name for this person: several sign in at one browser."""
        return COOKIE_PREFIX + self._seal("cookie", name)[:16]

    def new_cookie(self, name: str) -> str:
        """The cookie's value for a browser that just signed in under this name."""
        number = secrets.token_hex(16)
        return f"{number}.{self._seal('browser', number, name)}"

    def number_in(self, name: str, value: str) -> str:
        """The browser's number, if it signed in under this name before; "" otherwise."""
        number, _, seal = value.partition(".")
        return number if hmac.compare_digest(self._seal("browser", number, name).encode(), seal.encode()) else ""

    def _seal(self, *words: str) -> str:
        said = "\0".join(words).encode("utf-8", "surrogatepass")
        return hmac.new(self.key, said, hashlib.sha256).hexdigest()


def known_browsers(settings: SettingStore) -> KnownBrowsers:
    """KnownBrowsers with the key on the record, which is made at first use."""
    kept = settings.setting(SETTING)
    if kept is None:
        kept = secrets.token_hex(32)
        settings.set_setting(SETTING, kept)
    return KnownBrowsers(bytes.fromhex(kept))
