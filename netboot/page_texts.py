"""The words of the page, in French and in English. The same on every screen: short, plain, one idea a sentence."""

from dataclasses import dataclass
from typing import Final

from netboot.floor import State
from netboot.problems import Language


@dataclass(frozen=True, slots=True)
class PageTexts:
    """Every text of the page; `{…}` are names or numbers."""

    title: str
    skip: str
    other_language: str
    sign_in: str
    sign_out: str
    signed_in_as: str
    name: str
    password: str
    password_again: str
    wrong_password: str
    too_many_tries: str
    different_passwords: str
    first_start: str
    first_start_help: str
    create: str
    machines: str
    nobody: str
    nobody_help: str
    col_machine: str
    col_state: str
    col_profile: str
    col_stage: str
    col_progress: str
    col_speed: str
    col_left: str
    col_disks: str
    col_choice: str
    choose: str
    choose_for: str
    choose_all: str
    choose_all_button: str
    sure: str
    sure_erase: str
    sure_install: str
    yes: str
    no: str
    chosen: str
    waiting_count: str
    must_sign_in: str
    problem: str
    live_lost: str
    live_back: str
    error: str
    back: str
    seconds: str
    minutes: str
    per_second: str
    states: dict[State, str]
    stage_of: str
    reload: str
    col_work: str
    first_start_code: str
    disk: str


TEXTS: Final[dict[Language, PageTexts]] = {
    "fr": PageTexts(
        title="Atelier",
        skip="Aller aux PC",
        other_language="English",
        sign_in="Se connecter",
        sign_out="Se déconnecter",
        signed_in_as="Connecté : {name}",
        name="Nom",
        password="Mot de passe",
        password_again="Le mot de passe encore une fois",
        wrong_password="Le nom ou le mot de passe n'est pas le bon. Essayez encore.",
        too_many_tries="Trop d'essais. Attendez cinq minutes, puis essayez encore.",
        different_passwords="Les deux mots de passe sont différents. Écrivez deux fois le même.",
        first_start="Premier démarrage",
        first_start_help="Choisissez votre nom et un mot de passe de 10 caractères ou plus.",
        create="Créer",
        machines="Les PC",
        nobody="Aucun PC pour le moment.",
        nobody_help="Branchez un PC au réseau de l'atelier et démarrez-le sur le réseau : il apparaît ici.",
        col_machine="PC",
        col_state="État",
        col_profile="Profil",
        col_stage="Étape",
        col_progress="Avancement",
        col_speed="Vitesse",
        col_left="Reste",
        col_disks="Disques",
        col_choice="Choix",
        choose="Choisir",
        choose_for="Profil pour {machine}",
        choose_all="Profil pour tous les PC qui attendent",
        choose_all_button="Choisir pour tous",
        sure="Êtes-vous sûr ?",
        sure_erase="Tous les disques internes sont EFFACÉS. Rien ne pourra être retrouvé. PC concernés :",
        sure_install="Le disque est REMPLACÉ par le master. PC concernés :",
        yes="Oui, commencer",
        no="Non, revenir",
        chosen="Profil choisi pour {count} PC.",
        waiting_count="PC qui attendent un choix : {count}",
        must_sign_in="Connectez-vous pour choisir un profil.",
        problem="Problème",
        live_lost="La page n'est plus à jour : le serveur ne répond pas. Nouvel essai…",
        live_back="La page est de nouveau à jour.",
        error="Cela n'a pas marché",
        back="Revenir aux PC",
        seconds="{n} s",
        minutes="{n} min",
        per_second="{n} Mo/s",
        states={
            "booting": "démarre",
            "waiting": "attend un choix",
            "working": "travaille",
            "done": "terminé",
            "failed": "arrêté : à voir",
            "home": "parti sur son disque",
            "silent": "ne répond plus",
        },
        stage_of="{stage} : {part}",
        reload="Recharger la page",
        col_work="Travail",
        first_start_code="Code écrit dans le journal du serveur",
        disk="Disque {name} :",
    ),
    "en": PageTexts(
        title="Workshop",
        skip="Go to the PCs",
        other_language="Français",
        sign_in="Sign in",
        sign_out="Sign out",
        signed_in_as="Signed in: {name}",
        name="Name",
        password="Password",
        password_again="The password once more",
        wrong_password="The name or the password is wrong. Try again.",
        too_many_tries="Too many tries. Wait five minutes, then try again.",
        different_passwords="The two passwords differ. Write the same one twice.",
        first_start="First start",
        first_start_help="Choose your name and a password of 10 characters or more.",
        create="Create",
        machines="The PCs",
        nobody="No PC for now.",
        nobody_help="Plug a PC into the workshop's network and boot it from the network: it shows up here.",
        col_machine="PC",
        col_state="State",
        col_profile="Profile",
        col_stage="Stage",
        col_progress="Progress",
        col_speed="Speed",
        col_left="Left",
        col_disks="Disks",
        col_choice="Choice",
        choose="Choose",
        choose_for="Profile for {machine}",
        choose_all="Profile for every PC that waits",
        choose_all_button="Choose for all",
        sure="Are you sure?",
        sure_erase="Every internal disk is ERASED. Nothing can be recovered. PCs concerned:",
        sure_install="The disk is REPLACED by the master. PCs concerned:",
        yes="Yes, start",
        no="No, go back",
        chosen="Profile chosen for {count} PCs.",
        waiting_count="PCs that wait for a choice: {count}",
        must_sign_in="Sign in to choose a profile.",
        problem="Problem",
        live_lost="This page is out of date: the server does not answer. Trying again…",
        live_back="This page is up to date again.",
        error="That did not work",
        back="Back to the PCs",
        seconds="{n} s",
        minutes="{n} min",
        per_second="{n} MB/s",
        states={
            "booting": "is booting",
            "waiting": "waits for a choice",
            "working": "is working",
            "done": "done",
            "failed": "stopped: look at it",
            "home": "gone to its disk",
            "silent": "no longer answers",
        },
        stage_of="{stage}: {part}",
        reload="Load the page again",
        col_work="Work",
        first_start_code="Code written in the server's log",
        disk="Disk {name}:",
    ),
}
