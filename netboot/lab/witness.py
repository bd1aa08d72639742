"""Asks a started master how it was started, without touching its disk: a systemd unit handed in by the firmware.

systemd reads credentials from SMBIOS strings of type 11 (systemd-creds(1), smbios-type-11(7)); `systemd.extra-unit` and
`systemd.unit-dropin` (systemd.system-credentials(7), version 256 and newer) make them a unit of this start only.
It tells whether Secure Boot is on, and by which of its entries the firmware started the loader: BootCurrent and that
entry's EFI_LOAD_OPTION (UEFI 2.10 §3.3 and §3.1.3), which no firmware writes of a disk that it found by itself.
"""

import base64
import re
from typing import Final

SECURE_BOOT: Final = r"lab: secure boot (on|off)"
"""What the unit writes to the kernel's log, loud enough for every console; the serial port is its login prompt's."""
BOOT_ENTRY: Final = r"lab: boot entry \[([0-9A-F]{4})?\] \[([0-9a-f]*)\]"
"""The entry's number and the bytes of its label (UTF-16, ended by a zero, then more); both are empty on BIOS."""

_UNIT: Final = r"""
[Unit]
Description=Tell the lab how this PC was started
[Service]
Type=oneshot
StandardOutput=kmsg
SyslogLevel=err
WorkingDirectory=-/sys/firmware/efi/efivars
ExecStart=/bin/sh -c 'guid=8be4df61-93ca-11d2-aa0d-00e098032b8c; \
case "$(od -An -j4 -tu1 SecureBoot-$guid 2>/dev/null)" in \
*1) echo "lab: secure boot on";; *) echo "lab: secure boot off";; esac; \
entry=$(od -An -j4 -N2 -tx2 BootCurrent-$guid 2>/dev/null | tr -dc 0-9a-f | tr a-f A-F); \
label=$(od -An -v -j10 -N128 -tx1 Boot$entry-$guid 2>/dev/null | tr -dc 0-9a-f); \
echo "lab: boot entry [$entry] [$label]"'
"""
_WANTED: Final = """
[Unit]
Wants=lab-witness.service
"""
# systemd gives a device 90 s to appear, and starts no login prompt on one that came later: under emulation, on a busy
# host, the serial port does. The PC was up then, and the lab waited for its prompt in vain.
_PATIENT: Final = """
[Unit]
JobRunningTimeoutSec=600
"""


def witness() -> tuple[str, ...]:
    """QEMU's words that hand the unit to the master, and give its serial port time to appear."""
    return (
        *_credential("systemd.extra-unit.lab-witness.service", _UNIT),
        *_credential("systemd.unit-dropin.multi-user.target~lab", _WANTED),
        *_credential("systemd.unit-dropin.dev-ttyS0.device~lab", _PATIENT),
    )


def unit(name: str, text: str) -> tuple[str, ...]:
    """QEMU's words that hand the master another unit of this start only, which is started with it."""
    wanted = f"\n[Unit]\nWants={name}.service\n"
    return (
        *_credential(f"systemd.extra-unit.{name}.service", text),
        *_credential(f"systemd.unit-dropin.multi-user.target~{name}", wanted),
    )


def boot_entry_label(console: str) -> str | None:
    """The label of the firmware's entry that started the PC, of what its console wrote.

    None on BIOS and where the firmware names no entry; "" for a label that is none: cut off or no UTF-16.
    """
    told = re.search(BOOT_ENTRY, console)
    if told is None or not told[1]:
        return None
    try:
        label, end, _ = bytes.fromhex(told[2]).decode("utf-16-le", "replace").partition("\0")
    except ValueError:
        return ""
    return label if end else ""


def _credential(name: str, text: str) -> tuple[str, str]:
    value = base64.b64encode(text.encode()).decode()
    return ("-smbios", f"type=11,value=io.systemd.credential.binary:{name}={value}")
