"""The host name of an imaged PC, as the workshop passes it on to DNS (pure).

The name is the one that the installed system was given. A PC that was imaged through a USB adapter or a dock has none
here: the adapter goes on to the next PC, and its address with it.
Not for: answering for names (dns/responder.py), telling them to the building's DNS (dns/announcer.py).
"""

from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address

from netboot.jobs.identity import is_carried
from netboot.jobs.job import Job
from netboot.shared.stages.customise import CustomiseResult


@dataclass(frozen=True, slots=True)
class Named:
    """`hostname` is one label in lower case, or "" where a PC's earlier name ended with what its disk held.

    `address` is the agent's on the LAN when its job ended, where that is known.
    """

    machine: str
    hostname: str
    mac: str
    address: IPv4Address | None = None


def named_by(job: Job, *, machine: str, mac: str, address: str) -> Named | None:
    """How this job, which ended well, left the PC's name; None when it wrote nothing."""
    if not job.profile.writes:
        return None
    results = (record.result for record in job.stages if isinstance(record.result, CustomiseResult))
    hostname = next((result.hostname for result in results if not result.as_is), "")
    nic = next((nic for nic in job.inventory.nics if nic.mac == mac), None)
    if nic is None or is_carried(nic):
        return Named(machine, "", mac)
    try:
        return Named(machine, hostname, mac, IPv4Address(address))
    except AddressValueError:
        return Named(machine, hostname, mac)
