"""The arguments of `netboot kit`. Not for: what it does (`command.py`)."""

import argparse
from pathlib import Path


def add_kit_options(parser: argparse.ArgumentParser) -> None:
    """What is made or taken in, what a kit is called and offers, and where papers go."""
    parser.add_argument(
        "words", nargs="+", metavar="FILE.img | collect PLACE", help="make this image; or take in what a stick holds"
    )
    parser.add_argument(
        "--name", default="", help="what the kit is called; the same name makes the same kit (a new one)"
    )
    parser.add_argument(
        "--profile", action="append", default=[], metavar="ID", help="a profile that it offers without a server (all)"
    )
    parser.add_argument(
        "--folder", type=Path, default=Path("kit-papers"), help="where collect writes the papers (kit-papers)"
    )
