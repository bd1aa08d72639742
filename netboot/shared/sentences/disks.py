"""Sentences about the PC's disks, before anything is done to them."""

from typing import Final, Literal

from netboot.shared.language import Language

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
    "disk-not-for-bios",
    "disk-error",
    "disk-resized",
    "several-targets",
]

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
        "fr": "Le système {master} demande {needed} et le disque {disk} n'a que {size} : il manque {missing}. "
        "Choisissez un autre profil ou un disque plus grand.",
        "en": "The system {master} needs {needed} and the disk {disk} has only {size}: {missing} are missing. "
        "Choose another profile or a larger disk.",
    },
    "disk-sectors": {
        "fr": "Le système {master} est fait pour des secteurs de {wanted} octets ; le disque {disk} en a de {found}. "
        "Choisissez un autre système, ou mettez un autre disque.",
        "en": "The system {master} is made for sectors of {wanted} bytes; the disk {disk} has {found}. "
        "Choose another system, or fit another disk.",
    },
    "disk-not-for-bios": {
        "fr": "Ce PC a démarré en mode BIOS, et aucun BIOS ne démarre un disque à secteurs de {found} octets ({disk}). "
        "Passez le PC en mode UEFI dans son réglage, ou mettez un autre disque.",
        "en": "This PC was started in BIOS mode, and no BIOS starts a disk with sectors of {found} bytes ({disk}). "
        "Set the PC to UEFI mode in its setup, or fit another disk.",
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
        "fr": "Ce PC a plusieurs disques possibles ({disks}). Choisissez sur la page celui qui reçoit le système.",
        "en": "This PC has several possible disks ({disks}). Choose on the page which one gets the system.",
    },
}
