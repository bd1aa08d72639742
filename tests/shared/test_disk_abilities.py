"""What an agent may put into a disk's abilities is bounded, and takes little room."""

import msgspec
import pytest
from msgspec.structs import fields, replace

from netboot.shared.disk_abilities import (
    Abilities,
    Announced,
    AtaSanitize,
    AtaSecurity,
    Discard,
    NvmeFormat,
    NvmeSanitize,
    Opal,
    SanitizeTimes,
    ScsiSanitize,
)
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.protocol import MESSAGE_LIMIT, ProtocolError, decode_from_agent, encode
from tests.records.conftest import hello, pc

LONG = Announced(seconds=2**32 - 1, or_longer=True)
TIMES = SanitizeTimes(crypto=2**32 - 1, block=2**32 - 1, overwrite=2**32 - 1)
MOST = Abilities(
    ata_security=AtaSecurity(
        supported=True,
        enabled=True,
        locked=True,
        frozen=True,
        expired=True,
        maximum=True,
        enhanced=True,
        time=LONG,
        enhanced_time=LONG,
    ),
    ata_sanitize=AtaSanitize(supported=True, crypto=True, block=True, overwrite=True, antifreeze=True, state="running"),
    nvme_format=NvmeFormat(supported=True, crypto=True, formats_all=True, erases_all=True, sectors=(512, 4096)),
    nvme_sanitize=NvmeSanitize(
        crypto=True,
        block=True,
        overwrite=True,
        no_deallocate=True,
        purges_on_demand=True,
        times=TIMES,
        times_no_deallocate=TIMES,
        state="running",
    ),
    opal=Opal(owned=True, locked=True, shadow=True, encrypts=True),
    scsi_sanitize=ScsiSanitize(crypto=True, block=True, overwrite=True, state="running"),
    discard=Discard(most=2**63 - 1, granularity=2**63 - 1),
)


def test_a_hello_of_as_many_disks_as_it_may_list_has_room_for_all_that_they_can() -> None:
    """A disk's abilities are about 1 KB at most whatever an agent says, and every field of them is told here."""
    assert len(msgspec.json.encode(MOST)) < 1100
    parts = [MOST, *(getattr(MOST, field.name) for field in fields(MOST))]
    told = [(field, getattr(part, field.name)) for part in parts for field in fields(part)]
    assert [field.name for field, value in told if value == field.default] == []
    disks = tuple(
        Disk(name=f"sd{n}", id=DiskId(serial=f"S{n:019d}", wwn=f"0x{n:016x}", size=10**12), can=MOST)
        for n in range(128)
    )
    said = hello(replace(pc(), disks=disks), "boot-1")
    text = encode(said)
    assert len(text) < MESSAGE_LIMIT // 2
    assert decode_from_agent(text) == said


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ('"seconds":4294967295', '"seconds":4294967296'),
        ('"block":4294967295', '"block":-1'),
        ('"block":4294967295', '"block":1e300'),
        ('"state":"running"', '"state":"erased"'),
        ('"most":9223372036854775807', '"most":9223372036854775808'),
        ('"locked":true', '"locked":"true"'),
    ],
)
def test_what_does_not_fit_is_no_hello(was: str, becomes: str) -> None:
    disk = Disk(name="sda", id=DiskId(serial="S1", size=10**12), can=MOST)
    text = encode(hello(replace(pc(), disks=(disk,)), "boot-1"))
    assert was in text
    with pytest.raises(ProtocolError):
        decode_from_agent(text.replace(was, becomes))


def test_a_hello_of_before_is_read_as_of_disks_that_told_nothing() -> None:
    said = hello(pc(), "boot-1")
    text = encode(said)
    assert ',"can":{}' in text
    assert decode_from_agent(text.replace(',"can":{}', "")) == said
