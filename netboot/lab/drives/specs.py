"""Every kind of lab drive: its spec, as JSON has it (`kind` tells them apart), and how it is made."""

import msgspec

from netboot.lab.drives.control import Controlled
from netboot.lab.drives.nvme.controller import NvmeController
from netboot.lab.drives.nvme.drive import NvmeDrive
from netboot.lab.drives.nvme.spec import NvmeSpec

Spec = NvmeSpec
"""One drive, or one controller with its drives."""


def parse_spec(data: bytes) -> Spec:
    """A spec in JSON. Raises msgspec.DecodeError, msgspec.ValidationError."""
    return msgspec.json.decode(data, type=Spec)


def make(spec: Spec) -> Controlled:
    """The drive, without power; its images are there. Raises OSError, ValueError, msgspec.ValidationError."""
    return NvmeController(NvmeDrive(spec))
