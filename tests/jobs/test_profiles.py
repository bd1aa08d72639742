"""Profiles as files and as the record has them: what is set of a stage, and what people agreed to before."""

from pathlib import Path

import msgspec
import pytest

from netboot.files.assets import asset_folder
from netboot.jobs.profile import Profile
from netboot.jobs.profiles import load_profiles, load_with_folders, parse_profile
from netboot.shared.errors import NetbootError
from netboot.shared.stages.smart import SmartOptions

OF_BEFORE = {
    "wipe-and-debian": "18db7aa9089b837e80e90556ddd4cf5216bb965c420515faf76e83cc8792e5d4",
    "debian-new-disk": "e375481d4c1e489b4967a2eb3e86ac890665e146725c81a8e85d0b939c87927f",
    "erase-only": "6192787fa91d558ea6a2500c323b060f7f95b83f6a6ae9d5d1d2786c7ccd2205",
    "inventory-only": "2b3d44b4903272ab845c79647b447e05cf96dbfa9e62e709417b9b88d03e02e4",
    "memory-test": "6ab29b1595a77f11358a39229d316524bb5917997d009e902cae11632ad2be99",
}
"""The digests of the profiles of images/profiles/ on 2026-11-28, before a profile could set anything of a stage."""

KEPT = (
    b'{"id":"erase-only","name":{"fr":"Effacer les disques seulement","en":"Erase the disks only"},'
    b'"stages":["check","erase","finish"],"master":"","unerased":"forbid","hostname":"pc-{number}","end":"poweroff"}'
)
"""A profile as a record of that day has it."""

FILE = """
id: erase-only
name: {fr: Effacer, en: Erase}
stages: [check, erase, finish]
"""


def test_a_profile_that_sets_nothing_of_a_stage_is_what_people_agreed_to_before_that_could_be() -> None:
    profiles = {profile.id: profile for profile in load_profiles([asset_folder("images") / "profiles"])}
    assert {name: profiles[name].digest for name in OF_BEFORE} == OF_BEFORE


def test_a_profile_of_an_old_record_is_read_and_is_the_one_of_its_file() -> None:
    kept = msgspec.json.decode(KEPT, type=Profile)
    assert kept.digest == OF_BEFORE["erase-only"]
    assert msgspec.json.encode(kept) == KEPT


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("{polish: {}}", "Invalid enum value 'polish' - at `key` in `$.options`"),
        ("{check: {thorough: true}}", "`options`: nothing can be set of `check`"),
        ("[check]", "Expected `object`, got `array` - at `$.options`"),
    ],
)
def test_what_cannot_be_set_of_a_stage_is_an_error_that_names_it(options: str, said: str) -> None:
    with pytest.raises(NetbootError) as caught:
        parse_profile(f"{FILE}options: {options}", source="erase.yaml")
    assert caught.value.message == f"erase.yaml: {said}"


SMART = """
id: look
name: {fr: Santé, en: Health}
stages: [check, smart, finish]
"""


def test_what_is_set_of_a_stage_is_what_it_is_ordered_with_and_part_of_what_is_agreed_to() -> None:
    unset, stop = (
        parse_profile(SMART + more, source="look.yaml") for more in ("", "options: {smart: {failing: stop}}")
    )
    assert unset.options_for(SmartOptions) == SmartOptions(failing="go-on")
    assert stop.options_for(SmartOptions) == SmartOptions(failing="stop")
    assert stop.digest != unset.digest
    kept = msgspec.json.decode(msgspec.json.encode(stop), type=Profile)
    assert (kept, kept.digest) == (stop, stop.digest)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{SMART}options: {{smart: {{failing: explode}}}}",
         "`options` of `smart`: Invalid enum value 'explode' - at `$.failing`"),
        (f"{SMART}options: {{smart: {{worn: stop}}}}",
         "`options` of `smart`: Object contains unknown field `worn`"),
        (f"{FILE}options: {{smart: {{failing: stop}}}}",
         "`options` sets something of `smart`, which is not in `stages`"),
    ],
)  # fmt: skip
def test_what_a_stage_does_not_know_and_a_stage_that_is_left_out_are_errors(text: str, said: str) -> None:
    with pytest.raises(NetbootError) as caught:
        parse_profile(text, source="own.yaml")
    assert caught.value.message == f"own.yaml: {said}"


SCHOOL = """
id: school
name: {fr: École, en: School}
stages: [check, deploy, customise, finish]
master: debian-minimal
customise:
  timezone: Europe/Paris
  files:
    - {path: /etc/motd, beside: school/motd}
    - {path: /etc/issue, text: "Bonjour\\n", mode: "0600"}
  scripts:
    - beside: first.sh
"""


def test_a_profile_is_all_that_it_gives_a_pc_also_from_the_files_beside_it(tmp_path: Path) -> None:
    (tmp_path / "school.yaml").write_text(SCHOOL, encoding="utf-8")
    (tmp_path / "school").mkdir()
    (tmp_path / "school/motd").write_bytes(b"Welcome\xff\n")
    (tmp_path / "first.sh").write_text("#!/bin/sh\ntrue\n")
    (profile,) = load_profiles([tmp_path])
    assert [one.content for one in profile.settings.files] == [b"Welcome\xff\n", b"Bonjour\n"]
    assert [one.content for one in profile.settings.scripts] == [b"#!/bin/sh\ntrue\n"]
    kept = msgspec.json.decode(msgspec.json.encode(profile), type=Profile)
    assert (kept, kept.digest) == (profile, profile.digest)
    (tmp_path / "school/motd").write_bytes(b"Another\n")
    (changed,) = load_profiles([tmp_path])
    assert changed.digest != profile.digest, "who chose it agreed to another file"


def test_a_file_that_is_not_beside_its_profile_is_an_error_that_names_it(tmp_path: Path) -> None:
    folder = tmp_path / "profiles"
    folder.mkdir()
    (folder / "school.yaml").write_text(SCHOOL, encoding="utf-8")
    (folder / "first.sh").write_text("#!/bin/sh\n")
    (folder / "school").mkdir()
    motd = folder / "school/motd"
    with pytest.raises(NetbootError, match="motd is no file"):
        load_profiles([folder])
    (tmp_path / "secret").write_text("the server's own")
    motd.symlink_to(tmp_path / "secret")
    with pytest.raises(NetbootError, match="motd is no file"):
        load_profiles([folder])
    motd.unlink()
    motd.write_bytes(bytes(32 * 1024 + 1))
    with pytest.raises(NetbootError, match="more than 32768 bytes"):
        load_profiles([folder])
    motd.write_bytes(bytes(32 * 1024))
    with pytest.raises(NetbootError, match="bytes together"):
        load_profiles([folder])
    with pytest.raises(NetbootError, match="no file is beside it"):
        parse_profile(SCHOOL, source="the record")


WITH_FOLDER = """
id: school
name: {fr: École, en: School}
stages: [check, erase, deploy, customise, finish]
master: ecole
customise:
  folders:
    - {path: /lib/firmware/rtw89, beside: rtw89, models: ["LENOVO ThinkPad T14*"]}
"""


def with_folder(folder: Path, content: bytes = b"firmware", name: str = "fw.bin") -> Path:
    (folder / "rtw89").mkdir(exist_ok=True)
    (folder / "rtw89" / name).write_bytes(content)
    (folder / "school.yaml").write_text(WITH_FOLDER)
    return folder


def test_a_profile_with_a_folder_is_another_one_when_anything_in_the_folder_changes(tmp_path: Path) -> None:
    (first,) = load_with_folders([with_folder(tmp_path)])
    (folder,) = first.profile.settings.folders
    assert (folder.size, folder.models) == (8, ("LENOVO ThinkPad T14*",))
    assert folder.listed
    assert first.folders == {tmp_path / "rtw89": folder}
    assert load_profiles([with_folder(tmp_path)]) == (first.profile,)
    (changed,) = load_profiles([with_folder(tmp_path, b"Firmware")])
    assert changed.digest != first.profile.digest
    (tmp_path / "rtw89/fw.bin").chmod(0o755)
    (executable,) = load_profiles([tmp_path])
    assert executable.digest != changed.digest


def test_a_folder_that_is_not_beside_its_profile_is_an_error_that_names_it(tmp_path: Path) -> None:
    text = WITH_FOLDER.replace("beside: rtw89", "beside: other")
    with pytest.raises(NetbootError, match="other is no folder"):
        parse_profile(text, source="p", folder=tmp_path)
    (tmp_path / "inside").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out/file").touch()
    (tmp_path / "inside/rtw89").symlink_to(tmp_path / "out")
    with pytest.raises(NetbootError, match="lies elsewhere"):
        parse_profile(WITH_FOLDER, source="p", folder=tmp_path / "inside")
    with pytest.raises(NetbootError, match="no `beside`"):
        parse_profile(WITH_FOLDER.replace("beside: rtw89", "beside: ''"), source="p", folder=tmp_path)
    with pytest.raises(NetbootError, match="netboot's own"):
        parse_profile(WITH_FOLDER.replace("beside", "size: 1, beside"), source="p", folder=with_folder(tmp_path))


def test_no_folder_brings_a_file_that_netboot_answers_for(tmp_path: Path) -> None:
    folder = with_folder(tmp_path, name="shadow")
    with pytest.raises(NetbootError, match="/etc/shadow is not a file's place"):
        parse_profile(WITH_FOLDER.replace("/lib/firmware/rtw89", "/etc"), source="p", folder=folder)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            "files: [{path: /opt/a/one, text: mine}]\n  folders: [{path: /opt/a, beside: a}]",
            "/opt/a/one is there twice",
        ),
        ("folders: [{path: /opt, beside: b}, {path: /opt/sub, beside: a}]", "/opt/sub/one is there twice"),
        ("folders: [{path: /lib/a, beside: a}, {path: /usr/lib/a, beside: a}]", "/usr/lib/a/one is there twice"),
        ("files: [{path: /opt/a, text: mine}]\n  folders: [{path: /opt/a, beside: a}]", "is below the file /opt/a"),
        ("folders: [{path: /opt, beside: a}, {path: /opt/one/x, beside: a}]", "is below the file /opt/one"),
        (
            "wifi: guests\n  folders: [{path: /etc/NetworkManager/system-connections, beside: c}]",
            "guests.nmconnection is there twice",
        ),
        (
            'folders: [{path: /opt/a, beside: a}, {path: /opt/a, beside: b, models: ["LENOVO *"]}]',
            "the folder /opt/a is there twice",
        ),
    ],
)
def test_what_cannot_lie_in_one_system_is_told_when_the_profile_is_read(
    tmp_path: Path, settings: str, words: str
) -> None:
    for name in ("a/one", "b/sub/one", "b/two", "c/guests.nmconnection"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    head = WITH_FOLDER.partition("  folders:")[0]
    with pytest.raises(NetbootError, match=words):
        parse_profile(f"{head}  {settings}\n", source="p", folder=tmp_path)
    apart = 'wifi: staff\n  folders: [{path: /opt/a, beside: a}, {path: /opt/b, beside: b, models: ["LENOVO *"]}]'
    assert len(parse_profile(f"{head}  {apart}\n", source="p", folder=tmp_path).settings.folders) == 2
