"""The page's texts about batches and policies of single PCs, a part of `texts.py`."""

from typing import Final

from netboot.jobs.policy import DhcpMode, Loader
from netboot.records.values import BatchEnd
from netboot.shared.language import Language

RULE_TEXTS: Final[dict[str, dict[Language, str]]] = {
    # Batches
    "batch_title": {"fr": "Armer une série", "en": "Arm a batch"},
    "batch_help": {
        "fr": "Les prochains PC qui démarrent sur le réseau prennent un profil sans qu'une touche soit pressée.",
        "en": "The next PCs that boot from the network take a profile with no key pressed.",
    },
    "batch_profile": {"fr": "Profil de la série", "en": "Profile of the batch"},
    "batch_places": {"fr": "Nombre de PC", "en": "Number of PCs"},
    "batch_arm": {"fr": "Armer la série", "en": "Arm the batch"},
    "batch_armed": {"fr": "SÉRIE ARMÉE : {profile}", "en": "BATCH ARMED: {profile}"},
    "batch_left": {"fr": "Places restantes : {left} sur {places}", "en": "Places left: {left} of {places}"},
    "batch_stops": {
        "fr": "Cette série ne peut rien faire : chacun de ses PC s'arrête avant l'effacement.",
        "en": "This batch can do nothing: each of its PCs stops before the erase.",
    },
    "batch_erases": {
        "fr": "Tout PC qui démarre sur le réseau sera EFFACÉ.",
        "en": "Every PC that boots from the network will be ERASED.",
    },
    "batch_writes": {
        "fr": "Le disque de tout PC qui démarre sur le réseau sera REMPLACÉ.",
        "en": "The disk of every PC that boots from the network will be REPLACED.",
    },
    "batch_disarm": {"fr": "Désarmer la série", "en": "Disarm the batch"},
    "batch_takes_back": {
        "fr": "Un PC de la série dont le travail est coupé le reprend tout seul, à sa place.",
        "en": "A PC of the batch whose work is cut goes on with it by itself, in its place.",
    },
    "batch_take_none": {"fr": "Ne plus en reprendre", "en": "Take none back"},
    "batch_last": {"fr": "Dernière série : {profile}", "en": "Last batch: {profile}"},
    "batch_took": {
        "fr": "PC pris dans la série : {taken} sur {places}",
        "en": "PCs taken in the batch: {taken} of {places}",
    },
    "batch_sure_next": {
        "fr": "Prochains PC qui démarrent sur le réseau, quels qu'ils soient : {places}",
        "en": "Next PCs that boot from the network, whichever they are: {places}",
    },
    "batch_sure_erase": {
        "fr": "TOUS leurs disques internes seront EFFACÉS, sans autre question. Rien ne pourra être retrouvé.",
        "en": "ALL their internal disks will be ERASED, with no further question. Nothing can be recovered.",
    },
    "batch_sure_install": {
        "fr": "Leur disque sera REMPLACÉ par le système {master}, sans autre question. Ce qui s'y trouve sera perdu.",
        "en": "Their disk will be REPLACED by the system {master}, with no further question. "
        "What is on it will be lost.",
    },
    "batch_sure_nothing": {
        "fr": "Rien ne sera écrit sur leurs disques.",
        "en": "Nothing will be written to their disks.",
    },
    "batch_sure_look": {
        "fr": "Vérifiez qu'aucun autre PC de ce réseau ne démarre par erreur sur le réseau.",
        "en": "Make sure that no other PC on this network boots from it by mistake.",
    },
    "batch_sure_not": {
        "fr": "N'en font pas partie : les PC interdits, les PC traités il y a peu, les PC qui ont un choix à eux.",
        "en": "Not part of it: denied PCs, PCs worked on lately, and PCs that have a choice of their own.",
    },
    "batch_sure_ends": {
        "fr": "La série se désarme quand toutes les places sont prises, au plus tard après 24 heures.",
        "en": "The batch disarms itself when every place is taken, after 24 hours at the latest.",
    },
    "batch_sure_replaces": {
        "fr": "La série armée maintenant ({profile}, places restantes : {left}) sera désarmée.",
        "en": "The batch that is armed now ({profile}, places left: {left}) will be disarmed.",
    },
    "batch_yes": {"fr": "Oui, armer la série", "en": "Yes, arm the batch"},
    "armed": {"fr": "La série est armée. Places : {count}", "en": "The batch is armed. Places: {count}"},
    "disarmed": {"fr": "La série est désarmée.", "en": "The batch is disarmed."},
    "over": {"fr": "Cette série était déjà terminée.", "en": "This batch was over already."},
    # Single PCs
    "rules": {"fr": "PC à part", "en": "Single PCs"},
    "rules_help": {
        "fr": "Un PC de bureau sur le même réseau, un PC capricieux : ce qui vaut pour lui seul.",
        "en": "An office PC on the same network, a PC with a quirk: what holds for it alone.",
    },
    "rules_caption": {"fr": "PC pour lesquels quelque chose est réglé", "en": "PCs for which something is set"},
    "rules_none": {"fr": "Rien n'est réglé pour un seul PC.", "en": "Nothing is set for a single PC."},
    "rule_title": {"fr": "Réglages de ce PC", "en": "What is set for this PC"},
    "rule_names": {"fr": "Valent pour : {names}", "en": "Holds for: {names}"},
    "rule_access": {"fr": "Ce PC est", "en": "This PC is"},
    "rule_allowed": {"fr": "autorisé : l'atelier peut le traiter", "en": "allowed: the workshop may work on it"},
    "rule_denied": {"fr": "interdit : seulement son propre disque", "en": "denied: its own disk only"},
    "rule_loader": {"fr": "Chargeur", "en": "Loader"},
    "rule_dhcp": {"fr": "Réponse DHCP", "en": "DHCP answer"},
    "rule_default": {"fr": "Entrée prête dans le menu", "en": "The menu's ready entry"},
    "rule_note": {"fr": "Note (à qui est ce PC, pourquoi)", "en": "Note (whose PC it is, why)"},
    "rule_save": {"fr": "Enregistrer", "en": "Save"},
    "rule_automatic": {"fr": "automatique", "en": "automatic"},
    "rule_disk": {"fr": "son propre disque", "en": "its own disk"},
    "rule_fixed": {
        "fr": "Réglé par l'administrateur dans le fichier de réglages, qui passe avant cette page :",
        "en": "Set by the administrator in the settings file, which comes before this page:",
    },
    "rule_fixed_denied": {
        "fr": "Ce PC est interdit dans le fichier de réglages : cela ne se change pas ici.",
        "en": "This PC is denied in the settings file: that cannot be changed here.",
    },
    "rule_set_by": {"fr": "Réglé par", "en": "Set by"},
    "rule_in_file": {"fr": "le fichier de réglages", "en": "the settings file"},
    "rule_sign_in": {"fr": "Connectez-vous pour régler ce PC.", "en": "Sign in to set something for this PC."},
    "saved": {"fr": "C'est enregistré.", "en": "Saved."},
    "address_title": {"fr": "PC à l'adresse {mac}", "en": "PC at the address {mac}"},
    "address_help": {
        "fr": "Ce PC n'a pas encore dit son nom au serveur. On le connaît par l'adresse de sa carte réseau.",
        "en": "This PC has not told the server its name yet. It is known by its adapter's address.",
    },
    "address_dock": {
        "fr": "Cette carte réseau va d'un PC à l'autre (station d'accueil, adaptateur USB) : ce qui est réglé ici vaut "
        "pour chaque PC qui démarre par elle.",
        "en": "This adapter goes from PC to PC (a dock, a USB adapter): what is set here holds for every PC that boots "
        "by it.",
    },
    "address_shared": {
        "fr": "Cette adresse ne prouve pas de quel PC il s'agit : un programme l'a choisie, ou plusieurs cartes l'ont "
        "(PC virtuel). Ce qui est réglé ici vaut pour chaque PC qui l'a.",
        "en": "This address does not prove which PC it is: a program chose it, or several adapters have it (a virtual "
        "PC). What is set here holds for every PC that has it.",
    },
    "denied_adapter": {
        "fr": "Une de ses cartes réseau est interdite. Pour l'autoriser :",
        "en": "One of its adapters is denied. To allow it:",
    },
    "denied_dock": {
        "fr": "Il a démarré par une carte réseau partagée qui est interdite. Pour l'autoriser :",
        "en": "It booted by a shared adapter that is denied. To allow it:",
    },
    "address_open": {
        "fr": "Adresse (MAC) d'un PC, par exemple 98:fa:9b:12:34:56",
        "en": "A PC's address (MAC), for example 98:fa:9b:12:34:56",
    },
    "address_button": {"fr": "Ouvrir", "en": "Open"},
    "denied": {"fr": "interdit", "en": "denied"},
}

BATCH_ENDS: Final[dict[BatchEnd, dict[Language, str]]] = {
    "": {"fr": "armé", "en": "armed"},
    "full": {"fr": "complet", "en": "full"},
    "disarmed": {"fr": "désarmé", "en": "disarmed"},
    "replaced": {"fr": "remplacé", "en": "replaced"},
    "expired": {"fr": "trop ancien", "en": "too old"},
    "changed": {"fr": "annulé : son profil a été modifié", "en": "withdrawn: its profile was edited"},
    "restored": {"fr": "annulé : une sauvegarde a été remise", "en": "withdrawn: a backup was put back"},
}

LOADERS: Final[dict[Loader, dict[Language, str]]] = {
    "grub": {"fr": "UEFI 64 bits : GRUB (avec Secure Boot)", "en": "64-bit UEFI: GRUB (with Secure Boot)"},
    "ipxe": {"fr": "UEFI 64 bits : iPXE (Secure Boot désactivé)", "en": "64-bit UEFI: iPXE (Secure Boot off)"},
    "undionly": {"fr": "BIOS : undionly.kpxe (l'habituel)", "en": "BIOS: undionly.kpxe (the usual one)"},
    "ipxe.pxe": {"fr": "BIOS : ipxe.pxe (ses propres pilotes)", "en": "BIOS: ipxe.pxe (its own drivers)"},
    "kkpxe": {
        "fr": "BIOS : undionly.kkpxe (laisse le PXE de la carte en mémoire)",
        "en": "BIOS: undionly.kkpxe (leaves the adapter's PXE in memory)",
    },
}

DHCP_MODES: Final[dict[DhcpMode, dict[Language, str]]] = {
    "proxy": {"fr": "à côté du DHCP du bâtiment (proxy)", "en": "beside the building's DHCP (proxy)"},
    "merged": {"fr": "une seule réponse complète (merged)", "en": "one complete answer (merged)"},
}

DEFAULTS: Final[dict[str, dict[Language, str]]] = {
    "inventory": {"fr": "inventaire, puis attendre un choix", "en": "inventory, then wait for a choice"},
    "memory": {"fr": "test de la mémoire", "en": "memory test"},
}
"""Names for NEUTRAL (`bootmenu/offered.py`); profiles have their own."""
