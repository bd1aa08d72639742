"""Turns observations into findings (pure).

judge_link   the interface, addresses that collide, the switch
judge_dhcp   who gives addresses, and who else would boot PCs
judge_boot   netboot itself, and each firmware's way through it
"""

from netboot.doctor.finding import Finding, Severity
from netboot.doctor.judge_boot import boot_findings
from netboot.doctor.judge_dhcp import dhcp_findings
from netboot.doctor.judge_link import link_findings
from netboot.doctor.observed import Seen

_ORDER = tuple(Severity)


def judge(seen: Seen) -> tuple[Finding, ...]:
    """Every finding, the worst first; within one severity in the order in which a person would look."""
    findings = (*link_findings(seen), *dhcp_findings(seen), *boot_findings(seen))
    return tuple(sorted(findings, key=lambda finding: _ORDER.index(finding.severity)))


def stops_pcs(findings: tuple[Finding, ...]) -> bool:
    """Whether any of them keeps PCs from booting."""
    return any(finding.severity is Severity.STOPS for finding in findings)
