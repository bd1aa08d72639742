"""Finding the mirror, and reading package names; nothing here touches a network."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.bootfiles.debian import MIRROR_VARIABLE, Mirror, choose_mirror, find_mirror, package_versions, sources
from netboot.shared.errors import NetbootError

TARGETS = """\
nodistro http://packages.example/node
bookworm http://mirror.example/debian/
bookworm-updates http://mirror.example/debian/
bookworm-security http://security.example/debian-security
"""


def test_the_mirror_is_the_one_the_host_uses() -> None:
    assert choose_mirror(TARGETS) == Mirror("http://mirror.example/debian", "http://security.example/debian-security")


def test_a_host_without_security_updates_still_has_a_mirror() -> None:
    assert choose_mirror("trixie http://mirror.example/debian\n").security is None


@pytest.mark.parametrize("targets", ["", "nodistro http://packages.example/node\n", "garbage"])
def test_a_host_that_names_no_debian_mirror_is_told_what_to_do(targets: str) -> None:
    with pytest.raises(NetbootError, match="names no Debian mirror") as raised:
        choose_mirror(targets)
    assert MIRROR_VARIABLE in raised.value.hint


def test_the_variable_comes_before_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MIRROR_VARIABLE, "http://nearer.example/debian/")
    assert find_mirror() == Mirror("http://nearer.example/debian", None)


@pytest.mark.parametrize("address", ["", "nearer.example", "http://a b/", "http://m/ [trusted=yes] x", "exec:/bin/sh"])
def test_a_mirror_that_is_no_address_is_refused(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv(MIRROR_VARIABLE, address)
    with pytest.raises(NetbootError):
        find_mirror()


def test_sources_hold_updates_and_security() -> None:
    lines = sources(Mirror("http://m/debian", "http://s/security"), "trixie", ("main", "non-free-firmware"))
    assert lines == (
        "deb http://m/debian trixie main non-free-firmware\n"
        "deb http://m/debian trixie-updates main non-free-firmware\n"
        "deb http://s/security trixie-security main non-free-firmware\n"
    )


def test_versions_are_read_from_apts_file_names() -> None:
    names = ["kbd_2.7.1-2_amd64.deb", "ethtool_1%3a6.14.2-1_amd64.deb", "libcap2_1%3a2.75-10+deb13u1+b3_amd64.deb"]
    assert package_versions(names) == ("ethtool=1:6.14.2-1", "kbd=2.7.1-2", "libcap2=1:2.75-10+deb13u1+b3")


@given(st.binary(max_size=40))
def test_a_strange_file_name_is_refused_or_read_but_nothing_else_happens(name: bytes) -> None:
    try:
        (package,) = package_versions([name.decode("latin-1")])
    except NetbootError:
        return
    assert "=" in package
    assert "," not in package
