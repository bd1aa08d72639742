"""Words of customising: its name, and sentences about making a master the PC's own and starting it."""

from typing import Final, Literal

from netboot.shared.language import Language

Code = Literal[
    "boot-entry",
    "no-start",
    "filesystem",
    "filesystem-full-size",
    "customise",
    "identity-shared",
    "system-as-is",
    "wifi-withheld",
]

TITLE: Final[dict[Language, str]] = {"fr": "Réglages", "en": "Settings"}

CHANGED: Final[dict[Language, str]] = {
    "fr": "Relu sur le disque : {changed} chemins changés dans le système ; "
    "{gone} fichiers du PC préparé retirés ou vidés",
    "en": "Read again from the disk: {changed} paths changed in the system; "
    "{gone} files of the prepared PC taken out or emptied",
}
"""What the page says of the evidence; the paths stand with it, for the administrator."""

LACKS: Final[dict[str, dict[Language, str]]] = {
    "locale": {"fr": "langue {}", "en": "locale {}"},
    "keyboard": {"fr": "clavier {}", "en": "keyboard {}"},
    "timezone": {"fr": "fuseau horaire {}", "en": "time zone {}"},
    "group": {"fr": "groupe {}", "en": "group {}"},
    "owner": {"fr": "compte {}", "en": "account {}"},
    "person": {"fr": "{} comme compte d'une personne", "en": "{} as a person's account"},
    "makes-accounts": {"fr": "de quoi créer des comptes", "en": "tools to make accounts"},
    "runs-scripts": {"fr": "systemd (pour les scripts)", "en": "systemd (for scripts)"},
    "joins-wifi": {"fr": "NetworkManager (pour le Wi-Fi)", "en": "NetworkManager (for Wi-Fi)"},
    "place": {"fr": "/{} sur sa racine", "en": "/{} on its root file system"},
}
"""What a system may lack (`offers.Lack`), as `{lacks}` lists it."""

FIRST_START: Final[dict[Language, str]] = {
    "fr": "Windows prendra le nom {hostname} et une identité propre à son premier démarrage, que netboot ne voit pas",
    "en": "Windows takes the name {hostname} and an identity of its own at its first start, which netboot does not see",
}
"""What the page says of a Windows that has its answer file."""

SENTENCES: Final[dict[Code, dict[Language, str]]] = {
    "boot-entry": {
        "fr": "Ce PC n'a pas gardé l'entrée de démarrage du système installé. Il démarrera par le chemin de secours. "
        "S'il ne le fait pas, mettez son disque en premier dans son réglage (BIOS).",
        "en": "This PC did not keep the boot entry of the installed system. It will start by the fallback path. If it "
        "does not, put its disk first in its setup (BIOS).",
    },
    "no-start": {
        "fr": "Ce PC ne démarrera pas : il n'a pas gardé l'entrée de démarrage, et le système n'a pas de chemin de "
        "secours. Dans le réglage du PC, remettez les valeurs d'usine, puis recommencez ; sinon, choisissez un autre "
        "système.",
        "en": "This PC will not start: it did not keep the boot entry, and the system has no fallback path. In the "
        "PC's setup load the factory defaults, then start again; else choose another system.",
    },
    "filesystem": {
        "fr": "Le système de fichiers {partition} du disque {disk} n'a pas pu être agrandi. Ce PC n'est pas prêt : ne "
        "le livrez pas. Recommencez ; si cela se répète, prévenez l'administrateur : la page de ce PC a les détails.",
        "en": "The file system {partition} of the disk {disk} could not be grown. This PC is not ready: do not hand it "
        "out. Start again; if it happens once more, tell the administrator: this PC's page has the details.",
    },
    "filesystem-full-size": {
        "fr": "Le système de fichiers {partition} du disque {disk} ne peut pas dépasser {size} : {spare} restent "
        "libres derrière lui. Le PC est prêt. Pour tout utiliser, refaites le système avec un système de fichiers "
        "plus grand.",
        "en": "The file system {partition} of the disk {disk} cannot be larger than {size}: {spare} stay free behind "
        "it. The PC is ready. To use all of it, make the system anew with a larger file system.",
    },
    "customise": {
        "fr": "Le système installé n'a pas pu être rendu propre à ce PC : il peut avoir encore le nom, l'identité et "
        "les clés SSH d'autres PC. Ne livrez pas ce PC. Recommencez ; si cela se répète, prévenez l'administrateur : "
        "la page de ce PC a les détails.",
        "en": "The installed system could not be made this PC's own: it may still have the name, identity and "
        "SSH keys of other PCs. Do not hand this PC out. Start again; if it happens once more, tell the administrator: "
        "this PC's page has the details.",
    },
    "identity-shared": {
        "fr": "Le système installé n'a pas été rendu propre à ce PC ({parts}) : il le partagerait avec tous les PC qui "
        "l'ont reçu. Ne le livrez pas : recommencez, ou choisissez un autre système.",
        "en": "The installed system was not made this PC's own ({parts}): it would share that with every PC that "
        "got it. Do not hand it out: start again, or choose another system.",
    },
    "system-as-is": {
        "fr": "Le système installé garde le nom, l'identité et les clés SSH qu'il avait : le profil le permet "
        "(customise: none). Avant de livrer ce PC, donnez-lui les siens, ou demandez-le à l'administrateur.",
        "en": "The installed system keeps the name, identity and SSH keys that it had: the profile allows it "
        "(customise: none). Before you hand this PC out give it its own, or ask the administrator.",
    },
    "wifi-withheld": {
        "fr": "Le réseau Wi-Fi {network} de ce profil ne peut pas être donné à ce PC : le travail s'arrête avant la "
        "prochaine écriture. Redémarrez-le sur le réseau et recommencez ; si cela se répète, prévenez "
        "l'administrateur : la page de ce PC a les détails.",
        "en": "The Wi-Fi network {network} of this profile cannot be given to this PC: the work stops before anything "
        "more is written. Boot it from the network again and start again; if it happens once more, tell the "
        "administrator: this PC's page has the details.",
    },
}
