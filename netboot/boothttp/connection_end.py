"""The end of a TCP connection whose client takes nothing else for the end of its file: GRUB.

GRUB asks for one file a connection. Short of 20 packets it waits 0.4 s for more, also behind the last one of a file:
four times a boot. A FIN tells it nothing; a reset is the file's end to it (grub-core/net/net.c, grub_net_fs_read_real;
grub-core/net/http.c, http_err). So its connection is reset, and never before it has acknowledged the whole answer: half
an archive would be a whole one to it, and the kernel would panic.
Not for: firmware, iPXE and agents, whose connections go on; whoever acknowledges in GRUB's place, as a proxy does.
"""

import asyncio
import socket
import struct
from typing import Final

from netboot.lan.tcp_listener import RESET_ON_CLOSE

_SOON: Final = 0.005
_LATER: Final = 0.05
"""Seconds between two looks at what is acknowledged: while it grows, and at most, while GRUB reads another file."""

_ESTABLISHED: Final = 1  # net/tcp_states.h

# linux/tcp.h, struct tcp_info: tcpi_state, and tcpi_bytes_acked behind 8 bytes, 24 words and two long ones.
_INFO: Final = struct.Struct("@B119xQ")


async def reset_once_read(transport: asyncio.Transport, size: int) -> None:
    """Reset the connection once its peer has acknowledged `size` bytes, all that it was ever to be sent.

    Returns when the connection has ended; never by a reset where less was sent, which GRUB then tells its user.
    """
    connection = transport.get_extra_info("socket")
    before, pause = -1, _SOON
    while not transport.is_closing():
        state, acknowledged = _INFO.unpack(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO.size))
        if acknowledged >= size:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        # aiohttp does not see the end of a connection on which more waits than it reads ahead.
        if acknowledged >= size or state != _ESTABLISHED:
            transport.abort()
            return
        pause = min(2 * pause, _LATER) if acknowledged == before else _SOON
        before = acknowledged
        await asyncio.sleep(pause)
