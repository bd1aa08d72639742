"""What an NVMe drive can do to erase itself, from nvme-cli's JSON. Pure.

Sources: NVM Express base specification 2.0, Identify Controller (OACS bit 1, FNA, SANICAP); the JSON is nvme-cli 2.13's
(Debian 13).
Not for: running nvme-cli (`abilities.py`); the sanitize log (`agent/answers/nvme_sanitize_log.py`); namespaces
(`nvme_namespaces.py`).
"""

from typing import Final, get_args

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from netboot.agent.answers.nvme_namespace import parse_plain_formats
from netboot.agent.answers.nvme_sanitize_log import Times, parse_json
from netboot.shared.disk_abilities import NvmeFormat, NvmeSanitize, SanitizeTimes, SectorSize

_CAN_FORMAT: Final = 1 << 1
"""Of OACS."""
_FORMATS_ALL, _ERASES_ALL, _FORMAT_CRYPTO = 1 << 0, 1 << 1, 1 << 2
"""Of FNA."""
_CRYPTO, _BLOCK, _OVERWRITE, _PURGES, _ALWAYS_DEALLOCATES = 1 << 0, 1 << 1, 1 << 2, 1 << 5, 1 << 29
"""Of SANICAP; the last two are Sanitize Purge Request and Reporting Supported, of TP4218 (nvme-cli's commit 5dd0837b4),
and No-Deallocate Inhibited."""


class _Controller(Struct):
    oacs: int
    fna: int
    sanicap: int


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
    purges = sanitize.supported and bool(controller.sanicap & _PURGES)
    return _format(controller), replace(sanitize, no_deallocate=kept, purges_on_demand=purges)


def with_log(sanitize: NvmeSanitize, text: str) -> NvmeSanitize:
    """The same with its state and times, from `nvme sanitize-log --output-format=json`, if that is such a log."""
    log = parse_json(text)
    if log is None:
        return sanitize
    return replace(
        sanitize,
        state=log.state,
        times=_kept(log.times),
        times_no_deallocate=_kept(log.times_no_deallocate),
    )


def with_sectors(can: NvmeFormat, text: str) -> NvmeFormat:
    """The same with the sizes that its sectors may have, from `nvme id-ns --output-format=json`."""
    offered = parse_plain_formats(text)
    return replace(can, sectors=tuple(size for size in get_args(SectorSize) if size in offered))


def _format(controller: _Controller) -> NvmeFormat:
    if not controller.oacs & _CAN_FORMAT:
        return NvmeFormat(supported=False)
    return NvmeFormat(
        supported=True,
        crypto=bool(controller.fna & _FORMAT_CRYPTO),
        formats_all=bool(controller.fna & _FORMATS_ALL),
        erases_all=bool(controller.fna & _ERASES_ALL),
    )


def _kept(times: Times) -> SanitizeTimes:
    return SanitizeTimes(crypto=times.crypto, block=times.block, overwrite=times.overwrite)
