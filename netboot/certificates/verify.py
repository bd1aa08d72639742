"""Says of a certificate's PDF, its JSON, the text of its QR code and the events in it whether a byte was changed, and
which of them it was. Pure but for the record, which it may be given to ask.

Whoever made the file, it is hostile: bounded, and each check ends in a finding. What is signed with a key that was not
compared proves only that it was not changed since: whoever likes makes a key.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from netboot.auth.certificate_keys import PublicKeys
from netboot.auth.fingerprint import fingerprint
from netboot.certificates.findings import Code, Finding
from netboot.certificates.json_form import FormError
from netboot.certificates.seal import Seal, SealChangedError, SealError, is_of, read_seal
from netboot.certificates.sealed import Sealed, read_sealed
from netboot.certificates.signature_check import NotSignedError, PdfChangedError, check_signature
from netboot.certificates.values import Event, Paper
from netboot.records import chain
from netboot.records.values import Event as RecordedEvent

LONGEST: Final = 32 * 2**20
"""Bytes of a file that is looked at: a batch of some hundred PCs has a tenth."""
_MARK: Final = re.compile(rb"([0-9A-Z]{4}(?:-[0-9A-Z]{4}){3})=([0-9a-f]{64})")
_NUMBERS_SHOWN: Final = 4

FindEvent = Callable[[str, int], RecordedEvent | None]
"""An event of this server by the chain's name and its number."""


@dataclass(frozen=True, slots=True)
class Known:
    """What papers are compared with: the workshop's keys, None for none; and this server's journal by its chain's name,
    where there is one."""

    keys: PublicKeys | None = None
    server: str = ""
    find_event: FindEvent | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """All that was found in one file or text. `marks` is the digest of each paper that it speaks of, by its number."""

    kind: Code
    findings: tuple[Finding, ...]
    marks: dict[str, str]


def check(content: bytes, known: Known) -> Checked:
    """Check one file, or one text as bytes."""
    if len(content) > LONGEST:
        return Checked("too-large", (Finding("too-large", "foreign"),), {})
    # By more than the first byte, which may be the one that was changed.
    if content.startswith(b"%PDF-") or b"%%EOF" in content[-1024:]:
        return _check_pdf(content, known)
    if content.startswith(b"{") or content.rstrip().endswith(b"}"):
        return _check_json(content, known)
    try:
        return _check_text(content.decode(), known)
    except UnicodeDecodeError:
        return Checked("seal-foreign", (Finding("seal-foreign", "foreign"),), {})


def check_given(content: bytes, known: Known, read: Callable[[bytes], str | None]) -> Checked:
    """Check one file, text, or picture of a QR code. `read` gives a picture's text, "" for none that can be read, and
    None for what is no picture."""
    text = read(content)
    if text is None:
        return check(content, known)
    if not text:
        return Checked("picture-empty", (Finding("picture-empty", "foreign"),), {})
    return check(text.encode(errors="replace"), known)


def compare(checked: Sequence[Checked]) -> list[Finding]:
    """Where files that were given together are not of one paper."""
    papers = {number: digest for one in checked if one.kind == "json-whole" for number, digest in one.marks.items()}
    found = []
    for one in checked:
        code: Code = "pdf-other" if one.kind == "pdf-whole" else "seal-other"
        if one.kind == "json-whole" or not one.marks:
            continue
        for number, digest in papers.items():
            if one.marks.get(number) != digest:
                found.append(Finding(code, "changed", {"number": number}))
    return found


def _check_pdf(content: bytes, known: Known) -> Checked:
    try:
        signed = check_signature(content)
    except NotSignedError:
        if _MARK.search(content) is None:
            return Checked("pdf-foreign", (Finding("pdf-foreign", "foreign"),), {})
        return Checked("pdf-changed", (Finding("pdf-changed", "changed", {"why": "gone"}),), {})
    except PdfChangedError as error:
        return Checked("pdf-changed", (Finding("pdf-changed", "changed", {"why": str(error)}),), {})
    marks = {number.decode(): digest.decode() for number, digest in _MARK.findall(content)}
    trusted = known.keys is not None and known.keys.certificate == signed.certificate
    finding = Finding(
        "pdf-whole",
        "whole" if trusted else "unknown-key",
        {"numbers": _named(marks)},
        fingerprint(signed.certificate),
    )
    return Checked("pdf-whole", (finding,), marks)


def _named(marks: dict[str, str]) -> str:
    """The first numbers of a PDF of several papers."""
    more = ["…"] if len(marks) > _NUMBERS_SHOWN else []
    return ", ".join([*marks][:_NUMBERS_SHOWN] + more)


def _check_text(text: str, known: Known) -> Checked:
    finding, found = _seal(text, known)
    return Checked(finding.code, (finding,), {found.number: found.digest} if found else {})


def _seal(text: str, known: Known) -> tuple[Finding, Seal | None]:
    try:
        found = read_seal(text)
    except SealChangedError as error:
        return Finding("seal-changed", "changed", {"why": str(error)}), None
    except SealError as error:
        if "NETBOOT" in text[:4096] or "SIG " in text[:4096]:
            return Finding("seal-changed", "changed", {"why": str(error)}), None
        return Finding("seal-foreign", "foreign"), None
    trusted = known.keys is not None and known.keys.seal == found.key
    values = {"number": found.number, "title": found.text.partition("\n")[0]}
    return Finding("seal-whole", "whole" if trusted else "unknown-key", values, fingerprint(found.key)), found


def _check_json(content: bytes, known: Known) -> Checked:
    try:
        sealed = read_sealed(content)
    except FormError as error:
        ours = b"netboot-erasure" in content or b"NETBOOT ERASURE" in content
        if not ours:
            return Checked("json-foreign", (Finding("json-foreign", "foreign"),), {})
        return Checked("json-changed", (Finding("json-changed", "changed", {"why": str(error)}),), {})
    finding, found = _seal(sealed.seal, known)
    why = _why_json_changed(sealed, found)
    findings = [finding]
    if why:
        findings.append(Finding("json-changed", "changed", {"why": why}))
    elif found is None:
        # With its seal gone nothing says what the JSON was; its own events may still.
        pass
    elif sealed.paper is None:
        findings.append(Finding("json-version", finding.result, {}, finding.key))
    else:
        findings.append(Finding("json-whole", finding.result, {"number": found.number}, finding.key))
    if sealed.paper is not None:
        findings += _events(sealed.paper, known)
    whole = not any(one.result in ("changed", "foreign") for one in findings)
    marks = {found.number: sealed.digest} if found else {}
    return Checked("json-whole" if whole else "json-changed", tuple(findings), marks)


def _why_json_changed(sealed: Sealed, found: Seal | None) -> str:
    """Why this file's JSON is not what its good seal is of; "" for nothing."""
    if not sealed.exact:
        return "spelling"
    if found is None:
        return ""
    if found.text != sealed.seal:
        return "seal-spelling"
    if found.digest != sealed.digest:
        return "digest"
    return "" if sealed.paper is None or is_of(found, sealed.paper) else "seal-says"


def _events(paper: Paper, known: Known) -> list[Finding]:
    whole = list(events_in(paper))
    marks = {mark.sequence: mark.hash for mark in paper.events}
    told = marks | {event.sequence: event.hash for event in whole}
    found = [
        Finding("event-changed", "changed", {"number": str(event.sequence)})
        for event in whole
        if not _is_hashed(event) or marks.get(event.sequence, event.hash) != event.hash
    ]
    find = known.find_event if known.server == paper.server else None
    if find is not None:
        found += _beside_journal(paper.server, told, find)
    count = {"count": str(len(told)), "compared": "" if find is None else "yes"}
    return found or [Finding("event-whole", "whole", count)]


def _beside_journal(server: str, told: dict[int, str], find: FindEvent) -> Iterator[Finding]:
    for sequence, wanted in sorted(told.items()):
        recorded = find(server, sequence)
        if recorded is None:
            yield Finding("event-missing", "changed", {"number": str(sequence)})
        elif recorded.hash != wanted or chain.sealed(recorded).hash != recorded.hash:
            yield Finding("event-other", "changed", {"number": str(sequence)})


def events_in(paper: Paper) -> Iterator[Event]:
    """The events that stand whole in a paper, each once."""
    told = [disk.event for disk in paper.disks]
    told += [one.event for one in paper.exceptions] + [one.event for one in paper.taken_out]
    yield from dict.fromkeys(event for event in told if event is not None)


def _is_hashed(event: Event) -> bool:
    """Whether its content is what its hash is of."""
    fields = {name: getattr(event, name) for name in Event.__struct_fields__}
    return chain.sealed(RecordedEvent(**fields)).hash == event.hash
