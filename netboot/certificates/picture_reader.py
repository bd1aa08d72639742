"""The process that searches a hostile picture for a QR code: base64 of its grey dots in, a seal's text out.

It gives up its rights before it reads anything: nobody's user id, no group, no more files or processes, bounded memory
and time. The codes of zxing-cpp (Apache-2.0) are read, each on its own, and the first that begins as a seal does is
told. Not for: bounds on the picture (`picture.py`), whether the text is whole (`verify.py`).
"""

import os
import resource
import sys
from base64 import b64decode

import zxingcpp

NOBODY = 65534
_LIMITS = (
    (resource.RLIMIT_AS, 2 << 30),
    (resource.RLIMIT_CPU, 15),
    (resource.RLIMIT_FSIZE, 0),
    (resource.RLIMIT_NPROC, 0),
    (resource.RLIMIT_CORE, 0),
)


def main() -> None:
    """Read standard input, and print what was found, or nothing."""
    width, height = int(sys.argv[1]), int(sys.argv[2])
    _give_up_rights()
    dots = b64decode(sys.stdin.buffer.read())
    image = memoryview(dots).cast("B", (height, width))
    for code in zxingcpp.read_barcodes(image):
        if code.text.startswith("NETBOOT"):
            sys.stdout.write(code.text)
            return


def _give_up_rights() -> None:
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    for limit, most in _LIMITS:
        resource.setrlimit(limit, (most, most))


if __name__ == "__main__":
    main()
