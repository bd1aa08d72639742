"""How the agent's programs begin and end: their log, the screens, and what their exit status tells /init
(netboot/agent/init)."""

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from netboot.agent.command_line import CommandLine, parse_command_line
from netboot.agent.screen.consoles import Consoles
from netboot.shared.stages.finish import EndAction

_LOG: Final = Path("/run/netboot/agent.log")
_FAILED: Final = 1
"""The agent is started again."""
_RESTART: Final = 0
_POWER_OFF: Final = 10
_READ_LAST_SCREEN: Final = 8.0
"""Seconds the last screen is left for whoever stands by."""


def run_program(log: logging.Logger, work: Callable[[CommandLine, Consoles], EndAction]) -> int:
    """Do this PC's work, whatever it raises; returns what /init is to do."""
    _LOG.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    logging.basicConfig(filename=_LOG, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    words = parse_command_line(Path("/proc/cmdline").read_text(encoding="utf-8", errors="replace"))
    with Consoles() as consoles:
        try:
            action = work(words, consoles)
        except Exception as error:
            log.exception("the agent ends")
            consoles.mark(f"agent error {type(error).__name__}: {error}")
            return _FAILED
        time.sleep(_READ_LAST_SCREEN if action == "poweroff" else 1.0)
    return _status_of(action)


def _status_of(action: EndAction) -> int:
    """What the PC does next: it is powered off, or restarted, from its own disk too."""
    return _POWER_OFF if action == "poweroff" else _RESTART
