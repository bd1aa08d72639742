"""The arguments of `netboot certificates` and `netboot verify`. Not for: what they do (`command_line.py`)."""

import argparse
from pathlib import Path


def add_certificates_options(parser: argparse.ArgumentParser) -> None:
    """Which papers, where to, and in which languages."""
    parser.add_argument("--since", required=True, metavar="DAY", help="the first day, such as 2026-11-29")
    parser.add_argument("--until", default="", metavar="DAY", help="the last day; without it, until now")
    parser.add_argument("--folder", type=Path, default=Path("certificates"), help="where to (certificates)")
    parser.add_argument(
        "--language", choices=("fr", "en", "both"), default="", help="of the PDFs (as the settings say)"
    )
    parser.add_argument(
        "--donor", default="", metavar="NAME", help="whose PCs they were: prints it, and adds one PDF of all"
    )


def add_verify_options(parser: argparse.ArgumentParser) -> None:
    """What is checked, and with which keys."""
    parser.add_argument(
        "what", nargs="+", metavar="FILE|TEXT", help="a PDF, a JSON file, a QR code's text, or - for a pipe"
    )
    parser.add_argument("--keys", type=Path, metavar="FILE", help="the workshop's public keys (this server's)")
    parser.add_argument("--language", choices=("fr", "en"), default="en", help="of what it says (en)")
