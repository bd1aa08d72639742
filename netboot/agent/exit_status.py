"""What the agent's programs tell /init (netboot/agent/init) by their exit status, and where they log."""

from pathlib import Path
from typing import Final

from netboot.shared.stages.finish import EndAction

LOG: Final = Path("/run/netboot/agent.log")
FAILED: Final = 1
"""The agent is started again."""
_RESTART: Final = 0
_POWER_OFF: Final = 10
READ_LAST_SCREEN: Final = 8.0
"""Seconds the last screen is left for whoever stands by."""


def status_of(action: EndAction) -> int:
    """What the PC does next: it is powered off, or restarted, from its own disk too."""
    return _POWER_OFF if action == "poweroff" else _RESTART
