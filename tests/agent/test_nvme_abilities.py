"""What NVMe drives say that they can do to erase themselves, read from what a real tool printed of real drives.

`recorded/abilities/` holds the outputs, each with its origin in its first lines.
"""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from netboot.agent.disks.nvme_abilities import parse_controller, with_log
from netboot.shared.disk_abilities import Abilities, NvmeFormat, NvmeSanitize, SanitizeTimes
from tests.agent.recorded_abilities import output


def test_what_real_nvme_drives_can_do_is_read() -> None:
    sanitize = NvmeSanitize(crypto=True, block=True)
    assert parse_controller(output("nvme-wd-sn730")) == (NvmeFormat(supported=True, crypto=True), sanitize)
    assert parse_controller(output("nvme-wd-sn730-no-format")) == (NvmeFormat(supported=False), sanitize)


@pytest.mark.parametrize(
    ("oacs", "fna", "sanicap", "wanted"),
    [
        (0x17, 0, 0, (NvmeFormat(supported=True), NvmeSanitize())),
        (0x15, 7, 0, (NvmeFormat(supported=False), NvmeSanitize())),
        (0x17, 1, 0xA0000002, (NvmeFormat(supported=True, formats_all=True), NvmeSanitize(block=True))),
        (0x17, 0, 0x20, (NvmeFormat(supported=True), NvmeSanitize())),
        (
            0x17,
            0,
            0x20000022,
            (NvmeFormat(supported=True), NvmeSanitize(block=True, purges_on_demand=True)),
        ),
        (0x2, 2, 0x4, (NvmeFormat(supported=True, erases_all=True), NvmeSanitize(overwrite=True, no_deallocate=True))),
    ],
)
def test_each_bit_of_an_nvme_controller_has_its_meaning(
    oacs: int, fna: int, sanicap: int, wanted: tuple[NvmeFormat, NvmeSanitize]
) -> None:
    """The recorded answer with other figures; 0xa0000002 is that of a Kingston SNV2S250G (FOGProject/fos #72)."""
    said = msgspec.json.decode(output("nvme-wd-sn730"), type=dict[str, object])
    assert (
        parse_controller(msgspec.json.encode({**said, "oacs": oacs, "fna": fna, "sanicap": sanicap}).decode()) == wanted
    )


def test_the_log_of_a_sanitize_is_read_and_a_time_that_is_not_reported_is_not_told() -> None:
    can = NvmeSanitize(block=True, no_deallocate=True)
    assert with_log(can, output("nvme-log-stuck")) == replace(can, state="running")
    assert with_log(can, output("nvme-log-done")) == replace(can, state="done")
    two = msgspec.json.decode(output("nvme-log-done"), type=dict[str, object])
    assert with_log(can, msgspec.json.encode({**two, "nvme1n1": two["nvme0n1"]}).decode()) == can
    told = output("nvme-log-done").replace('"time_block_erase":4294967295', '"time_block_erase":0')
    told = told.replace('"time_crypto_erase":4294967295', '"time_crypto_erase":2')
    told = told.replace('"time_over_write_no_dealloc":0', '"time_over_write_no_dealloc":7200')
    assert with_log(can, told) == replace(
        can,
        state="done",
        times=SanitizeTimes(crypto=2, block=0),
        times_no_deallocate=SanitizeTimes(overwrite=7200),
    )


def test_a_log_of_zeros_where_nothing_was_read_is_not_believed() -> None:
    """What libnvme 1.12 gave (linux-nvme/libnvme #979, #980): 0 for the progress, the status and every time."""
    zeros = output("nvme-log-done").replace("65535", "0").replace("4294967295", "0")
    zeros = zeros.replace(
        "(1) Most Recent Sanitize Command Completed Successfully.", "(0) NVM subsystem has never been sanitized"
    )
    assert with_log(NvmeSanitize(block=True), zeros) == NvmeSanitize(block=True)


ANY = st.integers(-(2**70), 2**70) | st.none() | st.text(max_size=5) | st.floats()


@given(st.fixed_dictionaries(dict.fromkeys(("oacs", "fna", "sanicap"), ANY)))
def test_no_figure_of_a_controller_breaks_its_shape(said: dict[str, object]) -> None:
    told = parse_controller(msgspec.json.encode(said).decode())
    if told is not None:
        whole = Abilities(nvme_format=told[0], nvme_sanitize=told[1])
        assert msgspec.json.decode(msgspec.json.encode(whole), type=Abilities) == whole


TIMES = ("time_over_write", "time_block_erase", "time_crypto_erase")
FIELDS = ("sprog", *TIMES, *(f"{name}_no_dealloc" for name in TIMES))
FIGURES = st.integers(-(2**33), 2**33) | st.sampled_from([0, -1, 65535, 2**32 - 1, 2**32])
LOGS = st.fixed_dictionaries(dict.fromkeys(FIELDS, FIGURES)) | st.fixed_dictionaries(dict.fromkeys(FIELDS, ANY))


@given(st.text(max_size=8), LOGS, st.text(max_size=9) | st.just("(2) Sanitize in Progress."))
def test_no_figure_of_a_log_breaks_its_shape(name: str, log: dict[str, object], status: str) -> None:
    text = msgspec.json.encode({name: {**log, "sstat": {"status": status}}}).decode()
    told = Abilities(nvme_sanitize=with_log(NvmeSanitize(block=True), text))
    assert msgspec.json.decode(msgspec.json.encode(told), type=Abilities) == told
