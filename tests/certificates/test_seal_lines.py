"""Seals made by hand from their description, each with a good signature: only what netboot writes is read as one."""

import base64
import hashlib

import pytest
from msgspec.structs import replace
from nacl.signing import SigningKey

from netboot.auth.fingerprint import fingerprint
from netboot.certificates.seal import LONGEST, Seal, SealChangedError, SealError, is_of, read_seal, seal
from netboot.certificates.values import Paper

KEY = SigningKey(bytes(range(32)))
DIGEST = bytes(range(32))


def packed(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def signed(*lines: str) -> str:
    """These lines and their signature, as the seal's description has it."""
    told = "\n".join(lines)
    return f"{told}\nSIG {packed(KEY.sign(b'netboot-erasure-seal1' + bytes([10]) + told.encode()).signature)}"


ENDS = (f"JSON {packed(DIGEST)}", f"KEY {packed(bytes(KEY.verify_key))}")
BEGIN = ("NETBOOT ERASURE CERTIFICATE 1", "NO 4F2K-9QXR-0001-ABCD", "DATE 2026-11-29", "PC a | b | c", "DISKS 0")
WRONG: dict[str, tuple[str, tuple[str, ...]]] = {
    "of a version to come": ("lines", ("NETBOOT ERASURE CERTIFICATE 2", *BEGIN[1:], *ENDS)),
    "a line too few": ("lines", (*BEGIN[:4], *ENDS)),
    "without its number": ("lines", (BEGIN[0], *BEGIN[2:4], *BEGIN[2:], *ENDS)),
    "its ends in another order": ("lines", (*BEGIN, *reversed(ENDS))),
    "another line at its end": ("lines", (*BEGIN, *ENDS, "MORE 1")),
    "a sign that scanners read otherwise": ("lines", (*BEGIN, "DISK é", *ENDS)),
    "a line too long": ("lines", (*BEGIN, "DISK ".ljust(401, "x"), *ENDS)),
    "an empty line": ("lines", (*BEGIN, "", *ENDS)),
    "a digest that is cut": ("spelling", (*BEGIN, f"JSON {packed(DIGEST[:-1])}", ENDS[1])),
    "a digest that is spelled otherwise": ("spelling", (*BEGIN, f"{ENDS[0][:-1]}9", ENDS[1])),
    "a digest that is none": ("lines", (*BEGIN, "JSON AAAAA", ENDS[1])),
    "a key that is cut": ("spelling", (*BEGIN, ENDS[0], f"KEY {packed(bytes(KEY.verify_key)[:-1])}")),
    "a key with a word before it": ("spelling", (*BEGIN, ENDS[0], ENDS[1].replace("KEY", "KEY x"))),
}


def test_one_that_is_made_by_its_description_is_read() -> None:
    text = signed(*BEGIN, *ENDS)
    expected = Seal(
        kind="certificate", number="4F2K-9QXR-0001-ABCD", lines=BEGIN[1:], digest=DIGEST.hex(),
        key=bytes(KEY.verify_key), text=text,
    )  # fmt: skip
    assert read_seal(text) == expected
    assert read_seal(f"\n\n{text}\r\n") == expected
    assert read_seal(signed(*BEGIN, "DISK ".ljust(400, "x"), *ENDS)).lines[-1] == "DISK ".ljust(400, "x")


@pytest.mark.parametrize("what", WRONG)
def test_a_good_signature_makes_no_seal_of_other_lines(what: str) -> None:
    reason, lines = WRONG[what]
    with pytest.raises(SealError) as refused:
        read_seal(signed(*lines))
    assert str(refused.value) == reason
    assert isinstance(refused.value, SealChangedError) == (reason == "spelling")


def test_a_signature_of_something_else_or_spelled_otherwise_is_none() -> None:
    text = signed(*BEGIN, *ENDS)
    for changed, reason in (
        (text.replace("PC a", "PC b"), "signature"),
        (text.replace("CERTIFICATE 1", "REPORT 1, NOT A CERTIFICATE"), "signature"),
        (text[:-1] + chr(ord(text[-1]) + 1), "spelling"),
    ):
        with pytest.raises(SealChangedError) as refused:
            read_seal(changed)
        assert str(refused.value) == reason


def test_nothing_stands_before_or_after_it_but_ends_of_lines() -> None:
    text = signed(*BEGIN, *ENDS)
    for other in (f"{text} ", f" {text}", f"{text}X", f"X{text}", f"{text}\n ", f"{text}\t", f"{text}\nMORE"):
        with pytest.raises(SealError):
            read_seal(other)


def test_a_text_is_read_up_to_its_greatest_length() -> None:
    for length, reason in ((LONGEST, "lines"), (LONGEST + 1, "long")):
        with pytest.raises(SealError) as refused:
            read_seal("x" * length)
        assert str(refused.value) == reason


def test_what_netboot_seals_is_what_the_description_says(certificate: Paper) -> None:
    content = b"the JSON of a paper"
    assert seal(certificate, content, KEY) == signed(
        "NETBOOT ERASURE CERTIFICATE 1",
        f"NO {certificate.number}",
        f"DATE {certificate.date[:10]}",
        "PC LENOVO | ThinkCentre M720q | PC0X7Q01",
        "DISK SSD | S1 | 16000000000 | erased | clear | overwrite",
        "DISK HDD | H1 | 500000000000 | erased | clear | overwrite",
        "DISKS 2",
        f"JSON {packed(hashlib.sha256(content).digest())}",
        ENDS[1],
    )


def test_names_are_written_so_that_none_can_be_taken_for_two(certificate: Paper) -> None:
    ssd = certificate.disks[0]
    disks = (
        replace(ssd, model="Ö|b~ c", serial="", by_place="pci-1"),
        replace(ssd, model="", serial="", by_place=""),
        replace(ssd, model="x" * 39 + " y", serial="z" * 41),
        ssd,
        ssd,
    )
    lines = seal(replace(certificate, disks=disks), b"", KEY).splitlines()
    figures = "16000000000 | erased | clear | overwrite"
    assert lines[4:9] == [
        f"DISK ?/b~ c | pci-1 | {figures}",
        f"DISK - | - | {figures}",
        f"DISK {'x' * 39} | {'z' * 40} | {figures}",
        f"DISK SSD | S1 | {figures}",
        "DISKS 5",
    ]


def test_a_seal_is_of_one_paper(certificate: Paper) -> None:
    found = read_seal(seal(certificate, b"", KEY))
    assert is_of(found, certificate)
    for other in (
        replace(certificate, kind="report"),
        replace(certificate, number="0000-0000-0000-0000"),
        replace(certificate, disks=certificate.disks[:1]),
    ):
        assert not is_of(found, other)


def test_a_fingerprint_is_the_first_half_of_a_hash_in_groups() -> None:
    """SHA-256 of 32 zero bytes is 66687aad f862bd77 6c8fc18b 8e9f8e20 08971485 …"""
    assert fingerprint(bytes(32)) == "6668 7AAD F862 BD77 6C8F C18B 8E9F 8E20 0897 1485"
