"""Sentences about lines, choices, batches and names: who a PC is, and what people ordered for it."""

from typing import Final, Literal

from netboot.shared.language import Language

Code = Literal[
    "crowded",
    "same-names",
    "visit-of-another",
    "two-lines",
    "other-adapter",
    "not-this-pc",
    "profile-gone",
    "disks-changed",
    "pc-changed",
    "batch-full",
    "batch-over",
    "batch-again",
    "denied",
    "name-taken",
    "name-not-told",
    "ticket-expired",
    "ticket-wrong",
]

SENTENCES: Final[dict[Code, dict[Language, str]]] = {
    "crowded": {
        "fr": "Le serveur a trop de PC à la fois : celui-ci n'est pas encore pris. Attendez, il se représente tout "
        "seul. S'il y a peu de PC à l'atelier, prévenez l'administrateur.",
        "en": "The server has too many PCs at a time: this one is not taken yet. Wait, it comes again by itself. "
        "If there are few PCs in the workshop, tell the administrator.",
    },
    "same-names": {
        "fr": "Un PC qui porte les mêmes noms que celui-ci (numéro de série, adresse) est déjà à l'atelier. Si "
        "celui-ci vient d'être redémarré, attendez une minute : il est repris tout seul. Sinon, éteignez l'un des "
        "deux.",
        "en": "A PC with the same names as this one (serial number, address) is in the workshop already. If this one "
        "was restarted just now, wait a minute: it is taken by itself. Else switch one of the two off.",
    },
    "visit-of-another": {
        "fr": "Le serveur ne reconnaît pas ce PC : sa visite est celle d'un autre agent. Redémarrez ce PC sur le "
        "réseau.",
        "en": "The server does not recognise this PC: its visit is another agent's. Boot this PC from the network "
        "again.",
    },
    "two-lines": {
        "fr": "Une autre connexion parle aussi pour ce PC : rien n'est commencé. Celui-ci a l'adresse {address}. Sur "
        "la page, dites lequel est le PC. S'il vient d'être redémarré, attendez une minute.",
        "en": "Another line speaks for this PC too: nothing is begun. This one has the address {address}. Say on the "
        "page which one is the PC. If it was restarted just now, wait a minute.",
    },
    "other-adapter": {
        "fr": "La connexion {address} vient d'une autre carte réseau ({adapter}) que celles que ce PC annonce : rien "
        "n'est commencé. Sur la page, dites si c'est bien ce PC.",
        "en": "The line {address} comes from another adapter ({adapter}) than those that this PC tells: nothing is "
        "begun. Say on the page whether it is this PC.",
    },
    "not-this-pc": {
        "fr": "Une personne a dit sur la page que ce n'est pas ce PC : l'atelier n'y touche pas. Si c'est une erreur, "
        "redémarrez-le sur le réseau.",
        "en": "A person said on the page that this is not the PC: the workshop does not touch it. If that is a "
        "mistake, boot it from the network again.",
    },
    "profile-gone": {
        "fr": "Le profil {profile} n'existe plus sur le serveur. Choisissez un autre profil sur la page.",
        "en": "The profile {profile} is no longer on the server. Choose another profile on the page.",
    },
    "disks-changed": {
        "fr": "Les disques de ce PC ne sont pas ceux qui ont été vus quand le profil a été choisi. Vus : {seen}. "
        "Trouvés : {found}. Rien n'a été écrit. Regardez les disques de ce PC, puis choisissez à nouveau.",
        "en": "The disks of this PC are not those that were seen when its profile was chosen. Seen: {seen}. "
        "Found: {found}. Nothing was written. Look at this PC's disks, then choose again.",
    },
    "pc-changed": {
        "fr": "Le profil a été choisi pour un PC qui porte d'autres numéros. Vus : {seen}. Trouvés : {found}. "
        "Rien n'a été écrit. Vérifiez quel PC c'est, puis choisissez à nouveau.",
        "en": "The profile was chosen for a PC with other numbers. Seen: {seen}. Found: {found}. "
        "Nothing was written. Make sure which PC this is, then choose again.",
    },
    "batch-full": {
        "fr": "La série est complète ({places} PC) : ce PC n'en fait pas partie. Rien n'a été écrit. Choisissez un "
        "profil pour lui sur la page.",
        "en": "The batch is full ({places} PCs): this PC is not part of it. Nothing was written. Choose a profile for "
        "it on the page.",
    },
    "batch-over": {
        "fr": "La série pour laquelle ce PC a démarré n'est plus armée. Rien n'a été écrit. Choisissez un profil pour "
        "ce PC sur la page.",
        "en": "The batch that this PC started for is not armed any more. Nothing was written. Choose a profile for "
        "this PC on the page.",
    },
    "batch-again": {
        "fr": "Ce PC a été traité il y a peu (24 heures de marche du serveur) : la série ne le refait pas. Rien n'a "
        "été écrit. Choisissez un profil pour lui sur la page, ou démarrez-le sur son disque.",
        "en": "This PC was worked on lately (24 hours in which the server ran): the batch does not do it again. "
        "Nothing was written. Choose a profile for it on the page, or start it from its disk.",
    },
    "denied": {
        "fr": "Ce PC est interdit : l'atelier n'y touche pas. Démarrez-le sur son disque. Pour le traiter, "
        "autorisez-le d'abord sur la page.",
        "en": "This PC is denied: the workshop does not touch it. Start it from its disk. To work on it, allow it on "
        "the page first.",
    },
    "name-taken": {
        "fr": "Dans le DNS du bâtiment, le nom {name} est déjà pris. Rien n'y a été changé, et ce PC est prêt. "
        "Donnez un autre nom (hostname du profil), ou faites retirer l'ancien.",
        "en": "In the building's DNS the name {name} is already taken. Nothing was changed there, and this PC is "
        "ready. Give another name (the profile's hostname), or have the old one removed.",
    },
    "name-not-told": {
        "fr": "Le DNS du bâtiment ({server}) n'a pas pris le nom {name}. Ce PC est prêt ; le serveur "
        "réessaie pendant un jour. Si cela dure, prévenez l'administrateur.",
        "en": "The building's DNS ({server}) did not take the name {name}. This PC is ready; the server "
        "tries again for a day. If it lasts, tell the administrator.",
    },
    "ticket-expired": {
        "fr": "Le choix fait dans le menu de ce PC est trop ancien ({profile}). Rien n'a été écrit. Choisissez un "
        "profil sur la page, ou redémarrez ce PC sur le réseau.",
        "en": "What was chosen in this PC's menu is too old ({profile}). Nothing was written. Choose a profile on the "
        "page, or boot this PC from the network again.",
    },
    "ticket-wrong": {
        "fr": "Ce choix n'est pas confirmé par le menu de ce serveur ({profile}). Rien n'a été écrit. Choisissez un "
        "profil sur la page, ou redémarrez ce PC sur le réseau.",
        "en": "This choice is not confirmed by this server's menu ({profile}). Nothing was written. Choose a profile "
        "on the page, or boot this PC from the network again.",
    },
}
