"""Hand open sockets to a program as systemd does: fd 3 and up, LISTEN_FDS and LISTEN_PID (sd_listen_fds(3)).

    python -m netboot.lab.hand_over 12,14 program argument…

LISTEN_PID must be the number of the program itself, which only the process that becomes it can know.
Not for: named descriptors (LISTEN_FDNAMES) or sockets made here.
"""

import fcntl
import os
import sys

FIRST = 3


def hand_over(sockets: list[int], command: list[str]) -> None:
    """Become `command`, with `sockets` as its descriptors 3, 4…; raises OSError when it cannot be run."""
    # Through numbers above all targets first: one target may be another socket's source.
    clear = [_above(fd, FIRST + len(sockets)) for fd in sockets]
    for target, fd in enumerate(clear, FIRST):
        os.dup2(fd, target, inheritable=True)
        os.close(fd)
    for fd in sockets:
        if not FIRST <= fd < FIRST + len(sockets):
            os.close(fd)
    os.environ["LISTEN_FDS"] = str(len(sockets))
    os.environ["LISTEN_PID"] = str(os.getpid())
    os.execvp(command[0], command)  # noqa: S606 - no shell, and becoming the program is the point


def _above(fd: int, limit: int) -> int:
    return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, limit)


if __name__ == "__main__":
    hand_over([int(number) for number in sys.argv[1].split(",")], sys.argv[2:])
