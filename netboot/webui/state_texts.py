"""The page's texts for the server's codes (states, remarks, events, levels), in French and English."""

from typing import Final, Literal

from netboot.records.events import Kind
from netboot.records.values import JobState
from netboot.shared.language import Language
from netboot.shared.stages.erase import Level
from netboot.workshop.live_board import State

STATES: Final[dict[State, dict[Language, str]]] = {
    "booting": {"fr": "démarre", "en": "is booting"},
    "waiting": {"fr": "attend un choix", "en": "waits for a choice"},
    "working": {"fr": "travaille", "en": "is working"},
    "done": {"fr": "terminé", "en": "done"},
    "failed": {"fr": "arrêté : à voir", "en": "stopped: look at it"},
    "home": {"fr": "parti sur son disque", "en": "gone to its disk"},
    "silent": {"fr": "ne répond plus", "en": "no longer answers"},
}


BOOT_NOTES: Final[dict[str, dict[Language, str]]] = {
    "firmware-arm": {
        "fr": "C'est un ordinateur ARM : les systèmes de l'atelier sont pour les PC x86. Rien ne lui est proposé.",
        "en": "This is an ARM computer: the workshop's systems are for x86 PCs. It is offered nothing.",
    },
    "firmware-unknown": {
        "fr": "Ce micrologiciel (BIOS) n'est pas connu. Dans le réglage du PC, choisissez le démarrage par le réseau "
        "(PXE) en mode UEFI, sinon en mode BIOS.",
        "en": "This firmware (BIOS) is not known. In the PC's setup, choose to boot from the network (PXE) in UEFI "
        "mode, else in BIOS mode.",
    },
    "loop": {
        "fr": "Ce PC tourne en rond : il a trop souvent demandé le même fichier. Éteignez-le, attendez deux minutes, "
        "puis recommencez. Si cela revient, demandez à l'administrateur de choisir pour lui un autre chargeur.",
        "en": "This PC goes round in circles: it asked too often for the same file. Switch it off, wait two minutes, "
        "then try again. If it happens again, ask the administrator to set another loader for it.",
    },
    "denied": {
        "fr": "Ce PC est interdit : le réseau ne le démarre pas. Pour le traiter, autorisez-le d'abord sur sa page.",
        "en": "This PC is denied: the network does not boot it. To work on it, allow it on its page first.",
    },
    "moved-to-merged": {
        "fr": "Ce PC ne prenait pas le fichier de démarrage proposé à part : il le reçoit maintenant avec son adresse, "
        "en une seule offre.",
        "en": "This PC did not take the boot file that was offered apart: it now gets it with its address, in one "
        "offer.",
    },
    "merged-did-not-help": {
        "fr": "Ce PC ne demande pas son fichier de démarrage, ni proposé à part, ni avec son adresse. Regardez ce "
        "qu'affiche son écran ; essayez le démarrage par le réseau en UEFI au lieu de BIOS (ou l'inverse).",
        "en": "This PC does not ask for its boot file, neither offered apart nor with its address. See what its screen "
        "says; try to boot from the network in UEFI mode in place of BIOS (or the other way round).",
    },
    "architecture-guessed": {
        "fr": "Ce PC ne dit pas quel micrologiciel il a (option DHCP 93) : il a été pris pour le plus courant. S'il ne "
        "démarre pas, choisissez dans son réglage le démarrage par le réseau en UEFI au lieu de BIOS (ou l'inverse).",
        "en": "This PC does not say what firmware it has (DHCP option 93): it was taken for the most common one. If it "
        "does not start, choose in its setup to boot from the network in UEFI mode in place of BIOS (or the other way "
        "round).",
    },
    "sent-ipxe-pxe": {
        "fr": "Sur ce PC, le chargeur undionly.kpxe ne va pas jusqu'au menu : il reçoit maintenant ipxe.pxe.",
        "en": "On this PC the loader undionly.kpxe does not come to the menu: it is sent ipxe.pxe now.",
    },
    "sent-undionly-kkpxe": {
        "fr": "Sur ce PC, ni undionly.kpxe ni ipxe.pxe ne vont jusqu'au menu : il reçoit maintenant undionly.kkpxe.",
        "en": "On this PC neither undionly.kpxe nor ipxe.pxe come to the menu: it is sent undionly.kkpxe now.",
    },
    "each-loader-tried": {
        "fr": "Sur ce PC, aucun des trois chargeurs BIOS ne va jusqu'au menu. Essayez le démarrage par le réseau en "
        "UEFI, ou une autre carte réseau.",
        "en": "On this PC none of the three loaders for BIOS comes to the menu. Try to boot from the network in UEFI "
        "mode, or another network adapter.",
    },
    "building-silent": {
        "fr": "Le DHCP du bâtiment ne répond pas : ce PC n'a pas d'adresse. Vérifiez le câble entre le switch et "
        "le réseau du bâtiment.",
        "en": "The building's DHCP does not answer: this PC has no address. Check the cable between the switch and the "
        "building's network.",
    },
    "no-address-left": {
        "fr": "Toutes les adresses du réseau sont prises : éteignez les PC finis et attendez, ou demandez à "
        "l'administrateur d'agrandir la plage (dhcp.full.pool).",
        "en": "Every address of this network is taken: switch off the PCs that are done and wait, or ask the "
        "administrator for a larger range (dhcp.full.pool).",
    },
    "addresses-in-use": {
        "fr": "D'autres appareils utilisent les adresses prévues pour ce PC. Recommencez ; si cela revient, demandez à "
        "l'administrateur de changer la plage (dhcp.full.pool).",
        "en": "Other devices use the addresses meant for this PC. Try again; if it happens again, ask the "
        "administrator for another range (dhcp.full.pool).",
    },
    "rival-server": {
        "fr": "Ce PC a pris son adresse chez un autre serveur DHCP, branché par erreur sur ce switch, souvent une "
        "box : débranchez-la, puis redémarrez ce PC.",
        "en": "This PC took its address from another DHCP server that was plugged into this switch by mistake, a box "
        "as a rule: unplug it, then restart this PC.",
    },
}
"""What is to be said of a PC that asked for a boot file, by the value of `boot_client.Reason` or `core.Remark`."""


TROUBLES: Final[dict[str, dict[Language, str]]] = {
    "gone": {
        "fr": "La carte réseau du serveur a disparu : rebranchez-la. Aucun PC ne peut démarrer d'ici là.",
        "en": "The server's network adapter is gone: plug it in again. No PC can boot until then.",
    },
    "record-restored": {
        "fr": "Le journal est plus ancien que le dernier écrit : une sauvegarde a-t-elle été remise ? Tout ce qui "
        "attendait est retiré : choisissez encore. Ce qui s'est fait entre-temps n'y est pas.",
        "en": "The record is older than the last one that was written: was a backup put back? All that waited is "
        "withdrawn: choose again. What was done in between is not on it.",
    },
    "no-cable": {
        "fr": "Le serveur n'a plus de liaison réseau : vérifiez son câble et le switch. Aucun PC ne peut démarrer "
        "d'ici là.",
        "en": "The server has no network link: check its cable and the switch. No PC can boot until then.",
    },
    "no-address": {
        "fr": "Le serveur n'a plus d'adresse réseau : aucun PC ne peut démarrer tant qu'il n'en a pas retrouvé une.",
        "en": "The server has no network address: no PC can boot until it has one again.",
    },
}
"""Why no PC can be served, by `address_watch.Trouble`."""


JOB_STATES: Final[dict[JobState, dict[Language, str]]] = {
    "running": {"fr": "en cours", "en": "running"},
    "done": {"fr": "terminé", "en": "done"},
    "failed": {"fr": "échec", "en": "failed"},
    "interrupted": {"fr": "interrompu", "en": "interrupted"},
}


EVENTS: Final[dict[Kind, dict[Language, str]]] = {
    "machine-added": {"fr": "PC vu pour la première fois", "en": "PC seen for the first time"},
    "machine-merged": {"fr": "deux numéros réunis en un PC", "en": "two numbers merged into one PC"},
    "machine-separated": {"fr": "deux numéros séparés", "en": "two numbers separated"},
    "visit-opened": {"fr": "passage commencé", "en": "visit begun"},
    "kit-collected": {"fr": "travail relevé sur une clé", "en": "work collected from a stick"},
    "visit-closed": {"fr": "passage terminé", "en": "visit ended"},
    "visit-contested": {"fr": "deux connexions pour un PC", "en": "two lines for one PC"},
    "visit-uncontested": {"fr": "plus qu'une connexion pour ce PC", "en": "one line only for this PC again"},
    "visit-vouched": {"fr": "PC reconnu par une personne", "en": "PC recognised by a person"},
    "choice-made": {"fr": "profil choisi", "en": "profile chosen"},
    "choice-withdrawn": {"fr": "choix annulé", "en": "choice cancelled"},
    "record-restored": {
        "fr": "journal plus ancien que le dernier écrit (sauvegarde remise ?) : tout ce qui attendait est retiré",
        "en": "record older than the last one written (backup put back?): all that waited is withdrawn",
    },
    "choice-expired": {"fr": "choix trop ancien", "en": "choice too old"},
    "choice-used": {"fr": "choix suivi", "en": "choice followed"},
    "batch-armed": {"fr": "série armée", "en": "batch armed"},
    "batch-place": {"fr": "place prise dans la série", "en": "place taken in the batch"},
    "batch-place-again": {
        "fr": "travail repris à sa place dans la série",
        "en": "work gone on with in its place of the batch",
    },
    "batch-closed": {"fr": "série terminée", "en": "batch over"},
    "disk-answer": {"fr": "réponse sur un disque", "en": "answer about a disk"},
    "disk-taken-out": {"fr": "disque sorti du PC", "en": "disk taken out of the PC"},
    "erase-exception": {"fr": "exception signée", "en": "exception signed"},
    "policy-set": {"fr": "réglage d'un PC changé", "en": "a PC's rule changed"},
    "job-started": {"fr": "travail commencé", "en": "job begun"},
    "stage-started": {"fr": "étape commencée", "en": "stage begun"},
    "erase-begun": {"fr": "effacement d'un disque commencé", "en": "erase of a disk begun"},
    "format-begun": {"fr": "formatage d'un disque commencé", "en": "format of a disk begun"},
    "format-ended": {"fr": "formatage d'un disque terminé", "en": "format of a disk ended"},
    "stage-ended": {"fr": "étape terminée", "en": "stage ended"},
    "question-answered": {"fr": "réponse donnée sur la page", "en": "answer given on the page"},
    "question-closed": {"fr": "question d'une étape close", "en": "question of a stage closed"},
    "erasure": {"fr": "preuve d'effacement", "en": "proof of erasure"},
    "job-given-up": {"fr": "travail abandonné par une personne", "en": "job given up by a person"},
    "job-ended": {"fr": "travail terminé", "en": "job ended"},
    "master-added": {"fr": "système ajouté", "en": "system added"},
    "master-chosen": {
        "fr": "autre version d'un système donnée aux PC",
        "en": "another version of a system given to PCs",
    },
    "making-begun": {"fr": "fabrication d'un système commencée", "en": "making of a system begun"},
    "making-ended": {"fr": "fabrication d'un système terminée", "en": "making of a system ended"},
    "operator-set": {"fr": "opérateur ajouté ou mot de passe changé", "en": "operator added or password changed"},
    "person-forgotten": {"fr": "personne oubliée", "en": "person forgotten"},
}


LEVELS: Final[dict[Level, dict[Language, str]]] = {
    "none": {"fr": "aucun", "en": "none"},
    "clear": {"fr": "« Clear » (NIST SP 800-88)", "en": "“Clear” (NIST SP 800-88)"},
    "purge": {"fr": "« Purge » (NIST SP 800-88)", "en": "“Purge” (NIST SP 800-88)"},
}


SECURE_BOOT: Final[dict[Literal["on", "off", "unsupported", "unknown"], dict[Language, str]]] = {
    "on": {"fr": "activé", "en": "on"},
    "off": {"fr": "désactivé", "en": "off"},
    "unsupported": {"fr": "n'existe pas sur ce PC", "en": "not on this PC"},
    "unknown": {"fr": "inconnu", "en": "unknown"},
}
