"""The QR code of a paper read from a picture of it, and hostile pictures: by a process that may do nothing else."""

import os
import subprocess
import sys
import time
from base64 import b64encode
from pathlib import Path

import pytest
from msgspec.structs import replace

from netboot.auth.certificate_keys import CertificateKeys
from netboot.certificates.issue import issue
from netboot.certificates.layout import laid_out
from netboot.certificates.pdf import make_pictures
from netboot.certificates.picture import MOST_DOTS, text_in
from netboot.certificates.picture_reader import NOBODY
from netboot.certificates.values import Paper
from netboot.certificates.verify import Known, check_given
from tests.certificates.pictures import grey


def pgm(dots: bytes, width: int, height: int) -> bytes:
    """Grey dots as netpbm writes them."""
    return b"P5\n%d %d\n255\n" % (width, height) + dots


def turned(dots: bytes, width: int) -> bytes:
    """The same picture, turned by a quarter to the right."""
    return b"".join(dots[x::width][::-1] for x in range(width))


def darker(dots: bytes) -> bytes:
    """As a telephone in a dim room sees it: grey for white, and not quite black for black."""
    return bytes(70 + dot // 3 for dot in dots)


@pytest.fixture(scope="module")
def photographed(certificate: Paper, keys: CertificateKeys) -> tuple[str, bytes, int, int]:
    """A seal, and a picture of the page that bears it."""
    issued = issue(replace(certificate, disks=certificate.disks[:1]), keys).issued
    for page in make_pictures(laid_out(issued, "fr"), dots=120):
        dots, width, height = grey(page)
        if text_in(pgm(dots, width, height)):
            return issued.seal, dots, width, height
    raise AssertionError("no page shows a code")


def test_the_code_of_a_printed_page_is_read_turned_and_in_bad_light(
    photographed: tuple[str, bytes, int, int], keys: CertificateKeys
) -> None:
    seal, dots, width, height = photographed
    assert text_in(pgm(dots, width, height)) == seal
    assert text_in(pgm(darker(turned(dots, width)), height, width)) == seal
    found = check_given(pgm(dots, width, height), Known(keys.public), text_in).findings
    assert [(one.code, one.result) for one in found] == [("seal-whole", "whole")]


def test_a_page_without_a_code_says_what_to_do(keys: CertificateKeys) -> None:
    (found,) = check_given(pgm(b"\xff" * 40_000, 200, 200), Known(keys.public), text_in).findings
    assert (found.code, found.result) == ("picture-empty", "foreign")
    assert "collez son texte" in found.sentence("fr")


@pytest.mark.parametrize(
    "content",
    [
        pgm(b"\xff" * 99, 10, 10), pgm(b"\xff" * 101, 10, 10), pgm(b"", 0, 0), pgm(b"", 0, 9), pgm(b"", 99999, 99999),
        b"P5 2001 2000 255\n" + bytes(MOST_DOTS + 2000), b"P5\n1 1\n255\n\xff", b"P5 1 1 255 ",
    ],
)  # fmt: skip
def test_what_is_no_whole_picture_has_no_text(content: bytes) -> None:
    assert text_in(content) == ""


@pytest.mark.parametrize("content", [b"", b"P5", b"P6 1 1 255 abc", b"P5 1 1 65535 ab", b"%PDF-1.7", b"{}", b"NETBOOT"])
def test_what_does_not_begin_as_a_picture_is_none(content: bytes) -> None:
    assert text_in(content) is None


def test_noise_is_no_code() -> None:
    noise = b"".join(bytes([seed * 37 % 251, seed * 91 % 256]) for seed in range(80_000))
    assert text_in(pgm(noise, 400, 400)) == ""


@pytest.mark.root
def test_the_process_that_reads_it_has_given_up_its_rights() -> None:
    command = [sys.executable, "-m", "netboot.certificates.picture_reader", "10", "10"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as reader:
        status = Path(f"/proc/{reader.pid}/status")
        until = time.monotonic() + 20
        while (rights := _rights(status))["Uid"] == "0" and time.monotonic() < until:
            time.sleep(0.05)
        limits = Path(f"/proc/{reader.pid}/limits").read_text(encoding="utf-8")
        out, _ = reader.communicate(b64encode(b"\xff" * 100))
    assert os.geteuid() == 0
    assert rights == {"Uid": str(NOBODY), "Gid": str(NOBODY), "Groups": "", "CapEff": "0" * 16}
    for name in ("Max file size", "Max processes", "Max core file size"):
        (line,) = [line for line in limits.splitlines() if line.startswith(name)]
        assert line.removeprefix(name).split()[:2] == ["0", "0"]
    assert (out, reader.returncode) == (b"", 0)


def _rights(status: Path) -> dict[str, str]:
    found = dict(line.split(":", 1) for line in status.read_text(encoding="utf-8").splitlines())
    first = {name: (found[name].split() or [""])[0] for name in ("Uid", "Gid", "CapEff")}
    return {**first, "Groups": found["Groups"].strip()}
