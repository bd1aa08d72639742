"""The end of a TCP connection whose client takes nothing else for the end of its file: GRUB.

GRUB asks for one file a connection. Short of 20 packets it waits 0.4 s for more, also behind the last one of a file:
four times a boot. A FIN tells it nothing; a reset is the file's end to it (grub-core/net/net.c, grub_net_fs_read_real;
grub-core/net/http.c, http_err). So its connection is reset, and never before it has acknowledged every byte: half an
archive would be a whole one to it, and the kernel would panic.
Not for: firmware, iPXE and agents, whose connections go on.
"""

import asyncio
import fcntl
import socket
import struct
import termios
from typing import Final

from netboot.tcp_listener import RESET_ON_CLOSE

_SOON: Final = 0.005
_LATER: Final = 0.05
"""Seconds between two looks at what is not acknowledged: while it grows less, and at most, while GRUB reads another."""


async def reset_once_read(transport: asyncio.Transport) -> None:
    """Reset the connection once its peer has acknowledged all that was written.

    Returns when the connection has ended. One whose peer acknowledges nothing ends by its own limit (`Capacity`).
    """
    connection = transport.get_extra_info("socket")
    before, pause = -1, _SOON
    while not transport.is_closing():
        left = transport.get_write_buffer_size() + _unacknowledged(connection)
        if not left:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            transport.abort()
            return
        pause = min(2 * pause, _LATER) if left == before else _SOON
        before = left
        await asyncio.sleep(pause)


def _unacknowledged(connection: socket.socket) -> int:
    """Bytes that the kernel has and the peer has not acknowledged: SIOCOUTQ, tcp(7)."""
    (count,) = struct.unpack("@i", fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, bytes(4)))
    return int(count)
