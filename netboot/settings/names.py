"""The settings of names: our own name server on an isolated switch, and updates of the building's DNS.

Read with the rest of the settings by config.py. Checks what can be checked by the settings alone.
"""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

DEFAULT_DOMAIN: Final = "workshop.internal"
"""The domain of an isolated switch whose `dhcp.full.domain` is empty.

ICANN keeps the top-level domain `internal` for private use (resolution of 29 July 2024): no name on the Internet is
hidden by ours. `local` is mDNS's (RFC 6762), and resolvers do not ask a name server for it.
"""

LONGEST_DOMAIN: Final = 189
"""Characters, so that the longest host name fits before it (RFC 1035 §2.3.4)."""
_LABEL: Final = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
Domain = Annotated[
    str,
    Meta(
        max_length=LONGEST_DOMAIN,
        pattern=rf"^({_LABEL}(\.{_LABEL})*)?\Z",
        description="a domain in small letters, such as workshop.example.org",
    ),
]
"""A domain in lower case, short enough to have a host's label before it; or ""."""
_OCTET: Final = r"(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
Address = Annotated[str, Meta(pattern=rf"^{_OCTET}(\.{_OCTET}){{3}}\Z", description="an address such as 10.0.0.1")]
Algorithm = Literal["hmac-sha256", "hmac-sha384", "hmac-sha512"]


class UpdateSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tell the building's DNS `server` the name of each PC that was imaged (RFC 2136), signed by a TSIG key.

    The key is `key` (its name), `algorithm`, and `secret` or the file that holds it (base64, as `tsig-keygen` and
    `keymgr` print it). `reverse_zone` also gets the address's name. `ttl` is in seconds. Without a `server`: off.
    """

    server: Annotated[
        str, Meta(pattern=rf"^({_OCTET}(\.{_OCTET}){{3}})?\Z", description="an address such as 10.0.0.1, or nothing")
    ] = ""
    zone: Domain = ""
    reverse_zone: Domain = ""
    key: Annotated[
        str,
        Meta(
            max_length=250,
            pattern=r"^[A-Za-z0-9._-]*\Z",
            description="the key's name: letters, digits, dot, hyphen, underscore",
        ),
    ] = ""
    algorithm: Algorithm = "hmac-sha256"
    secret: Annotated[str, Meta(max_length=1024)] = ""
    secret_file: Annotated[str, Meta(max_length=4096)] = ""
    ttl: Annotated[int, Meta(ge=30, le=86400)] = 300

    def __post_init__(self) -> None:
        if not self.server:
            return
        for name, value in (("zone", self.zone), ("key", self.key)):
            if not value:
                raise ValueError(f"`{name}`: expected where `server` is set")
        if bool(self.secret) == bool(self.secret_file):
            raise ValueError("`server`: beside it either a `secret` or a `secret_file` is expected")
        if self.reverse_zone and not self.reverse_zone.endswith(".in-addr.arpa"):
            raise ValueError("`reverse_zone`: expected a zone such as 0.77.10.in-addr.arpa")


class NamesSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`answer`: in `full` mode a name server answers on port 53; what it does not know it asks of `forward`."""

    answer: bool = True
    forward: Annotated[tuple[Address, ...], Meta(max_length=4)] = ()
    update: UpdateSettings = UpdateSettings()
