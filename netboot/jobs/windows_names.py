"""Names that Windows can have for files, by Microsoft's "Naming Files, Paths, and Namespaces" and "Maximum Path Length
Limitation": what a Linux has no trouble with may be no file there, or one and the same. Pure."""

import re
from collections.abc import Iterable
from typing import Final

LONGEST: Final = 247 - len("C:\\")
"""Characters of a path below C:\\, so that its folder may have that many too (MAX_PATH less 8.3 and the end)."""
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9])( *\..*)?", re.IGNORECASE)
_FORBIDDEN: Final = re.compile(r'[<>:"|?*\\\x00-\x1f]|[. ]\Z')
_LINK: Final = re.compile(
    r"(documents and settings|programdata/(application data|desktop|documents|start menu|templates)"
    r"|users/(all users|default user"
    r"|default/(application data|cookies|local settings|my documents|nethood|printhood|recent|sendto|start menu"
    r"|templates|appdata/local/(application data|history|temporary internet files))"
    r"|(default|public)/documents/my (music|pictures|videos)))(/.*)?",
    re.IGNORECASE,
)
"""What every Windows since Vista has as a link to elsewhere, for programs of before: no file can be put there."""


def not_in_windows(paths: Iterable[str]) -> str:
    """The first of these paths that a Windows cannot have, or not beside those before it, each from the root and with
    slashes; "" when it can have all."""
    files = dict[str, str]()
    folders = dict[str, str]()
    for path in paths:
        parts = path.split("/")
        if len(path) > LONGEST or _LINK.fullmatch(path):
            return path
        if any(_RESERVED.fullmatch(part) or _FORBIDDEN.search(part) for part in parts):
            return path
        for deep in range(1, len(parts)):
            above = "/".join(parts[:deep])
            if folders.setdefault(above.lower(), above) != above or above.lower() in files:
                return path
        if path.lower() in files or path.lower() in folders:
            return path
        files[path.lower()] = path
    return ""
