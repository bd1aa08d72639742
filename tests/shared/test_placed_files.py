"""What a profile may put into a system: each rule by the one thing that breaks it."""

import msgspec
import pytest

from netboot.shared.placed_files import BYTES, PlacedFile, Script, files_error, first_start

RUN = Script(text="#!/bin/sh\n")


@pytest.mark.parametrize(
    "path",
    ["etc/motd", "/etc/../motd", "/etc/.", "/", "/etc/", "/a b", "/a\n", "//a", "/é", "/a/..", ""],
)
def test_a_path_is_whole_and_plain(path: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"path": path}, PlacedFile)


@pytest.mark.parametrize("beside", ["/etc/shadow", "../x", "a/../../x", "a/", ".hidden", "a//b"])
def test_what_is_beside_the_profile_is_in_its_folder(beside: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"path": "/a", "beside": beside}, PlacedFile)


@pytest.mark.parametrize("mode", ["644", "4755", "0888", "00644", "0x44"])
def test_a_mode_has_four_digits_and_gives_nobody_anothers_rights(mode: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"path": "/a", "mode": mode}, PlacedFile)


@pytest.mark.parametrize(
    "path",
    [
        "/etc/hostname", "/etc/shadow", "/etc/passwd", "/etc/machine-id", "/etc/ssh/ssh_host_rsa_key", "/etc/localtime",
        "/etc/default/keyboard", "/var/log/syslog", "/run/x", "/proc/x", "/dev/null",
        "/usr/local/lib/netboot-first-start/run", "/etc/systemd/system/netboot-first-start.service",
        "/var/lib/NetworkManager/secret_key", "/etc/fstab",
    ],
)  # fmt: skip
def test_what_netboot_answers_for_itself_no_profile_overwrites(path: str) -> None:
    assert "is not a file's place" in files_error((PlacedFile(path=path),), ())


def test_files_do_not_contradict_one_another() -> None:
    ordinary = (PlacedFile(path="/etc/motd"), PlacedFile(path="/etc/ssh/sshd_config.d/school.conf"))
    assert files_error(ordinary, (RUN,)) == ""
    assert files_error((*ordinary, ordinary[0]), ()) == "/etc/motd is there twice"
    assert (
        files_error((*ordinary, PlacedFile(path="/etc/motd/x")), ())
        == "/etc/motd/x is below another file of the profile"
    )


def test_a_file_has_one_content_and_a_script_a_program() -> None:
    both = PlacedFile(path="/a", text="a", beside="b")
    assert files_error((both,), ()) == "the file /a has `text` and `beside`: one of them"
    assert files_error((), (Script(text="#!/bin/sh", beside="b"),)) == "a script has `text` and `beside`: one of them"
    assert "begins with the program" in files_error((), (Script(text="echo"),))
    assert (both.content, PlacedFile(path="/a", text="é").content) == (b"", "é".encode())
    assert PlacedFile(path="/a", beside="b", data=b"b").content == b"b"
    assert PlacedFile(path="/a", data=b"b").content == b""


def test_all_of_it_together_is_bounded() -> None:
    half = "x" * (BYTES // 2)
    files = (PlacedFile(path="/a", text=half), PlacedFile(path="/b", text=half))
    assert files_error(files, ()) == ""
    assert "together" in files_error((*files, PlacedFile(path="/c", text="x")), ())
    assert "together" in files_error(files, (RUN,))


def test_without_scripts_nothing_is_started() -> None:
    assert first_start(()) == {}
    names = [path.rsplit("/", 1)[1] for path in first_start((RUN, RUN))]
    assert names == ["00-script", "01-script", "run", "netboot-first-start.service"]
