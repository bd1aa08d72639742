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

    take = add("import", told="take in a disk: an image (raw, qcow2, VMDK…), Clonezilla's or FOG's folder, a bundle")
    take.add_argument("file", type=Path, help="the image or the folder; - is standard input")
    take.add_argument("--name", default="", help="what profiles call it")
    take.add_argument("--title", default="", help="its name for people")
    take.add_argument("--release", default="", help="its version")
    take.add_argument("--licence", default="", help="an SPDX expression")
    take.add_argument(
        "--keep-size", action="store_true", help="do not make its last file system smaller to fit smaller disks"
    )
    _add_bundle_options(take)

    bundle = add("import-bundle", told="take in a master that another workshop exported, from a file or a pipe")
    bundle.add_argument("file", type=Path, help="the file; - is standard input")
    bundle.add_argument("--name", default="", help="what profiles call it; its own name when none is given")
    _add_bundle_options(bundle)

    out = add("export", told="write a master into one signed file, for another workshop")
    out.add_argument("name")
    out.add_argument("file", type=Path, help="a new file; - is standard output")
    out.add_argument("--release", default="", help="which version; the current one when none is named")
    out.add_argument("--since", default="", metavar="VERSION", help="leave out what this version has: the other has it")
    known = add(
        "workshops", told="the fingerprint of this workshop's key, and the workshops whose masters are taken in"
    )
    known.add_argument("--forget", default="", metavar="FINGERPRINT", help="take in no more of this one unasked")

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
    less = add("shrink", told="make a version of a master that fits smaller disks: of one that was captured")
    less.add_argument("name")
    less.add_argument("--as", dest="smaller", default="", metavar="VERSION", help="what the new one is called")
    add("verify", told="read every chunk in the store and compare it with its name")

    remove = add("remove", told="delete a master, and the chunks that only it used")
    remove.add_argument("name")
    remove.add_argument("--release", default="", help="only this version, the one before the current one")
    add("gc", told="free what no version of a master and no PC at work needs")


def _add_bundle_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--without-secure-boot", action="store_true", help="also one that starts on PCs without Secure Boot only"
    )
    parser.add_argument(
        "--trust", default="", metavar="FINGERPRINT", help="of another workshop's key, compared by telephone"
    )
    parser.add_argument("--older", action="store_true", help="also one that is older than the version here")
