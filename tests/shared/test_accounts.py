"""What an account is by its three files, and whether it is as it was ordered."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from netboot.shared.accounts import FoundAccount, User, account_of, unlike, users_error

PASSWD = "root:x:0:0:root:/root:/bin/bash\neleve:x:1001:1001:Élève:/home/eleve:/bin/bash\n"
GROUP = "audio:x:29:eleve,atelier\nvideo:x:44:atelier,eleve\nsudo:x:27:atelier\neleve:x:1001:\nelevee:x:1002:eleves\n"
FIRST = "root:*:20000:0:99999:7:::\neleve::0:0:99999:7:::\n"
ELEVE = FoundAccount(name="eleve", uid=1001, groups=("audio", "video"), sign_in="first-login")


def test_an_account_whose_first_sign_in_chooses_the_password_is_known_as_one() -> None:
    assert account_of("eleve", PASSWD, FIRST, GROUP) == ELEVE


@pytest.mark.parametrize(
    ("line", "sign_in"),
    [
        ("eleve::0:0:99999:7:::", "first-login"),
        ("eleve::20000:0:99999:7:::", "password"),
        ("eleve:::0:99999:7:::", "password"),
        ("eleve:!:20000:0:99999:7:::", "locked"),
        ("eleve:!$y$abc:0:0:99999:7:::", "locked"),
        ("eleve:*:0:0:99999:7:::", "locked"),
        ("eleve:$y$abc:0:0:99999:7:::", "password"),
        ("eleve::0:0", "password"),
        ("", "password"),
        ("eleve::0:0:99999:7:::\neleve:$y$abc:0:0:99999:7:::", "password"),
    ],
)
def test_only_an_empty_password_that_must_be_changed_is_a_first_sign_in(line: str, sign_in: str) -> None:
    found = account_of("eleve", PASSWD, f"{line}\n", GROUP)
    assert found is not None
    assert found.sign_in == sign_in


def test_a_password_in_passwd_itself_counts_as_one() -> None:
    for second in ("", "abc", "*"):
        found = account_of("eleve", PASSWD.replace("eleve:x", f"eleve:{second}"), FIRST, GROUP)
        assert found is not None
        assert found.sign_in == "password"


@pytest.mark.parametrize("passwd", ["", "eleve:x:1001\n", "eleve:x:one:1:::\n", PASSWD * 2, "elev:x:1:1:::\n"])
def test_what_is_no_one_account_is_none(passwd: str) -> None:
    assert account_of("eleve", passwd, FIRST, GROUP) is None


def test_an_account_is_as_ordered_in_every_point() -> None:
    wanted = User(name="eleve", groups=("video",), sign_in="first-login")
    there = replace(ELEVE, home=True)
    assert unlike(wanted, there) == ""
    assert unlike(wanted, None) == "is not there"
    assert unlike(wanted, ELEVE) == "has no folder of its own"
    assert unlike(wanted, replace(there, uid=1000)) == unlike(wanted, replace(there, uid=60_000)) == ""
    for uid in (0, 999, 60_001):
        assert unlike(wanted, replace(there, uid=uid)) == f"has the number {uid}"
    assert unlike(replace(wanted, groups=("video", "sudo")), there) == "is not in its groups"
    assert unlike(wanted, replace(there, sign_in="password")) == "is password"
    assert unlike(wanted, replace(there, sign_in="locked")) == "is locked"
    assert unlike(replace(wanted, sign_in="locked"), there) == "is first-login"


def test_users_are_each_there_once_and_root_is_none() -> None:
    assert users_error((User(name="eleve"), User(name="maitre"))) == ""
    assert users_error((User(name="eleve"), User(name="eleve"))) == "the user eleve is there twice"
    assert users_error((User(name="root"),)) == "the user root is not for a profile to make"


@given(st.text(max_size=20))
def test_no_name_or_title_adds_a_field_or_a_line(text: str) -> None:
    for field in ("name", "title"):
        try:
            user = msgspec.convert({"name": "eleve", field: text}, User)
        except msgspec.ValidationError:
            continue
        assert not {":", "\n", "\0", ","} & set(user.name + user.title)
        assert not user.name.startswith("-")


@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=80))
def test_whatever_the_files_hold_they_are_read(passwd: str, shadow: str, group: str) -> None:
    found = account_of("eleve", passwd, shadow, group)
    assert found is None or found.name == "eleve"
