"""Forwards queries that the workshop's name server cannot answer to the servers in `names.forward` (RFC 5452).

Each question goes out from a port and with a number that the kernel and dnspython draw at random, and only a reply to
that very question from that very server counts. What is under way is bounded, in all and for one client.
Not for: keeping answers; the servers asked do that.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from ipaddress import IPv4Address
from typing import Final

import dns.asyncquery
import dns.flags
import dns.message

from netboot.dns.responder import QUERY_LIMIT, PassedOn

log = logging.getLogger(__name__)

PORT: Final = 53
WITHIN: Final = 2.0
"""Seconds that one server gets. A PC's resolver gives up after five (resolv.conf(5))."""
UNDER_WAY: Final = 128
UNDER_WAY_A_CLIENT: Final = 24


class Forwarder:
    """Asks `servers` in their order."""

    def __init__(self, servers: Sequence[IPv4Address], *, port: int = PORT) -> None:
        self._servers = servers
        self._port = port
        self._under_way: Counter[IPv4Address] = Counter()

    async def ask(self, passed: PassedOn, client: IPv4Address) -> dns.message.Message | None:
        """The first server's reply; None when none replies in time, or too much is under way. Raises nothing."""
        if self._under_way.total() >= UNDER_WAY or self._under_way[client] >= UNDER_WAY_A_CLIENT:
            return None
        self._under_way[client] += 1
        try:
            for server in self._servers:
                reply = await self._ask_one(passed, server)
                if reply is not None:
                    return reply
            return None
        finally:
            self._under_way[client] -= 1
            if not self._under_way[client]:
                del self._under_way[client]

    async def _ask_one(self, passed: PassedOn, server: IPv4Address) -> dns.message.Message | None:
        # Made anew: of the client's query only the question and three flags leave the LAN.
        name, kind = passed.question.name, passed.question.rdtype
        query = dns.message.make_query(
            name,
            kind,
            use_edns=0,
            payload=QUERY_LIMIT,
            want_dnssec=bool(passed.query.ednsflags & dns.flags.DO),
        )
        query.flags |= passed.query.flags & (dns.flags.CD | dns.flags.AD)
        try:
            async with asyncio.timeout(WITHIN):
                reply, _ = await dns.asyncquery.udp_with_fallback(
                    query, str(server), timeout=WITHIN, port=self._port, ignore_unexpected=True, ignore_errors=True
                )
        except Exception as error:
            # A time-out or a closed port; or a hostile reply, of which dnspython names no closed list of errors.
            log.debug("%s did not answer for %s: %s", server, name, error or type(error).__name__)
            return None
        return reply
