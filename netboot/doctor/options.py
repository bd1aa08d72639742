"""The command line options of `netboot doctor`, shared by the command and by the program that it executes.

Not for: anything that loads scapy.
"""

import argparse
from ipaddress import IPv4Address
from pathlib import Path
from typing import get_args

from netboot.shared.language import Language


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add them to a parser."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="the server's settings: interface and language")
    parser.add_argument("--interface", default="", help="the network interface that is on the PCs' switch")
    parser.add_argument("--server", type=IPv4Address, metavar="ADDRESS", help="the netboot server, when not this one")
    parser.add_argument("--language", choices=get_args(Language), help="of the sentences")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")


def as_words(options: argparse.Namespace) -> list[str]:
    """The same options as words again."""
    named = {"config": options.config, "interface": options.interface, "server": options.server}
    named["language"] = options.language
    words = [word for name, value in named.items() if value for word in (f"--{name}", str(value))]
    return [*words, "--json"] if options.json else words
