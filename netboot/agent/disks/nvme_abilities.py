"""What an NVMe drive can do to erase itself, from nvme-cli's JSON. Pure.

Sources: NVM Express base specification 2.0, Identify Controller (OACS bit 1, FNA, SANICAP) and the sanitize log; the
JSON is nvme-cli 2.13's (Debian 13). libnvme 1.12 printed zeros where it had nothing (libnvme #979): but a drive at rest
has a progress of 65535, so such a log is not believed.
Not for: running nvme-cli (`abilities.py`); namespaces (`nvme_namespaces.py`).
"""

import re
from typing import Final

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from netboot.shared.disk_abilities import NvmeFormat, NvmeSanitize, NvmeSanitizeState, SanitizeTimes

_CAN_FORMAT: Final = 1 << 1
"""Of OACS."""
_FORMATS_ALL, _ERASES_ALL, _FORMAT_CRYPTO = 1 << 0, 1 << 1, 1 << 2
"""Of FNA."""
_CRYPTO, _BLOCK, _OVERWRITE, _ALWAYS_DEALLOCATES = 1 << 0, 1 << 1, 1 << 2, 1 << 29
"""Of SANICAP; the last is the No-Deallocate Inhibited bit."""
_NO_TIME: Final = 2**32 - 1
_AT_REST: Final = 0xFFFF
_STATUS: Final = re.compile(r"\(([0-7])\)")
_STATES: Final[dict[str, NvmeSanitizeState]] = {
    "0": "never",
    "1": "done",
    "2": "running",
    "3": "failed",
    "4": "done",  # and everything was deallocated, though not asked for
}


class _Controller(Struct):
    oacs: int
    fna: int
    sanicap: int


class _Status(Struct):
    status: str


class _Log(Struct):
    sprog: int
    sstat: _Status
    time_over_write: int
    time_block_erase: int
    time_crypto_erase: int
    time_over_write_no_dealloc: int | UnsetType = UNSET
    time_block_erase_no_dealloc: int | UnsetType = UNSET
    time_crypto_erase_no_dealloc: int | UnsetType = UNSET


def parse_controller(text: str) -> tuple[NvmeFormat, NvmeSanitize] | None:
    """Both from `nvme id-ctrl --output-format=json`, without what the log tells; None when it is no such output."""
    try:
        controller = msgspec.json.decode(text, type=_Controller)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    sanitize = NvmeSanitize(
        crypto=bool(controller.sanicap & _CRYPTO),
        block=bool(controller.sanicap & _BLOCK),
        overwrite=bool(controller.sanicap & _OVERWRITE),
    )
    kept = sanitize.supported and not controller.sanicap & _ALWAYS_DEALLOCATES
    return _format(controller), replace(sanitize, no_deallocate=kept)


def with_log(sanitize: NvmeSanitize, text: str) -> NvmeSanitize:
    """The same with its state and times, from `nvme sanitize-log --output-format=json`, if that is such a log."""
    try:
        logs = msgspec.json.decode(text, type=dict[str, _Log])
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return sanitize
    if len(logs) != 1:
        return sanitize
    (log,) = logs.values()
    status = _STATUS.match(log.sstat.status)
    state = _STATES.get(status[1]) if status else None
    if state is None or (state != "running" and log.sprog != _AT_REST):
        return sanitize
    return replace(
        sanitize,
        state=state,
        times=SanitizeTimes(
            crypto=_seconds(log.time_crypto_erase),
            block=_seconds(log.time_block_erase),
            overwrite=_seconds(log.time_over_write),
        ),
        times_no_deallocate=SanitizeTimes(
            crypto=_later(log.time_crypto_erase_no_dealloc),
            block=_later(log.time_block_erase_no_dealloc),
            overwrite=_later(log.time_over_write_no_dealloc),
        ),
    )


def _format(controller: _Controller) -> NvmeFormat:
    if not controller.oacs & _CAN_FORMAT:
        return NvmeFormat(supported=False)
    return NvmeFormat(
        supported=True,
        crypto=bool(controller.fna & _FORMAT_CRYPTO),
        formats_all=bool(controller.fna & _FORMATS_ALL),
        erases_all=bool(controller.fna & _ERASES_ALL),
    )


def _seconds(announced: int) -> int | None:
    """0 is a time: the drive is done when it has answered."""
    return announced if 0 <= announced < _NO_TIME else None


def _later(announced: int | UnsetType) -> int | None:
    """A time that only NVMe 1.4 brought: before, its place holds zeros."""
    return _seconds(announced) if isinstance(announced, int) and announced else None
