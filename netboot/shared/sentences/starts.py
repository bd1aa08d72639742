"""Sentences about the PC itself: its start from the network and from its disk, its agent, work that was cut short."""

from typing import Final, Literal

from netboot.shared.language import Language

Code = Literal[
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
]

SENTENCES: Final[dict[Code, dict[Language, str]]] = {
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
        "sera reprise, ou refaite.",
        "en": "The PC stopped during the stage {stage}, which is not finished. Choose its profile again: it will start "
        "again, or go on.",
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
}
