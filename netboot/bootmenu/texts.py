"""The texts of the boot menu, in French and in English; at most 66 characters, the width of iPXE's menu."""

from dataclasses import dataclass
from typing import Final

from netboot.shared.language import Language


@dataclass(frozen=True, slots=True)
class MenuTexts:
    """Every text of the boot menu; `{master}` and `{profile}` are names, `{stage}` is a stage's."""

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
    armed_batch: str
    denied: str
    other_language: str
    large_screen: str
    enter_digits: str
    digits_title: str
    digits_label: str
    digits_login: str
    wrong_digits: str
    too_many_tries: str
    not_offered: str
    unavailable: str
    unavailable_why: str
    memtest: str
    title_code: str
    theme_help: str
    theme_timeout: str
    starting_disk: str
    starting_agent: str
    stick_left: str
    home_by_agent: str
    home_again: str
    no_disks: str
    no_disks_help: str
    no_loader: str
    no_loader_help: str
    no_server: str
    failed: str
    processor_32_bit: str
    left_cut: str
    left_stopped: str
    stalled: str
    stalled_32_bit: str
    kit_start: str
    kit_off: str
    kit_failed: str
    kit_processor_32_bit: str


TEXTS: Final[dict[Language, MenuTexts]] = {
    "fr": MenuTexts(
        title="Atelier : que faire de ce PC ?",
        help="Flèches, puis Entrée. Sans touche : le disque de ce PC démarre.",
        local="Démarrer sur le disque de ce PC (rien n'y est écrit)",
        inventory="Inventaire seul, puis attendre un choix sur la page",
        armed="Choisi sur la page : {profile}",
        confirm_title="Êtes-vous sûr ?",
        confirm_erase="OUI : EFFACER tous les disques de ce PC",
        confirm_erase_and_install="OUI : EFFACER tous les disques, installer {master}",
        confirm_install="OUI : ÉCRASER le disque avec {master}",
        no="NON : revenir au menu",
        armed_batch="Série en cours : {profile}",
        denied="Ce PC est interdit : l'atelier ne lui propose que son disque.",
        other_language="English",
        large_screen="Afficher ce menu en grand (rien ne démarre)",
        enter_digits="Entrée : valider. Échap : effacer un chiffre.",
        digits_title="Code de l'atelier (chiffres)",
        digits_label="Code, puis Entrée (Échap : annuler)",
        digits_login="Code de l'atelier : laissez le nom vide, tapez le code.",
        wrong_digits="Ce n'est pas le bon code. Rien n'a été fait. Retour au menu…",
        too_many_tries="Trop d'essais. Attendez cinq minutes. Retour au menu…",
        memtest="Test de la mémoire par memtest86+ (rien n'est écrit)",
        title_code="Code de l'atelier ?",
        theme_help="Flèches : choisir. Entrée : valider. Échap : retour.",
        theme_timeout="Sans touche, la ligne choisie démarre dans %d s.",
        unavailable="Indisponible : {profile}",
        unavailable_why="Son système manque ou n'est pas sûr : voyez la page, Systèmes.",
        not_offered="Ce choix n'est plus proposé à ce PC. Retour au menu…",
        starting_disk="Démarrage sur le disque de ce PC…",
        starting_agent="Chargement… Ne débranchez pas ce PC.",
        stick_left="un support d'installation, laissé de côté.",
        home_by_agent="Disque invisible d'ici. Recherche de son système : 1 à 2 minutes…",
        home_again="Déjà essayé à l'instant : ce PC est revenu ici.",
        no_disks="Ce PC ne montre aucun disque (démarrage rapide du BIOS ?).",
        no_disks_help="Son BIOS : désactivez « Fast Boot ». Ou prenez le disque par F12.",
        no_loader="Aucun système à démarrer sur les disques de ce PC.",
        no_loader_help="Appuyez sur Échap pour revenir au menu.",
        no_server="Le serveur ne répond pas. Vérifiez le câble, puis redémarrez.",
        failed="Le chargement a échoué. Vérifiez le câble. Retour au menu…",
        processor_32_bit="Processeur de 32 bits : l'atelier demande 64 bits. Retour au menu…",
        left_cut="À REFAIRE : coupé en plein travail ({stage}).",
        left_stopped="À REFAIRE : le dernier travail s'est arrêté. Voir la page.",
        stalled="Dernier démarrage sans suite : câble ? mémoire ? Voir la page.",
        stalled_32_bit="Processeur de 32 bits : ce PC ne peut pas être traité ici.",
        kit_start="Français : démarrer la clé de l'atelier",
        kit_off="Éteindre ce PC",
        kit_failed="La clé se lit mal. Essayez une autre prise, ou refaites-la.",
        kit_processor_32_bit="Processeur de 32 bits : l'atelier demande 64 bits.",
    ),
    "en": MenuTexts(
        title="Workshop: what should this PC do?",
        help="Arrows, then Enter. Without a key: this PC's own disk boots.",
        local="Boot this PC's own disk (nothing is written to it)",
        inventory="Inventory only, then wait for a choice on the page",
        armed="Chosen on the page: {profile}",
        confirm_title="Are you sure?",
        confirm_erase="YES: ERASE every disk of this PC",
        confirm_erase_and_install="YES: ERASE every disk, install {master}",
        confirm_install="YES: OVERWRITE the disk with {master}",
        no="NO: back to the menu",
        armed_batch="Batch at work: {profile}",
        denied="This PC is denied: it is offered nothing but its own disk.",
        other_language="Français",
        large_screen="Show this menu in large letters (nothing starts)",
        enter_digits="Enter: go on. Esc: take a digit back.",
        digits_title="The workshop's code (digits)",
        digits_label="Code, then Enter (Esc: cancel)",
        digits_login="The workshop's code: leave the name empty, type the code.",
        wrong_digits="This is not the right code. Nothing was done. Back to the menu…",
        too_many_tries="Too many tries. Wait five minutes. Back to the menu…",
        memtest="Memory test by memtest86+ (nothing is written)",
        title_code="The workshop's code?",
        theme_help="Arrows: choose. Enter: go on. Esc: back.",
        theme_timeout="Without a key, the chosen line starts in %d s.",
        unavailable="Not available: {profile}",
        unavailable_why="Its system is missing or not trusted: see the page, Systems.",
        not_offered="This is no longer offered to this PC. Back to the menu…",
        starting_disk="Booting this PC's own disk…",
        starting_agent="Loading… Do not unplug this PC.",
        stick_left="an installer or a live system, left alone.",
        home_by_agent="No disk shows here. Looking for its system: 1 to 2 minutes…",
        home_again="Tried a moment ago: this PC came back here.",
        no_disks="This PC shows no disk (does its firmware start quickly?).",
        no_disks_help="Switch “Fast Boot” off in its setup, or pick the disk by F12.",
        no_loader="No system to boot was found on this PC's disks.",
        no_loader_help="Press Esc to go back to the menu.",
        no_server="The server does not answer. Check the cable, then restart.",
        failed="Loading failed. Check the cable. Back to the menu…",
        processor_32_bit="32-bit processor: the workshop needs 64 bits. Back to the menu…",
        left_cut="TO DO AGAIN: cut in the middle of its work ({stage}).",
        left_stopped="TO DO AGAIN: the last job stopped. Look at the page.",
        stalled="The last start brought nothing: cable? memory? See the page.",
        stalled_32_bit="32-bit processor: this PC cannot be worked on here.",
        kit_start="English: start the workshop's stick",
        kit_off="Switch this PC off",
        kit_failed="The stick cannot be read well. Try another port, or make it anew.",
        kit_processor_32_bit="32-bit processor: the workshop needs 64 bits.",
    ),
}
