"""The arguments of `netboot master …`. Not for: what its commands do (`command_line.py`).

Loads nothing of netboot: the command line reads this whatever command is given.
"""

import argparse
from collections.abc import Callable
from pathlib import Path


def add_master_options(
    parser: argparse.ArgumentParser, add_settings: Callable[[argparse.ArgumentParser], None]
) -> None:
    """One command for each thing that can be done with masters, its name in `what`; `add_settings` adds --config."""
    commands = parser.add_subparsers(required=True, metavar="WHAT", dest="what")

    def add(name: str, *, told: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=told)
        add_settings(command)
        return command

    make = add("build", told="make one from a recipe")
    make.add_argument("recipe", type=Path, help="a YAML file, such as images/debian-minimal.yaml")

    take = add("import", told="take in a disk image: raw, qcow2, VMDK, VDI, VHD, VHDX, or any of them packed")
    take.add_argument("file", type=Path, help="the image; - is standard input")
    take.add_argument("--name", required=True, help="what profiles call it")
    take.add_argument("--title", required=True, help="its name for people")
    take.add_argument("--release", required=True, help="its version")
    take.add_argument("--licence", required=True, help="an SPDX expression")
    take.add_argument(
        "--without-secure-boot", action="store_true", help="also one that starts on PCs without Secure Boot only"
    )

    add("list", told="what is in the store")
    show = add("show", told="all that is known of one: partitions, file systems, loaders, what it takes up")
    show.add_argument("name")
    add("verify", told="read every chunk in the store and compare it with its name")

    remove = add("remove", told="delete a master, and the chunks that only it used")
    remove.add_argument("name")
    add("gc", told="free what no master's current version and no PC at work needs")
