"""The command line: parses arguments, makes one call, returns an exit status.

0: done. 1: an error that a person can put right, explained on standard error. 2: wrong arguments. `verify` says 3 for
papers that are whole by keys that were not compared.
"""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from netboot import __version__
from netboot.certificates.options import add_certificates_options, add_verify_options
from netboot.doctor.options import add_options as add_doctor_options
from netboot.doctor.options import as_words
from netboot.kit.options import add_kit_options
from netboot.masters.options import add_master_options
from netboot.serve.logs import set_up_logs
from netboot.settings.config import Settings, load_settings
from netboot.shared.errors import NetbootError
from netboot.shared.visible import visible


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options) or 0)
    except NetbootError as error:
        _say(f"netboot: {error}")
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="netboot",
        description="Boots used PCs over the LAN, wipes their disks with evidence, and gives them a Linux master.",
    )
    parser.add_argument("--version", action="version", version=f"netboot {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="answer PCs on the LAN, and show the page")
    _add_settings(serve)
    serve.add_argument("--interface", default="", help="the network interface the PCs are on")
    serve.add_argument("--check", action="store_true", help="check settings, interface and boot files, then stop")
    serve.add_argument("--build", action="store_true", help="make the boot files first, when there are none")
    serve.add_argument(
        "--beside-another-dhcp",
        action="store_true",
        help="with `dhcp.full.beside_another: true`: give addresses although another DHCP server answers",
    )
    serve.set_defaults(command=_serve)

    boot = commands.add_parser("bootfiles", help="the files that PCs boot").add_subparsers(
        required=True, metavar="WHAT"
    )
    build = boot.add_parser("build", help="make them from Debian packages")
    _add_settings(build)
    build.add_argument("--refresh", action="store_true", help="look for newer packages, even if there is a build")
    build.add_argument("--prove", action="store_true", help="build again from the recorded packages and compare")
    build.set_defaults(command=_build_bootfiles)

    masters = commands.add_parser("master", help="the disk images that PCs get")
    add_master_options(masters, _add_settings)
    masters.set_defaults(command=_master)

    kit = commands.add_parser("kit", help="a USB stick for PCs that cannot boot from the LAN, or have none")
    _add_settings(kit)
    add_kit_options(kit)
    kit.set_defaults(command=_kit)

    keys = commands.add_parser("key", help="the key that signs masters").add_subparsers(required=True, metavar="WHAT")
    new = keys.add_parser("new", help="make one where the old one is lost; masters must then be made again")
    _add_settings(new)
    new.set_defaults(command=_new_key)

    papers = commands.add_parser("certificates", help="write certificates and reports of erasure as PDF, JSON and CSV")
    _add_settings(papers)
    add_certificates_options(papers)
    papers.set_defaults(command=_write_certificates)
    verify = commands.add_parser(
        "verify", help="say whether a byte of a certificate was changed, and which part has it"
    )
    _add_settings(verify)
    add_verify_options(verify)
    verify.set_defaults(command=_verify_papers)

    operator = commands.add_parser("operator", help="those who may sign in on the page").add_subparsers(
        required=True, metavar="WHAT"
    )
    password = operator.add_parser("password", help="set an operator's password, read from the terminal or from a pipe")
    _add_settings(password)
    password.add_argument("name")
    password.set_defaults(command=_set_password)

    forget = operator.add_parser("remove", help="take a person off the record; what they decided stays on it")
    _add_settings(forget)
    forget.add_argument("name")
    forget.set_defaults(command=_remove_operator)

    doctor = commands.add_parser("doctor", help="look at the LAN as a PC would, and say what keeps PCs from booting")
    add_doctor_options(doctor)
    doctor.set_defaults(command=_doctor)

    menu = commands.add_parser("menu", help="the boot menu of the PCs").add_subparsers(required=True, metavar="WHAT")
    digits = menu.add_parser(
        "password", help="set the digits asked for before a disk is written to; nothing at all: none are asked for"
    )
    _add_settings(digits)
    digits.set_defaults(command=_set_menu_password)

    demo = commands.add_parser("demo", help="a virtual workshop: PCs are booted, erased, imaged and started")
    demo.add_argument("--pcs", type=int, default=3, metavar="N", help="how many PCs (3)")
    demo.add_argument("--keep", action="store_true", help="keep the workshop until Enter is pressed")
    demo.add_argument("--json", action="store_true", help="one JSON object on standard output")
    demo.set_defaults(command=_demo)
    return parser


def _add_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, metavar="FILE", help="the settings (YAML); everything has a default")


def _serve(options: argparse.Namespace) -> int:
    from msgspec.structs import replace

    from netboot import bootfiles
    from netboot.lan.interfaces import choose, read_links
    from netboot.serve.ready import prepare, unfit_profiles
    from netboot.serve.server import serve

    settings = load_settings(options.config)
    if options.interface:
        settings = replace(settings, interface=options.interface)
    set_up_logs(settings.log.level, settings.log.format)
    if options.build and not bootfiles.current(settings.bootfiles_folder).exists():
        choose(read_links(), settings.interface)  # building takes minutes: a wrong interface is said before
        bootfiles.build(settings.bootfiles_folder, progress=_say)
    if options.check:
        ready = prepare(settings)
        for line in unfit_profiles(ready):
            _say(line)
        _say(f"Ready to serve on {ready.interface.name}, {ready.interface.address}.")
        return 0
    asyncio.run(serve(settings, beside_another_dhcp=options.beside_another_dhcp))
    return 0


def _build_bootfiles(options: argparse.Namespace) -> int:
    from netboot import bootfiles

    settings = _settings(options)
    built = bootfiles.build(settings.bootfiles_folder, progress=_say, refresh=options.refresh)
    if options.prove:
        bootfiles.prove(built, progress=_say)
        _say("A second build from the same packages gave the same SHA-256.")
    _say(f"Boot files are ready in {built.folder}.")
    return 0


def _master(options: argparse.Namespace) -> int:
    from netboot.masters.command_line import master

    return master(options, _settings(options), _say)


def _kit(options: argparse.Namespace) -> int:
    from netboot.kit.command import kit

    return kit(
        options.words,
        _settings(options),
        name=options.name,
        profiles=options.profile,
        folder=options.folder,
        say=_say,
    )


def _new_key(options: argparse.Namespace) -> int:
    from netboot.auth.server_keys import new_key

    folder = _settings(options).data_folder
    new_key(folder)
    _say(f"A new key is in {folder}. Build or import every master again: those in the store count no more.")
    return 0


def _write_certificates(options: argparse.Namespace) -> int:
    from netboot.certificates.command_line import write_papers

    write_papers(
        _settings(options),
        folder=options.folder,
        since=options.since,
        until=options.until,
        language=options.language,
        donor=options.donor,
        say=_say,
    )
    return 0


def _verify_papers(options: argparse.Namespace) -> int:
    from netboot.certificates.command_line import verify

    return verify(_settings(options), options.what, keys=options.keys, language=options.language, say=_say)


def _set_password(options: argparse.Namespace) -> int:
    from netboot.auth.passwords import hash_password
    from netboot.records.record import open_record

    settings = _settings(options)
    text = _secret("Password: ")
    record = open_record(settings.data_folder / "record.sqlite", heads=settings.heads_folder)
    try:
        record.people.set_operator(options.name, hash_password(text))
    finally:
        record.close()
    _say(f"{options.name} may sign in on the page.")
    return 0


def _set_menu_password(options: argparse.Namespace) -> int:
    from netboot.bootmenu.password import SETTING, hash_menu_password
    from netboot.records.record import open_record

    settings = _settings(options)
    hashed = hash_menu_password(_secret("Digits: ").strip())
    with open_record(settings.data_folder / "record.sqlite", heads=settings.heads_folder) as record:
        record.people.set_setting(SETTING, hashed)
    _say("The boot menu asks for these digits." if hashed else "The boot menu asks for no digits any more.")
    return 0


def _remove_operator(options: argparse.Namespace) -> int:
    from netboot.records.record import open_record

    settings = _settings(options)
    with open_record(settings.data_folder / "record.sqlite", heads=settings.heads_folder) as record:
        if record.people.operator(options.name) is None:
            names = ", ".join(person.name for person in record.people.operators()) or "nobody"
            raise NetbootError(f"there is no operator {options.name!r}", hint=f"there is: {names}")
        record.people.forget(options.name)
    _say(f"{options.name} may no longer sign in.")
    return 0


def _doctor(options: argparse.Namespace) -> int:
    """Become the doctor's own program: it loads scapy, whose licence keeps it apart from aiohttp."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "netboot.doctor", *as_words(options)])  # noqa: S606 - our own


def _demo(options: argparse.Namespace) -> int:
    from netboot.lab.demo import demo

    report = asyncio.run(demo(pcs=options.pcs, keep=options.keep, say=_say))
    if options.json:
        print(json.dumps(report.as_json(), indent=2))  # noqa: T201
    return 0 if report.all_booted else 1


def _secret(prompt: str) -> str:
    """One line from the terminal, not shown and asked for twice, or from a pipe. Raises NetbootError."""
    import getpass

    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    typed = getpass.getpass(prompt)
    if getpass.getpass("Again: ") != typed:
        raise NetbootError("the two were not the same; nothing was changed", hint="run the command once more")
    return typed


def _settings(options: argparse.Namespace) -> Settings:
    settings = load_settings(options.config)
    set_up_logs(settings.log.level, settings.log.format)
    return settings


def _say(text: str) -> None:
    """Print text that may come from anybody (labels, serials, tools), without its control characters."""
    print(visible(text), file=sys.stderr, flush=True)  # noqa: T201
