"""The agent's WebSocket on the boot HTTP server: messages are parsed here and given to the workshop, which decides.

The hello must come within ten seconds; after it one message is handled at a time, so that an agent that floods slows
down only itself. Connections without a hello yet are limited in number: one too many closes the oldest of the address
that has most, so that strangers can neither fill the memory nor keep a PC from its hello.
"""

import asyncio
import logging
from typing import Final

from aiohttp import WSCloseCode, WSMsgType, web

from netboot.lan.tcp_listener import Capacity, Guests
from netboot.records.refusals import HelloRefused
from netboot.shared.errors import NetbootError
from netboot.shared.problems import Problem
from netboot.shared.protocol import MESSAGE_LIMIT, FromServer, Hello, ProtocolError, Stay, decode_from_agent, encode
from netboot.workshop.agent_session import Session
from netboot.workshop.greeting import Workshop

log = logging.getLogger(__name__)

HELLO_WITHIN: Final = 10.0
CLOSE_WITHIN: Final = 3.0
"""Seconds for the other side's goodbye."""
UNPROVEN: Final = Capacity(of_address=8, in_all=32)
"""Lines before their hello. A PC says it at once; each may cost a message's length in memory."""
HEARTBEAT: Final = 10.0
SEND_WITHIN: Final = 20.0

unproven_key: Final = web.AppKey("unproven", Guests[asyncio.Transport])
workshop_key: Final = web.AppKey("workshop", Workshop)


async def agent_link(request: web.Request) -> web.WebSocketResponse:
    """GET /agent/link: hold one agent's line until it breaks."""
    workshop = request.app[workshop_key]
    socket = web.WebSocketResponse(
        timeout=CLOSE_WITHIN, heartbeat=HEARTBEAT, max_msg_size=MESSAGE_LIMIT, compress=False
    )
    await socket.prepare(request)

    async def send(message: FromServer) -> None:
        async with asyncio.timeout(SEND_WITHIN):
            await socket.send_str(encode(message))

    async def hang_up() -> None:
        await socket.close(code=WSCloseCode.POLICY_VIOLATION)

    session: Session | None = None
    try:
        hello = decode_from_agent(await _first_message(request, socket))
        if not isinstance(hello, Hello):
            raise ProtocolError("the first message is not a hello")
        try:
            session = await workshop.greet(hello, send, request.remote or "", hang_up)
        except NetbootError as error:
            await send(Stay(problem=_on_screen(error)))
            raise
        async for frame in socket:
            if frame.type is not WSMsgType.TEXT:
                break
            message = decode_from_agent(frame.data)
            if isinstance(message, Hello):
                raise ProtocolError("a second hello on one line")
            await workshop.heard(session, message)
    except (ProtocolError, NetbootError, TypeError) as error:
        log.warning("agent at %s refused: %s", request.remote, error)
    except (TimeoutError, ConnectionError) as error:
        log.info("agent at %s went away: %s", request.remote, type(error).__name__)
    except Exception:
        # A full disk, a broken record: the agent keeps its reports and comes back; others must not suffer.
        log.exception("the line to the agent at %s is closed", request.remote)
    finally:
        if session is not None:
            workshop.left(session, goodbye=socket.close_code == WSCloseCode.OK)
        await socket.close()
    return socket


async def _first_message(request: web.Request, socket: web.WebSocketResponse) -> str:
    """The first text. Raises TimeoutError, and cuts the line, when it is not whole in time; TypeError when cut."""
    transport, address = request.transport, request.remote or ""
    if transport is None:
        raise ConnectionResetError
    unproven = request.app[unproven_key]
    outgoing = unproven.enter(address, transport)
    if outgoing is not None:
        outgoing.abort()
    try:
        async with asyncio.timeout(HELLO_WITHIN):
            return await socket.receive_str()
    except TimeoutError:
        transport.abort()  # no goodbye is waited for: that would be as long again
        raise
    finally:
        unproven.leave(address, transport)


def _on_screen(error: NetbootError) -> Problem:
    """What the PC's screen says when its hello was refused."""
    return error.problem if isinstance(error, HelloRefused) else Problem("agent-error", {"error": error.message[:300]})
