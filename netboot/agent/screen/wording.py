"""What the PC's own screen says, in French and English. Plain words; the names of stages and verdicts are
`netboot/shared/wording.py`, what went wrong is `netboot/shared/problems.py`.

Only characters of Latin-1: a console font has few more.
"""

from dataclasses import dataclass, replace
from typing import Final

from netboot.shared.language import Language


@dataclass(frozen=True, slots=True)
class Words:
    """One language. `{}` takes the value that the line is about."""

    connecting: str
    connecting_advice: str
    waiting: str
    waiting_word: str
    waiting_advice: str
    waiting_page: str
    waiting_limit: str
    waiting_limit_left: str
    left: str
    left_word: str
    left_line: str
    working: str
    profile: str
    keep_on: str
    next_soon: str
    stopped: str
    stopped_advice: str
    stopped_word: str
    ready: str
    ready_word: str
    erased: str
    erased_word: str
    doubtful: str
    doubtful_word: str
    home: str
    seeking_home: str
    seeking_home_advice: str
    no_way_home: str
    no_way_home_advice: str
    reboot: str
    poweroff: str
    unplug: str
    kept: str
    not_kept: str
    name: str
    disk: str
    problem: str
    stage: str
    rate: str
    time_left: str
    time_left_least: str
    more_disks: str
    less_than_a_minute: str
    minutes_left: str
    hours_left: str
    percent: str
    no_cable: str
    silent: str
    question: str
    question_word: str
    answer_number: str
    answer_limit: str
    answer_typed: str
    code_type: str
    code_so_far: str
    code_read: str
    code_compare: str
    code_wrong: str
    answer_wrong: str
    answer_counts: str
    no_answer: str
    goes_on: str
    waits: str


FRENCH: Final = Words(
    connecting="Connexion au serveur de l'atelier",
    connecting_advice="Laissez le câble réseau branché. Rien n'est écrit sur les disques.",
    waiting="Ce PC attend le choix d'un profil",
    waiting_word="ATTENTE",
    waiting_advice="Choisissez un profil pour ce PC sur la page de l'atelier.",
    waiting_page="Choisissez un profil pour ce PC sur la page {}",
    waiting_limit="Sans choix d'ici {}, ce PC démarre sur son propre disque. Rien n'est effacé.",
    waiting_limit_left="Sans choix d'ici {}, ce PC démarre sur son propre disque, tel qu'il est resté.",
    left="Le dernier travail de ce PC n'est pas fini",
    left_word="À REFAIRE",
    left_line="À refaire : {}",
    working="{} en cours",
    profile="Profil : {}",
    keep_on="Ne débranchez pas ce PC. Ne l'éteignez pas.",
    next_soon="L'étape suivante commence. Ne débranchez pas ce PC.",
    stopped="Le travail est arrêté",
    stopped_advice="Suivez la consigne, puis choisissez à nouveau un profil sur la page.",
    stopped_word="ARRÊT",
    ready="Ce PC est prêt",
    ready_word="PRÊT",
    erased="Tous les disques sont effacés",
    erased_word="EFFACÉ",
    doubtful="Ce PC n'a pas la preuve de son effacement",
    doubtful_word="À REVOIR",
    home="Ce PC démarre maintenant sur son disque.",
    seeking_home="Recherche du système sur le disque de ce PC",
    seeking_home_advice="Rien n'est écrit sur les disques. Ne débranchez pas ce PC.",
    no_way_home="Ce PC ne trouve pas le chemin de son disque",
    no_way_home_advice="Suivez la consigne. Ctrl+Alt+Suppr redémarre ce PC.",
    reboot="Ce PC redémarre. Ne débranchez rien.",
    poweroff="Ce PC s'éteint.",
    unplug="Vous pouvez débrancher ce PC dès qu'il est éteint.",
    kept="La preuve est sur la clé : rapportez la clé à l'atelier.",
    not_kept="La preuve n'est pas entière sur la clé : ce travail ne compte pas. Refaites-le.",
    name="Nom : {}",
    disk="Disque {} : {}",
    problem="Problème : {}",
    stage="{} : {}",
    rate="{} Mo/s",
    time_left="reste {}",
    time_left_least="reste au moins {}",
    more_disks="et {} disques de plus",
    less_than_a_minute="moins d'une minute",
    minutes_left="{} min",
    hours_left="{} h {:02d} min",
    percent="{} %",
    no_cable="Le câble réseau est débranché, ou son autre bout est éteint. Rebranchez-le.",
    silent="Le serveur ne répond plus. Vérifiez le serveur et le réseau.",
    question="Question : {}",
    question_word="QUESTION",
    answer_number="Tapez le numéro d'une réponse, puis Entrée ; ou répondez sur la page de l'atelier.",
    answer_limit="Sans réponse d'ici {}, ce PC continue seul.",
    code_type="Tapez ou scannez le code, puis Entrée : il s'affiche ici d'abord. Sinon, tapez le numéro d'une réponse, "
    "puis Entrée ; ou répondez sur la page de l'atelier.",
    code_so_far="Code : {}",
    code_read="Code lu : {}",
    code_compare="Comparez avec l'étiquette du disque. Si c'est le même, tapez le numéro de la réponse qui l'envoie, "
    "puis Entrée ; sinon, tapez ou scannez le code de nouveau.",
    code_wrong="Ce n'est ni un code (8 à 32 chiffres et lettres) ni une réponse possible maintenant. Les chiffres se "
    "tapent avec la touche Maj ; un lecteur de codes doit être réglé sur le clavier de ce PC, ou branché au PC qui "
    "montre la page.",
    answer_typed="Réponse {} : {}. Entrée pour la donner, Retour arrière pour l'effacer.",
    answer_wrong="Ce n'est pas un numéro de la liste. Tapez un numéro de 1 à {}, puis Entrée ; au pavé "
    "numérique, avec Verr. Num.",
    answer_counts="Réponse : {}",
    no_answer="Personne n'a répondu à temps : ce PC continue seul.",
    goes_on="Le travail sur ce PC continue pendant ce temps.",
    waits="Le travail reprend dès que le serveur répond.",
)

ENGLISH: Final = Words(
    connecting="Reaching the workshop's server",
    connecting_advice="Leave the network cable plugged in. Nothing is written to the disks.",
    waiting="This PC waits for a profile",
    waiting_word="WAITING",
    waiting_advice="Choose a profile for this PC on the workshop's page.",
    waiting_page="Choose a profile for this PC on the page {}",
    waiting_limit="Without a choice within {}, this PC starts from its own disk. Nothing is erased.",
    waiting_limit_left="Without a choice within {}, this PC starts from its own disk, as it was left.",
    left="The last job of this PC is not finished",
    left_word="DO AGAIN",
    left_line="To do again: {}",
    working="{} is running",
    profile="Profile: {}",
    keep_on="Do not unplug this PC. Do not switch it off.",
    next_soon="The next stage begins. Do not unplug this PC.",
    stopped="The job has stopped",
    stopped_advice="Do what is said here, then choose a profile on the page again.",
    stopped_word="STOPPED",
    ready="This PC is ready",
    ready_word="READY",
    erased="All disks are erased",
    erased_word="ERASED",
    doubtful="This PC has no proof of its erasure",
    doubtful_word="CHECK ME",
    home="This PC now starts from its disk.",
    seeking_home="Looking for the system on this PC's disk",
    seeking_home_advice="Nothing is written to the disks. Do not unplug this PC.",
    no_way_home="This PC does not find the way to its disk",
    no_way_home_advice="Do what is said here. Ctrl+Alt+Del restarts this PC.",
    reboot="This PC restarts. Do not unplug anything.",
    poweroff="This PC powers off.",
    unplug="You may unplug this PC as soon as it is off.",
    kept="The proof is on the stick: take the stick back to the workshop.",
    not_kept="The proof is not on the stick as a whole: this job does not count. Do it again.",
    name="Name: {}",
    disk="Disk {}: {}",
    problem="Problem: {}",
    stage="{}: {}",
    rate="{} MB/s",
    time_left="{} left",
    time_left_least="at least {} left",
    more_disks="and {} more disks",
    less_than_a_minute="less than a minute",
    minutes_left="{} min",
    hours_left="{} h {:02d} min",
    percent="{}%",
    no_cable="The network cable is out, or its other end is off. Plug it in again.",
    silent="The server does not answer any more. Check the server and the network.",
    question="Question: {}",
    question_word="QUESTION",
    answer_number="Type the number of an answer, then Enter; or answer on the workshop's page.",
    answer_limit="Without an answer within {}, this PC goes on by itself.",
    code_type="Type or scan the code, then Enter: it is shown here first. Else type the number of an answer, then "
    "Enter; or answer on the workshop's page.",
    code_so_far="Code: {}",
    code_read="Code read: {}",
    code_compare="Compare it with the disk's label. If it is the same, type the number of the answer that gives it, "
    "then Enter; else type or scan the code again.",
    code_wrong="This is no code (8 to 32 digits and letters), and no answer that can be given now. A reader of bar "
    "codes must be set to this PC's keyboard, or be plugged into the PC that shows the page.",
    answer_typed="Answer {}: {}. Enter gives it, Backspace takes it back.",
    answer_wrong="This is no number of the list. Type a number from 1 to {}, then Enter; on the keypad, with Num Lock.",
    answer_counts="Answer: {}",
    no_answer="Nobody answered in time: this PC goes on by itself.",
    goes_on="The work on this PC goes on meanwhile.",
    waits="The work goes on as soon as the server answers.",
)


FRENCH_ALONE: Final = replace(
    FRENCH,
    connecting="Clé de l'atelier",
    connecting_advice="Rien n'est écrit sur les disques.",
    stopped_advice="Suivez la consigne.",
    answer_number="Tapez le numéro d'une réponse, puis Entrée.",
)
"""On a PC without a server there is no page either."""

ENGLISH_ALONE: Final = replace(
    ENGLISH,
    connecting="The workshop's stick",
    connecting_advice="Nothing is written to the disks.",
    stopped_advice="Do what is said here.",
    answer_number="Type the number of an answer, then Enter.",
)


def words(language: Language, *, alone: bool = False) -> Words:
    """The texts of this language; `alone`: for a PC that works without a server."""
    if alone:
        return FRENCH_ALONE if language == "fr" else ENGLISH_ALONE
    return FRENCH if language == "fr" else ENGLISH
