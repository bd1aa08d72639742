"""What a disk says of erasing itself, in plain words for a PC's page: what it can do, what is in the way, what to do.

The password that netboot may have left on it is told to a person who may act; anybody else reads that there is one, and
who can see it. Pure. Not for: which method a job takes.
"""

from collections.abc import Callable, Iterator
from typing import Final

from netboot.jobs.drive_password import password_of
from netboot.shared.disk_abilities import Abilities, Announced
from netboot.shared.inventory import Disk
from netboot.shared.language import Language

Time = Callable[[float, Language], str]
"""Seconds as people read them."""

ABILITY_TEXTS: Final[dict[str, dict[Language, str]]] = {
    "can": {
        "fr": "Sait s'effacer lui-même (temps d'après lui) : {ways}.",
        "en": "Can erase itself (times by its own word): {ways}.",
    },
    "cannot": {
        "fr": "Ne sait pas s'effacer lui-même : il faut tout réécrire.",
        "en": "Cannot erase itself: all of it has to be overwritten.",
    },
    "not_told": {
        "fr": "N'a pas dit s'il sait s'effacer lui-même : pas de réponse à temps, ou pas claire.",
        "en": "Did not say whether it can erase itself: no answer in time, or no clear one.",
    },
    "crypto": {"fr": "changement de clé", "en": "change of key"},
    "block": {"fr": "par blocs", "en": "by blocks"},
    "overwrite": {"fr": "réécriture", "en": "overwrite"},
    "erase": {"fr": "effacement", "en": "erase"},
    "longer": {"fr": "plus de {time}", "en": "more than {time}"},
    "frozen": {
        "fr": "Gelé par le micrologiciel du PC : il refuse de s'effacer lui-même jusqu'à ce que le PC ait été mis en "
        "veille et réveillé, ou que le disque ait été débranché et rebranché, PC allumé. netboot met le PC en veille "
        "si la méthode l'exige ; tout réécrire marche sans cela.",
        "en": "Frozen by the PC's firmware: it refuses to erase itself until the PC was put to sleep and woken, or the "
        "disk was unplugged and plugged in again with the PC on. netboot puts the PC to sleep where the method needs "
        "it; overwriting all of it works without that.",
    },
    "locked": {
        "fr": "Verrouillé par un mot de passe : rien ne s'y lit et rien ne s'y écrit. Il faut le mot de passe de son "
        "ancien propriétaire, à donner dans le réglage du PC (BIOS). Sinon, sortez ce disque.",
        "en": "Locked by a password: nothing can be read from it or written to it. It takes its former owner's "
        "password, given in the PC's setup (BIOS). Else take this disk out.",
    },
    "enabled": {
        "fr": "Un mot de passe est défini sur ce disque : ouvert pour le moment, il se verrouille dès que le PC "
        "s'éteint. Ôtez ce mot de passe dans le réglage du PC (BIOS) avant de donner le PC.",
        "en": "A password is set on it: open for now, it locks as soon as the PC goes off. Take that password away in "
        "the PC's setup (BIOS) before the PC is given away.",
    },
    "own_password": {
        "fr": "Si c'est netboot qui a mis ce mot de passe, et qu'une coupure l'a laissé : un effacement l'ôte de "
        "lui-même. À la main, c'est {password} (utilisateur, niveau « high »).",
        "en": "If netboot set this password and a power cut left it: an erase takes it off by itself. By hand it is "
        "{password} (user, level “high”).",
    },
    "own_password_untold": {
        "fr": "Si c'est netboot qui a mis ce mot de passe, et qu'une coupure l'a laissé : un effacement l'ôte de "
        "lui-même. Pour l'ôter à la main, connectez-vous : cette page le montre à un opérateur.",
        "en": "If netboot set this password and a power cut left it: an erase takes it off by itself. To take it off "
        "by hand, sign in: this page shows it to an operator.",
    },
    "opal_shut": {
        "fr": "Verrouillé par un ancien propriétaire (TCG Opal, aussi « eDrive » ou mot de passe de disque de certains "
        "BIOS) : tout ou partie ne peut être ni lu ni écrit. Un profil qui efface demande le code PSID imprimé sur "
        "l'étiquette du disque : le donner l'ouvre et change sa clé. Préparez ce code. Sans lui, sortez ce disque.",
        "en": "Locked by a former owner (TCG Opal, also “eDrive” or the disk password of some BIOSes): all or part "
        "of it can be neither read nor written. A profile that erases asks for the PSID printed on the disk's label: "
        "giving it opens the disk and changes its key. Have that code ready. Without it take this disk out.",
    },
    "opal_owned": {
        "fr": "Un ancien propriétaire y a mis des verrous (TCG Opal, « eDrive ») : ouvert pour le moment, il se "
        "verrouille quand le PC s'éteint. Un profil qui efface demande le code PSID de son étiquette, qui les ôte ; "
        "sans code, le disque est effacé mais peut se verrouiller de nouveau.",
        "en": "A former owner has put locks on it (TCG Opal, “eDrive”): open for now, it locks when the PC goes off. A "
        "profile that erases asks for the PSID on its label, which takes them off; without the code the disk is "
        "erased, but may lock itself again.",
    },
    "bitlocker": {
        "fr": "Contient un volume chiffré par BitLocker : cela n'empêche pas de l'effacer, et aucun mot de passe n'est "
        "nécessaire.",
        "en": "Holds a volume enciphered by BitLocker: that keeps nobody from erasing it, and no password is needed.",
    },
    "luks": {
        "fr": "Contient un volume chiffré par Linux (LUKS) : cela n'empêche pas de l'effacer, et aucun mot de passe "
        "n'est nécessaire.",
        "en": "Holds a volume enciphered by Linux (LUKS): that keeps nobody from erasing it, and no password is "
        "needed.",
    },
    "expired": {
        "fr": "Trop de mots de passe erronés : éteignez le PC et rallumez-le avant d'en essayer un autre.",
        "en": "Too many wrong passwords: switch the PC off and on before another one is tried.",
    },
    "running": {
        "fr": "S'efface lui-même en ce moment, commencé avant ce passage : attendez qu'il ait fini.",
        "en": "Is erasing itself at this moment, begun before this visit: wait until it is done.",
    },
    "failed": {
        "fr": "Son dernier effacement par lui-même a échoué : il refuse peut-être de lire et d'écrire.",
        "en": "Its last erase of itself failed: it may refuse to read and to write.",
    },
    "discard": {
        "fr": "Accepte TRIM, qui n'est pas un effacement.",
        "en": "Takes TRIM, which is no erasure.",
    },
}


def ability_lines(disk: Disk, language: Language, time: Time, *, may_act: bool) -> list[str]:
    """The sentences on this disk: what is in the way first; none for a disk that nobody asks.

    `may_act`: who reads them is signed in.
    """
    can = disk.can
    password = password_of(disk)
    lines = [ABILITY_TEXTS[name][language].format(password=password) for name in _in_the_way(disk, may_act)]
    if disk.ata or disk.transport == "nvme" or can.scsi_sanitize is not None:
        ways = list(_ways(can, language, time))
        if ways:
            lines.append(ABILITY_TEXTS["can"][language].format(ways=", ".join(ways)))
        else:
            lines.append(ABILITY_TEXTS["cannot" if _told(disk) else "not_told"][language])
    if can.discard is not None and can.discard.most:
        lines.append(ABILITY_TEXTS["discard"][language])
    return lines


def _in_the_way(disk: Disk, may_act: bool) -> Iterator[str]:
    can = disk.can
    security = can.ata_security
    states = {each.state for each in (can.ata_sanitize, can.nvme_sanitize, can.scsi_sanitize) if each is not None}
    if security is not None and security.locked:
        yield "locked"
    elif security is not None and security.enabled:
        yield "enabled"
    if security is not None and security.enabled and password_of(disk):
        yield "own_password" if may_act else "own_password_untold"
    if security is not None and security.expired:
        yield "expired"
    if can.opal is not None and can.opal.owned:
        yield "opal_shut" if can.opal.shut else "opal_owned"
    yield from disk.sealed
    if (security is not None and security.frozen) or "frozen" in states:
        yield "frozen"
    yield from (name for name in ("running", "failed") if name in states)


def _told(disk: Disk) -> bool:
    """Whether the disk told all that its kind can tell."""
    can = disk.can
    if can.scsi_sanitize is not None:
        return True
    parts = (can.ata_security, can.ata_sanitize) if disk.ata else (can.nvme_format, can.nvme_sanitize)
    return None not in parts


def _ways(can: Abilities, language: Language, time: Time) -> Iterator[str]:
    """Each way by its name in the standards, with its kinds and its time."""

    def word(name: str, said: Announced | None = None) -> str:
        text = ABILITY_TEXTS[name][language] if name in ABILITY_TEXTS else name
        if said is None:
            return text
        lasts = time(said.seconds, language)
        return f"{text} {ABILITY_TEXTS['longer'][language].format(time=lasts) if said.or_longer else lasts}"

    if (sanitize := can.ata_sanitize) is not None and sanitize.supported:
        kinds = {"crypto": sanitize.crypto, "block": sanitize.block, "overwrite": sanitize.overwrite}
        yield f"ATA SANITIZE ({', '.join(word(name) for name, has in kinds.items() if has)})"
    if (security := can.ata_security) is not None and security.supported:
        yield word("SECURITY ERASE", security.time)
        if security.enhanced:
            yield word("SECURITY ERASE ENHANCED", security.enhanced_time)
    if (drive := can.nvme_sanitize) is not None and drive.supported:
        kinds = {"crypto": drive.crypto, "block": drive.block, "overwrite": drive.overwrite}
        times = {"crypto": drive.times.crypto, "block": drive.times.block, "overwrite": drive.times.overwrite}
        said = {name: None if took is None else Announced(seconds=took) for name, took in times.items()}
        yield f"NVMe Sanitize ({', '.join(word(name, said[name]) for name, has in kinds.items() if has)})"
    if (scsi := can.scsi_sanitize) is not None and scsi.supported:
        kinds = {"crypto": scsi.crypto, "block": scsi.block, "overwrite": scsi.overwrite}
        yield f"SCSI SANITIZE ({', '.join(word(name) for name, has in kinds.items() if has)})"
    if can.nvme_format is not None and can.nvme_format.supported:
        yield f"NVMe Format ({', '.join(word(name) for name in ('erase', 'crypto')[: 1 + can.nvme_format.crypto])})"
