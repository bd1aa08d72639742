"""The PC's own batteries, from /sys/class/power_supply (Documentation/ABI/testing/sysfs-class-power).

A firmware tells charge either as energy (µWh) or as current over time (µAh, which times the design voltage in µV is
energy). Batteries of mice and keyboards (scope "Device") are left out.
"""

from typing import Final

from netboot.agent.host import Host
from netboot.agent.text import number, one_line
from netboot.shared.inventory import Battery

BATTERY_LIMIT: Final = 8
_MOST: Final = 1_000_000
_MOST_KEPT: Final = 200


def read_batteries(host: Host) -> tuple[Battery, ...]:
    """Each battery that belongs to the PC."""
    batteries = []
    for name in host.names("sys/class/power_supply"):
        here = f"sys/class/power_supply/{name}"
        # A bay without its battery is listed too, as not present.
        fitted = host.line(f"{here}/present") != "0"
        if fitted and host.line(f"{here}/type") == "Battery" and host.line(f"{here}/scope") != "Device":
            batteries.append(_read_battery(host, here))
    return tuple(batteries[:BATTERY_LIMIT])


def _read_battery(host: Host, here: str) -> Battery:
    maker, model = host.line(f"{here}/manufacturer"), host.line(f"{here}/model_name")
    return Battery(
        model=one_line(f"{maker} {model}"),
        serial=host.line(f"{here}/serial_number"),
        design=_energy(host, here, "full_design"),
        full=_energy(host, here, "full"),
        kept=_kept(host, here),
        cycles=number(host.line(f"{here}/cycle_count"), most=_MOST),
    )


def _kept(host: Host, here: str) -> int:
    """In per cent, by whichever unit tells both; 0 when none does. A new battery may hold more than it was made for."""
    for unit in ("energy", "charge"):
        full, design = (host.number(f"{here}/{unit}_{what}") for what in ("full", "full_design"))
        if full and design:
            percent = full * 100 // design
            return max(1, percent) if percent <= _MOST_KEPT else 0
    return 0


def _energy(host: Host, here: str, what: str) -> int:
    """In mWh, 0 when the firmware does not tell or tells nonsense."""
    energy = host.number(f"{here}/energy_{what}") // 1000
    if not energy:
        energy = host.number(f"{here}/charge_{what}") * host.number(f"{here}/voltage_min_design") // 10**9
    return energy if energy <= _MOST else 0
