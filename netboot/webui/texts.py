"""The page's texts, each in French and in English: short, plain, one idea a sentence.

`{…}` are names or numbers. Not for: stages, verdicts and endings (`shared/wording.py`), what stops a PC
(`shared/problems.py`), what stops a request (`webui/refusal.py`).
"""

from functools import cache
from typing import Final

from netboot.shared.language import Language
from netboot.webui.disk_texts import DISK_TEXTS
from netboot.webui.drive_erase_texts import DRIVE_ERASE_TEXTS
from netboot.webui.lock_texts import LOCK_TEXTS
from netboot.webui.making_texts import MAKING_TEXTS
from netboot.webui.master_texts import MASTER_TEXTS
from netboot.webui.naming_texts import NAMING_TEXTS
from netboot.webui.paper_texts import PAPER_TEXTS
from netboot.webui.question_texts import QUESTION_TEXTS
from netboot.webui.rule_texts import RULE_TEXTS
from netboot.webui.sign_in_texts import SIGN_IN_TEXTS
from netboot.webui.visit_texts import VISIT_TEXTS

TEXTS: Final[dict[str, dict[Language, str]]] = {
    # Every page
    "title": {"fr": "Atelier", "en": "Workshop"},
    "skip": {"fr": "Aller au contenu", "en": "Go to the content"},
    "menu": {"fr": "Menu", "en": "Menu"},
    "other_language": {"fr": "English", "en": "Français"},
    "error": {"fr": "Cela n'a pas marché", "en": "That did not work"},
    "what_now": {"fr": "Que faire : {hint}", "en": "What to do: {hint}"},
    "back": {"fr": "Revenir aux PC", "en": "Back to the PCs"},
    "none": {"fr": "aucun", "en": "none"},
    "unknown": {"fr": "inconnu", "en": "unknown"},
    # The live board
    "machines": {"fr": "Les PC", "en": "The PCs"},
    "board_caption": {"fr": "Les PC, un par ligne", "en": "The PCs, one a line"},
    "left_undone": {"fr": "À refaire", "en": "To do again"},
    "job_silent": {
        "fr": "{profile} : ce PC ne répond plus depuis l'étape {stage}. Allez voir son écran. S'il est éteint ou a "
        "redémarré, ce travail n'est pas fini : démarrez le PC sur le réseau.",
        "en": "{profile}: this PC has not answered since the stage {stage}. Look at its screen. If it is off or was "
        "restarted, this job is not finished: boot the PC from the network.",
    },
    "silent_at_work": {
        "fr": "{stage} : plus rien de ce PC depuis {since} (UTC). Vérifiez son câble et regardez son écran : un "
        "effacement continue pendant ce temps. S'il est éteint ou a redémarré, démarrez-le sur le réseau.",
        "en": "{stage}: nothing from this PC since {since} (UTC). Check its cable and look at its screen: an erase "
        "goes on meanwhile. If it is off or was restarted, boot it from the network.",
    },
    "reload": {"fr": "Recharger la page", "en": "Load the page again"},
    "nobody": {"fr": "Aucun PC pour le moment.", "en": "No PC for now."},
    "nobody_help": {
        "fr": "Branchez un PC au réseau de l'atelier et démarrez-le sur le réseau : il apparaît ici.",
        "en": "Plug a PC into the workshop's network and boot it from the network: it shows up here.",
    },
    "col_machine": {"fr": "PC", "en": "PC"},
    "col_state": {"fr": "État", "en": "State"},
    "col_work": {"fr": "Travail", "en": "Work"},
    "col_progress": {"fr": "Avancement", "en": "Progress"},
    "col_disks": {"fr": "Disques", "en": "Disks"},
    "col_choice": {"fr": "Choix", "en": "Choice"},
    "progress_of": {"fr": "Avancement de {machine}", "en": "Progress of {machine}"},
    "left": {"fr": "reste {time}", "en": "{time} left"},
    "left_least": {"fr": "reste au moins {time}", "en": "at least {time} left"},
    "disks_at_work": {"fr": "Disques en cours d'effacement", "en": "Disks that are being erased"},
    "seconds": {"fr": "{n} s", "en": "{n} s"},
    "minutes": {"fr": "{n} min", "en": "{n} min"},
    "hours": {"fr": "{n} h", "en": "{n} h"},
    "per_second": {"fr": "{n} Mo/s", "en": "{n} MB/s"},
    "waiting_count": {"fr": "PC qui attendent un choix :", "en": "PCs that wait for a choice:"},
    "must_sign_in": {"fr": "Connectez-vous pour choisir un profil.", "en": "Sign in to choose a profile."},
    "says": {"fr": "{machine} : {state}", "en": "{machine}: {state}"},
    "live_lost": {
        "fr": "La page n'est plus à jour : le serveur ne répond pas. Nouvel essai…",
        "en": "This page is out of date: the server does not answer. Trying again…",
    },
    "live_back": {"fr": "La page est de nouveau à jour.", "en": "This page is up to date again."},
    # Choosing
    "choose": {"fr": "Choisir", "en": "Choose"},
    "choose_title": {"fr": "Choisir un profil", "en": "Choose a profile"},
    "choose_for": {"fr": "Profil pour {machine}", "en": "Profile for {machine}"},
    "choose_all": {"fr": "Profil pour tous les PC qui attendent", "en": "Profile for every PC that waits"},
    "choose_all_button": {"fr": "Choisir pour tous", "en": "Choose for all"},
    "choose_disk": {"fr": "Choisir le disque", "en": "Choose the disk"},
    "pick": {"fr": "– choisir –", "en": "– choose –"},
    "target": {"fr": "Disque qui reçoit le système", "en": "Disk that gets the system"},
    "target_automatic": {"fr": "Automatique", "en": "Automatic"},
    "choice_waits": {
        "fr": "Ce PC n'attend pas en ce moment. Le profil choisi servira à son prochain démarrage sur le réseau.",
        "en": "This PC is not waiting now. The chosen profile serves at its next boot from the network.",
    },
    "at_work": {"fr": "Ce PC travaille. Attendez la fin.", "en": "This PC is at work. Wait until it is done."},
    "sure": {"fr": "Êtes-vous sûr ?", "en": "Are you sure?"},
    "sure_changed": {
        "fr": "Un de ces PC a changé depuis la question : rien n'est commencé. Regardez encore ses disques.",
        "en": "One of these PCs has changed since the question: nothing has begun. Look at its disks again.",
    },
    "sure_erase": {
        "fr": "Tous les disques internes de ces PC seront EFFACÉS. Rien ne pourra être retrouvé.",
        "en": "Every internal disk of these PCs will be ERASED. Nothing can be recovered.",
    },
    "sure_install": {
        "fr": "Le disque de ces PC sera REMPLACÉ par le système {master}. Ce qui s'y trouve sera perdu.",
        "en": "The disk of these PCs will be REPLACED by the system {master}. What is on it will be lost.",
    },
    "sure_then": {"fr": "Puis le système {master} sera installé.", "en": "Then the system {master} will be installed."},
    "sure_target": {"fr": "Disque qui reçoit le système : {disk}", "en": "Disk that gets the system: {disk}"},
    "sure_end": {"fr": "À la fin du travail : {end}.", "en": "At the end of the job: {end}."},
    "concerned": {"fr": "PC concernés : {count}", "en": "PCs concerned: {count}"},
    "no_disk_seen": {"fr": "aucun disque vu", "en": "no disk seen"},
    "yes": {"fr": "Oui, commencer", "en": "Yes, start"},
    "no": {"fr": "Non, revenir", "en": "No, go back"},
    "begun": {"fr": "Profil choisi. PC qui commencent : {count}", "en": "Profile chosen. PCs that begin: {count}"},
    "kept": {
        "fr": "Profil gardé pour le prochain démarrage sur le réseau. PC : {count}",
        "en": "Profile kept for the next boot from the network. PCs: {count}",
    },
    "refused": {
        "fr": "PC laissés de côté, parce qu'ils travaillent déjà : {count}",
        "en": "PCs left out, because they are at work already: {count}",
    },
    "withdrawn": {"fr": "Le choix est annulé.", "en": "The choice is cancelled."},
    "began": {
        "fr": "Rien n'a été annulé : ce choix n'attend plus. Regardez où en est le PC.",
        "en": "Nothing was cancelled: this choice does not wait any more. Look at what the PC does.",
    },
    # Which of two lines is the PC
    "contested_title": {"fr": "Quel est le PC ?", "en": "Which one is the PC?"},
    "contested_which": {"fr": "Dire lequel est le PC", "en": "Say which one is the PC"},
    "contested_help": {
        "fr": "Ce qui est devant vous dit son adresse sur son écran. Rien n'est commencé avant votre réponse.",
        "en": "What is in front of you tells its address on its screen. Nothing is begun before your answer.",
    },
    "contested_two-lines": {
        "fr": "Deux connexions parlent pour un même PC.",
        "en": "Two lines speak for one PC.",
    },
    "contested_other-adapter": {
        "fr": "La connexion vient d'une autre carte réseau que celles qu'elle annonce.",
        "en": "The line comes from another adapter than those that it tells.",
    },
    "contested_address": {"fr": "Adresse de la connexion", "en": "The line's address"},
    "contested_adapter": {"fr": "Carte réseau vue par le serveur", "en": "Adapter that the server sees"},
    "contested_adapters": {"fr": "Cartes réseau annoncées", "en": "Adapters that it tells"},
    "contested_since": {"fr": "Depuis", "en": "Since"},
    "contested_vouch": {"fr": "C'est ce PC", "en": "This is the PC"},
    "contested_keep-out": {"fr": "Ce n'est pas ce PC", "en": "This is not the PC"},
    "vouched": {"fr": "Le PC est reconnu.", "en": "The PC is recognised."},
    "kept_out": {"fr": "Cette connexion est écartée.", "en": "This line is kept out."},
    "standing_two-lines": {
        "fr": "CONTESTÉ : une autre connexion a parlé pour ce PC pendant ce passage, et personne n'a dit lequel "
        "était le PC. Les preuves de ce passage ne valent pas tant qu'un doute reste.",
        "en": "CONTESTED: another line spoke for this PC during this visit, and nobody said which one was the PC. The "
        "proofs of this visit do not count while there is a doubt.",
    },
    "standing_other-adapter": {
        "fr": "CONTESTÉ : la connexion de ce passage venait d'une autre carte réseau que celles qu'elle annonçait. "
        "Les preuves de ce passage ne valent pas tant qu'un doute reste.",
        "en": "CONTESTED: the line of this visit came from another adapter than those that it told. The proofs of this "
        "visit do not count while there is a doubt.",
    },
    "standing_vouched": {
        "fr": "Ce passage a été contesté, puis une personne a dit que c'était bien ce PC.",
        "en": "This visit was contested; then a person said that it was this PC.",
    },
    "standing_refused": {
        "fr": "Une personne a dit que ce n'était pas ce PC : les preuves de ce passage ne valent pas.",
        "en": "A person said that this was not the PC: the proofs of this visit do not count.",
    },
    "pending": {"fr": "Choix qui attendent leur PC", "en": "Choices that wait for their PC"},
    "pending_one": {
        "fr": "Au prochain démarrage sur le réseau : {profile}",
        "en": "At the next boot from the network: {profile}",
    },
    "cancel": {"fr": "Annuler", "en": "Cancel"},
    "cancel_for": {"fr": "Annuler le choix de {machine}", "en": "Cancel the choice of {machine}"},
    # Every machine
    "all_machines": {"fr": "Tous les PC", "en": "Every PC"},
    "all_machines_caption": {"fr": "Tous les PC connus, un par ligne", "en": "Every known PC, one a line"},
    "search": {"fr": "Chercher (nom, adresse, numéro de série)", "en": "Search (name, address, serial number)"},
    "search_button": {"fr": "Chercher", "en": "Search"},
    "found": {"fr": "PC trouvés : {count}", "en": "PCs found: {count}"},
    "next_page": {"fr": "Suite", "en": "Next"},
    "model": {"fr": "Modèle", "en": "Model"},
    "last_visit": {"fr": "Dernier passage", "en": "Last visit"},
    "last_job": {"fr": "Dernier travail", "en": "Last job"},
    # One machine
    "hardware": {"fr": "Matériel", "en": "Hardware"},
    "serial": {"fr": "Numéro de série", "en": "Serial number"},
    "firmware": {"fr": "Micrologiciel (BIOS)", "en": "Firmware (BIOS)"},
    "boot_mode": {"fr": "Mode de démarrage", "en": "Boot mode"},
    "bits": {"fr": "{n} bits", "en": "{n} bits"},
    "secure_boot": {"fr": "Secure Boot", "en": "Secure Boot"},
    "windows_licence": {"fr": "Licence Windows", "en": "Windows licence"},
    "windows_licence_there": {
        "fr": "dans le firmware ; édition inconnue, la clé reste dans le PC",
        "en": "in the firmware; edition not known, the key stays in the PC",
    },
    "cpu": {"fr": "Processeur", "en": "Processor"},
    "cores": {"fr": "{n} cœurs", "en": "{n} cores"},
    "memory": {"fr": "Mémoire", "en": "Memory"},
    "slot_untold": {"fr": "barrette, taille non dite", "en": "a module, size not told"},
    "slot_empty": {"fr": "vide", "en": "empty"},
    "disks": {"fr": "Disques", "en": "Disks"},
    "rotational": {"fr": "disque à plateaux", "en": "hard disk"},
    "solid": {"fr": "SSD", "en": "SSD"},
    "external": {"fr": "externe ou amovible : jamais effacé", "en": "external or removable: never erased"},
    "hidden_disks": {"fr": "Disques cachés", "en": "Hidden disks"},
    "network": {"fr": "Réseau", "en": "Network"},
    "link_up": {"fr": "branché, vitesse non dite", "en": "connected, speed not told"},
    "link_down": {"fr": "pas de câble, ou autre bout éteint", "en": "no cable, or its other end is off"},
    "link_unknown": {"fr": "branchement non dit", "en": "connection not told"},
    "battery": {"fr": "Batterie", "en": "Battery"},
    "battery_health": {
        "fr": "garde {percent} % de sa capacité, {cycles} cycles",
        "en": "keeps {percent} % of its capacity, {cycles} cycles",
    },
    "battery_untold": {"fr": "état non dit", "en": "health not told"},
    "clock": {"fr": "Horloge", "en": "Clock"},
    "clock_wrong": {
        "fr": "elle disait {said} : pile de l'horloge sans doute vide, à remplacer",
        "en": "it said {said}: the clock's battery is probably empty, replace it",
    },
    "graphics": {"fr": "Carte graphique", "en": "Graphics"},
    "pc_number": {"fr": "n° {number}", "en": "no. {number}"},
    "merging": {"fr": "Le même PC sous un autre numéro", "en": "The same PC under another number"},
    "merged_row": {"fr": "réuni avec un autre numéro", "en": "merged with another number"},
    "merged_into": {"fr": "Ce numéro est réuni avec", "en": "This number is merged with"},
    "merged_here": {"fr": "Ici continue aussi l'histoire du", "en": "Here also goes on the history of"},
    "merge_with": {
        "fr": "Un autre numéro est en fait ce PC (n° {number}) ? Ils ont un nom, une carte ou un disque en commun.",
        "en": "Is another number really this PC (no. {number})? They have a name, an adapter or a disk in common.",
    },
    "merge": {"fr": "Réunir", "en": "Merge"},
    "merge_sure": {
        "fr": "Vous dites que le n° {going} et le n° {staying} sont un seul PC. Comparez leurs cartes et leurs "
        "disques : si ce sont deux PC, leurs preuves d'effacement seraient mêlées.",
        "en": "You say that no. {going} and no. {staying} are one PC. Compare their adapters and disks: if they are "
        "two PCs, their proofs of erasure would be mixed up.",
    },
    "merge_after": {
        "fr": "Les deux histoires sont gardées. Ce qui attend pour l'un ou l'autre est annulé. On peut les séparer.",
        "en": "Both histories are kept. What waits for either is cancelled. They can be separated again.",
    },
    "merge_yes": {"fr": "Oui, c'est un seul PC", "en": "Yes, it is one PC"},
    "separate": {"fr": "Séparer", "en": "Separate"},
    "visits": {"fr": "Passages", "en": "Visits"},
    "visits_unread": {
        "fr": "Passages plus anciens qui ne sont pas montrés : {count}. Le journal les a.",
        "en": "Earlier visits that are not shown: {count}. The journal has them.",
    },
    "no_job": {"fr": "Inventaire seulement : aucun travail.", "en": "Inventory only: no job."},
    "chosen_by": {"fr": "Choisi par", "en": "Chosen by"},
    "hostname": {"fr": "Nom du PC", "en": "Host name"},
    "master": {"fr": "Système", "en": "System"},
    "stage": {"fr": "Étape", "en": "Stage"},
    "duration": {"fr": "Durée", "en": "Time taken"},
    "stages_of": {"fr": "Étapes du travail", "en": "Stages of the job"},
    "proofs": {"fr": "Preuves d'effacement", "en": "Proofs of erasure"},
    "disk": {"fr": "Disque", "en": "Disk"},
    "verdict": {"fr": "Verdict", "en": "Verdict"},
    "method": {"fr": "Méthode", "en": "Method"},
    "level": {"fr": "Niveau atteint", "en": "Level reached"},
    "level_lowered": {
        "fr": "moins que {wanted}, que le profil demande mais dont il se passe",
        "en": "less than {wanted}, which the profile asks for but does without",
    },
    "written": {"fr": "Écrit", "en": "Written"},
    "verified": {"fr": "Relu et vérifié", "en": "Read back and checked"},
    "unwritten": {"fr": "Pas écrit", "en": "Not written"},
    "unread": {"fr": "Pas relu", "en": "Not read back"},
    "different": {"fr": "Relu autrement", "en": "Read back different"},
    "bad_parts": {"fr": "Endroits (octets)", "en": "Where (bytes)"},
    "byte_unit": {"fr": "octets", "en": "bytes"},
    "pc_clock": {"fr": "Horloge du PC au début (UTC)", "en": "The PC's clock at the beginning (UTC)"},
    "kernel_partitions": {"fr": "Partitions encore vues par le noyau", "en": "Partitions that the kernel still sees"},
    "pattern": {"fr": "Motif écrit", "en": "Pattern written"},
    "before": {"fr": "État du disque avant", "en": "The disk's state before"},
    "after": {"fr": "État du disque après", "en": "The disk's state after"},
    "date": {"fr": "Date (UTC)", "en": "Date (UTC)"},
    "events": {"fr": "Journal de ce PC", "en": "Journal of this PC"},
    "event": {"fr": "Événement", "en": "Event"},
    "number": {"fr": "Numéro", "en": "Number"},
    "details": {"fr": "Détails", "en": "Details"},
    "technical": {"fr": "Détail technique", "en": "Technical detail"},
    "newest_only": {
        "fr": "Seuls les {count} premiers sont montrés ici.",
        "en": "Only the first {count} are shown here.",
    },
    # The journal
    # Addresses, where this server gives them
    "addresses": {"fr": "Adresses", "en": "Addresses"},
    "addresses_caption": {
        "fr": "Adresses que ce serveur prête en ce moment",
        "en": "Addresses that this server lends at the moment",
    },
    "no_address": {
        "fr": "Aucune adresse n'est prêtée en ce moment.",
        "en": "No address is lent at the moment.",
    },
    "ip_address": {"fr": "Adresse IP", "en": "IP address"},
    "adapter": {"fr": "Carte réseau (MAC)", "en": "Network adapter (MAC)"},
    "conflict": {
        "fr": "Un autre appareil (carte réseau {mac}) utilise déjà l'adresse {address} : aucun PC ne la reçoit. "
        "Trouvez cet appareil et débranchez-le. Sinon, demandez à l'administrateur de sortir cette adresse de la plage "
        "(dhcp.full.pool), ou de la réserver à cet appareil (dhcp.full.reservations).",
        "en": "Another device (network adapter {mac}) uses the address {address} already: no PC is given it. Find that "
        "device and unplug it. Else ask the administrator to take this address out of the range (dhcp.full.pool), or "
        "to reserve it for that device (dhcp.full.reservations).",
    },
    "conflict_unknown": {
        "fr": "Un PC a refusé l'adresse {address} : un autre appareil l'utilise déjà. Aucun PC ne la reçoit. Trouvez "
        "cet appareil et débranchez-le. Sinon, demandez à l'administrateur de sortir cette adresse de la plage "
        "(dhcp.full.pool).",
        "en": "A PC declined the address {address}: another device uses it already. No PC is given it. Find that "
        "device and unplug it. Else ask the administrator to take this address out of the range (dhcp.full.pool).",
    },
    "lent_until": {"fr": "Prêtée jusqu'à (UTC)", "en": "Lent until (UTC)"},
    "record": {"fr": "Journal", "en": "Journal"},
    "record_help": {
        "fr": "Chaque événement porte l'empreinte du précédent : un événement changé ou effacé se voit.",
        "en": "Every event carries the digest of the one before: an event that was changed or removed shows.",
    },
    "check_chain": {"fr": "Vérifier tout le journal", "en": "Check the whole journal"},
    "chain_whole": {
        "fr": "Le journal est intact : {count} événements relus.",
        "en": "The journal is whole: {count} events were read again.",
    },
    "chain_broken": {
        "fr": "Le journal a été modifié à l'événement {number} : {why}. Prévenez l'administrateur et gardez une copie "
        "du fichier.",
        "en": "The journal was changed at event {number}: {why}. Tell the administrator and keep a copy of the file.",
    },
    "events_caption": {"fr": "Événements, dans l'ordre", "en": "Events, in order"},
    "no_event": {"fr": "Aucun événement.", "en": "No event."},
    **SIGN_IN_TEXTS,
    **RULE_TEXTS,
    **DISK_TEXTS,
    **DRIVE_ERASE_TEXTS,
    **LOCK_TEXTS,
    **QUESTION_TEXTS,
    **VISIT_TEXTS,
    **PAPER_TEXTS,
    **MASTER_TEXTS,
    **MAKING_TEXTS,
    **NAMING_TEXTS,
}


@cache
def texts(language: Language) -> dict[str, str]:
    """Every text in one language, for a template."""
    return {name: text[language] for name, text in TEXTS.items()}
