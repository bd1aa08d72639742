"""Asking disks what they can do to erase themselves: which is asked what, and one that does not answer."""

import threading
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from netboot.agent.disks import abilities
from netboot.agent.disks.abilities import Asked
from netboot.agent.disks.ata_abilities import parse_identity, parse_sanitize_state
from netboot.agent.disks.nvme_abilities import parse_controller, with_log
from netboot.agent.host import Host, transcribe
from netboot.shared.disk_abilities import (
    Abilities,
    AtaSanitize,
    Discard,
    NvmeFormat,
    NvmeSanitize,
)
from netboot.shared.inventory import Disk, DiskId
from tests.agent.recorded_abilities import FROZEN, IDLE, MICRON, output, satadom
from tests.agent.recorded_answers import answer


@given(
    st.text(max_size=400)
    | st.lists(st.sampled_from(output("ata-micron-5300").splitlines()), max_size=90).map("\n".join)
)
def test_the_parsers_take_anything_and_what_they_tell_fits_its_shape(text: str) -> None:
    security, sanitize = parse_identity(text)
    state = parse_sanitize_state(text, own_port=True)
    told = Abilities(ata_security=security, ata_sanitize=sanitize and replace(sanitize, state=state))
    assert msgspec.json.decode(msgspec.json.encode(told), type=Abilities) == told
    assert parse_controller(text) is None
    assert with_log(NvmeSanitize(block=True), text) == NvmeSanitize(block=True)


def disk(name: str, transport: str, *, ata: bool = False) -> Disk:
    """A disk of this name, of which nothing is known yet."""
    return Disk(name=name, id=DiskId(serial=f"S-{name}", size=1 << 30), transport=transport, ata=ata)


SATA, NVME = disk("sda", "sata", ata=True), disk("nvme0n1", "nvme")
STICK, VIRTIO = disk("sdb", "usb"), disk("vda", "virtio")
RECORDED_ANSWERS = {
    ("hdparm", "-I", "/dev/sda"): output("ata-micron-5300"),
    ("hdparm", "--sanitize-status", "/dev/sda"): FROZEN,
    ("nvme", "id-ctrl", "/dev/nvme0n1", "--output-format=json"): output("nvme-wd-sn730"),
    ("nvme", "id-ns", "/dev/nvme0n1", "--output-format=json"): answer("handed-nvme-id-ns"),
    ("nvme", "sanitize-log", "/dev/nvme0n1", "--output-format=json"): output("nvme-log-done"),
}


def answers(command: Sequence[str]) -> str:
    """What the recorded disks answer."""
    return RECORDED_ANSWERS.get(tuple(command), "")


def queue(root: Path, name: str, most: int, granularity: int) -> None:
    """The kernel's word on a disk's discard."""
    here = root / "sys/block" / name / "queue"
    here.mkdir(parents=True)
    (here / "discard_max_hw_bytes").write_text(f"{most}\n")
    (here / "discard_granularity").write_text(f"{granularity}\n")


def test_each_disk_is_asked_what_its_kind_can_answer_and_a_usb_bridge_nothing(tmp_path: Path) -> None:
    queue(tmp_path, "sda", 2147450880, 512)
    queue(tmp_path, "vda", 0, 0)
    asked = set()

    def noted(command: Sequence[str]) -> str:
        asked.add(tuple(command))
        return answers(command)

    sata, nvme, stick, virtio = Asked(Host(tmp_path, noted, noted), (SATA, NVME, STICK, VIRTIO)).disks()
    assert asked == RECORDED_ANSWERS.keys()
    assert sata.can == Abilities(
        ata_security=MICRON[0],
        ata_sanitize=replace(MICRON[1], state="frozen"),
        discard=Discard(most=2147450880, granularity=512),
    )
    assert nvme.can.nvme_format == NvmeFormat(supported=True, crypto=True, sectors=(512, 4096))
    assert nvme.can.nvme_sanitize == NvmeSanitize(crypto=True, block=True, state="done")
    assert (nvme.can.ata_security, nvme.can.discard) == (None, None)
    assert stick.can == Abilities()
    assert virtio.can == Abilities(discard=Discard(most=0))
    assert [replace(each, can=Abilities()) for each in (sata, nvme, stick, virtio)] == [SATA, NVME, STICK, VIRTIO]


def test_a_disk_that_cannot_is_not_asked_how_far_it_is(tmp_path: Path) -> None:
    """An NVMe drive without such a log counts the question as an error of its own."""
    can = msgspec.json.decode(output("nvme-wd-sn730"), type=dict[str, object])
    without = {
        ("hdparm", "-I", "/dev/sda"): output("ata-toshiba-mk4058gsx"),
        ("nvme", "id-ctrl", "/dev/nvme0n1", "--output-format=json"): msgspec.json.encode(
            {**can, "sanicap": 0, "oacs": 0x15}
        ).decode(),
    }
    asked = []

    def noted(command: Sequence[str]) -> str:
        asked.append(tuple(command))
        return without.get(tuple(command), "")

    sata, nvme = Asked(Host(tmp_path, noted, noted), (SATA, NVME)).disks()
    assert sorted(asked) == sorted(without)
    assert (sata.can.ata_sanitize, nvme.can.nvme_sanitize) == (AtaSanitize(supported=False), NvmeSanitize())


@pytest.mark.parametrize(("transport", "state"), [("sata", "idle"), ("ata", "idle"), ("sas", None)])
def test_a_disk_behind_an_adapter_that_keeps_registers_is_not_called_idle(
    tmp_path: Path, transport: str, state: str | None
) -> None:
    def idle(command: Sequence[str]) -> str:
        return IDLE if "--sanitize-status" in command else answers(command)

    (told,) = Asked(Host(tmp_path, idle, idle), (disk("sda", transport, ata=True),)).disks()
    assert told.can.ata_sanitize == replace(MICRON[1], state=state)


def test_a_disk_that_does_not_answer_holds_up_no_other_and_is_not_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first has said who it is and hangs at its state: that much is told. Others hang at once; none waits longer
    than one."""
    monkeypatch.setattr(abilities, "PATIENCE", 1.0)
    dead, over = [disk(f"sd{letter}", "sata", ata=True) for letter in "cdefgh"], threading.Event()

    def hangs(command: Sequence[str]) -> str:
        if "--sanitize-status" in command or command[-1] in {f"/dev/{each.name}" for each in dead}:
            over.wait(30)
            return IDLE
        return answers(command)

    began = time.monotonic()
    sata, *others, nvme = Asked(Host(tmp_path, hangs, hangs), (SATA, *dead, NVME)).disks()
    assert time.monotonic() - began < 4
    assert sata.can == Abilities(ata_security=MICRON[0], ata_sanitize=MICRON[1])
    assert others == dead
    assert nvme.can.nvme_sanitize is not None
    over.set()


def test_disks_answer_side_by_side(tmp_path: Path) -> None:
    """Each waits until all are asked."""
    together = threading.Barrier(8, timeout=20)

    def waits(command: Sequence[str]) -> str:
        if "-I" in command:
            together.wait()
            return satadom("frozen")
        return ""

    found = Asked(
        Host(tmp_path, waits, waits), [disk(f"sd{letter}", "sata", ata=True) for letter in "abcdefgh"]
    ).disks()
    assert all(each.can.ata_security is not None and each.can.ata_security.frozen for each in found)


def test_a_transcript_has_both_outputs_whatever_the_status() -> None:
    assert transcribe(("sh", "-c", "echo out; echo err >&2; exit 5")) == "err\n\nout\n"
    assert transcribe(("no-such-program",)) == ""


def test_an_ata_disk_without_the_tool_is_not_told() -> None:
    """The real programs, of a disk that is not there."""
    (told,) = Asked(Host(), (disk("no-such-disk", "sata", ata=True),)).disks()
    assert told.can == Abilities()
