"""Asks a started master how it was started, without touching its disk: a systemd unit handed in by the firmware.

systemd reads credentials from SMBIOS strings of type 11 (systemd-creds(1), smbios-type-11(7)); `systemd.extra-unit` and
`systemd.unit-dropin` (systemd.system-credentials(7), version 256 and newer) make them a unit of this start only.
"""

import base64
from typing import Final

SECURE_BOOT: Final = r"lab: secure boot (on|off)"
"""What the unit writes to the kernel's log, loud enough for every console; the serial port is its login prompt's."""

_UNIT: Final = r"""
[Unit]
Description=Tell the lab whether Secure Boot is on
[Service]
Type=oneshot
StandardOutput=kmsg
SyslogLevel=err
WorkingDirectory=-/sys/firmware/efi/efivars
ExecStart=/bin/sh -c 'case "$(od -An -j4 -tu1 SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c 2>/dev/null)" in \
*1) echo "lab: secure boot on";; *) echo "lab: secure boot off";; esac'
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


def _credential(name: str, text: str) -> tuple[str, str]:
    value = base64.b64encode(text.encode()).decode()
    return ("-smbios", f"type=11,value=io.systemd.credential.binary:{name}={value}")
