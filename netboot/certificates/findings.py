"""What a check of papers found, each with a sentence in French and in English."""

from dataclasses import dataclass, field
from typing import Final, Literal

from netboot.shared.language import Language

Code = Literal[
    "pdf-whole", "pdf-changed", "pdf-foreign",
    "seal-whole", "seal-changed", "seal-foreign", "seal-other",
    "json-whole", "json-changed", "json-foreign", "json-version",
    "event-whole", "event-changed", "event-other", "event-missing",
    "pdf-other", "too-large", "picture-empty",
]  # fmt: skip
Result = Literal["whole", "unknown-key", "changed", "foreign"]
"""As netboot made it, by the keys that were compared; so, by keys that nobody compared; a byte is another one; nothing
that netboot makes."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked. `values` are what its sentence names; `key` is the fingerprint of who signed it."""

    code: Code
    result: Result
    values: dict[str, str] = field(default_factory=dict)
    key: str = ""

    def sentence(self, language: Language) -> str:
        """What was found, and what it means."""
        why = REASONS[self.values["why"]][language] if "why" in self.values else ""
        values = {**self.values, "why": why, "compared": COMPARED[language] if self.values.get("compared") else ""}
        words = SENTENCES[self.code][language].format(**values)
        return f"{words} {UNKNOWN[language].format(key=self.key)}" if self.result == "unknown-key" else words


UNKNOWN: Final[dict[Language, str]] = {
    "fr": "Clé non comparée : {key}. Comparez cette empreinte avec celle que l'atelier affiche.",
    "en": "The key was not compared: {key}. Compare this fingerprint with the one that the workshop shows.",
}

SENTENCES: Final[dict[Code, dict[Language, str]]] = {
    "pdf-whole": {
        "fr": "PDF : tel que l'atelier l'a signé ({numbers}).",
        "en": "PDF: as the workshop signed it ({numbers}).",
    },
    "pdf-changed": {
        "fr": "PDF : MODIFIÉ après la signature. {why}.",
        "en": "PDF: CHANGED after it was signed. {why}.",
    },
    "pdf-foreign": {
        "fr": "PDF : netboot ne l'a pas signé.",
        "en": "PDF: netboot did not sign it.",
    },
    "pdf-other": {
        "fr": "PDF : n'est pas celui de ce fichier JSON ({number}).",
        "en": "PDF: not the one of this JSON file ({number}).",
    },
    "seal-whole": {
        "fr": "Sceau (texte du code QR) : intact. {title}, {number}.",
        "en": "Seal (text of the QR code): whole. {title}, {number}.",
    },
    "seal-changed": {
        "fr": "Sceau (texte du code QR) : MODIFIÉ. {why}.",
        "en": "Seal (text of the QR code): CHANGED. {why}.",
    },
    "seal-foreign": {
        "fr": "Ce n'est ni un PDF, ni un fichier JSON, ni un sceau de netboot.",
        "en": "This is neither a PDF, nor a JSON file, nor a seal of netboot.",
    },
    "seal-other": {
        "fr": "Sceau (texte du code QR) : n'est pas celui de ce fichier JSON ({number}).",
        "en": "Seal (text of the QR code): not the one of this JSON file ({number}).",
    },
    "json-whole": {
        "fr": "JSON : tel que l'atelier l'a scellé ({number}).",
        "en": "JSON: as the workshop sealed it ({number}).",
    },
    "json-changed": {"fr": "JSON : MODIFIÉ. {why}.", "en": "JSON: CHANGED. {why}."},
    "json-foreign": {
        "fr": "JSON : ce n'est pas un fichier de netboot.",
        "en": "JSON: no file of netboot's.",
    },
    "json-version": {
        "fr": "JSON : tel qu'il a été scellé, mais d'une autre version de netboot : événements non vérifiés.",
        "en": "JSON: as it was sealed, but of another version of netboot: its events are not checked.",
    },
    "event-whole": {
        "fr": "Événements : {count}, intacts{compared}.",
        "en": "Events: {count}, whole{compared}.",
    },
    "event-changed": {
        "fr": "Événement {number} : MODIFIÉ. Son contenu n'est pas celui de son empreinte.",
        "en": "Event {number}: CHANGED. Its content is not what its hash is of.",
    },
    "event-other": {
        "fr": "Événement {number} : le journal de ce serveur dit AUTRE CHOSE que ce document.",
        "en": "Event {number}: the journal of this server says SOMETHING ELSE than this paper.",
    },
    "event-missing": {
        "fr": "Événement {number} : il n'est PAS au journal de ce serveur.",
        "en": "Event {number}: it is NOT in the journal of this server.",
    },
    "picture-empty": {
        "fr": "Image : aucun code QR de netboot ne s'y lit. Photographiez-le de plus près, à plat, sans reflet ; ou "
        "lisez-le avec un téléphone et collez son texte.",
        "en": "Picture: no QR code of netboot's can be read in it. Photograph it from nearer, flat, without glare; or "
        "read it with a telephone and paste its text.",
    },
    "too-large": {
        "fr": "Ce fichier est trop grand pour être un document de netboot.",
        "en": "This file is too large to be a paper of netboot's.",
    },
}

REASONS: Final[dict[str, dict[Language, str]]] = {
    "range": {"fr": "La signature ne couvre pas tout le fichier", "en": "The signature is not over the whole file"},
    "place": {
        "fr": "La place de la signature contient autre chose",
        "en": "The signature's place holds something else",
    },
    "signature": {"fr": "La signature n'est pas celle de ce contenu", "en": "The signature is not of this content"},
    "gone": {
        "fr": "Sa signature n'est pas, ou plus, à sa place",
        "en": "Its signature is not, or no longer, in its place",
    },
    "bytes": {"fr": "Son contenu n'est pas celui qui a été signé", "en": "Its content is not what was signed"},
    "long": {"fr": "Il est trop long", "en": "It is too long"},
    "lines": {"fr": "Ses lignes ne sont pas celles d'un sceau", "en": "Its lines are not those of a seal"},
    "spelling": {"fr": "Il n'est pas écrit comme netboot l'écrit", "en": "It is not written as netboot writes it"},
    "seal-spelling": {
        "fr": "Son sceau n'est pas écrit comme netboot l'écrit",
        "en": "Its seal is written otherwise",
    },
    "digest": {"fr": "Son sceau est celui d'un autre contenu", "en": "Its seal is of another content"},
    "seal-says": {"fr": "Son sceau dit autre chose", "en": "Its seal says something else"},
    "json": {"fr": "Ce n'est plus du JSON", "en": "It is JSON no more"},
    "parts": {"fr": "Il y manque une partie", "en": "A part of it is missing"},
}
"""Why something was changed, by what `verify.py` and those that it asks say."""

COMPARED: Final[dict[Language, str]] = {
    "fr": ", comparés au journal de ce serveur",
    "en": ", compared with the journal of this server",
}
