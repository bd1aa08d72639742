"""What hdparm printed of HPA and DCO; `recorded/answers/` has the outputs, each with its origin in its first lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.agent.answers.ata_hidden_areas import (
    ConfigurationOverlay,
    MaxSectors,
    parse_max_sectors,
    parse_overlay,
)
from tests.agent.recorded_answers import answer


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("ata-hpa-on", MaxSectors(312579695, 312581808, "hpa")),
        ("ata-hpa-off", MaxSectors(312581808, 312581808, "hpa")),
        ("ata-hpa-lifted", MaxSectors(976773168, 976773168, "hpa")),
        ("ata-hpa-of-a-usb-stick", None),
    ],
)
def test_what_real_disks_hide_is_read(name: str, wanted: MaxSectors | None) -> None:
    assert parse_max_sectors(answer(name)) == wanted


def test_how_much_is_hidden_is_the_difference() -> None:
    assert MaxSectors(312579695, 312581808, "hpa").hidden == 2113


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        # hdparm 9.65, hdparm.c: of a disk with ACS-3's AMAC in the place of an HPA.
        ("100/200, ACCESSIBLE MAX ADDRESS enabled", MaxSectors(100, 200, "amac")),
        ("200/200, ACCESSIBLE MAX ADDRESS disabled", MaxSectors(200, 200, "amac")),
        ("200/200, HPA is enabled", None),
        ("100/200, HPA is disabled", None),
        ("199/200, HPA is enabled", MaxSectors(199, 200, "hpa")),
        ("200/100, HPA is enabled", None),
        ("0/0, HPA is disabled", None),
        ("1/2, HPA is enabled", None),
        (f"2/{2**48}, HPA is enabled", None),
        (f"2/{2**48 - 1}, HPA is enabled", MaxSectors(2, 2**48 - 1, "hpa")),
        # As an old disk answered (a public note on GitHub about reading its array).
        ("66055248/1(156301488?), HPA setting seems invalid (buggy kernel device driver?)", None),
    ],
)
def test_figures_that_contradict_each_other_are_not_told(said: str, wanted: MaxSectors | None) -> None:
    text = f"\n/dev/sda:\n max sectors   = {said}\n"
    assert parse_max_sectors(text) == wanted
    assert parse_max_sectors(text * 2) is None
    assert parse_max_sectors("SG_IO: bad/missing sense data, sb[]:  70 00\n" + text) is None


def test_the_size_of_the_factory_is_read_from_an_overlay_whose_sum_is_right() -> None:
    said = answer("ata-dco")
    assert parse_overlay(said) == ConfigurationOverlay(5860533168)
    assert parse_overlay(said.replace("DCO Checksum verified.", "DCO Checksum FAILED!")) is None
    assert parse_overlay(said.replace("DCO Checksum verified.", "")) is None
    assert parse_overlay(said.replace("DCO Revision", "Revision")) is None
    assert parse_overlay(said.replace("5860533168", "1")) is None
    assert parse_overlay(said.replace("5860533168", "2")) == ConfigurationOverlay(2)
    assert parse_overlay(said.replace("5860533168", str(2**48))) is None
    assert parse_overlay(said * 2) is None
    assert parse_overlay(said + " HDIO_DRIVE_CMD(dco_identify) failed: Input/output error\n") is None


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading(text: str) -> None:
    assert parse_max_sectors(text) is None
    assert parse_overlay(text) is None
