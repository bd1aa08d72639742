"""A disk's short self-test as the agent runs it: whose result it is, and how long it is waited for.

`smartctl` is a program that answers what real drives answered, one after the other: whole PCs have the real one.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Timer

import pytest

from netboot.agent.disks import self_test
from netboot.agent.disks.self_test import Told, ask_and_test, device_of
from tests.agent.test_smart_report import recorded

ANSWERS = """#!/bin/sh
# The next answer of its kind, the last one for ever; its exit status stands in the first line.
case "$*" in *--test=*) kind=start;; *--all*) kind=all;; *) kind=status;; esac
echo "$*" >> asked
number=$(($(cat "$kind.at" 2> /dev/null || echo 0) + 1))
[ -e "$kind.$number" ] || number=$((number - 1))
echo "$number" > "$kind.at"
tail -n +2 "$kind.$number"
exit "$(head -n 1 "$kind.$number")"
"""


def ata(status: int, *, count: int = 3, minutes: int = 1, left: int = 90) -> str:
    """A real answer with another state of its self-test: nobody published every one."""
    said = json.loads(recorded("ata-failing"))
    said["smart_status"]["passed"] = True
    test = said["ata_smart_data"]["self_test"]
    test["polling_minutes"]["short"] = minutes
    test["status"] = {"value": status} | ({"remaining_percent": left} if status >> 4 == 15 else {})
    said["ata_smart_self_test_log"]["standard"]["count"] = count
    return json.dumps(said)


IDLE, RUNNING, DONE, BROKEN = ata(0), ata(0xF9), ata(0, count=4), ata(0x79, count=4)
STARTED = '{"smartctl": {"exit_status": 0}}'
REFUSED = '{"smartctl": {"messages": [{"string": "Self-test not started"}]}}'

Play = Callable[..., None]


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Play:
    """Puts a smartctl there that answers so; each answer is (text, exit status) or a text."""
    program = tmp_path / "smartctl"
    program.write_text(ANSWERS.replace("#!/bin/sh\n", f"#!/bin/sh\ncd {tmp_path}\n"))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    def put(**kinds: list[str | tuple[str, int]]) -> None:
        for kind, answers in kinds.items():
            for number, answer in enumerate(answers, start=1):
                text, status = answer if isinstance(answer, tuple) else (answer, 0)
                (tmp_path / f"{kind}.{number}").write_text(f"{status}\n{text}\n")

    return put


def run(stop: Event | None = None) -> tuple[Told, list[int]]:
    told: list[int] = []
    return ask_and_test("/dev/sda", told.append, stop or Event(), every=0.05), told


def asked(play: Play, tmp_path: Path) -> list[str]:
    return (tmp_path / "asked").read_text().splitlines()


def test_a_test_is_begun_followed_and_its_result_read(play: Play, tmp_path: Path) -> None:
    play(all=[IDLE, DONE], start=[STARTED], status=[RUNNING, ata(0xF4, left=40), DONE])
    tested, told = run()
    assert (tested.self_test, tested.why) == ("passed", "")
    assert told == [10, 60]
    assert asked(play, tmp_path) == [
        "--json=c --all /dev/sda",
        "--json=c --test=short /dev/sda",
        *["--json=c --capabilities --log=selftest /dev/sda"] * 3,
        "--json=c --all /dev/sda",
    ]


def test_a_test_that_is_over_before_the_first_look_shows_in_the_log(play: Play) -> None:
    play(all=[IDLE, DONE], start=[STARTED], status=[DONE])
    assert run()[0].self_test == "passed"


def test_a_failed_test_is_told(play: Play) -> None:
    play(all=[IDLE, BROKEN], start=[STARTED], status=[RUNNING, BROKEN])
    assert run()[0].self_test == "failed"


def test_an_older_result_is_not_taken_for_this_tests(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(self_test, "GRACE", -59.5)
    play(all=[IDLE], start=[STARTED], status=[IDLE])
    tested, _ = run()
    assert tested.self_test == "not-told"
    assert "no end within" in tested.why


def test_a_test_that_does_not_end_in_its_announced_time_tells_nothing(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(self_test, "GRACE", -119.0)
    play(all=[ata(0, minutes=2)], start=[STARTED], status=[RUNNING])
    began = time.monotonic()
    tested, _ = run()
    assert 1 <= time.monotonic() - began < 20
    assert (tested.self_test, tested.why) == ("not-told", "smartctl reported no end within 1 s")


def test_a_test_that_was_aborted_tells_nothing(play: Play) -> None:
    play(all=[IDLE], start=[STARTED], status=[RUNNING, ata(0x19, count=4)])
    assert run()[0].self_test == "not-told"


def test_a_test_of_before_that_is_at_work_is_left_alone(play: Play, tmp_path: Path) -> None:
    play(all=[RUNNING])
    assert run()[0].self_test == "not-told"
    assert len(asked(play, tmp_path)) == 1


def test_a_disk_without_a_self_test_is_asked_once(play: Play, tmp_path: Path) -> None:
    play(all=[recorded("nvme-worn")])
    assert run()[0].self_test == "none"
    assert len(asked(play, tmp_path)) == 1


def test_a_test_that_cannot_be_started_tells_nothing_and_says_why(play: Play) -> None:
    play(all=[IDLE], start=[(REFUSED, 4)], status=[IDLE])
    tested, _ = run()
    assert (tested.self_test, tested.why) == ("not-told", "Self-test not started")


def test_a_device_that_nothing_is_known_of_is_asked_once(play: Play, tmp_path: Path) -> None:
    unknown = '{"smartctl": {"messages": [{"string": "/dev/vda: Unable to detect device type"}]}}'
    play(all=[(unknown, 1)])
    tested, _ = run()
    assert (tested.self_test, tested.report.said) == ("not-told", "/dev/vda: Unable to detect device type")
    assert len(asked(play, tmp_path)) == 1


def test_a_smartctl_that_is_not_there_tells_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    tested, _ = run()
    assert tested.self_test == "not-told"
    assert "smartctl" in tested.report.said


def test_who_gives_up_need_not_wait(play: Play) -> None:
    play(all=[IDLE], start=[STARTED], status=[RUNNING])
    stop = Event()
    Timer(0.5, stop.set).start()
    began = time.monotonic()
    assert run(stop)[0].self_test == "not-told"
    assert time.monotonic() - began < 10


def test_an_nvme_disks_controller_is_asked() -> None:
    assert [device_of(name) for name in ("sda", "nvme0n1", "nvme12n3", "vda", "mmcblk0")] == [
        "/dev/sda", "/dev/nvme0", "/dev/nvme12", "/dev/vda", "/dev/mmcblk0",
    ]  # fmt: skip
