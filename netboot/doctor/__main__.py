"""The doctor's own process: `python -m netboot.doctor`, which `netboot doctor` becomes.

Exit status: 0 nothing stops PCs, 1 something does, 2 it could not look (no root, no interface, no scapy).
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence

from netboot.doctor.card import find_card
from netboot.doctor.judge import judge, stops_pcs
from netboot.doctor.options import add_options
from netboot.doctor.report import as_json, as_text
from netboot.settings.config import load_settings
from netboot.shared.errors import NetbootError
from netboot.shared.language import Language
from netboot.shared.visible import visible, visible_json


def main(arguments: Sequence[str] | None = None) -> int:
    """Look once and tell; returns the exit status."""
    parser = argparse.ArgumentParser(prog="netboot doctor", description="Looks at the LAN as a PC would.")
    add_options(parser)
    options = parser.parse_args(arguments)
    try:
        return _run(options)
    except NetbootError as error:
        print(visible(f"netboot doctor: {error}"), file=sys.stderr)  # noqa: T201
        return 2
    except KeyboardInterrupt:
        return 130


def _run(options: argparse.Namespace) -> int:
    settings = load_settings(options.config)
    language: Language = options.language or settings.language
    if os.geteuid() != 0:
        raise NetbootError("the doctor needs root: it listens to the whole LAN", hint="sudo ./run netboot doctor")
    try:
        from netboot.doctor.look import WITHIN, look
    except ImportError as error:
        raise NetbootError(
            f"scapy is not on this machine: {error}",
            hint="./run installs it; in an environment of your own, from this checkout: pip install '.[doctor]'",
        ) from error
    card = find_card(options.interface or settings.interface)
    if not options.json:
        print(_WAIT[language].format(interface=card.name, seconds=WITHIN), file=sys.stderr, flush=True)  # noqa: T201
    seen = look(card, options.server)
    findings = judge(seen)
    if options.json:
        told = json.dumps(as_json(seen, findings, language), indent=2, ensure_ascii=False)
        print(visible_json(told))  # noqa: T201
    else:
        print(visible(as_text(seen, findings, language)))  # noqa: T201
    return 1 if stops_pcs(findings) else 0


_WAIT: dict[Language, str] = {
    "fr": "J'examine le réseau de {interface}, {seconds:.0f} s au plus…",
    "en": "Looking at the network of {interface}, {seconds:.0f} s at most…",
}

if __name__ == "__main__":
    sys.exit(main())
