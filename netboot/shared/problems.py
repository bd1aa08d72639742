"""What can stop a PC, each with a sentence for the person at the bench, in French and in English.

A problem travels as its code and its values (`Problem`), so that the agent's screen, the page and the record say the
same thing in the reader's language. Every sentence says what to do next. Not for: errors of the server's own start.
"""

import re
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from netboot.shared.contradictions import REASONS

Language = Literal["fr", "en"]

Code = Literal[
    "no-disk",
    "hidden-storage",
    "hidden-namespaces",
    "namespaces-unclear",
    "controller-unknown",
    "disk-in-doubt",
    "disk-by-place",
    "disk-without-name",
    "disk-gone",
    "disk-in-use",
    "disk-external",
    "disk-too-small",
    "disk-sectors",
    "disk-error",
    "disk-resized",
    "several-targets",
    "firmware-32-bit",
    "not-erased",
    "erase-mismatch",
    "erase-incomplete",
    "erase-refused",
    "erase-unread",
    "erase-disk-gone",
    "erase-hung",
    "erase-too-slow",
    "erase-unbelievable",
    "several-not-erased",
    "hidden-area",
    "hidden-area-unclear",
    "chunk-damaged",
    "chunk-missing",
    "master-unsigned",
    "master-missing",
    "master-revoked",
    "master-fixed",
    "server-silent",
    "read-back",
    "boot-entry",
    "no-start",
    "filesystem",
    "filesystem-full-size",
    "customise",
    "identity-shared",
    "memory",
    "memory-faulty",
    "memory-untested",
    "agent-error",
    "own-disk",
    "own-disk-entry",
    "power-cut",
    "interrupted",
    "processor-32-bit",
    "load-failed",
    "start-returned",
    "start-silent",
    "menu-waits",
    "version",
    "crowded",
    "same-names",
    "visit-of-another",
    "two-lines",
    "other-adapter",
    "not-this-pc",
    "profile-gone",
    "disks-changed",
    "pc-changed",
    "batch-full",
    "batch-over",
    "batch-again",
    "denied",
    "name-taken",
    "name-not-told",
    "ticket-expired",
    "ticket-wrong",
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

STAGES: Final[dict[str, dict[Language, str]]] = {
    "check": {"fr": "Vérification", "en": "Check"},
    "memory": {"fr": "Test de la mémoire", "en": "Memory test"},
    "erase": {"fr": "Effacement", "en": "Erasure"},
    "deploy": {"fr": "Installation", "en": "Installation"},
    "customise": {"fr": "Réglages", "en": "Settings"},
    "finish": {"fr": "Fin", "en": "End"},
}
"""The stages' names for people (`wording.py`), which a sentence may hold as `{stage}`."""


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
}
"""What makes an installed system one PC's own (`protocol.Identity`), as a sentence lists it in `{parts}`."""


def sizes_in(language: Language, text: str) -> str:
    """`text` with its sizes as this language writes them: 256.1 GB is 256,1 Go in French."""
    return _SIZE.sub(r"\1,\2 \3o", text) if language == "fr" else text


def _shown(language: Language, name: str, value: str) -> str:
    for named, words in (("reason", REASONS), ("stage", STAGES), ("seen", SEEN)):
        if name == named and value in words:
            return words[value][language]
    if name == "parts":
        return ", ".join(PARTS[part][language] if part in PARTS else part for part in value.split(", "))
    return sizes_in(language, value)


class _Given(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


SENTENCES: Final[dict[Code, dict[Language, str]]] = {
    "no-disk": {
        "fr": "Aucun disque interne trouvé. Vérifiez le branchement du disque, puis redémarrez ce PC sur le réseau.",
        "en": "No internal disk was found. Check the disk's cables, then boot this PC from the network again.",
    },
    "hidden-storage": {
        "fr": "Le contrôleur {controller} cache des disques ({kind}). Dans le réglage du PC (BIOS) : {setting}. "
        "Puis redémarrez ce PC sur le réseau.",
        "en": "The controller {controller} hides disks ({kind}). In the PC's setup (BIOS): {setting}. "
        "Then boot this PC from the network again.",
    },
    "hidden-namespaces": {
        "fr": "Le SSD NVMe {controller} a des parties que ce PC ne voit pas (namespaces {numbers}) : elles garderaient "
        "leurs données. Aucun réglage du BIOS ne les montre. Rien n'a été écrit. L'administrateur peut, sous un Linux "
        "avec nvme-cli, les rattacher (nvme attach-ns) ou n'en faire qu'une (nvme delete-ns, create-ns, attach-ns), "
        "puis redémarrer ce PC sur le réseau. Sinon, sortez ce SSD et détruisez-le.",
        "en": "The NVMe SSD {controller} has parts that this PC does not see (namespaces {numbers}): they would keep "
        "their data. No BIOS setting shows them. Nothing was written. The administrator can, under a Linux with "
        "nvme-cli, attach them (nvme attach-ns) or make one of all (nvme delete-ns, create-ns, attach-ns), then boot "
        "this PC from the network again. Else take this SSD out and destroy it.",
    },
    "namespaces-unclear": {
        "fr": "Le SSD NVMe {controller} ne dit pas s'il a des parties que ce PC ne voit pas (namespaces) : elles "
        "garderaient leurs données. Rien n'a été écrit. Éteignez ce PC, débranchez-le une minute, puis redémarrez-le "
        "sur le réseau. S'il ne le dit toujours pas, sortez ce SSD et détruisez-le.",
        "en": "The NVMe SSD {controller} does not tell whether it has parts that this PC does not see (namespaces): "
        "they would keep their data. Nothing was written. Switch this PC off, unplug it for a minute, then boot it "
        "from the network again. If it still does not tell, take this SSD out and destroy it.",
    },
    "controller-unknown": {
        "fr": "L'agent ne connaît pas le contrôleur {controller} : un disque peut s'y cacher. Regardez ce que c'est. "
        "Si aucun disque n'y est branché (un lecteur de cartes, par exemple), dites-le sur la page de ce PC, puis "
        "choisissez à nouveau. Sinon, dans le réglage du PC (BIOS) : {setting}.",
        "en": "The agent does not know the controller {controller}: a disk may be hidden there. Look what it is. If no "
        "disk is behind it (a card reader, for one), say so on this PC's page, then choose again. Else, in the PC's "
        "setup (BIOS): {setting}.",
    },
    "disk-in-doubt": {
        "fr": "On ne sait pas si ce disque fait partie de ce PC : {disk}. Rien n'a été écrit. Répondez sur la page de "
        "ce PC (il en fait partie, ou il n'en fait pas partie), puis choisissez à nouveau.",
        "en": "It is not known whether this disk is part of this PC: {disk}. Nothing was written. Answer on this PC's "
        "page (it is part of it, or it is not), then choose again.",
    },
    "disk-by-place": {
        "fr": "Le disque {disk} ne se reconnaît pas par lui-même : ni numéro de série ni WWN, ou deux disques disent "
        "être le même. Rien n'a été écrit. Sur la page de ce PC, désignez-le par sa place pour ce passage, puis "
        "choisissez à nouveau.",
        "en": "The disk {disk} cannot be told by itself: neither serial number nor WWN, or two disks say they are the "
        "same. Nothing was written. On this PC's page, name it by its place for this visit, then choose again.",
    },
    "disk-without-name": {
        "fr": "Le disque {disk} ne peut pas être reconnu sûrement : ni numéro de série ni WWN, ou deux disques disent "
        "être le même. Rien n'a été écrit. Débranchez-le, puis redémarrez ce PC sur le réseau.",
        "en": "The disk {disk} cannot be told for sure: neither serial number nor WWN, or two disks say they are the "
        "same. Nothing was written. Unplug it, then boot this PC from the network again.",
    },
    "disk-gone": {
        "fr": "Le disque {disk} ne répond plus. Vérifiez son branchement et recommencez.",
        "en": "The disk {disk} no longer answers. Check its cables and start again.",
    },
    "disk-in-use": {
        "fr": "Le disque {disk} est déjà utilisé (monté). Rien n'a été écrit. Redémarrez ce PC sur le réseau.",
        "en": "The disk {disk} is in use (mounted). Nothing was written. Boot this PC from the network again.",
    },
    "disk-external": {
        "fr": "Le disque {disk} est amovible, externe ou protégé en écriture. Rien n'a été écrit. Débranchez-le, puis "
        "redémarrez ce PC sur le réseau.",
        "en": "The disk {disk} is removable, external or write-protected. Nothing was written. Unplug it, then boot "
        "this PC from the network again.",
    },
    "disk-too-small": {
        "fr": "Le master {master} demande {needed} et le disque {disk} n'a que {size}. Choisissez un autre profil "
        "ou un disque plus grand.",
        "en": "The master {master} needs {needed} and the disk {disk} has only {size}. Choose another profile or a "
        "larger disk.",
    },
    "disk-sectors": {
        "fr": "Le master {master} est fait pour des secteurs de {wanted} octets ; le disque {disk} en a de {found}. "
        "Choisissez un autre master.",
        "en": "The master {master} is made for sectors of {wanted} bytes; the disk {disk} has {found}. "
        "Choose another master.",
    },
    "disk-error": {
        "fr": "Le disque {disk} a refusé une lecture ou une écriture. Il est à remplacer.",
        "en": "The disk {disk} refused a read or a write. Replace it.",
    },
    "disk-resized": {
        "fr": "Le disque {disk} a changé de taille en cours de route. Il ne compte pas comme effacé. Redémarrez "
        "ce PC sur le "
        "réseau et recommencez ; si cela se répète, le disque est à remplacer.",
        "en": "The disk {disk} changed its size on the way. It does not count as erased. Boot this PC from the "
        "network again and "
        "start again; if it happens once more, replace the disk.",
    },
    "several-targets": {
        "fr": "Ce PC a plusieurs disques possibles ({disks}). Choisissez sur la page celui qui reçoit le master.",
        "en": "This PC has several possible disks ({disks}). Choose on the page which one gets the master.",
    },
    "firmware-32-bit": {
        "fr": "L'UEFI de ce PC est de 32 bits et le master {master} n'a pas de chargeur pour elle. Rien n'a été écrit. "
        "Dans le réglage du PC, choisissez le mode BIOS (« Legacy », CSM) s'il existe, sinon un autre profil.",
        "en": "This PC's UEFI is a 32-bit one and the master {master} has no loader for it. Nothing was written. "
        "In the PC's setup choose BIOS mode (“Legacy”, CSM) if there is one, else another profile.",
    },
    "not-erased": {
        "fr": "Le disque {disk} n'a pas la preuve de son effacement : le master n'est pas installé. "
        "Choisissez un profil qui efface.",
        "en": "The disk {disk} has no proof of erasure: the master is not installed. Choose a profile that erases.",
    },
    "erase-mismatch": {
        "fr": "La relecture du disque {disk} ne montre pas partout ce qui a été écrit : {different} sont autres. "
        "Ce disque n'est pas effacé et peut contenir encore des données : mettez-le de côté.",
        "en": "Reading back the disk {disk} does not show everywhere what was written: {different} are different. "
        "This disk is not erased and may still hold data: set it aside.",
    },
    "erase-incomplete": {
        "fr": "L'effacement du disque {disk} n'est pas prouvé : {unwritten} n'ont pas été écrits, {unread} pas relus. "
        "Ce disque ne compte pas comme effacé : recommencez ; si cela se répète, mettez-le de côté.",
        "en": "The erasure of the disk {disk} is not proven: {unwritten} were not written, {unread} not read back. "
        "This disk does not count as erased: start again; if it happens once more, set it aside.",
    },
    "erase-refused": {
        "fr": "Le disque {disk} refuse d'être écrit par endroits : jusqu'à {left} des anciennes données peuvent y être "
        "encore. Tout le reste a été écrit. Ce disque n'est pas effacé : sortez-le du PC et détruisez-le.",
        "en": "The disk {disk} refuses to be written in places: up to {left} of the old data may still be there. All "
        "the rest was written. This disk is not erased: take it out of the PC and destroy it.",
    },
    "erase-unread": {
        "fr": "Le disque {disk} a été écrit en entier, mais {unread} n'ont pas pu être relus. On ne sait pas s'il est "
        "effacé : recommencez ; si cela se répète, détruisez-le.",
        "en": "The disk {disk} was written whole, but {unread} could not be read back. It is not known to be erased: "
        "start again; if it happens once more, destroy it.",
    },
    "erase-disk-gone": {
        "fr": "Le disque {disk} a disparu pendant l'effacement (débranché, sans courant, ou en panne) : {left} n'ont "
        "pas été écrits. Il n'est pas effacé et contient encore des données. Vérifiez son branchement et recommencez ; "
        "si cela se répète, détruisez-le.",
        "en": "The disk {disk} went away during the erase (unplugged, without power, or broken): {left} were not "
        "written. It is not erased and still holds data. Check its cables and start again; if it happens once more, "
        "destroy it.",
    },
    "erase-hung": {
        "fr": "Le disque {disk} n'a plus répondu pendant {seconds} s : {left} n'ont pas été écrits. Il n'est pas "
        "effacé et contient encore des données. Éteignez le PC, vérifiez le branchement du disque et recommencez ; si "
        "cela se répète, détruisez-le.",
        "en": "The disk {disk} did not answer for {seconds} s: {left} were not written. It is not erased and still "
        "holds data. Switch the PC off, check the disk's cables and start again; if it happens once more, destroy it.",
    },
    "erase-too-slow": {
        "fr": "Le disque {disk} n'a pas avancé depuis {seconds} s. Éteignez le PC, vérifiez le branchement du disque "
        "et recommencez ; si cela se répète, il est à remplacer.",
        "en": "The disk {disk} has made no progress for {seconds} s. Switch the PC off, check the disk's cables and "
        "start again; if it happens once more, replace it.",
    },
    "erase-unbelievable": {
        "fr": "Le rapport sur l'effacement du disque {disk} se contredit ({reason}). Ce disque ne compte pas comme "
        "effacé : effacez-le à nouveau ; si cela se répète, prévenez l'administrateur.",
        "en": "The report on the erasure of the disk {disk} contradicts itself ({reason}). This disk does not count as "
        "erased: erase it again; if it happens once more, tell the administrator.",
    },
    "several-not-erased": {
        "fr": "{count} disques de ce PC ne sont pas effacés : {disks}. Lisez pour chacun ce qu'il a, et faites ce qui "
        "y est dit.",
        "en": "{count} disks of this PC are not erased: {disks}. Read what is wrong with each, and do what it says.",
    },
    "hidden-area": {
        "fr": "Le disque {disk} cache une zone de {hidden} (HPA ou DCO) qui n'a pas été effacée. Ce disque n'est pas "
        "effacé : mettez-le de côté.",
        "en": "The disk {disk} hides an area of {hidden} (HPA or DCO) that was not erased. This disk is not erased: "
        "set it aside.",
    },
    "hidden-area-unclear": {
        "fr": "Le disque {disk} ne dit pas clairement s'il cache une zone (HPA). On ne sait pas s'il est effacé : "
        "mettez-le de côté.",
        "en": "The disk {disk} does not say clearly whether it hides an area (HPA). It is not known to be erased: set "
        "it aside.",
    },
    "chunk-damaged": {
        "fr": "Le master {master} est abîmé sur le serveur. Reconstruisez-le ou importez-le à nouveau, puis "
        "recommencez.",
        "en": "The master {master} is damaged on the server. Build or import it again, then start again.",
    },
    "chunk-missing": {
        "fr": "Le master {master} est incomplet sur le serveur. Reconstruisez-le ou importez-le à nouveau, puis "
        "recommencez.",
        "en": "The master {master} is incomplete on the server. Build or import it again, then start again.",
    },
    "master-unsigned": {
        "fr": "La signature du master {master} n'est pas celle de cet atelier : aucun PC ne l'accepte. "
        "Reconstruisez-le ou importez-le à nouveau sur ce serveur, ou remettez la clé signing.key d'une sauvegarde.",
        "en": "The signature of the master {master} is not this workshop's: no PC accepts it. Build or import it "
        "again on this server, or put the key signing.key back from a backup.",
    },
    "master-missing": {
        "fr": "Le master {master} n'est pas sur le serveur. Construisez-le ou importez-le, puis recommencez.",
        "en": "The master {master} is not on the server. Build or import it, then start again.",
    },
    "master-revoked": {
        "fr": "Le système {master} ne démarrerait pas sur ce PC en Secure Boot : son chargeur est trop ancien. "
        "Rien n'a été écrit. Désactivez Secure Boot sur ce PC, ou demandez un système mis à jour.",
        "en": "The master {master} would not start on this PC under Secure Boot: its boot loader is too old. "
        "Nothing was written. Switch Secure Boot off on this PC, or ask for an updated master.",
    },
    "master-fixed": {
        "fr": "netboot ne peut pas régler le système du master {master} (sa racine : {root}) : chaque PC garderait le "
        "nom, l'identité et les clés SSH du master. Rien n'a été effacé. Choisissez un profil sans réglage, ou un "
        "autre master.",
        "en": "netboot cannot set up the system of the master {master} (its root: {root}): each PC would keep the "
        "master's name, identity and SSH keys. Nothing was erased. Choose a profile without customising, or another "
        "master.",
    },
    "server-silent": {
        "fr": "Le serveur ne répond plus depuis {seconds} s. Vérifiez le câble réseau et le serveur, puis recommencez.",
        "en": "The server has not answered for {seconds} s. Check the network cable and the server, then start again.",
    },
    "read-back": {
        "fr": "La relecture du disque {disk} ne correspond pas au master {master}. Le disque est à remplacer.",
        "en": "Reading back the disk {disk} does not match the master {master}. Replace the disk.",
    },
    "boot-entry": {
        "fr": "Ce PC n'a pas gardé l'entrée de démarrage du système installé. Il démarrera par le chemin de secours. "
        "S'il ne le fait pas, mettez son disque en premier dans son réglage (BIOS).",
        "en": "This PC did not keep the boot entry of the installed system. It will start by the fallback path. If it "
        "does not, put its disk first in its setup (BIOS).",
    },
    "no-start": {
        "fr": "Ce PC ne démarrera pas : il n'a pas gardé l'entrée de démarrage, et le master n'a pas de chemin de "
        "secours. Dans le réglage du PC, remettez les valeurs d'usine, puis recommencez ; sinon, choisissez un autre "
        "master.",
        "en": "This PC will not start: it did not keep the boot entry, and the master has no fallback path. In the "
        "PC's setup load the factory defaults, then start again; else choose another master.",
    },
    "filesystem": {
        "fr": "Le système de fichiers {partition} du disque {disk} n'a pas pu être agrandi. Ce PC n'est pas prêt : ne "
        "le livrez pas. Recommencez ; si cela se répète, prévenez l'administrateur : la page de ce PC a les détails.",
        "en": "The file system {partition} of the disk {disk} could not be grown. This PC is not ready: do not hand it "
        "out. Start again; if it happens once more, tell the administrator: this PC's page has the details.",
    },
    "filesystem-full-size": {
        "fr": "Le système de fichiers {partition} du disque {disk} ne peut pas dépasser {size} : {spare} restent "
        "libres derrière lui. Le PC est prêt. Pour tout utiliser, refaites le master avec un système de fichiers plus "
        "grand.",
        "en": "The file system {partition} of the disk {disk} cannot be larger than {size}: {spare} stay free behind "
        "it. The PC is ready. To use all of it, make the master anew with a larger file system.",
    },
    "customise": {
        "fr": "Le système installé n'a pas pu être rendu propre à ce PC : il peut avoir encore le nom, l'identité et "
        "les clés SSH du master. Ne livrez pas ce PC. Recommencez ; si cela se répète, prévenez l'administrateur : la "
        "page de ce PC a les détails.",
        "en": "The installed system could not be made this PC's own: it may still have the master's name, identity "
        "and SSH keys. Do not hand this PC out. Start again; if it happens once more, tell the administrator: this "
        "PC's page has the details.",
    },
    "identity-shared": {
        "fr": "Le système installé n'a pas été rendu propre à ce PC ({parts}) : il le partagerait avec tous les PC de "
        "ce master. Ne le livrez pas : recommencez, ou choisissez un autre master.",
        "en": "The installed system was not made this PC's own ({parts}): it would share that with every PC of this "
        "master. Do not hand it out: start again, or choose another master.",
    },
    "memory": {
        "fr": "Ce PC a trop peu de mémoire ({memory}). Il en faut au moins {needed}.",
        "en": "This PC has too little memory ({memory}). It needs at least {needed}.",
    },
    "memory-faulty": {
        "fr": "La mémoire de ce PC a rendu {wrong} valeur(s) fausse(s). Éteignez-le, débranchez-le, remplacez les "
        "barrettes une à une, et recommencez le test.",
        "en": "This PC's memory gave back {wrong} wrong value(s). Switch it off, unplug it, replace the modules one by "
        "one, and test again.",
    },
    "memory-untested": {
        "fr": "Le test de la mémoire n'est pas allé au bout : on ne sait pas si elle est bonne. Redémarrez ce PC sur "
        "le réseau et recommencez ; si cela se répète, remplacez les barrettes une à une.",
        "en": "The memory test did not come to its end: it is not known whether the memory is good. Boot this PC from "
        "the network again and start again; if it happens once more, replace the modules one by one.",
    },
    "agent-error": {
        "fr": "Une erreur imprévue a arrêté le travail sur ce PC : il n'est pas prêt. Redémarrez-le sur le réseau et "
        "recommencez ; si cela se répète, prévenez l'administrateur : la page de ce PC, ou le journal du serveur, a "
        "les détails.",
        "en": "An unexpected error stopped the work on this PC: it is not ready. Boot it from the network again and "
        "start again; if it happens once more, tell the administrator: this PC's page, or the server's log, has the "
        "details.",
    },
    "own-disk": {
        "fr": "Aucun système à démarrer par UEFI n'a été trouvé sur les disques de ce PC ({disks}). Rien n'y a été "
        "écrit. Prenez le disque dans le menu de démarrage du PC (souvent F12, F9 ou Échap), ou installez un système.",
        "en": "No system that UEFI can start was found on this PC's disks ({disks}). Nothing was written to them. Pick "
        "the disk in the PC's own boot menu (often F12, F9 or Esc), or install a system on it.",
    },
    "own-disk-entry": {
        "fr": "Le micrologiciel de ce PC n'a pas pu être dirigé vers son disque. Rien n'y a été écrit. "
        "Prenez le disque dans le menu de démarrage du PC (souvent F12, F9 ou Échap).",
        "en": "This PC's firmware could not be sent to its disk. Nothing was written to it. Pick the disk in "
        "the PC's own boot menu (often F12, F9 or Esc).",
    },
    "power-cut": {
        "fr": "Le PC s'est arrêté pendant l'étape {stage}, qui n'est pas finie. Choisissez à nouveau son profil : elle "
        "repartira du début.",
        "en": "The PC stopped during the stage {stage}, which is not finished. Choose its profile again: it will start "
        "from the beginning.",
    },
    "interrupted": {
        "fr": "Le travail a été interrompu avant l'étape {stage}, qui reste à faire. Choisissez à nouveau un profil.",
        "en": "The job was interrupted before the stage {stage}, which is still to do. Choose a profile again.",
    },
    "processor-32-bit": {
        "fr": "Le processeur de ce PC est de 32 bits : l'atelier demande 64 bits. Rien n'a été écrit. Ce PC ne peut "
        "pas être traité ici : mettez-le de côté.",
        "en": "This PC's processor is a 32-bit one: the workshop needs 64 bits. Nothing was written. This PC cannot be "
        "worked on here: set it aside.",
    },
    "load-failed": {
        "fr": "Le chargement a échoué dans le menu de ce PC. Il avait demandé : {seen}. Rien n'a été écrit. Vérifiez "
        "le câble, et la mémoire (1 Go au moins), puis redémarrez ce PC sur le réseau.",
        "en": "Loading failed in this PC's menu. It had asked for {seen}. Nothing was written. Check the cable, and "
        "the memory (1 GB at least), then boot this PC from the network again.",
    },
    "start-returned": {
        "fr": "Le dernier démarrage n'est pas arrivé au bout : ce PC est revenu à son menu. Il avait demandé : {seen}. "
        "Rien n'a été écrit. Vérifiez la mémoire (1 Go au moins) et le câble, puis choisissez à nouveau.",
        "en": "The last start did not reach its end: this PC is back at its menu. It had asked for {seen}. Nothing was "
        "written. Check the memory (1 GB at least) and the cable, then choose again.",
    },
    "start-silent": {
        "fr": "Ce PC a commencé à démarrer, puis n'a plus rien dit. Il avait demandé : {seen}. Regardez son écran, "
        "vérifiez le câble et la mémoire (1 Go au moins), puis redémarrez-le sur le réseau.",
        "en": "This PC began to start, then said nothing more. It had asked for {seen}. Look at its screen, check the "
        "cable and the memory (1 GB at least), then boot it from the network again.",
    },
    "menu-waits": {
        "fr": "Ce PC a lu son menu, qui devait démarrer tout seul, puis n'a plus rien demandé. Regardez son écran : "
        "quelqu'un l'a peut-être arrêté. Sinon vérifiez le câble et redémarrez-le sur le réseau.",
        "en": "This PC read its menu, which was to start by itself, then asked for nothing more. Look at its screen: "
        "somebody may have stopped it. Else check the cable and boot it from the network again.",
    },
    "version": {
        "fr": "L'agent et le serveur ne parlent pas la même version ({agent} et {server}). Redémarrez le serveur, "
        "puis ce PC.",
        "en": "Agent and server do not speak one version ({agent} and {server}). Restart the server, then this PC.",
    },
    "crowded": {
        "fr": "Le serveur a trop de PC à la fois : celui-ci n'est pas encore pris. Attendez, il se représente tout "
        "seul. S'il y a peu de PC à l'atelier, prévenez l'administrateur.",
        "en": "The server has too many PCs at a time: this one is not taken yet. Wait, it comes again by itself. "
        "If there are few PCs in the workshop, tell the administrator.",
    },
    "same-names": {
        "fr": "Un PC qui porte les mêmes noms que celui-ci (numéro de série, adresse) est déjà à l'atelier. Si "
        "celui-ci vient d'être redémarré, attendez une minute : il est repris tout seul. Sinon, éteignez l'un des "
        "deux.",
        "en": "A PC with the same names as this one (serial number, address) is in the workshop already. If this one "
        "was restarted just now, wait a minute: it is taken by itself. Else switch one of the two off.",
    },
    "visit-of-another": {
        "fr": "Le serveur ne reconnaît pas ce PC : sa visite est celle d'un autre agent. Redémarrez ce PC sur le "
        "réseau.",
        "en": "The server does not recognise this PC: its visit is another agent's. Boot this PC from the network "
        "again.",
    },
    "two-lines": {
        "fr": "Une autre ligne parle aussi pour ce PC : rien n'est commencé. Celui-ci a l'adresse {address}. Sur la "
        "page, dites lequel est le PC. S'il vient d'être redémarré, attendez une minute.",
        "en": "Another line speaks for this PC too: nothing is begun. This one has the address {address}. Say on the "
        "page which one is the PC. If it was restarted just now, wait a minute.",
    },
    "other-adapter": {
        "fr": "La ligne {address} vient d'une autre carte réseau ({adapter}) que celles que ce PC annonce : rien n'est "
        "commencé. Sur la page, dites si c'est bien ce PC.",
        "en": "The line {address} comes from another adapter ({adapter}) than those that this PC tells: nothing is "
        "begun. Say on the page whether it is this PC.",
    },
    "not-this-pc": {
        "fr": "Une personne a dit sur la page que ce n'est pas ce PC : l'atelier n'y touche pas. Si c'est une erreur, "
        "redémarrez-le sur le réseau.",
        "en": "A person said on the page that this is not the PC: the workshop does not touch it. If that is a "
        "mistake, boot it from the network again.",
    },
    "profile-gone": {
        "fr": "Le profil {profile} n'existe plus sur le serveur. Choisissez un autre profil sur la page.",
        "en": "The profile {profile} is no longer on the server. Choose another profile on the page.",
    },
    "disks-changed": {
        "fr": "Les disques de ce PC ne sont pas ceux qui ont été vus quand le profil a été choisi. Vus : {seen}. "
        "Trouvés : {found}. Rien n'a été écrit. Regardez les disques de ce PC, puis choisissez à nouveau.",
        "en": "The disks of this PC are not those that were seen when its profile was chosen. Seen: {seen}. "
        "Found: {found}. Nothing was written. Look at this PC's disks, then choose again.",
    },
    "pc-changed": {
        "fr": "Le profil a été choisi pour un PC qui porte d'autres numéros. Vus : {seen}. Trouvés : {found}. "
        "Rien n'a été écrit. Vérifiez quel PC c'est, puis choisissez à nouveau.",
        "en": "The profile was chosen for a PC with other numbers. Seen: {seen}. Found: {found}. "
        "Nothing was written. Make sure which PC this is, then choose again.",
    },
    "batch-full": {
        "fr": "Le lot est complet ({places} PC) : ce PC n'en fait pas partie. Rien n'a été écrit. Choisissez un profil "
        "pour lui sur la page.",
        "en": "The batch is full ({places} PCs): this PC is not part of it. Nothing was written. Choose a profile for "
        "it on the page.",
    },
    "batch-over": {
        "fr": "Le lot pour lequel ce PC a démarré n'est plus armé. Rien n'a été écrit. Choisissez un profil pour ce PC "
        "sur la page.",
        "en": "The batch that this PC started for is not armed any more. Nothing was written. Choose a profile for "
        "this PC on the page.",
    },
    "batch-again": {
        "fr": "Ce PC a été traité il y a peu (24 heures de marche du serveur) : le lot ne le refait pas. Rien n'a "
        "été écrit. Choisissez un profil pour lui sur la page, ou démarrez-le sur son disque.",
        "en": "This PC was worked on lately (24 hours in which the server ran): the batch does not do it again. "
        "Nothing was written. Choose a profile for it on the page, or start it from its disk.",
    },
    "denied": {
        "fr": "Ce PC est interdit : l'atelier n'y touche pas. Démarrez-le sur son disque. Pour le traiter, "
        "autorisez-le d'abord sur la page.",
        "en": "This PC is denied: the workshop does not touch it. Start it from its disk. To work on it, allow it on "
        "the page first.",
    },
    "name-taken": {
        "fr": "Dans le DNS du bâtiment, le nom {name} est déjà pris. Rien n'y a été changé, et ce PC est prêt. "
        "Donnez un autre nom (hostname du profil), ou faites retirer l'ancien.",
        "en": "In the building's DNS the name {name} is already taken. Nothing was changed there, and this PC is "
        "ready. Give another name (the profile's hostname), or have the old one removed.",
    },
    "name-not-told": {
        "fr": "Le DNS du bâtiment ({server}) n'a pas pris le nom {name}. Ce PC est prêt ; le serveur "
        "réessaie pendant un jour. Si cela dure, prévenez l'administrateur.",
        "en": "The building's DNS ({server}) did not take the name {name}. This PC is ready; the server "
        "tries again for a day. If it lasts, tell the administrator.",
    },
    "ticket-expired": {
        "fr": "Le choix fait dans le menu de ce PC est trop ancien ({profile}). Rien n'a été écrit. Choisissez un "
        "profil sur la page, ou redémarrez ce PC sur le réseau.",
        "en": "What was chosen in this PC's menu is too old ({profile}). Nothing was written. Choose a profile on the "
        "page, or boot this PC from the network again.",
    },
    "ticket-wrong": {
        "fr": "Ce choix n'est pas confirmé par le menu de ce serveur ({profile}). Rien n'a été écrit. Choisissez un "
        "profil sur la page, ou redémarrez ce PC sur le réseau.",
        "en": "This choice is not confirmed by this server's menu ({profile}). Nothing was written. Choose a profile "
        "on the page, or boot this PC from the network again.",
    },
}
