"""Generations and levels, read from Debian's signed shim and GRUB as they were fetched; and from what is neither."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.bootfiles import BootFiles
from netboot.survey.sbat import generations, level, revoked, section


@pytest.mark.lab
def test_debians_shim_and_grub_tell_their_generations_and_the_shim_its_level(built: BootFiles) -> None:
    shim, grub = built.path("shimx64.efi").read_bytes(), built.path("grubx64.efi").read_bytes()
    own, loaders, asked = generations(shim), generations(grub), level(shim)
    assert own is not None
    assert loaders is not None
    assert asked is not None
    assert {"sbat", "shim", "shim.debian"} <= set(own)
    assert {"sbat", "grub", "grub.debian"} <= set(loaders)
    # What objcopy and strings showed of shim 16.1: the automatic level, not the latest one behind it.
    assert asked["shim"] >= 4
    assert asked["grub"] >= 5
    assert "grub.proxmox" not in asked
    assert revoked(own, asked) == revoked(loaders, asked) == ""
    assert level(grub) is None


@pytest.mark.lab
def test_a_loader_one_generation_too_old_is_named(built: BootFiles) -> None:
    asked = level(built.path("shimx64.efi").read_bytes())
    assert asked is not None
    least = asked["grub"]
    # The lines of Debian 12's GRUB before its update of 2025 (2.06-13+deb12u1): grub,4 and grub.debian,4.
    assert revoked({"sbat": 1, "grub": least - 1, "grub.debian": 4}, asked) == f"grub {least - 1}, needs {least}"
    assert revoked({"sbat": 1, "grub": least}, asked) == ""
    assert revoked({"sbat": 1, "systemd-boot": 1}, asked) == ""


@pytest.mark.lab
@pytest.mark.parametrize("name", ["vmlinuz", "undionly.kpxe", "agent-base.img"])
def test_what_is_no_loader_with_generations_tells_none(built: BootFiles, name: str) -> None:
    content = built.path(name).read_bytes()[: 1 << 20]
    assert level(content) is None
    if name != "vmlinuz":  # Debian's kernel is a PE file of its own
        assert generations(content) is None


@given(st.binary(max_size=512))
def test_bytes_that_are_no_loader_raise_nothing(data: bytes) -> None:
    assert section(data, ".sbat") is None or data[:2] == b"MZ"
    generations(data)
    level(data)


@given(st.data())
@pytest.mark.lab
def test_a_shim_with_changed_bytes_raises_nothing(built: BootFiles, data: st.DataObject) -> None:
    whole = built.path("shimx64.efi").read_bytes()
    content = bytearray(whole[:4096] + whole[-4096:])
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    generations(bytes(content))
    level(bytes(content))
