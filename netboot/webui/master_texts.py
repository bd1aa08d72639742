"""The words of the page of masters, in French and in English."""

from typing import Final

from netboot.shared.language import Language

MASTER_TEXTS: Final[dict[str, dict[Language, str]]] = {
    "masters": {"fr": "Systèmes", "en": "Systems"},
    "masters_here": {"fr": "Systèmes dans le magasin", "en": "Systems in the store"},
    "masters_room": {
        "fr": "Ils occupent {taken} ; {free} sont libres sur ce disque.",
        "en": "They take {taken}; {free} are free on that disk.",
    },
    "masters_caption": {
        "fr": "Systèmes (masters) que ce serveur connaît",
        "en": "Systems (masters) that this server knows",
    },
    "no_master": {
        "fr": "Aucun système. Connectez-vous pour en construire ou en importer un.",
        "en": "No system. Sign in to build one or import one.",
    },
    "master_current": {"fr": "version actuelle : les PC la reçoivent", "en": "current version: PCs get it"},
    "master_current_no": {"fr": "version actuelle", "en": "current version"},
    "master_before": {"fr": "version d'avant", "en": "version before"},
    "master_lacking": {
        "fr": "Il en manque des morceaux : aucun PC ne peut la recevoir. Reconstruisez-la ou importez-la.",
        "en": "Parts of it are missing: no PC can get it. Build or import it again.",
    },
    "master_unsigned": {
        "fr": "Elle n'est pas signée par cet atelier : aucun PC ne l'accepte.",
        "en": "It is not signed by this workshop: no PC accepts it.",
    },
    "master_damaged": {
        "fr": "Elle est abîmée et ne peut pas être lue. Reconstruisez-la ou importez-la.",
        "en": "It is damaged and cannot be read. Build or import it again.",
    },
    "master_packed": {"fr": "{size} dans le magasin", "en": "{size} in the store"},
    "master_written": {"fr": "{size} écrits sur chaque PC", "en": "{size} written to each PC"},
    "master_disk": {"fr": "disque de {size} au moins", "en": "a disk of {size} at least"},
    "master_shrink": {"fr": "Faire une version plus petite", "en": "Make a smaller version"},
    "master_shrink_of": {
        "fr": "{name} {version}, pour des disques plus petits",
        "en": "{name} {version}, for smaller disks",
    },
    "master_shrink_keeps": {
        "fr": "{version} reste comme version d'avant.",
        "en": "{version} stays as the version before.",
    },
    "master_shrink_drops": {
        "fr": "{version} reste comme version d'avant ; {dropped} s'en va.",
        "en": "{version} stays as the version before; {dropped} goes.",
    },
    "master_kept_whole": {
        "fr": "Pas de version plus petite : un profil le donne sans réglage, ou dit ce qui en grandit.",
        "en": "No smaller version: a profile gives it without customising, or says what of it grows.",
    },
    "master_size": {"fr": "Taille", "en": "Size"},
    "master_made": {"fr": "Fait le", "en": "Made on"},
    "master_from": {"fr": "de l'atelier {workshop}", "en": "of the workshop {workshop}"},
    "master_used": {"fr": "Utilisé par", "en": "Used by"},
    "master_used_by_none": {"fr": "aucun profil, aucun PC au travail", "en": "no profile, no PC at work"},
    "master_profile": {"fr": "profil « {profile} »", "en": "profile “{profile}”"},
    "master_job": {
        "fr": "PC {number} ({label}), au travail depuis le {started} UTC",
        "en": "PC {number} ({label}), at work since {started} UTC",
    },
    "master_use": {"fr": "Donner cette version aux PC", "en": "Give PCs this version"},
    "master_use_of": {"fr": "{name}, version {version}", "en": "{name}, version {version}"},
    "master_in_use": {
        "fr": "C'est fait : tout travail qui commence à partir de maintenant reçoit cette version.",
        "en": "Done: every job that begins from now on gets this version.",
    },
    "version": {"fr": "Version", "en": "Version"},
    "licence": {"fr": "Licence", "en": "Licence"},
    "added": {"fr": "Ajouté (UTC)", "en": "Added (UTC)"},
    "digest": {"fr": "Empreinte", "en": "Digest"},
}
