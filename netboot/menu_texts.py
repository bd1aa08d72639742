"""The words of the boot menu, in French and in English. Plain, and at most 66 characters, the width of iPXE's menu."""

from dataclasses import dataclass
from typing import Final

from netboot.problems import Language


@dataclass(frozen=True, slots=True)
class MenuTexts:
    """Every text of the boot menu; `{master}` and `{profile}` are names."""

    title: str
    help: str
    local: str
    inventory: str
    armed: str
    confirm_title: str
    confirm_erase: str
    confirm_erase_and_install: str
    confirm_install: str
    no: str
    starting_disk: str
    starting_agent: str
    no_loader: str
    no_loader_help: str
    no_server: str
    failed: str


TEXTS: Final[dict[Language, MenuTexts]] = {
    "fr": MenuTexts(
        title="Atelier : que faire de ce PC ?",
        help="Flèches, puis Entrée. Sans touche : le disque de ce PC démarre.",
        local="Démarrer sur le disque de ce PC (rien n'est modifié)",
        inventory="Inventaire seul, puis attendre un choix sur la page",
        armed="Choisi sur la page : {profile}",
        confirm_title="Êtes-vous sûr ?",
        confirm_erase="OUI : EFFACER tous les disques de ce PC",
        confirm_erase_and_install="OUI : EFFACER tous les disques, installer {master}",
        confirm_install="OUI : ÉCRASER le disque avec {master}",
        no="NON : revenir au menu",
        starting_disk="Démarrage sur le disque de ce PC…",
        starting_agent="Chargement… Ne débranchez pas ce PC.",
        no_loader="Aucun système à démarrer sur les disques de ce PC.",
        no_loader_help="Appuyez sur Échap pour revenir au menu.",
        no_server="Le serveur ne répond pas. Vérifiez le câble, puis redémarrez.",
        failed="Le chargement a échoué. Vérifiez le câble. Retour au menu…",
    ),
    "en": MenuTexts(
        title="Workshop: what should this PC do?",
        help="Arrows, then Enter. Without a key: this PC's own disk boots.",
        local="Boot this PC's own disk (nothing is changed)",
        inventory="Inventory only, then wait for a choice on the page",
        armed="Chosen on the page: {profile}",
        confirm_title="Are you sure?",
        confirm_erase="YES: ERASE every disk of this PC",
        confirm_erase_and_install="YES: ERASE every disk, install {master}",
        confirm_install="YES: OVERWRITE the disk with {master}",
        no="NO: back to the menu",
        starting_disk="Booting this PC's own disk…",
        starting_agent="Loading… Do not unplug this PC.",
        no_loader="No system to boot was found on this PC's disks.",
        no_loader_help="Press Esc to go back to the menu.",
        no_server="The server does not answer. Check the cable, then restart.",
        failed="Loading failed. Check the cable. Back to the menu…",
    ),
}
