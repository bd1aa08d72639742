"""Findings about netboot itself: is it there, how does it answer, can each firmware load the kernel (pure)."""

from collections.abc import Iterator
from typing import Final

from netboot.doctor.finding import Code, Finding, Severity
from netboot.doctor.observed import Asker, Place, Seen, Step, Trouble, Walk

_SLOW_STEP: Final = 5.0  # seconds; most steps take less than a tenth of one
FIRMWARES: Final = {
    Asker.BIOS: "BIOS",
    Asker.IPXE: "iPXE",
    Asker.UEFI: "UEFI",
    Asker.IA32: "UEFI 32 bits",
    Asker.HTTP: "UEFI HTTP",
}
"""The same words in French and in English."""


def boot_findings(seen: Seen) -> Iterator[Finding]:
    """Findings about netboot itself, and about each firmware's boot from it."""
    if not seen.card.carrier:
        return
    yield from _netboot(seen)
    for walk in seen.walks:
        yield from _walk(walk)


def answering_code(seen: Seen) -> Code:
    """How netboot answers, or why PCs hear nothing of it."""
    ours = [offer for offer in seen.offers if offer.server in seen.netboots]
    named = [offer for offer in ours if offer.asker.boots and offer.file]
    # Without a file it is another program's offer: a DHCP server may run on the same machine.
    if any(not offer.is_proxy for offer in named):
        return "netboot-full" if any(not offer.asker.boots for offer in ours) else "netboot-merged"
    if named:
        return "netboot-proxy"
    others = (reply for reply in seen.boot_replies if reply.server not in seen.netboots)
    if any(told.next_server in seen.netboots and told.file for told in (*seen.offers, *others)):
        return "netboot-named-by-building"
    return "netboot-not-named" if seen.netboots else "netboot-none"


def _netboot(seen: Seen) -> Iterator[Finding]:
    code = answering_code(seen)
    # Without an address of its own the doctor cannot ask, so it cannot say that there is none.
    if code == "netboot-none" and seen.card.address is None:
        return
    stops = code in ("netboot-none", "netboot-not-named")
    quickest = min((offer.after for offer in seen.offers if offer.server in seen.netboots), default=0.0)
    values = {"server": str(seen.netboot), "after": f"{quickest * 1000:.0f}"}
    yield Finding(code, Severity.STOPS if stops else Severity.FINE, values)
    if len(seen.netboots) > 1:
        yield Finding("netboot-twice", Severity.STOPS, {"servers": ", ".join(map(str, seen.netboots))})
    if seen.walks and not any(walk.asker is Asker.IA32 for walk in seen.walks):
        yield Finding("no-ia32", Severity.KNOW, {})


def _walk(walk: Walk) -> Iterator[Finding]:
    firmware = FIRMWARES[walk.asker]
    broken = walk.broken_at
    if broken is not None:
        values = {"firmware": firmware, "name": broken.name, "detail": broken.detail}
        yield Finding(_broken_code(broken), Severity.STOPS, values)
        return
    values = {"firmware": firmware, "seconds": f"{walk.seconds:.1f}", "steps": _path_text(walk)}
    yield Finding("boots", Severity.FINE, values)
    slowest = max(walk.steps, key=lambda step: step.seconds)
    if slowest.seconds > _SLOW_STEP:
        values = {"firmware": firmware, "name": slowest.name, "seconds": f"{slowest.seconds:.1f}"}
        yield Finding("boot-slow", Severity.KNOW, values)


_SILENT: Final[dict[Place, Code]] = {
    "dhcp": "boot-unnamed",
    "4011": "boot-4011-silent",
    "tftp": "boot-tftp-silent",
    "http": "boot-http-silent",
    "menu": "boot-http-silent",
}
_OTHERWISE: Final[dict[Trouble, Code]] = {
    "missing": "boot-missing",
    "refused": "boot-refused",
    "damaged": "boot-damaged",
}


def _broken_code(step: Step) -> Code:
    if step.trouble is None or step.trouble == "silent":
        return _SILENT[step.place]
    return _OTHERWISE[step.trouble]


def _path_text(walk: Walk) -> str:
    return ", ".join(f"{_short(step)} {step.seconds * 1000:.0f} ms" for step in walk.steps)


def _short(step: Step) -> str:
    if step.place == "dhcp":
        return "DHCP"
    if step.place == "4011":
        return "4011"
    return step.name.partition("?")[0].rpartition("/")[2]
