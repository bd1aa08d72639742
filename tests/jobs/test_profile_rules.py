"""What makes sense in a profile, each rule by the one thing that breaks it, and what is said of that."""

from typing import Any, get_args

import msgspec
import pytest
from msgspec.structs import replace

from netboot.jobs.profile import ORDER, Profile, profile_error
from netboot.shared.stages import StageName
from netboot.shared.stages.erase import EraseOptions
from netboot.shared.stages.smart import SmartOptions
from netboot.shared.system_settings import SystemSettings

ALL = Profile(
    id="all", name={"fr": "Tout", "en": "All"},
    stages=tuple(stage for stage in get_args(StageName) if stage != "capture"), master="debian-minimal",
    options={"erase": {"level": "purge"}, "smart": {"failing": "stop"}},
)  # fmt: skip
ERASE = Profile(id="erase", name={"fr": "Effacer", "en": "Erase"}, stages=("check", "erase", "finish"))
MASTER: dict[str, str | int | bool] = {"name": "prepared", "title": "Prepared by hand", "licence": "MIT"}
CAPTURE = Profile(
    id="capture", name={"fr": "Capturer", "en": "Capture"}, stages=("check", "capture", "finish"),
    options={"capture": MASTER},
)  # fmt: skip
LOOK = Profile(id="look", name={"fr": "Inventaire", "en": "Inventory"}, stages=("check", "finish"))


@pytest.mark.parametrize("profile", [ALL, CAPTURE, ERASE, LOOK, replace(LOOK, stages=("finish",))])
def test_a_profile_of_any_stages_in_their_order_is_one(profile: Profile) -> None:
    assert profile_error(profile) == ""


ORDERED = f"`stages` must be some of {', '.join(ORDER)}, each once, in this order"
CHECKED = "a profile that writes to a disk starts with the stage `check`"
DEPLOYED = "`deploy` needs a `master`, and a `master` needs `deploy`"
UNCUSTOMISED = "`customise` sets something of the stage `customise`, which is not in `stages`"
INSTALL = {"stages": ("check", "deploy", "customise", "finish"), "master": "debian"}
NAMED = "`hostname` may hold a-z, 0-9, {number}, and hyphens between them"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"id": ""}, "`id` is empty"),
        ({"name": {"fr": "Effacer"}}, "`name` needs both `fr` and `en`"),
        ({"name": {"en": "Erase"}}, "`name` needs both `fr` and `en`"),
        ({"stages": ()}, ORDERED),
        ({"stages": ("erase", "check", "finish")}, ORDERED),
        ({"stages": ("check", "erase", "erase", "finish")}, ORDERED),
        ({"stages": ("check", "erase")}, "`stages` must end with `finish`"),
        ({"stages": ("erase", "finish")}, CHECKED),
        ({"stages": ("deploy", "finish"), "master": "debian"}, CHECKED),
        ({"stages": ("check", "customise", "finish")}, "`customise` needs `deploy`"),
        ({"stages": ("check", "deploy", "finish")}, DEPLOYED),
        ({"master": "debian"}, DEPLOYED),
        ({"hostname": "pc_{number}"}, NAMED),
        ({"hostname": ""}, NAMED),
        ({"hostname": "x" * 58 + "{number}"}, NAMED),
        ({"customise": "none"}, UNCUSTOMISED),
        ({"customise": SystemSettings(timezone="Europe/Paris")}, UNCUSTOMISED),
        ({**INSTALL, "customise": SystemSettings(keyboard_variant="oss")},
         "`customise`: `keyboard_variant` needs a `keyboard`"),
        ({"options": {"finish": {}}}, "`options`: nothing can be set of `finish`"),
        ({**INSTALL, "options": {"deploy": {"grow": 129}}},
         "`options` of `deploy`: Expected `int` <= 128 - at `$.grow`"),
        ({**INSTALL, "options": {"deploy": {"grow": True}}},
         "`options` of `deploy`: Expected `int | str`, got `bool` - at `$.grow`"),
        ({"stages": ("check", "erase", "deploy", "finish"), "master": "debian", "options": {"deploy": {"grow": 2}}},
         "`options` of `deploy`: what `grow` names grows in the stage `customise`, which is not in `stages`"),
        ({"options": {"smart": {}}}, "`options` sets something of `smart`, which is not in `stages`"),
        ({"options": {"erase": {"level": "best"}}},
         "`options` of `erase`: Invalid enum value 'best' - at `$.level`"),
        ({"options": {"erase": {"psid": "yes"}}}, "`options` of `erase`: Invalid enum value 'yes' - at `$.psid`"),
    ],
)  # fmt: skip
def test_each_mistake_is_told_in_its_own_words(changes: dict[str, Any], said: str) -> None:
    assert profile_error(replace(ERASE, **changes)) == said


def test_a_name_that_fits_the_shortest_number_must_fit_the_longest() -> None:
    for hostname, fits in (("x" * 57 + "{number}", True), ("x" * 58 + "{number}", False), ("x" * 60, True)):
        assert (profile_error(replace(ERASE, hostname=hostname)) == "") == fits
    assert profile_error(replace(ERASE, hostname="{number}-{number}")) == ""


def test_a_system_stays_as_it_is_only_where_the_profile_says_so() -> None:
    french = SystemSettings(locale="fr_FR.UTF-8", keyboard="fr", keyboard_variant="oss", timezone="Europe/Paris")
    install = replace(ALL, customise=french)
    assert profile_error(install) == profile_error(replace(ALL, customise="none")) == ""
    assert (install.settings, install.leaves_as_is) == (french, False)
    assert (ALL.settings, ALL.leaves_as_is) == (SystemSettings(), False)
    as_is = replace(ALL, customise="none")
    assert (as_is.settings, as_is.leaves_as_is) == (SystemSettings(), True)
    assert b'"customise":' not in msgspec.json.encode(ALL)


def test_what_is_not_set_of_a_stage_is_as_it_says() -> None:
    assert ERASE.options_for(EraseOptions) == EraseOptions()
    assert ALL.options_for(EraseOptions) == EraseOptions(level="purge")
    assert ALL.options_for(SmartOptions) == SmartOptions(failing="stop")
    one = replace(ALL, options={"erase": {"level": "purge"}})
    assert one.options_for(SmartOptions) == SmartOptions()
    with pytest.raises(msgspec.ValidationError):
        replace(ALL, options={"erase": {"level": "best"}}).options_for(EraseOptions)


def test_what_a_profile_does_to_disks_is_told_by_its_stages() -> None:
    assert [(profile.erases, profile.writes) for profile in (ALL, ERASE, LOOK)] == [
        (True, True), (True, True), (False, False),
    ]  # fmt: skip
    bare = replace(ALL, stages=("check", "deploy", "finish"), options=msgspec.UNSET)
    assert (bare.erases, bare.writes) == (False, True)


ALONE = "a profile with `capture` starts with the stage `check`, and has none that writes to a disk"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"stages": ("capture", "finish")}, ALONE),
        ({"stages": ("check", "capture", "erase", "finish")}, ALONE),
        ({"options": msgspec.UNSET}, "`options` of `capture`: Object missing required field `name`"),
        ({"options": {"capture": {**MASTER, "name": 7}}},
         "`options` of `capture`: Expected `str`, got `int` - at `$.name`"),
        ({"options": {"capture": {**MASTER, "version": "1 2"}}},
         "`options` of `capture`: Expected `str` matching regex '^[0-9A-Za-z._-]*\\\\Z' - at `$.version`"),
    ],
)  # fmt: skip
def test_a_capture_needs_to_know_what_its_master_is_called_and_writes_nothing(
    changes: dict[str, Any], said: str
) -> None:
    assert profile_error(replace(CAPTURE, **changes)) == said


def test_a_capture_never_starts_by_itself_although_it_writes_nothing() -> None:
    assert (CAPTURE.proven, CAPTURE.writes) == (True, False)
    assert (ERASE.proven, LOOK.proven) == (True, False)
