"""Sentences about masters: getting one, writing it, making it the PC's own, starting it."""

from typing import Final

from netboot.shared.language import Language

SENTENCES: Final[dict[str, dict[Language, str]]] = {
    "firmware-32-bit": {
        "fr": "L'UEFI de ce PC est de 32 bits et le master {master} n'a pas de chargeur pour elle. Rien n'a été écrit. "
        "Dans le réglage du PC, choisissez le mode BIOS (« Legacy », CSM) s'il existe, sinon un autre profil.",
        "en": "This PC's UEFI is a 32-bit one and the master {master} has no loader for it. Nothing was written. "
        "In the PC's setup choose BIOS mode (“Legacy”, CSM) if there is one, else another profile.",
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
}
