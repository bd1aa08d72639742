"""The processors, from /proc/cpuinfo as the kernel writes it for x86 (arch/x86/kernel/cpu/proc.c)."""

from typing import Final

from netboot.agent.host import Host
from netboot.agent.text import number, one_line
from netboot.shared.inventory import Cpu

PACKAGE_LIMIT: Final = 16
_MOST: Final = 1_000_000


def read_cpus(host: Host) -> tuple[Cpu, ...]:
    """One value a processor package. `mhz` is the highest speed where the kernel knows it, else the present one."""
    highest = host.number("sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq") // 1000
    return parse_cpuinfo(host.text("proc/cpuinfo"), highest=highest)


def parse_cpuinfo(text: str, *, highest: int = 0) -> tuple[Cpu, ...]:
    """Group the threads by package. `highest` is in MHz, 0 when it is not known."""
    packages: dict[str, list[dict[str, str]]] = {}
    for block in text.split("\n\n"):
        fields = dict(_field(line) for line in block.split("\n") if ":" in line)
        if "processor" in fields:
            packages.setdefault(fields.get("physical id", ""), []).append(fields)
    return tuple(_package(threads, highest) for threads in list(packages.values())[:PACKAGE_LIMIT])


def _field(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip(), value.strip()


def _package(threads: list[dict[str, str]], highest: int) -> Cpu:
    first = threads[0]
    present = number(first.get("cpu MHz", "").partition(".")[0], most=_MOST)
    return Cpu(
        model=one_line(first.get("model name", "")),
        cores=number(first.get("cpu cores", ""), most=_MOST) or len(threads),
        threads=len(threads),
        mhz=highest if 0 < highest <= _MOST else present,
    )
