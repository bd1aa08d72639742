"""Sentences about the PC itself: its start from the network, its memory, its agent."""

from typing import Final

from netboot.shared.language import Language

SENTENCES: Final[dict[str, dict[Language, str]]] = {
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
