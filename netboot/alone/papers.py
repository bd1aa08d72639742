"""The stick's file for people beside the signed one: what was done, and the request for a certificate. Pure.

It says of itself that it is no certificate: that is made by the workshop, from its record, once the stick is collected.
"""

import re
import time
from typing import Final

from netboot.alone.kit_visit import KitVisit, job_as_judged
from netboot.jobs.job import erasures
from netboot.shared.inventory import gigabytes
from netboot.shared.language import Language
from netboot.shared.problems import sizes_in
from netboot.shared.wording import stage_name, state_name, verdict_name

_NO_NAME: Final = re.compile(r"[^A-Za-z0-9-]+")

_TEXTS: Final[dict[Language, str]] = {
    "fr": """\
DEMANDE DE CERTIFICAT. Ceci n'est PAS un certificat.
Le certificat est fait par l'atelier, d'après la preuve signée, quand la clé lui est rapportée.
""",
    "en": """\
REQUEST FOR A CERTIFICATE. This is NO certificate.
The certificate is made by the workshop, from the signed proof, when the stick is brought back.
""",
}
_PC: Final[dict[Language, str]] = {"fr": "PC", "en": "PC"}
_SERIAL: Final[dict[Language, str]] = {"fr": "Numéro de série", "en": "Serial number"}
_WORK: Final[dict[Language, str]] = {"fr": "Travail", "en": "Work"}
_CLOCK: Final[dict[Language, str]] = {"fr": "Heure, d'après l'horloge du PC", "en": "Time, by the PC's own clock"}
_DISK: Final[dict[Language, str]] = {"fr": "Disque", "en": "Disk"}


def file_name(visit: KitVisit) -> str:
    """A name that no other job's file on the stick has, and that a person finds the PC by."""
    serial = _NO_NAME.sub("", visit.inventory.system.serial or visit.inventory.board.serial)[:32] or "pc"
    return f"{serial}-{visit.job[:12]}"


def request_text(visit: KitVisit) -> bytes:
    """The text, French first, with the line ends and the mark that any PC's notepad reads."""
    text = "\n".join(_in_language(visit, language) for language in ("fr", "en"))
    return text.replace("\n", "\r\n").encode("utf-8-sig")


def _in_language(visit: KitVisit, language: Language) -> str:
    job = job_as_judged(visit)
    system = visit.inventory.system
    at = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(visit.clock))
    lines = [
        f"{_PC[language]} : {system.manufacturer} {system.product}",
        f"{_SERIAL[language]} : {system.serial}",
        f"{_WORK[language]} : {visit.profile.name[language]}",
        f"{_CLOCK[language]} : {at}",
        *(f"- {stage_name(one.stage, language)} : {state_name(one.state, language)}" for one in job.stages),
    ]
    lines += [one.problem.sentence(language) for one in job.stages if one.problem is not None]
    lines += [
        f"{_DISK[language]} : {one.model} {one.disk.text} {sizes_in(language, gigabytes(one.disk.size))}"
        f" : {verdict_name(one.verdict, language)}"
        for one in erasures(job)
    ]
    return _TEXTS[language] + "\n".join(lines) + "\n"
