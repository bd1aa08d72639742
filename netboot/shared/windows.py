"""An installed Windows as a survey knows it, and the answer file by which one becomes a PC's own.

Windows makes itself new at its first start once `sysprep /generalize /oobe` has prepared it: it gets an identity (SID)
and asks its owner for an account. What is decided beforehand is read from an answer file in %WINDIR%\\Panther, where
Microsoft's "Windows Setup Automation Overview" has it searched. Its state is ImageState, by "Windows Setup States".
Only facts and what follows from them. Pure. Not for: reading them (`survey/windows.py`), what the answer file says
(`jobs/answer_file.py`), writing it (`agent/customise/windows.py`).
"""

import hashlib
import re
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

READY: Final = "IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE"
"""The image was generalised, and asks its owner at the next start."""
ANSWER_FILE: Final = "unattend.xml"
ANSWER_MODE: Final = 0o644
"""Who may do what with it, as ntfs-3g reads Windows' own lists: the system and its administrators write, all read."""
UNATTEND_VALUE: Final = "HKLM/SYSTEM/Setup/UnattendFile"
"""Where the registry may name an answer file, which counts before all others."""

_NAME: Final = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]"


class AnswerFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the file says, in ASCII, and its path from the root of its file system."""

    path: Annotated[str, Meta(pattern=r"^[A-Za-z]{7}/[A-Za-z]{7}/unattend\.xml\Z")]
    text: Annotated[str, Meta(max_length=32768, pattern=r"^[\n\x20-\x7e]+\Z")]

    @property
    def digest(self) -> str:
        """SHA-256 of the text, in hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()


class Windows(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The Windows on the partition of this number. "" is for what could not be read.

    `name`: edition, version and build, for people. `state`: ImageState. `language`: that which it was installed in, as
    a locale's first two words (fr_FR). `panther`: %WINDIR%\\Panther as it is written on the disk. `answers`: the answer
    files that it has already, None when that is not known.
    """

    partition: Annotated[int, Meta(ge=1, le=128)]
    name: Annotated[str, Meta(max_length=120, pattern=rf"^{_NAME}*\Z")] = ""
    state: Annotated[str, Meta(pattern=r"^([A-Z_]{1,64})?\Z")] = ""
    architecture: Literal["amd64", "x86", "arm64", ""] = ""
    language: Annotated[str, Meta(pattern=r"^([a-z]{2,3}_[A-Z]{2})?\Z")] = ""
    panther: Annotated[str, Meta(pattern=r"^([A-Za-z]{7}/[A-Za-z]{7})?\Z")] = ""
    answers: Annotated[tuple[Annotated[str, Meta(max_length=80)], ...], Meta(max_length=16)] | None = None

    @property
    def build(self) -> int:
        """Its build by its name, 0 where that does not say it."""
        told = re.search(r"\((\d{1,8})\)\Z", self.name)
        return int(told[1]) if told else 0

    @property
    def obstacle(self) -> str:
        """What keeps it from becoming a PC's own, in Windows' own words; "?" for what is not known, "" for nothing."""
        if self.state != READY:
            return self.state or "ImageState: ?"
        if self.answers:
            return ", ".join(self.answers)
        if self.answers is None or not self.panther or not self.architecture:
            return "?"
        return ""
