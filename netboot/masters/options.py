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

    add("list", told="what is in the store: of each master the current version, and the one before")
    show = add("show", told="all that is known of one: partitions, file systems, loaders, what it takes up")
    show.add_argument("name")
    show.add_argument("--release", default="", help="which version; the current one when none is named")
    use = add("use", told="make the other version of a master its current one: what PCs get from now on")
    use.add_argument("name")
    use.add_argument("release", metavar="version", help="or the beginning of its digest")
    diff = add("diff", told="what is different between two versions, or two masters")
    diff.add_argument("old", metavar="A", help="NAME, or NAME@VERSION")
    diff.add_argument("new", metavar="B", nargs="?", default="", help="left out: A's version before, and its current")
    add("verify", told="read every chunk in the store and compare it with its name")

    remove = add("remove", told="delete a master, and the chunks that only it used")
    remove.add_argument("name")
    remove.add_argument("--release", default="", help="only this version, the one before the current one")
    add("gc", told="free what no version of a master and no PC at work needs")
