"""The Host headers that the HTTP servers accept: protection against DNS rebinding.

A foreign web site can let its name resolve to this server's address; in a browser its pages then have the same origin
as ours, and could read and order whatever that browser may. So both HTTP servers answer only under their own address
and names (RFC 9110 §7.4: 421). Not for: who may order anything (`webui/visitor.py`, `workshop/commands.py`).
"""

import socket
from collections.abc import Awaitable, Callable, Collection
from ipaddress import ip_address
from typing import Final

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from netboot.dns.responder import SERVER_LABEL
from netboot.settings.config import Settings

_LOCAL: Final = frozenset({"localhost", "localhost.localdomain"})
Unknown = Callable[[web.Request], Awaitable[web.StreamResponse]]


def own_names(settings: Settings, domain: str = "") -> frozenset[str]:
    """What this machine is called, and what the settings' `hosts` add. It may ask DNS: call it in a thread.

    `domain` is what our own name server answers for, "" where there is none.
    """
    host = socket.gethostname()
    told = {host, host.partition(".")[0], f"{host.partition('.')[0]}.local", socket.getfqdn(), *settings.hosts}
    if domain:
        told |= {f"{SERVER_LABEL}.{domain}", SERVER_LABEL}
    return frozenset(_plain(name) for name in told if name)


def is_known(host: str, names: Collection[str], address: str) -> bool:
    """Whether a Host header names this server: by one of its names, or by the address that was connected to.

    The port counts for nothing: a forwarded one is another than ours. Pure.
    """
    name, colon, port = host.rpartition(":")
    if not colon or port.endswith("]"):
        name = host
    elif not (port.isascii() and port.isdigit()):
        return False
    name = _plain(name.removeprefix("[").removesuffix("]"))
    if name in _LOCAL or name in names:
        return True
    try:
        return ip_address(name) == ip_address(address)
    except ValueError:
        return False


def only_known_hosts(names: Collection[str], unknown: Unknown) -> Callable[..., Awaitable[web.StreamResponse]]:
    """A middleware that answers with `unknown` what was asked under a foreign name.

    Who sends no Host (HTTP/1.0, old firmware) is no browser.
    """

    @web.middleware
    async def known_host(request: web.Request, handler: Handler) -> web.StreamResponse:
        told = request.headers.getall(hdrs.HOST, [])
        here = request.transport.get_extra_info("sockname") if request.transport is not None else None
        if len(told) > 1 or (told and not is_known(told[0], names, here[0] if here else "")):
            return await unknown(request)
        return await handler(request)

    return known_host


def _plain(name: str) -> str:
    return name.strip().rstrip(".").casefold()
