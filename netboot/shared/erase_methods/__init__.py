"""The methods of erasing a disk: the one list.

A method's other parts are found by its name: its evidence and its name for people in a module of this folder, whether a
disk may be erased by it, which level it reaches and what proves it in `jobs/erase_methods/`, who does it in
`agent/erase/`, its rows on the page in `webui/templates/proof_NAME.html.j2`. A module's name has _ for -.
"""

from collections.abc import Mapping
from functools import reduce
from importlib import import_module
from operator import or_
from typing import TYPE_CHECKING, Final, Literal, cast, get_args

from netboot.shared.erase_methods.kind import MethodEvidence, MethodKind
from netboot.shared.language import Language

Method = Literal[
    "nvme-sanitize-block",
    "nvme-sanitize-crypto",
    "nvme-format",
    "nvme-format-crypto",
    "ata-sanitize-block",
    "ata-sanitize-crypto",
    "scsi-sanitize-block",
    "scsi-sanitize-crypto",
    "ata-erase-enhanced",
    "ata-erase",
    "nvme-sanitize-overwrite",
    "ata-sanitize-overwrite",
    "scsi-sanitize-overwrite",
    "opal-revert",
    "overwrite",
]
"""From the first that is taken to the last, where more than one reaches what is wanted."""


def module_of(method: Method) -> str:
    """How the modules of this method are called."""
    return method.replace("-", "_")


def _kind(name: Method) -> MethodKind:
    kind = import_module(f"{__name__}.{module_of(name)}").KIND
    if not isinstance(kind, MethodKind):
        raise TypeError(f"netboot/shared/erase_methods/{module_of(name)}.py has no KIND")
    if kind.evidence.__struct_config__.tag != name:
        raise TypeError(f"{kind.evidence.__name__} has not its method's name as its tag")
    return kind


KINDS: Final[Mapping[Method, MethodKind]] = {name: _kind(name) for name in get_args(Method)}

if TYPE_CHECKING:
    AnyEvidence = MethodEvidence
else:  # what a message may hold: one of these, told apart by its tag
    AnyEvidence = reduce(or_, (kind.evidence for kind in KINDS.values()))


def method_of(evidence: MethodEvidence) -> Method:
    """The method whose evidence this is."""
    return cast(Method, type(evidence).__struct_config__.tag)


def method_name(method: Method, language: Language) -> str:
    """A method's name for people."""
    return KINDS[method].name[language]
