"""What each method of erasing counts as on each medium, with the source and the condition: the one table. Pure.

The levels are those of NIST SP 800-88. Revision 2 (September 2025), which is in force, names no technique for a medium
and points to IEEE 2883, whose text is not public; revision 1 (2014), which it took the place of, names techniques in
its appendix A, and is older than NVMe's Sanitize. The only public table "based on IEEE 2883" is that of Seagate's
openSeaChest, which its program openSeaChest_Erase prints for the drive at hand (--showEraseSupport). Where the two
disagree, the lower stands here.

None says that we conform to anything. Reading the disk back goes beyond what revision 2 asks for. No level stands here
of a method that reached it in no public text, and TRIM is no method at all. `docs/erasure.md` shows this table, and a
test holds it to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from netboot.shared.erase_methods import Method
from netboot.shared.stages.erase import Level, Medium


@dataclass(frozen=True, slots=True)
class Counts:
    """What a proven erase counts as, by which text, and on which condition that nobody checks ("" for none)."""

    level: Level
    source: str
    condition: str = ""


_TOOL: Final = "openSeaChest"
_BOTH: Final = "openSeaChest; SP 800-88r1, appendix A (withdrawn)"
_NOT_R1: Final = "SP 800-88r1, appendix A (withdrawn), does not name it for SSDs; openSeaChest says Purge"
_LOWER: Final = "SP 800-88r1, appendix A (withdrawn); openSeaChest says Purge"
_R1_HIGHER: Final = "; SP 800-88r1, appendix A (withdrawn), says Purge"
_R1_ONLY: Final = "SP 800-88r1, appendix A (withdrawn), says Purge; openSeaChest lists none"
_PERHAPS: Final = "openSeaChest, which says “Clear, Possible Purge”"
_KEY: Final = (
    "no plain text was ever stored, the key has 128 bits or more, no copy of it is left (SP 800-88r2): not checked"
)
_SPARE: Final = "does not reach spare and retired blocks"
EMMC_SPARE: Final = "does not reach spare and retired blocks, nor the boot areas and RPMB, which are the firmware's"
_SPARE_IF: Final = "if it is flash, does not reach spare and retired blocks"
_NONE: Final = Counts("none", "no public text")

TABLE: Final[Mapping[Method, Mapping[Medium, Counts]]] = {
    "nvme-sanitize-block": {"magnetic": _NONE, "flash": Counts("purge", _TOOL), "not-told": _NONE},
    "nvme-sanitize-crypto": {
        "magnetic": Counts("purge", _TOOL, _KEY),
        "flash": Counts("purge", _TOOL, _KEY),
        "not-told": _NONE,
    },
    "nvme-sanitize-overwrite": {
        "magnetic": Counts("purge", _TOOL),
        "flash": Counts("clear", _NOT_R1),
        "not-told": _NONE,
    },
    "nvme-format": {
        "magnetic": Counts("clear", _TOOL),
        "flash": Counts("clear", _TOOL + _R1_HIGHER),
        "not-told": _NONE,
    },
    "nvme-format-crypto": {
        "magnetic": Counts("clear", _PERHAPS, _KEY),
        "flash": Counts("clear", _PERHAPS + _R1_HIGHER, _KEY),
        "not-told": _NONE,
    },
    "ata-sanitize-block": {"magnetic": _NONE, "flash": Counts("purge", _BOTH), "not-told": _NONE},
    "ata-sanitize-crypto": {
        "magnetic": Counts("purge", _BOTH, _KEY),
        "flash": Counts("purge", _BOTH, _KEY),
        "not-told": _NONE,
    },
    "ata-sanitize-overwrite": {
        "magnetic": Counts("purge", _BOTH),
        "flash": Counts("clear", _NOT_R1),
        "not-told": _NONE,
    },
    "ata-erase-enhanced": {
        "magnetic": Counts("purge", _BOTH),
        "flash": Counts("clear", _LOWER),
        "not-told": _NONE,
    },
    "ata-erase": {
        "magnetic": Counts("clear", _TOOL),
        "flash": Counts("clear", _TOOL),
        "not-told": _NONE,
    },
    "scsi-sanitize-block": {"magnetic": _NONE, "flash": Counts("purge", _TOOL), "not-told": _NONE},
    "scsi-sanitize-crypto": {
        "magnetic": Counts("purge", _TOOL, _KEY),
        "flash": Counts("purge", _TOOL, _KEY),
        "not-told": _NONE,
    },
    "scsi-sanitize-overwrite": {
        "magnetic": Counts("purge", _TOOL),
        "flash": Counts("clear", _NOT_R1),
        "not-told": _NONE,
    },
    "opal-revert": {
        "magnetic": Counts("clear", _R1_ONLY, _KEY),
        "flash": Counts("clear", _R1_ONLY, _KEY),
        "not-told": _NONE,
    },
    "overwrite": {
        "magnetic": Counts("clear", _BOTH),
        "flash": Counts("clear", _BOTH, _SPARE),
        "not-told": Counts("clear", _BOTH, _SPARE_IF),
    },
}


def counts_as(method: Method, medium: Medium, transport: str) -> Counts:
    """What this method counts as on a disk of this kind; of an eMMC also that its firmware's areas are left alone."""
    counts = TABLE[method][medium]
    soldered = transport == "mmc" and counts.condition == _SPARE
    return replace(counts, condition=EMMC_SPARE) if soldered else counts


def levels_of(method: Method) -> Mapping[Medium, Level]:
    """What this method reaches on each medium once it is proven."""
    return {medium: counts.level for medium, counts in TABLE[method].items()}
