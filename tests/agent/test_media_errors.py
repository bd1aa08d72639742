"""A drive's count of its media errors has 128 bits, and a message 63: whatever a drive says, its evidence arrives."""

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from netboot.agent.erase.firmware.nvme import parse_media_errors
from netboot.shared.erase_methods.nvme_format import NvmeFormatted


@given(st.integers(-(2**64), 2**128 - 1))
@example(0)
@example(1)
@example(2**63 - 1)
def test_whatever_number_a_drive_counts_goes_into_its_evidence(number: int) -> None:
    found = parse_media_errors(f'{{"critical_warning":0,"media_errors":{number},"num_err_log_entries":1}}')
    said = NvmeFormatted(media_errors=found)
    assert msgspec.json.decode(msgspec.json.encode(said), type=NvmeFormatted) == said
    assert found == min(max(number, 0), 2**63 - 1)


def test_what_is_no_such_answer_tells_nothing() -> None:
    for text in ("", "{}", '{"media_errors":"many"}', "NVMe status: INVALID_FIELD(0x2)", "[" * 5000):
        assert parse_media_errors(text) is None
