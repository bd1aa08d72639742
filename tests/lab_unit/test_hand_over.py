import os
import socket
import subprocess
import sys

SAY = """
import os, socket
assert int(os.environ["LISTEN_PID"]) == os.getpid()
count = int(os.environ["LISTEN_FDS"])
print([socket.socket(fileno=3 + n).getsockname()[1] for n in range(count)])
"""


def test_sockets_arrive_in_order_from_descriptor_three_with_systemds_variables() -> None:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
    numbers = [one.fileno() for one in sockets]
    ports = [one.getsockname()[1] for one in sockets]
    # In an order in which descriptors get into each other's way.
    numbers.reverse()
    ports.reverse()
    said = subprocess.run(
        [sys.executable, "-m", "netboot.lab.hand_over", ",".join(map(str, numbers)), sys.executable, "-c", SAY],
        pass_fds=numbers,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said.strip() == str(ports)
    for one in sockets:
        one.close()


def test_descriptors_that_stand_where_others_must_go_are_not_lost() -> None:
    one, two = socket.create_server(("127.0.0.1", 0)), socket.create_server(("127.0.0.1", 0))
    swap = (
        "import os, sys\n"
        f"os.dup2({one.fileno()}, 34); os.dup2({two.fileno()}, 33)\n"
        "os.dup2(34, 4, inheritable=True); os.dup2(33, 3, inheritable=True)\n"
        "from netboot.lab.hand_over import hand_over\n"
        f"hand_over([4, 3], [sys.executable, '-c', {SAY!r}])\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", swap],
        pass_fds=[one.fileno(), two.fileno()],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ),
    ).stdout
    assert said.strip() == str([one.getsockname()[1], two.getsockname()[1]])
    one.close()
    two.close()
