"""Which kernel modules are kept, from depmod's texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.bootfiles.modules import Index, closure, parse_aliases, parse_dependencies, parse_soft_dependencies
from netboot.bootfiles.recipe import Choice
from netboot.shared.errors import NetbootError

# Lines of modules.dep, modules.softdep and modules.alias, by kmod 34.2's depmod from Debian's 6.12.117+deb13-amd64.
DEP = """\
kernel/drivers/ata/ahci.ko.xz: kernel/drivers/ata/libahci.ko.xz kernel/drivers/ata/libata.ko.xz \
kernel/drivers/scsi/scsi_mod.ko.xz kernel/drivers/scsi/scsi_common.ko.xz
kernel/drivers/ata/libahci.ko.xz: kernel/drivers/ata/libata.ko.xz kernel/drivers/scsi/scsi_mod.ko.xz \
kernel/drivers/scsi/scsi_common.ko.xz
kernel/drivers/ata/libata.ko.xz: kernel/drivers/scsi/scsi_mod.ko.xz kernel/drivers/scsi/scsi_common.ko.xz
kernel/drivers/scsi/scsi_mod.ko.xz: kernel/drivers/scsi/scsi_common.ko.xz
kernel/drivers/scsi/scsi_common.ko.xz:
kernel/fs/btrfs/btrfs.ko.xz: kernel/crypto/xor.ko.xz kernel/lib/raid6/raid6_pq.ko.xz kernel/lib/libcrc32c.ko.xz
kernel/crypto/xor.ko.xz:
kernel/lib/raid6/raid6_pq.ko.xz:
kernel/lib/libcrc32c.ko.xz:
kernel/crypto/blake2b_generic.ko.xz:
"""
SOFT = """\
# Soft dependencies extracted from modules themselves.
softdep btrfs pre: blake2b-256
softdep btrfs pre: sha256
"""
ALIASES = """\
alias pci:v*d*sv*sd*bc01sc06i01* ahci
alias blake2b-256 blake2b_generic
alias crypto-blake2b-256 blake2b_generic
"""


def _kept(*patterns: str, without: tuple[str, ...] = ()) -> set[str]:
    index = Index(parse_dependencies(DEP), parse_soft_dependencies(SOFT), parse_aliases(ALIASES))
    return {path.rpartition("/")[2].partition(".")[0] for path in closure(Choice(patterns, without), index)}


def test_what_a_module_needs_is_kept_with_it() -> None:
    assert _kept("drivers/ata/ahci.*") == {"ahci", "libahci", "libata", "scsi_mod", "scsi_common"}


def test_what_a_module_would_like_is_kept_by_whatever_name_it_has() -> None:
    assert _kept("fs/btrfs/*") == {"btrfs", "xor", "raid6_pq", "libcrc32c", "blake2b_generic"}


def test_without_takes_away_a_choice_but_never_a_need() -> None:
    assert _kept("drivers/scsi/*", without=("drivers/scsi/scsi_mod.*",)) == {"scsi_common"}
    assert "libata" in _kept("drivers/ata/ahci.*", without=("drivers/ata/libata.*",))


def test_a_pattern_without_a_module_stops_the_build_and_is_named() -> None:
    with pytest.raises(NetbootError, match=r"drivers/nvme/\*"):
        _kept("drivers/ata/*", "drivers/nvme/*")


@given(st.binary())
def test_any_text_is_read_without_an_error(content: bytes) -> None:
    for parse in (parse_dependencies, parse_soft_dependencies, parse_aliases):
        parse(content.decode("latin-1"))
