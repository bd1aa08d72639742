"""The evidence of customising against its order: what was ordered is on the disk, and nothing else was changed."""

import hashlib
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from netboot.jobs.answer_file import answer_file
from netboot.jobs.customise_evidence import not_as_ordered
from netboot.jobs.evidence import judge
from netboot.jobs.stages.customise import RULES
from netboot.shared.accounts import FoundAccount, User
from netboot.shared.parcel import PlacedFolder
from netboot.shared.placed_files import PlacedFile, Script
from netboot.shared.problems import Problem
from netboot.shared.stages.customise import Customise, CustomiseResult, Forgotten, Found
from netboot.shared.system_settings import SystemSettings, written
from netboot.shared.windows import READY, Windows
from tests.customised import customised, found
from tests.jobs.conftest import MANIFEST, SSD

ORDER = Customise(manifest=MANIFEST, target=SSD.id, hostname="pc-1")
DONE = customised("pc-1")
ANSWERS = answer_file(
    Windows(partition=3, state=READY, architecture="amd64", panther="Windows/Panther", answers=()),
    "pc-1",
    SystemSettings(),
)
ANSWERED = CustomiseResult(
    hostname="pc-1",
    root="sda3",
    filesystem="ntfs",
    own=("hostname",),
    changed=(ANSWERS.path,),
    found=(Found(part="answer-file", path=ANSWERS.path, what="file", mode=0o644, digest=ANSWERS.digest),),
    forgotten=(Forgotten(what="swap", files=1),),
)
FRENCH = SystemSettings(locale="fr_FR.UTF-8", keyboard="fr", keyboard_variant="oss", timezone="Europe/Paris")
SET = replace(ORDER, settings=FRENCH)
COPY = "var/lib/dbus/machine-id"
IDENTITY = "5f" * 16 + "\n"


def fault(problem: Problem | None) -> str:
    assert problem is not None
    assert problem.code == "customise"
    return problem.technical


def changed(path: str, change: Callable[[Found], Found]) -> CustomiseResult:
    return replace(DONE, found=tuple(change(one) if one.path == path else one for one in DONE.found))


def test_a_system_with_its_name_its_identity_and_its_keys_is_as_ordered() -> None:
    assert not_as_ordered(ORDER, DONE) is None
    assert not_as_ordered(ORDER, customised("pc-1", found("machine-id", COPY, IDENTITY))) is None
    assert not_as_ordered(ORDER, customised("pc-1", found("ssh-host-keys", "srv/keys/host"))) is None


def test_what_was_written_and_not_read_again_is_not_believed() -> None:
    unlike = "what was changed is not what was read again"
    assert unlike in fault(not_as_ordered(ORDER, replace(DONE, found=DONE.found[1:])))
    assert unlike in fault(not_as_ordered(ORDER, replace(DONE, changed=DONE.changed[1:])))
    twice = replace(DONE, found=(*DONE.found, DONE.found[1]), changed=(*DONE.changed, DONE.changed[1]))
    assert unlike in fault(not_as_ordered(ORDER, twice))
    undigested = changed("etc/hosts", lambda one: replace(one, digest=""))
    assert "/etc/hosts was not read again" in fault(not_as_ordered(ORDER, undigested))


@pytest.mark.parametrize(
    "more",
    [
        found("hostname", "etc/shadow"),
        found("hostname", COPY),
        found("machine-id", "etc/passwd"),
        found("random-seed", "etc/crontab"),
    ],
)
def test_a_change_that_was_not_ordered_is_told(more: Found) -> None:
    assert (
        fault(not_as_ordered(ORDER, customised("pc-1", more))) == f"error: the evidence: /{more.path} was not ordered"
    )


def test_only_the_masters_keys_may_be_gone() -> None:
    for path in ("etc/hostname", "etc/hosts", "etc/machine-id", "var/lib/systemd/random-seed"):
        gone = changed(path, lambda one: Found(part=one.part, path=one.path, what="gone"))
        assert f"/{path} is gone" in fault(not_as_ordered(ORDER, gone))


def test_the_name_on_the_disk_is_the_ordered_one() -> None:
    assert "another name" in fault(not_as_ordered(replace(ORDER, hostname="pc-2"), DONE))
    link = changed("etc/hostname", lambda one: replace(one, what="link"))
    assert "another name" in fault(not_as_ordered(ORDER, link))
    nameless = replace(DONE, found=DONE.found[1:], changed=DONE.changed[1:])
    assert "another name" in fault(not_as_ordered(ORDER, nameless))


def test_the_machine_id_is_a_file_and_both_copies_are_one() -> None:
    link = changed("etc/machine-id", lambda one: replace(one, what="link"))
    assert "no file" in fault(not_as_ordered(ORDER, link))
    keep = [index for index, one in enumerate(DONE.found) if one.path != "etc/machine-id"]
    without = replace(
        DONE, found=tuple(DONE.found[index] for index in keep), changed=tuple(DONE.changed[index] for index in keep)
    )
    assert "no file" in fault(not_as_ordered(ORDER, without))
    other = customised("pc-1", found("machine-id", COPY, "another"))
    assert "two machine-ids differ" in fault(not_as_ordered(ORDER, other))
    linked = customised("pc-1", replace(found("machine-id", COPY, IDENTITY), what="link"))
    assert "two machine-ids differ" in fault(not_as_ordered(ORDER, linked))


def regional(*leave_out: str, **changes: str) -> CustomiseResult:
    """A Debian that was set up as FRENCH says."""
    files = written(FRENCH)
    paths = ("etc/locale.conf", "etc/default/keyboard", "etc/localtime", "etc/timezone")
    seen = tuple(found(files[path].part, path, changes.get(path, files[path].content.decode())) for path in paths)
    links = tuple(replace(one, what="link") if one.path == "etc/localtime" else one for one in seen)
    return customised("pc-1", *(one for one in links if one.path not in leave_out))


def test_what_the_profile_sets_is_on_the_disk_to_the_byte() -> None:
    assert not_as_ordered(SET, regional()) is None
    assert not_as_ordered(SET, regional("etc/timezone")) is None
    for path in ("etc/locale.conf", "etc/default/keyboard", "etc/localtime", "etc/timezone"):
        told = fault(not_as_ordered(SET, regional(**{path: "another"})))
        assert f"/{path} is not as it was ordered" in told
    file = regional()
    unlinked = replace(file, found=tuple(replace(one, what="file") for one in file.found if one.what != "gone"))
    unlinked = replace(unlinked, changed=tuple(one.path for one in unlinked.found))
    assert "/etc/localtime is not as it was ordered" in fault(not_as_ordered(SET, unlinked))
    other = regional()
    misnamed = replace(
        other,
        found=tuple(replace(one, part="locale" if one.path == "etc/timezone" else one.part) for one in other.found),
    )
    assert "/etc/timezone is not as it was ordered" in fault(not_as_ordered(SET, misnamed))


def test_nothing_of_what_the_profile_sets_is_left_out() -> None:
    for path, part in (
        ("etc/locale.conf", "locale"), ("etc/default/keyboard", "keyboard"), ("etc/localtime", "timezone"),
    ):  # fmt: skip
        assert f"no {part} was set" in fault(not_as_ordered(SET, regional(path)))
    console = regional("etc/default/keyboard")
    vconsole = found("keyboard", "etc/vconsole.conf", written(FRENCH)["etc/vconsole.conf"].content.decode())
    seen = (*console.found, vconsole)
    assert not_as_ordered(SET, replace(console, found=seen, changed=tuple(one.path for one in seen))) is None


def test_what_the_systems_own_programs_made_of_it_is_told_and_only_where_it_was_ordered() -> None:
    made = (
        found("locale", "etc/locale.gen"),
        found("locale", "usr/lib/locale/locale-archive"),
        Found(part="keyboard", path="etc/console-setup/cached_setup_keyboard.sh", what="gone"),
    )
    for one in made:
        whole = regional()
        seen = (*whole.found, one)
        told = replace(whole, found=seen, changed=tuple(other.path for other in seen))
        assert not_as_ordered(SET, told) is None
        assert f"/{one.path} was not ordered" in fault(not_as_ordered(ORDER, customised("pc-1", one)))
    for part, path in (("locale", "etc/shadow"), ("keyboard", "etc/crontab"), ("timezone", "etc/adjtime")):
        seen = (*regional().found, found(part, path))  # type: ignore[arg-type]
        told = replace(regional(), found=seen, changed=tuple(other.path for other in seen))
        assert f"/{path} was not ordered" in fault(not_as_ordered(SET, told))
    gone = Found(part="locale", path="usr/lib/locale/locale-archive", what="gone")
    seen = (*regional().found, gone)
    told = replace(regional(), found=seen, changed=tuple(other.path for other in seen))
    assert "is gone" in fault(not_as_ordered(SET, told))


PLACED = replace(
    ORDER,
    settings=SystemSettings(
        files=(
            PlacedFile(path="/opt/school/menu", text="a", mode="0600"),
            PlacedFile(path="/etc/x", text="b", owner="atelier"),
        ),
        scripts=(Script(text="#!/bin/sh"),),
    ),
)


def placed(change: Callable[[Found], Found] = lambda one: one, *more: Found, without: str = "") -> CustomiseResult:
    """A system with all files of PLACED."""
    seen = [
        Found(
            part=file.part,
            path=path,
            what="link" if file.link else "file",
            mode=0o777 if file.link else int(file.mode, 8),
            owner=1000 if file.owner == "atelier" else 0,
            digest=file.digest,
        )
        for path, file in written(PLACED.settings).items()
        if path != without
    ]
    return customised("pc-1", *map(change, seen), *more)


def test_a_profiles_files_and_scripts_are_there_with_owner_and_mode() -> None:
    folder = Found(part="files", path="opt/school", what="folder", mode=0o755)
    assert not_as_ordered(PLACED, placed()) is None
    assert not_as_ordered(PLACED, placed(lambda one: one, folder)) is None
    for changes in ({"mode": 0o644}, {"owner": 7}, {"digest": "0" * 64}, {"what": "link"}, {"part": "scripts"}):
        told = placed(lambda one, c=changes: replace(one, **c) if one.path == "opt/school/menu" else one)  # type: ignore[misc]
        assert "/opt/school/menu is not as it was ordered" in fault(not_as_ordered(PLACED, told))
    roots = placed(lambda one: replace(one, owner=0))
    assert "/etc/x is not as it was ordered" in fault(not_as_ordered(PLACED, roots))
    for path, file in written(PLACED.settings).items():
        assert f"no {file.part} was set: /{path}" in fault(not_as_ordered(PLACED, placed(without=path)))


def test_a_folder_that_was_made_is_above_an_ordered_file() -> None:
    for part, path in (("files", "opt/schoo"), ("files", "srv"), ("scripts", "opt"), ("hostname", "opt")):
        folder = Found(part=part, path=path, what="folder")  # type: ignore[arg-type]
        assert f"/{path} was not ordered" in fault(not_as_ordered(PLACED, placed(lambda one: one, folder)))
    for part, path in (("files", "etc/cron.d/x"), ("scripts", "etc/cron.d/x")):
        more = found(part, path)  # type: ignore[arg-type]
        assert f"/{path} was not ordered" in fault(not_as_ordered(PLACED, placed(lambda one: one, more)))


def test_a_folder_that_was_made_is_roots_and_in_a_home_its_files_owners() -> None:
    file = PlacedFile(path="/home/eleve/.config/menu", text="a", owner="eleve")
    order = replace(ORDER, settings=SystemSettings(files=(file,)))
    seen = replace(found("files", file.inside, "a"), owner=1000)
    for path, owner in (("home/eleve/.config", 1000), ("home/eleve", 0), ("home", 0)):
        folder = Found(part="files", path=path, what="folder", mode=0o755, owner=owner)
        assert not_as_ordered(order, customised("pc-1", seen, folder)) is None
        other = replace(folder, owner=1000 - owner)
        told = fault(not_as_ordered(order, customised("pc-1", seen, other)))
        assert f"/{path} is not as it was ordered" in told


MANNED = replace(ORDER, settings=SystemSettings(users=(User(name="eleve", sign_in="first-login"), User(name="maitre"))))
PUPIL = FoundAccount(name="eleve", uid=1000, sign_in="first-login", home=True)
TEACHER = FoundAccount(name="maitre", uid=1001, sign_in="locked", home=True)
HOMES = tuple(Found(part="users", path=f"home/{name}", what="folder", owner=1000) for name in ("eleve", "maitre"))
FILES = (found("users", "etc/passwd"), found("users", "etc/shadow"), found("users", "etc/subuid"), *HOMES)


def test_the_accounts_on_the_disk_are_the_ordered_ones_and_no_others() -> None:
    assert not_as_ordered(MANNED, customised("pc-1", *FILES, accounts=(PUPIL, TEACHER))) is None
    for accounts in ((), (PUPIL,), (TEACHER, PUPIL), (PUPIL, TEACHER, replace(TEACHER, name="x"))):
        told = fault(not_as_ordered(MANNED, customised("pc-1", *FILES, accounts=accounts)))
        assert "the accounts are not those that were ordered" in told
    known = (PUPIL, replace(TEACHER, sign_in="password"))
    assert "the account maitre is password" in fault(not_as_ordered(MANNED, customised("pc-1", *FILES, accounts=known)))
    assert "accounts are not" in fault(not_as_ordered(ORDER, customised("pc-1", accounts=(PUPIL,))))


def test_making_accounts_changes_their_files_and_homes_alone() -> None:
    for index, path in enumerate(("etc/passwd", "etc/shadow", "", "home/eleve", "home/maitre")):
        left = tuple(one for number, one in enumerate(FILES) if number != index)
        told = not_as_ordered(MANNED, customised("pc-1", *left, accounts=(PUPIL, TEACHER)))
        assert (told is None) == (path == "")
        if told is not None:
            assert f"no users was set: /{path}" in fault(told)
    for more in (found("users", "etc/sudoers"), Found(part="users", path="home/root", what="folder"),
                 Found(part="files", path="home/eleve", what="folder")):  # fmt: skip
        seen = (*(one for one in FILES if one.path != more.path), more)
        told = not_as_ordered(MANNED, customised("pc-1", *seen, accounts=(PUPIL, TEACHER)))
        assert f"/{more.path} was not ordered" in fault(told)


def test_the_judge_fails_a_stage_whose_evidence_is_not_as_ordered() -> None:
    assert judge(ORDER, "done", None, DONE).state == "done"
    record = judge(ORDER, "done", None, customised("pc-1", found("hostname", "etc/shadow")))
    assert record.state == "failed"
    assert record.problem is not None
    assert record.problem.code == "customise"
    assert record.result is not None


def test_a_windows_with_its_answer_file_is_as_ordered_and_what_it_will_do_is_not_claimed() -> None:
    order = replace(ORDER, answer_file=ANSWERS)
    assert judge(order, "done", None, ANSWERED).state == "done"
    assert RULES.shown is not None
    lines = [line.text for line in RULES.shown(ANSWERED, "en")]
    assert (
        "Windows takes the name pc-1 and an identity of its own at its first start, which netboot does not see" in lines
    )


@pytest.mark.parametrize(
    "result",
    [
        DONE,
        replace(ANSWERED, found=()),
        replace(ANSWERED, found=(), changed=()),
        replace(ANSWERED, found=(replace(ANSWERED.found[0], digest="0" * 64),)),
        replace(ANSWERED, found=(replace(ANSWERED.found[0], mode=0o777),)),
        replace(ANSWERED, found=(replace(ANSWERED.found[0], owner=1000),)),
        replace(ANSWERED, found=(replace(ANSWERED.found[0], path="Windows/panther/unattend.xml"),)),
        replace(ANSWERED, found=(*ANSWERED.found, found("files", "Windows/extra"))),
        replace(ANSWERED, changed=(ANSWERS.path, "Windows/extra")),
        replace(ANSWERED, own=()),
        replace(ANSWERED, own=("hostname", "machine-id")),
        replace(ANSWERED, root=""),
        replace(ANSWERED, forgotten=DONE.forgotten),
        replace(ANSWERED, forgotten=()),
        replace(ANSWERED, forgotten=2 * ANSWERED.forgotten),
        replace(ANSWERED, absent=("ssh-host-keys",)),
    ],
)
def test_of_a_windows_anything_but_its_answer_file_is_no_evidence(result: CustomiseResult) -> None:
    judged = judge(replace(ORDER, answer_file=ANSWERS), "done", None, result)
    assert judged.state == "failed"
    assert judged.problem is not None
    assert judged.problem.code == "customise"


APPS = PlacedFolder(path="/apps", beside="apps", parcel="a" * 64)
README = PlacedFile(path="/apps.txt", text="hello\n")
IN_WINDOWS = SystemSettings(folders=(APPS,), files=(README,))
FOLDER = Found(part="folders", path="apps", what="folder", mode=0o755, digest="a" * 64)
FILE = Found(part="files", path="apps.txt", what="file", mode=0o755, digest=hashlib.sha256(b"hello\n").hexdigest())


def with_files(*seen: Found) -> CustomiseResult:
    found = (*ANSWERED.found, *seen)
    return replace(ANSWERED, found=found, changed=tuple(one.path for one in found))


def of_windows(result: CustomiseResult) -> str:
    return judge(replace(ORDER, answer_file=ANSWERS, settings=IN_WINDOWS), "done", None, result).state


def test_folders_and_files_of_a_windows_are_as_ordered_where_each_has_its_digest() -> None:
    assert of_windows(with_files(FOLDER, FILE)) == "done"
    # What the master had there already keeps who may change it.
    assert of_windows(with_files(replace(FOLDER, mode=0o777, owner=4711), FILE)) == "done"


@pytest.mark.parametrize(
    "result",
    [
        ANSWERED,
        with_files(FOLDER),
        with_files(FILE),
        with_files(replace(FOLDER, digest="b" * 64), FILE),
        with_files(replace(FOLDER, digest=""), FILE),
        with_files(replace(FOLDER, what="link"), FILE),
        with_files(replace(FOLDER, part="files"), FILE),
        with_files(FOLDER, replace(FILE, digest="b" * 64)),
        with_files(FOLDER, replace(FILE, mode=0o777)),
        with_files(FOLDER, replace(FILE, owner=1000)),
        with_files(FOLDER, FILE, replace(FILE, path="more.txt")),
        with_files(FOLDER, FILE, FILE),
        replace(with_files(FOLDER, FILE), changed=ANSWERED.changed),
    ],
)
def test_any_other_is_no_evidence(result: CustomiseResult) -> None:
    assert of_windows(result) == "failed"


@pytest.mark.parametrize("path", [ANSWERS.path, "etc/hosts"])
def test_an_answer_file_in_a_linux_was_not_ordered(path: str) -> None:
    more = Found(part="answer-file", path=path, what="file", mode=0o644, digest=ANSWERS.digest)
    others = tuple(one for one in DONE.found if one.path != path)
    result = replace(DONE, found=(*others, more), changed=(*(one.path for one in others), path))
    assert f"/{path} was not ordered" in fault(not_as_ordered(ORDER, result))
    assert judge(ORDER, "done", None, ANSWERED).state == "failed"


def test_a_folder_has_the_listing_that_was_ordered_and_only_folders_above_it_are_made() -> None:
    firmware = PlacedFolder(path="/lib/firmware/rtw89", beside="rtw89", parcel="c" * 64, listed=9, size=9)
    order = replace(ORDER, settings=SystemSettings(folders=(firmware,)))
    there = Found(part="folders", path="lib/firmware/rtw89", what="folder", mode=0o755, digest="c" * 64)
    above = Found(part="folders", path="lib/firmware", what="folder", mode=0o755)
    assert not_as_ordered(order, customised("pc-1", there)) is None
    assert not_as_ordered(order, customised("pc-1", above, there)) is None
    for wrong in (
        replace(there, digest="d" * 64), replace(there, digest=""), replace(there, owner=1000),
        replace(there, what="link"), replace(there, part="files"),
    ):  # fmt: skip
        told = fault(not_as_ordered(order, customised("pc-1", wrong)))
        assert "/lib/firmware/rtw89 is not as it was ordered" in told
    for more in (
        replace(above, path="lib/firmware/other"), replace(above, path="lib/firm"), replace(above, owner=1000),
        replace(above, what="file", digest="d" * 64, path="lib/firmware/rtw89/fw.bin"),
    ):  # fmt: skip
        assert f"/{more.path} was not ordered" in fault(not_as_ordered(order, customised("pc-1", more, there)))
    assert "no folders was set" in fault(not_as_ordered(order, DONE))
    assert "/lib/firmware/rtw89 was not ordered" in fault(not_as_ordered(ORDER, customised("pc-1", there)))
    untaken = replace(order, settings=SystemSettings(folders=(replace(firmware, parcel=""),)))
    assert not_as_ordered(untaken, customised("pc-1", replace(there, digest=""))) is not None


def test_of_two_folders_for_one_place_no_single_one_is_as_ordered() -> None:
    """A job of before may have them; profiles have not."""
    one = PlacedFolder(path="/lib/firmware", beside="a", parcel="c" * 64, listed=100, size=8)
    order = replace(ORDER, settings=SystemSettings(folders=(replace(one, parcel="d" * 64), one)))
    there = Found(part="folders", path="lib/firmware", what="folder", mode=0o755, digest="c" * 64)
    assert "one place" in fault(not_as_ordered(order, customised("pc-1", there)))
