"""What can stop a PC, each with a sentence for the person at the bench, in French and in English.

A problem travels as its code and its values (`Problem`), so that the agent's screen, the page and the record say the
same thing in the reader's language. Every sentence says what to do next. Not for: errors of the server's own start.
"""

import re
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from netboot.shared.contradictions import REASONS
from netboot.shared.language import Language
from netboot.shared.sentences import (
    SENTENCES,
    TITLES,
    capture,
    choices,
    customise,
    deploy,
    disks,
    erase,
    memory,
    smart,
    starts,
)

Code = Literal[
    disks.Code,
    erase.Code,
    deploy.Code,
    customise.Code,
    memory.Code,
    smart.Code,
    capture.Code,
    starts.Code,
    choices.Code,
]


_SIZE: Final = re.compile(r"\b(\d+)\.(\d) ([kMGT])B\b")


class Problem(Struct, frozen=True):
    """A code of `SENTENCES` and the values its sentence names."""

    code: Code
    values: Annotated[dict[str, Annotated[str, Meta(max_length=512)]], Meta(max_length=16)] = {}

    def sentence(self, language: Language) -> str:
        """The sentence for people; a value that was not given shows as "?"."""
        values = {name: _shown(language, name, value) for name, value in self.values.items()}
        return SENTENCES[self.code][language].format_map(_Given(values))

    @property
    def technical(self) -> str:
        """What a tool, the kernel or the firmware said of it, in one line, for the administrator; "" for nothing.

        Anybody's bytes: whoever shows it makes it visible first, as pages and logs do.
        """
        said = ((name, " ".join(self.values.get(name, "").split())) for name in TECHNICAL)
        return "; ".join(f"{name}: {words}" for name, words in said if words)


TECHNICAL: Final = ("error", "path", "chunk", "offset", "read", "expected", "why")
"""Values in other words than people's: no sentence names one (`Problem.technical`)."""

SEEN: Final[dict[str, dict[Language, str]]] = {
    "": {"fr": "son menu", "en": "its menu"},
    "menu": {"fr": "son menu", "en": "its menu"},
    "start": {"fr": "l'ordre de démarrer, mais aucun fichier", "en": "the word to start, but no file"},
    "kernel": {"fr": "le noyau (vmlinuz)", "en": "the kernel (vmlinuz)"},
    "base": {"fr": "la première archive (agent-base.img)", "en": "the first archive (agent-base.img)"},
    "agent": {"fr": "tous les fichiers (jusqu'à agent.img)", "en": "every file (up to agent.img)"},
}
"""What a PC asked for last before nothing more was heard of it (`given_starts.Step`), as `{seen}`."""


PARTS: Final[dict[str, dict[Language, str]]] = {
    "hostname": {"fr": "nom", "en": "name"},
    "machine-id": {"fr": "identité (machine-id)", "en": "identity (machine-id)"},
    "ssh-host-keys": {"fr": "clés SSH", "en": "SSH keys"},
    "dhcp-leases": {"fr": "baux DHCP", "en": "DHCP leases"},
    "network-secret": {"fr": "secret de NetworkManager", "en": "NetworkManager's secret"},
    "system-secret": {"fr": "secret de systemd", "en": "systemd's secret"},
    "adapter-names": {"fr": "noms des cartes réseau", "en": "names of network adapters"},
    "lvm-devices": {"fr": "liste des disques selon LVM", "en": "LVM's list of disks"},
    "journal": {"fr": "journal", "en": "journal"},
    "logs": {"fr": "fichiers de /var/log", "en": "files of /var/log"},
    "swap": {"fr": "mémoire dans les fichiers de swap", "en": "memory in swap files"},
}
"""What a PC must not share with others of its master (`Identity` and `Leftover` in `stages/customise.py`), as `{parts}`
lists it."""


def sizes_in(language: Language, text: str) -> str:
    """`text` with its sizes as this language writes them: 256.1 GB is 256,1 Go in French."""
    return _SIZE.sub(r"\1,\2 \3o", text) if language == "fr" else text


_NAMED: Final = (
    ("reason", REASONS), ("stage", TITLES), ("seen", SEEN), ("level", erase.BEST), ("wanted", erase.WANTED),
)  # fmt: skip
"""Values that a sentence names in its own language."""


def _shown(language: Language, name: str, value: str) -> str:
    for named, words in _NAMED:
        if name == named and value in words:
            return words[value][language]
    if name == "parts":
        return ", ".join(PARTS[part][language] if part in PARTS else part for part in value.split(", "))
    if name == "lacks":
        return ", ".join(_lack(language, *lack.partition(" ")[::2]) for lack in value.split(", "))
    if name == "grow":
        return deploy.named_in_words(language, value)
    if name == "obstacle":
        return deploy.obstacle_in_words(language, value)
    return sizes_in(language, value)


def _lack(language: Language, what: str, value: str) -> str:
    return customise.LACKS[what][language].format(value) if what in customise.LACKS else what


class _Given(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"
