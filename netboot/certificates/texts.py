"""The words of a paper, in French and in English: plain, one idea a sentence. `{…}` are names and numbers.

It claims no conformity: it says what was done, whose words the levels are, and where that can be read.
Not for: the figures of a method (`figure_texts.py`).
"""

from typing import Final

from netboot.certificates.values import Missing, Why
from netboot.jobs.disk_answers import AnswerKind
from netboot.jobs.disk_take_out import Became
from netboot.jobs.erase_exception import State
from netboot.shared.language import Language
from netboot.shared.stages.erase import Level, Medium, Verdict

Words = dict[Language, str]

TEXTS: Final[dict[str, Words]] = {
    "certificate": {"fr": "Certificat d'effacement", "en": "Certificate of erasure"},
    "report": {"fr": "Rapport d'effacement incomplet", "en": "Report of an incomplete erasure"},
    "no_certificate": {"fr": "CECI N'EST PAS UN CERTIFICAT", "en": "THIS IS NOT A CERTIFICATE"},
    "batch": {"fr": "Effacements d'un lot de PC", "en": "Erasures of a batch of PCs"},
    "all_erased": {
        "fr": "Chaque disque de ce PC est effacé ({count}).",
        "en": "Every disk of this PC is erased ({count}).",
    },
    "not_proven": {
        "fr": "L'effacement de ce PC n'est pas prouvé. Il peut contenir des données. Ne le remettez à personne.",
        "en": "The erasure of this PC is not proven. It may hold data. Do not hand it over.",
    },
    "number": {"fr": "Numéro", "en": "Number"},
    "issued_by": {"fr": "Atelier", "en": "Workshop"},
    "donor": {"fr": "Donateur", "en": "Donor"},
    "page": {"fr": "page {page} sur {pages}", "en": "page {page} of {pages}"},
    # The PC
    "pc": {"fr": "Le PC", "en": "The PC"},
    "pc_source": {"fr": "Selon son micrologiciel", "en": "As its firmware says"},
    "maker": {"fr": "Fabricant", "en": "Maker"},
    "model": {"fr": "Modèle", "en": "Model"},
    "serial": {"fr": "Numéro de série", "en": "Serial number"},
    "workshop_number": {"fr": "Numéro de l'atelier", "en": "Workshop's number"},
    "inventory_number": {"fr": "Numéro d'inventaire", "en": "Inventory number"},
    "arrived": {"fr": "Arrivé le", "en": "Came on"},
    "kit": {"fr": "Sans serveur", "en": "Without a server"},
    "kit_alone": {
        "fr": "fait par le PC seul, depuis la clé {kit}, relevée le {date}",
        "en": "done by the PC alone, from the stick {kit}, collected on {date}",
    },
    "collected": {"fr": "Relevé le", "en": "Collected on"},
    "ink": {"fr": "à écrire : ____________________", "en": "to be written: ____________________"},
    "unknown": {"fr": "non dit", "en": "not told"},
    # A disk
    "disk": {"fr": "Disque {number} sur {count}", "en": "Disk {number} of {count}"},
    "medium": {"fr": "Support", "en": "Media type"},
    "source": {"fr": "Provenance", "en": "Media source"},
    "source_pc": {"fr": "le PC ci-dessus", "en": "the PC above"},
    "size": {"fr": "Taille", "en": "Size"},
    "bytes": {"fr": "{size} ({count} octets)", "en": "{size} ({count} bytes)"},
    "by_place": {
        "fr": "désigné par sa place seulement : {place}",
        "en": "known by its place only: {place}",
    },
    "verdict": {"fr": "Verdict", "en": "Verdict"},
    "method": {"fr": "Méthode (niveau)", "en": "Method (level)"},
    "lowered": {"fr": "{level} ; demandé : {wanted}", "en": "{level}; wanted: {wanted}"},
    "technique": {"fr": "Technique", "en": "Technique"},
    "tool": {"fr": "Outil et version", "en": "Tool and version"},
    "own_tool": {"fr": "agent de netboot, version non notée", "en": "netboot's agent, version not recorded"},
    "verification": {"fr": "Vérification", "en": "Verification"},
    "read_all": {
        "fr": "tout le disque relu après coup, hors cache, et comparé",
        "en": "the whole disk read back afterwards, past the cache, and compared",
    },
    "read_marks": {
        "fr": "{amount} relus après coup, hors cache ; des {marked} marques écrites avant, {left} y sont encore",
        "en": "{amount} read back afterwards, past the cache; of {marked} marks written before, {left} are still there",
    },
    "read_sample": {
        "fr": "échantillon : {share} % du disque, {amount} relus après coup, hors cache ; des {marked} marques écrites "
        "avant, {left} y sont encore",
        "en": "a sample: {share} % of the disk, {amount} read back afterwards, past the cache; of {marked} marks "
        "written before, {left} are still there",
    },
    "read_part": {"fr": "{amount} relus et comparés", "en": "{amount} read back and compared"},
    "times": {"fr": "Début, fin, durée", "en": "Began, ended, took"},
    "from_to": {"fr": "{began} – {ended} UTC ({took})", "en": "{began} – {ended} UTC ({took})"},
    "by_pc_clock": {
        "fr": "{began} – {ended} selon l'horloge du PC, que personne n'a vérifiée ({took})",
        "en": "{began} – {ended} by the PC's own clock, which nobody checked ({took})",
    },
    "problem": {"fr": "Ce qui s'est passé", "en": "What happened"},
    "earlier": {"fr": "Essais d'avant", "en": "Tries before"},
    "sources": {"fr": "D'où viennent les niveaux", "en": "Where the levels are from"},
    "level_condition": {"fr": "Condition : {condition}.", "en": "Condition: {condition}."},
    "level_source": {"fr": "{level}, par {technique} : {source}", "en": "{level}, by {technique}: {source}"},
    "no_proof": {
        "fr": "La preuve n'est pas, ou plus, dans le journal telle qu'elle a été écrite.",
        "en": "The proof is not, or no longer, in the journal as it was written.",
    },
    "others": {"fr": "Vus dans ce PC et non effacés", "en": "Seen in this PC and not erased"},
    "other": {"fr": "{disk} : {why}", "en": "{disk}: {why}"},
    "left": {
        "fr": "n'en fait pas partie, selon une personne de l'atelier : laissé tel quel",
        "en": "not part of it, as a person of the workshop said: left alone",
    },
    "carried": {"fr": "clé, carte ou disque externe : laissé tel quel", "en": "stick, card or external: left alone"},
    "untreated": {"fr": "DISQUE DE CE PC, NON EFFACÉ", "en": "DISK OF THIS PC, NOT ERASED"},
    "taken_out": {"fr": "Disques sortis de ce PC", "en": "Disks taken out of this PC"},
    "taken_out_line": {
        "fr": "{disk} : sorti par {taken_by} ; {became}. Noté par {by} le {at}, sur parole.",
        "en": "{disk}: taken out by {taken_by}; {became}. Noted by {by} on {at}, on their word.",
    },
    "taken_out_back": {
        "fr": "IL EST POURTANT REVENU : il était dans le PC lors de ce passage.",
        "en": "YET IT IS BACK: it was in the PC in this visit.",
    },
    "hidden": {"fr": "Contrôleur qui peut cacher des disques", "en": "Controller that may hide disks"},
    "said": {"fr": "Dit par une personne de l'atelier", "en": "Said by a person of the workshop"},
    # An exception
    "exception": {
        "fr": "EXCEPTION : installation permise sans preuve d'effacement",
        "en": "EXCEPTION: installation allowed without a proof of erasure",
    },
    "exception_by": {"fr": "Signée par {by} le {at}", "en": "Signed by {by} on {at}"},
    "exception_reason": {"fr": "Raison : {reason}", "en": "Reason: {reason}"},
    "exception_unused": {
        "fr": "Elle n'a pas servi : rien n'a été installé par elle.",
        "en": "It was not used: nothing was installed by it.",
    },
    "colon": {"fr": " : ", "en": ": "},
    # People
    "people": {"fr": "Qui en répond", "en": "Who answers for it"},
    "people_column": {"fr": "À signer à l'encre", "en": "To be signed in ink"},
    "done_by": {"fr": "Effacement fait par", "en": "Erased by"},
    "validated_by": {"fr": "Validé par", "en": "Validated by"},
    "name": {"fr": "Nom", "en": "Name"},
    "function": {"fr": "Fonction", "en": "Title"},
    "date_place": {"fr": "Date et lieu", "en": "Date and place"},
    "contact": {"fr": "Contact", "en": "Contact"},
    "signature": {"fr": "Signature", "en": "Signature"},
    "in_menu": {"fr": "(choisi dans le menu du PC)", "en": "(chosen in the PC's menu)"},
    "destination": {"fr": "Destination du PC", "en": "Where the PC goes"},
    # The seal
    "seal": {"fr": "Vérifier ce document", "en": "Check this paper"},
    "seal_help": {
        "fr": "Le code contient le texte ci-dessous. Un téléphone le lit sans réseau. La commande netboot verify, ou "
        "la page « Vérifier » de l'atelier, dit si ce texte, ce PDF ou son fichier JSON ont changé.",
        "en": "The code holds the text below. A telephone reads it without a network. The command netboot verify, or "
        "the workshop's page “Check”, says whether this text, this PDF or its JSON file was changed.",
    },
    "qr": {
        "fr": "Code QR : le texte du sceau, imprimé à côté",
        "en": "QR code: the text of the seal, printed beside it",
    },
    "fingerprints": {
        "fr": "Empreinte de la clé du sceau : {seal}. Empreinte du certificat qui signe ce PDF : {pdf}. Comparez-les "
        "avec celles que l'atelier affiche.",
        "en": "Fingerprint of the seal's key: {seal}. Fingerprint of the certificate that signs this PDF: {pdf}. "
        "Compare them with those that the workshop shows.",
    },
    "basis": {
        "fr": "Les champs sont ceux que NIST SP 800-88 révision 2 (2025) énumère. « Clear » et « Purge » sont ses "
        "mots. Elle renvoie à IEEE 2883 pour les techniques et ne demande pas de tout relire : notre relecture va "
        "au-delà. Ce document dit ce qui a été fait ; il n'affirme aucune conformité à une norme.",
        "en": "The fields are those that NIST SP 800-88 revision 2 (2025) lists. “Clear” and “Purge” are its words. It "
        "refers to IEEE 2883 for techniques and does not ask that all is read back: our reading goes beyond it. This "
        "paper says what was done; it claims conformity with no standard.",
    },
    # The annex
    "annex": {"fr": "Détails", "en": "Details"},
    "figures": {"fr": "Disque {number} : chiffres", "en": "Disk {number}: figures"},
    "figure": {"fr": "Grandeur", "en": "Figure"},
    "value": {"fr": "Valeur", "en": "Value"},
    "before": {"fr": "Avant", "en": "Before"},
    "after": {"fr": "Après", "en": "After"},
    "statuses": {"fr": "Disque {number} : ce qu'il dit de lui-même", "en": "Disk {number}: what it says of itself"},
    "bad": {"fr": "Disque {number} : parties en défaut", "en": "Disk {number}: bad parts"},
    "bad_column": {"fr": "Octets", "en": "Bytes"},
    "bad_what": {"fr": "Défaut", "en": "Fault"},
    "bad_more": {"fr": "et {count} autres, dans le fichier JSON", "en": "and {count} more, in the JSON file"},
    "unwritten": {"fr": "n'a pas pu être écrit", "en": "could not be written"},
    "unread": {"fr": "n'a pas pu être lu", "en": "could not be read"},
    "different": {"fr": "a rendu autre chose", "en": "gave back something else"},
    "speeds": {
        "fr": "Disque {number} : vitesse du début à la fin",
        "en": "Disk {number}: speed from first to last byte",
    },
    "speeds_alt": {
        "fr": "Courbe de vitesse : de {low} à {high} Mo/s, {mean} Mo/s en moyenne",
        "en": "Curve of speed: {low} to {high} MB/s, {mean} MB/s on average",
    },
    "missing": {"fr": "Ce qui n'est pas noté", "en": "What is not recorded"},
    "events": {"fr": "Au journal de l'atelier", "en": "In the workshop's journal"},
    "events_help": {
        "fr": "Chaque événement porte l'empreinte (SHA-256) de son contenu et de celui d'avant. Journal {server}.",
        "en": "Each event bears the hash (SHA-256) of its content and of the event before. Journal {server}.",
    },
    "events_more": {"fr": "et {count} autres, dans le fichier JSON", "en": "and {count} more, in the JSON file"},
    "event": {"fr": "N°", "en": "No."},
    "event_kind": {"fr": "Événement", "en": "Event"},
    "event_hash": {"fr": "Empreinte", "en": "Hash"},
    # A batch
    "batch_count": {
        "fr": "{certificates} PC avec certificat, {reports} avec un rapport seulement.",
        "en": "PCs with a certificate: {certificates}; with a report only: {reports}.",
    },
    "batch_dates": {"fr": "Effacés du {first} au {last}.", "en": "Erased from {first} to {last}."},
    "batch_table": {"fr": "Les PC de ce lot", "en": "The PCs of this batch"},
    "batch_pc": {"fr": "PC et numéro de série", "en": "PC and serial number"},
    "batch_disks": {"fr": "Disques", "en": "Disks"},
    "batch_result": {"fr": "Résultat", "en": "Result"},
    "result_certificate": {"fr": "effacé : certificat", "en": "erased: certificate"},
    "result_report": {"fr": "NON PROUVÉ : rapport", "en": "NOT PROVEN: report"},
    "batch_details": {
        "fr": "Les détails de chaque PC sont dans son propre certificat ou rapport, de même numéro.",
        "en": "The details of each PC are in its own certificate or report of the same number.",
    },
}

VERDICTS: Final[dict[Verdict, Words]] = {
    "erased": {"fr": "EFFACÉ", "en": "ERASED"},
    "not-erased": {"fr": "NON EFFACÉ", "en": "NOT ERASED"},
    "undetermined": {"fr": "INDÉTERMINÉ", "en": "UNDETERMINED"},
}

LEVELS: Final[dict[Level, Words]] = {
    "none": {"fr": "aucune", "en": "none"},
    "clear": {"fr": "« Clear » (NIST SP 800-88)", "en": "“Clear” (NIST SP 800-88)"},
    "purge": {"fr": "« Purge » (NIST SP 800-88)", "en": "“Purge” (NIST SP 800-88)"},
}

STATES: Final[dict[State, Words]] = {
    "erased": VERDICTS["erased"],
    "not-erased": VERDICTS["not-erased"],
    "undetermined": VERDICTS["undetermined"],
    "untreated": {"fr": "PAS TRAITÉ dans ce passage", "en": "NOT WORKED ON in this visit"},
}

BECAME: Final[dict[Became, Words]] = {
    "not-told": {"fr": "on n'a pas dit ce qu'il est devenu", "en": "what became of it was not told"},
    "kept": {"fr": "gardé de côté", "en": "kept aside"},
    "destroyed": {"fr": "détruit", "en": "destroyed"},
}

MEDIA: Final[dict[Medium, Words]] = {
    "magnetic": {"fr": "disque magnétique", "en": "magnetic disk"},
    "flash": {"fr": "mémoire flash (SSD)", "en": "flash memory (SSD)"},
    "not-told": {"fr": "non dit", "en": "not told"},
}

WHYS: Final[dict[Why, Words]] = {
    "not-erased": {"fr": "Un disque n'est pas effacé.", "en": "A disk is not erased."},
    "undetermined": {
        "fr": "D'un disque, on ne sait pas s'il est effacé.",
        "en": "Of a disk it is not known whether it is erased.",
    },
    "altered": {
        "fr": "Une preuve n'est pas au journal telle qu'elle a été écrite.",
        "en": "A proof is not in the journal as it was written.",
    },
    "untreated": {"fr": "Un disque de ce PC n'a pas été traité.", "en": "A disk of this PC was not worked on."},
    "nothing": {"fr": "Aucun disque n'a été effacé.", "en": "No disk was erased."},
    "hidden": {
        "fr": "Un contrôleur de ce PC peut cacher des disques.",
        "en": "A controller of this PC may hide disks.",
    },
    "contested": {
        "fr": "Un autre appareil s'est présenté comme ce PC : on ne sait pas lequel a été traité.",
        "en": "Another device spoke for this PC: it is not known which one was worked on.",
    },
}

SAID: Final[dict[AnswerKind, Words]] = {
    "vouched": {"fr": "Aucun disque derrière le contrôleur {what}", "en": "No disk behind the controller {what}"},
    "not-vouched": {"fr": "Contrôleur {what} : on ne sait pas", "en": "Controller {what}: not known"},
    "belongs": {"fr": "Disque de ce PC : {what}", "en": "Disk of this PC: {what}"},
    "left": {"fr": "Laissé tel quel, non effacé : {what}", "en": "Left alone, not erased: {what}"},
    "by-place": {"fr": "Reconnu par sa place seulement : {what}", "en": "Known by its place only: {what}"},
}

MISSING: Final[dict[Missing, Words]] = {
    "inventory-number": {"fr": "le numéro d'inventaire du donateur", "en": "the donor's inventory number"},
    "serial": {"fr": "le numéro de série du PC : il n'en dit pas", "en": "the PC's serial number: it tells none"},
    "disk-serial": {"fr": "le numéro de série du disque : il n'en dit pas", "en": "the disk's serial: it tells none"},
    "hidden-area": {
        "fr": "si le disque cache une zone (HPA, DCO) : il ne répond pas",
        "en": "whether the disk hides an area (HPA, DCO): it does not answer",
    },
    "smart": {"fr": "l'état SMART du disque : il n'en dit pas", "en": "the disk's SMART state: it tells none"},
    "statuses": {
        "fr": "ce que le disque dit de lui-même avant ou après",
        "en": "what the disk says of itself before or after",
    },
    "tool-version": {"fr": "la version de l'outil", "en": "the tool's version"},
    "speed": {"fr": "la vitesse au long du disque", "en": "the speed along the disk"},
    "place": {
        "fr": "nom, lieu ou contact de l'atelier (réglage `certificates`)",
        "en": "name, place or contact of the workshop (setting `certificates`)",
    },
    "operator": {
        "fr": "qui a choisi l'effacement : c'était dans le menu du PC, où personne ne se connecte",
        "en": "who chose the erase: it was in the PC's menu, where nobody signs in",
    },
    "time": {
        "fr": "l'heure exacte : sans serveur, les heures d'effacement sont celles de l'horloge du PC, que personne n'a "
        "vérifiée, et la date de ce papier est celle du relevé de la clé",
        "en": "the exact time: without a server, the times of erasure are those of the PC's own clock, which nobody "
        "checked, and the date of this paper is when the stick was collected",
    },
    "destination": {"fr": "à qui le PC est remis", "en": "to whom the PC is handed over"},
}
