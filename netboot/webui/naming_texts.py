"""The words of the forms in which a new master is named, and of the capture of a PC, in French and in English."""

from typing import Final

from netboot.shared.language import Language

NAMING_TEXTS: Final[dict[str, dict[Language, str]]] = {
    "called_name": {"fr": "Nom du système", "en": "Name of the system"},
    "called_name_help": {
        "fr": "Des lettres sans accent, des chiffres, . _ et -, sans espace : ecole-ce2. Un nom déjà pris fait une "
        "nouvelle version de ce système.",
        "en": "Letters without accents, digits, . _ and -, no space: school-7. A name that is taken makes a new "
        "version of that system.",
    },
    "called_version": {"fr": "Version (facultative)", "en": "Version (may stay empty)"},
    "called_version_help": {
        "fr": "Les mêmes signes : 2026.1. Vide : la date et l'heure.",
        "en": "The same signs: 2026.1. Empty: date and time.",
    },
    "called_title": {"fr": "Titre", "en": "Title"},
    "called_title_help": {
        "fr": "Ce que les gens liront : École, classes de CE2. Sans nom de personne.",
        "en": "What people will read: School, year 4. No person's name.",
    },
    "called_licence": {"fr": "Licence", "en": "Licence"},
    "called_licence_help": {
        "fr": "En SPDX : GPL-3.0-or-later, ou LicenseRef-Debian-main AND LicenseRef-Debian-non-free-firmware. Une "
        "licence qui n'est pas dans la liste SPDX s'écrit LicenseRef-, puis un nom.",
        "en": "In SPDX: GPL-3.0-or-later, or LicenseRef-Debian-main AND LicenseRef-Debian-non-free-firmware. A licence "
        "that is not on the SPDX list is written LicenseRef- and a name.",
    },
    "called_wrong": {
        "fr": "Rien n'est commencé : corrigez ce qui est marqué plus bas.",
        "en": "Nothing has begun: correct what is marked below.",
    },
    "called_name-form": {
        "fr": "Il faut de 1 à 64 lettres sans accent, chiffres, . _ ou -, sans espace ; le premier signe est une "
        "lettre, un chiffre ou _.",
        "en": "1 to 64 letters without accents, digits, . _ or -, no space; the first is a letter, a digit or _.",
    },
    "called_version-form": {
        "fr": "64 signes au plus : des lettres sans accent, des chiffres, . _ et -, sans espace.",
        "en": "64 signs at most: letters without accents, digits, . _ and -, no space.",
    },
    "called_version-taken": {
        "fr": "Cette version de ce système est déjà dans le magasin. Écrivez-en une autre, ou laissez vide.",
        "en": "This version of this system is in the store already. Write another one, or leave it empty.",
    },
    "called_title-form": {"fr": "Il faut de 1 à 120 signes.", "en": "1 to 120 signs."},
    "called_licence-form": {"fr": "Il faut de 1 à 120 signes.", "en": "1 to 120 signs."},
    "called_licence-unknown": {
        "fr": "Ce n'est pas une expression SPDX. Voyez spdx.org/licenses, ou écrivez LicenseRef-, puis un nom de "
        "lettres, de chiffres, de . et de -.",
        "en": "This is no SPDX expression. See spdx.org/licenses, or write LicenseRef- and a name of letters, digits, "
        ". and -.",
    },
    "called_taken": {
        "fr": "{name} existe déjà, en version {version}. Ce que vous faites en sera la nouvelle version actuelle ; "
        "celle-ci restera comme version d'avant.",
        "en": "{name} exists already, in version {version}. What you make will be its new current version; this one "
        "stays as the version before.",
    },
    "called_given": {
        "fr": "La nouvelle version ira aux PC par :",
        "en": "PCs will get the new version by:",
    },
    "called_as": {"fr": "nom du système : {name} {version}", "en": "name of the system: {name} {version}"},
    "capture_title": {"fr": "Faire un système du disque de ce PC", "en": "Make a system of this PC's disk"},
    "capture_reads": {
        "fr": "Le disque est seulement lu : rien n'y est écrit. Ce qui y est utilisé va au serveur, qui en fait un "
        "système.",
        "en": "The disk is only read: nothing is written to it. What is in use on it goes to the server, which makes a "
        "system of it.",
    },
    "capture_secrets": {
        "fr": "Comptes, mots de passe, clés Wi-Fi et documents qui sont sur ce disque iront à d'autres PC : "
        "enlevez-les d'abord.",
        "en": "Accounts, passwords, Wi-Fi keys and documents on this disk will go to other PCs: take them away first.",
    },
    "capture_room": {
        "fr": "Il reste {free} dans le magasin du serveur.",
        "en": "{free} are free in the server's store.",
    },
    "capture_smaller": {
        "fr": "Ensuite, le faire tenir sur des disques plus petits",
        "en": "Then make it fit smaller disks",
    },
    "capture_smaller_help": {
        "fr": "Le serveur en fait lui-même une seconde version, dès qu'il ne fait pas d'autre système. La capture "
        "reste comme version d'avant, et une plus ancienne s'en va. Possible si le dernier système de fichiers est "
        "ext2, ext3, ext4 ou NTFS, ou si beaucoup de place n'est à aucune partition, à la fin du disque ; sinon la "
        "capture reste comme elle est.",
        "en": "The server itself makes a second version of it, as soon as it makes no other system. The capture stays "
        "as the version before, and an older one goes. Possible where the last file system is ext2, ext3, ext4 or "
        "NTFS, or where much of the disk's end belongs to no partition; otherwise the capture stays as it is.",
    },
    "capture_kept_whole": {
        "fr": "Un profil donne ce système sans réglage, ou dit ce qui en grandit : réduit, il n'irait plus. "
        "Retirez cette coche.",
        "en": "A profile gives this system without customising, or says what of it grows: made smaller, it would not "
        "do. Take this tick away.",
    },
    "capture_disk": {"fr": "Disque à capturer", "en": "Disk to capture"},
    "capture_no_disk": {
        "fr": "Ce PC a plusieurs disques : dites lequel.",
        "en": "This PC has several disks: say which one.",
    },
    "pick_disk": {"fr": "Choisir…", "en": "Choose…"},
    "capture_yes": {"fr": "Capturer", "en": "Capture"},
    "capture_again": {"fr": "Capturer comme nouvelle version", "en": "Capture as a new version"},
}
