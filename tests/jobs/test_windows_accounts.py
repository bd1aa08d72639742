"""Accounts in a Windows: which ones there can be, and that no name or title makes another command of one."""

import re
from typing import Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.jobs.answer_file import answer_file, not_in_windows
from netboot.jobs.windows_accounts import account_commands, account_error
from netboot.shared.accounts import USERS, User
from netboot.shared.system_settings import SystemSettings
from netboot.shared.windows import READY, AnswerFile, Windows

ELEVEN = Windows(
    partition=3, name="Windows 11 Pro (26100)", state=READY, architecture="amd64", panther="Windows/Panther", answers=()
)


@pytest.mark.parametrize(
    "name",
    [
        "administrator",
        "administrateur",
        "guest",
        "gast",
        "invitado",
        "convidado",
        "ospite",
        "vieras",
        "system",
        "service",
        "network",
        "self",
        "public",
        "defaultuser0",
        "con",
        "lpt1",
        "aaaaaaaaaaaaaaaaaaaaa",
        "eleve-",
    ],
)
def test_a_name_that_windows_has_or_cannot_have_is_refused(name: str) -> None:
    assert account_error(User(name=name)) == f"users: {name}"


@pytest.mark.parametrize("name", ["eleve", "a" * 20, "con1", "guest1", "lpt10", "a-b", "service1"])
def test_other_names_are_not(name: str) -> None:
    assert account_error(User(name=name)) == ""


@pytest.mark.parametrize("title", ['a" /active:yes "', "%PATH%", "C\\", "a\u2028b", "\ufffe"])
def test_a_title_that_would_not_stay_one_word_is_refused(title: str) -> None:
    assert account_error(User(name="eleve", title=title)) == "users: eleve, title"


_USERS = st.lists(
    st.builds(
        User,
        name=st.from_regex(r"\A[a-z][a-z0-9-]{0,30}\Z"),
        title=st.text(max_size=60),
        groups=st.lists(st.sampled_from(["users", "administrators", "sudo"]), max_size=3).map(tuple),
        sign_in=st.sampled_from(["locked", "first-login"]),
    ),
    min_size=1,
    max_size=USERS,
    unique_by=lambda user: user.name,
)


@given(_USERS)
def test_whatever_is_allowed_is_made_by_one_command_each_that_fits_and_can_be_sent(users: list[User]) -> None:
    allowed = tuple(user for user in users if not account_error(user))
    settings = SystemSettings(users=allowed)
    assert not not_in_windows(settings, ELEVEN)
    told = account_commands(allowed)
    made = [command for command in told if " /add" in command and command.startswith("net.exe ")]
    assert len(made) == len(allowed)
    for command, user in zip(made, allowed, strict=True):
        title = f' /fullname:"{re.escape(user.title)}"' if user.title else ""
        assert re.fullmatch(rf'net\.exe user {user.name} "" /add{title} (/active:no|/logonpasswordchg:yes)', command)
    assert all(len(command) <= 259 for command in told)
    file = answer_file(ELEVEN, "pc-7", settings)
    assert msgspec.json.decode(msgspec.json.encode(file), type=AnswerFile) == file


@pytest.mark.parametrize(
    ("sign_in", "state"), [("first-login", "/active:yes /logonpasswordchg:yes"), ("locked", "/active:no")]
)
def test_an_account_that_the_master_has_keeps_no_password_and_gets_the_state_of_a_new_one(
    sign_in: Literal["first-login", "locked"], state: str
) -> None:
    user = User(name="eleve", title="Élève", groups=("administrators",), sign_in=sign_in)
    made, again, joined = account_commands((user,))
    assert " /add " in made
    assert again == f'net.exe user eleve "" /fullname:"Élève" {state}'
    assert "Add-LocalGroupMember" in joined, "an administrator only then"


def test_as_many_as_a_profile_may_have_fit_at_their_longest() -> None:
    users = tuple(
        User(name=f"{number:x}".rjust(20, "x"), title="\U0001f600" * 60, groups=("administrators",))
        for number in range(USERS)
    )
    file = answer_file(ELEVEN, "pc-7", SystemSettings(users=users))
    assert msgspec.json.decode(msgspec.json.encode(file), type=AnswerFile) == file
