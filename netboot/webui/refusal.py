"""Why a request of a person is refused: each with its HTTP status and a sentence that says what to do next.

Not for: what stops a PC (`shared/problems.py`).
"""

from typing import Final, Literal

from netboot.shared.language import Language

Code = Literal[
    "signed-out",
    "old-form",
    "other-site",
    "foreign-name",
    "form",
    "too-large",
    "too-slow",
    "no-profile",
    "nobody-waits",
    "capture-one",
    "at-work",
    "another-visit",
    "contested",
    "no-own-name",
    "no-master",
    "no-such-version",
    "not-smaller",
    "no-such-recipe",
    "no-such-file",
    "inbox-silent",
    "no-room",
    "making-at-work",
    "master-unsigned",
    "master-fixed",
    "master-lacks",
    "windows-fixed",
    "windows-settings",
    "master-shrunk",
    "master-grow",
    "no-such-disk",
    "old-question",
    "no-reason",
    "exception-over",
    "no-name",
    "no-papers",
    "too-many-papers",
    "question-over",
    "code-unreadable",
    "no-such-machine",
    "denied",
    "merged",
    "merge-on-line",
    "no-places",
    "batch-armed",
    "bad-address",
    "bad-rule",
    "no-such-page",
    "method",
    "busy",
    "record-damaged",
    "record-away",
    "unexpected",
]


class Refusal(Exception):  # noqa: N818 — an expected outcome
    """A request that is not done."""

    def __init__(self, code: Code) -> None:
        super().__init__(code)
        self.code: Code = code

    @property
    def status(self) -> int:
        """The HTTP status."""
        return _STATUS[self.code]

    def sentence(self, language: Language) -> str:
        """What went wrong and what to do."""
        return _SENTENCES[self.code][language]


_STATUS: Final[dict[Code, int]] = {
    "signed-out": 403,
    "old-form": 403,
    "other-site": 403,
    "foreign-name": 421,
    "form": 415,
    "too-large": 413,
    "too-slow": 408,
    "no-profile": 400,
    "nobody-waits": 409,
    "capture-one": 409,
    "at-work": 409,
    "another-visit": 409,
    "contested": 409,
    "no-own-name": 409,
    "no-master": 409,
    "no-such-version": 409,
    "not-smaller": 409,
    "no-such-recipe": 409,
    "no-such-file": 409,
    "inbox-silent": 503,
    "no-room": 507,
    "making-at-work": 409,
    "master-unsigned": 409,
    "master-fixed": 409,
    "master-lacks": 409,
    "windows-fixed": 409,
    "windows-settings": 409,
    "master-shrunk": 409,
    "master-grow": 409,
    "no-such-disk": 409,
    "old-question": 409,
    "no-reason": 400,
    "exception-over": 409,
    "no-name": 400,
    "no-papers": 404,
    "too-many-papers": 409,
    "question-over": 409,
    "code-unreadable": 400,
    "no-such-machine": 404,
    "denied": 409,
    "merged": 409,
    "merge-on-line": 409,
    "no-places": 400,
    "batch-armed": 409,
    "bad-address": 400,
    "bad-rule": 400,
    "no-such-page": 404,
    "method": 405,
    "busy": 503,
    "record-damaged": 503,
    "record-away": 503,
    "unexpected": 500,
}

_SENTENCES: Final[dict[Code, dict[Language, str]]] = {
    "signed-out": {
        "fr": "Personne n'est connecté. Connectez-vous, puis recommencez.",
        "en": "Nobody is signed in. Sign in, then try again.",
    },
    "old-form": {
        "fr": "Cette page est trop ancienne. Revenez aux PC, puis recommencez.",
        "en": "This page is too old. Go back to the PCs, then try again.",
    },
    "other-site": {
        "fr": "Cette demande vient d'un autre site. Ouvrez la page de l'atelier et recommencez là.",
        "en": "This request comes from another site. Open the workshop's page and try again there.",
    },
    "foreign-name": {
        "fr": "Ce nom n'est pas celui de l'atelier. Ouvrez la page par l'adresse du serveur ; l'administrateur peut "
        "ajouter ce nom aux réglages (`hosts`).",
        "en": "This name is none of the workshop's. Open the page by the server's address; the administrator may add "
        "this name to the settings (`hosts`).",
    },
    "form": {
        "fr": "Ce formulaire n'est pas de cette page. Revenez aux PC, puis recommencez.",
        "en": "This form is not of this page. Go back to the PCs, then try again.",
    },
    "too-large": {
        "fr": "Ce formulaire est trop grand. Revenez aux PC, puis recommencez.",
        "en": "This form is too large. Go back to the PCs, then try again.",
    },
    "too-slow": {
        "fr": "Le formulaire n'est pas arrivé à temps. Vérifiez le réseau, puis recommencez.",
        "en": "The form did not arrive in time. Check the network, then try again.",
    },
    "no-profile": {
        "fr": "Aucun profil n'a été choisi. Revenez aux PC et choisissez-en un dans la liste.",
        "en": "No profile was chosen. Go back to the PCs and choose one from the list.",
    },
    "nobody-waits": {
        "fr": "Aucun PC n'attend un choix. Démarrez un PC sur le réseau et prenez « inventaire » dans son menu.",
        "en": "No PC waits for a choice. Boot a PC from the network and take “inventory” in its menu.",
    },
    "capture-one": {
        "fr": "Une capture est pour un seul PC : chacune aurait pris la place de celle d'avant. Choisissez-la à la "
        "ligne de ce PC. Rien n'a été fait.",
        "en": "A capture is for one PC: each would have taken the place of the one before. Choose it in that PC's row. "
        "Nothing was done.",
    },
    "at-work": {
        "fr": "Ce PC travaille déjà. Attendez la fin de son travail.",
        "en": "This PC is at work already. Wait until its job has ended.",
    },
    "another-visit": {
        "fr": "Ce PC n'est plus celui que la page montrait : il a été redémarré, ou c'est un autre. Regardez-le "
        "encore, puis recommencez. Rien n'a été fait.",
        "en": "This PC is not the one that the page showed any more: it was restarted, or it is another. Look again, "
        "then try again. Nothing was done.",
    },
    "contested": {
        "fr": "On ne sait pas quelle connexion est celle de ce PC. Revenez aux PC et dites lequel est le PC, "
        "puis recommencez.",
        "en": "It is not known which line is this PC. Go back to the PCs and say which one is the PC, then try again.",
    },
    "no-own-name": {
        "fr": "Ce PC n'annonce que des noms d'autres PC : le régler toucherait les autres. Réglez l'adresse de sa "
        "carte réseau sous « PC à part », ou écartez sa connexion.",
        "en": "This PC tells only names of other PCs: what is set for it would hold for them. Set it for its adapter's "
        "address under “Single PCs”, or keep its line out.",
    },
    "no-master": {
        "fr": "Le système de ce profil n'est pas sur le serveur, ou il y est abîmé ou incomplet (netboot master verify "
        "le dit). Construisez-le ou importez-le, puis recommencez. Rien n'a été effacé.",
        "en": "The system of this profile is not on the server, or it is damaged or incomplete there (netboot master "
        "verify tells). Build or import it, then try again. Nothing was erased.",
    },
    "no-such-version": {
        "fr": "Cette version n'est plus là, n'est pas entière, ou est déjà l'actuelle. Rien n'a changé : relisez la "
        "page.",
        "en": "This version is no longer there, is not whole, or is current already. Nothing has changed; look again.",
    },
    "not-smaller": {
        "fr": "Cette version n'est plus l'actuelle, ou ne peut pas être faite plus petite ici. Rien n'a changé : "
        "relisez la page.",
        "en": "This version is no longer the current one, or cannot be made smaller here. Nothing has changed; look "
        "again.",
    },
    "no-such-recipe": {
        "fr": "Cette recette n'est plus là, a une faute, ou ne peut pas être construite ici. Revenez aux systèmes.",
        "en": "This recipe is no longer there, has a mistake, or cannot be built here. Go back to the systems.",
    },
    "no-such-file": {
        "fr": "Ce fichier n'est plus dans le dossier des images. Revenez aux systèmes et choisissez encore.",
        "en": "This file is no longer in the folder of images. Go back to the systems and choose again.",
    },
    "inbox-silent": {
        "fr": "Le dossier des images ne répond pas : le fichier n'y est pas. L'administrateur regarde ce dossier et "
        "son disque ; puis envoyez le fichier à nouveau.",
        "en": "The folder of images does not answer: the file is not in it. The administrator looks at this folder and "
        "its disk; then send the file again.",
    },
    "no-room": {
        "fr": "Il n'y a pas assez de place sur le disque du serveur. Libérez-en (netboot master gc), puis recommencez. "
        "Rien n'est commencé.",
        "en": "There is not enough room on the server's disk. Free some (netboot master gc), then try again. Nothing "
        "has begun.",
    },
    "making-at-work": {
        "fr": "Un autre système est en fabrication. Attendez sa fin, ou arrêtez-la. Rien n'est commencé.",
        "en": "Another system is being made. Wait until that has ended, or stop it. Nothing has begun.",
    },
    "master-unsigned": {
        "fr": "Le système de ce profil n'est pas signé par cet atelier : aucun PC ne l'accepte. Remettez la clé "
        "signing.key d'une sauvegarde, ou reconstruisez-le ou importez-le à nouveau. Rien n'a été effacé.",
        "en": "The system of this profile is not signed by this workshop: no PC accepts it. Put signing.key back from "
        "a backup, or build or import it again. Nothing was erased.",
    },
    "master-fixed": {
        "fr": "netboot ne peut pas régler le système de ce profil : tous les PC garderaient le même nom, la même "
        "identité et les mêmes clés SSH. Prenez un profil qui le permet (customise: none), ou un autre système. Rien "
        "n'a été effacé.",
        "en": "netboot cannot set up the system of this profile: each PC would keep the same name, identity and "
        "SSH keys. Choose a profile that allows it (customise: none), or another system. Nothing was erased.",
    },
    "master-lacks": {
        "fr": "Le système de ce profil n'a pas ce que le profil demande : la page des systèmes dit quoi. Choisissez un "
        "autre profil ; ou retirez-le du profil (customise), ou mettez-le dans le système et refaites celui-ci. Rien "
        "n'a été effacé.",
        "en": "The system of this profile lacks what the profile asks for: the page of systems says what. Choose "
        "another profile; or take it out of the profile (customise), or put it into the system and make that anew. "
        "Nothing was erased.",
    },
    "windows-fixed": {
        "fr": "Le Windows de ce profil n'est pas prêt pour d'autres PC : tous auraient le même nom et la même "
        "identité. Préparez-le (sysprep /generalize /oobe /shutdown, sans fichier de réponses) et importez-le à "
        "nouveau, ou prenez un profil qui le permet (customise: none). Rien n'a été effacé.",
        "en": "The Windows of this profile is not ready for other PCs: all would have the same name and identity. "
        "Prepare it (sysprep /generalize /oobe /shutdown, without an answer file) and import it again, or choose a "
        "profile that allows it (customise: none). Nothing was erased.",
    },
    "windows-settings": {
        "fr": "Ce profil demande ce que netboot ne peut pas régler dans un Windows. Corrigez le profil : netboot y "
        "règle le nom, la langue, le clavier, le fuseau horaire, des comptes, fichiers et pilotes. Rien n'a été "
        "effacé.",
        "en": "This profile asks for what netboot cannot set of a Windows. Mend the profile: netboot sets the name, "
        "the language, the keyboard, the time zone, accounts, files and drivers there. Nothing was erased.",
    },
    "master-shrunk": {
        "fr": "Le système de ce profil a été réduit pour les petits disques ; sans réglage, il ne s'agrandirait pas. "
        "Choisissez un profil avec réglage, ou importez le système à nouveau avec --keep-size. Rien n'a été effacé.",
        "en": "The system of this profile was made smaller for small disks; without customising it would not grow. "
        "Choose a profile that does, or import the system again with --keep-size. Nothing was erased.",
    },
    "master-grow": {
        "fr": "Ce qui doit grandir selon le profil ne le peut pas dans son système : la page des systèmes dit "
        "pourquoi. Corrigez le profil (deploy: grow), ou choisissez-en un autre. Rien n'a été effacé.",
        "en": "What the profile has grow cannot grow in its system: the page of systems says why. Mend the profile "
        "(deploy: grow), or choose another. Nothing was erased.",
    },
    "no-such-disk": {
        "fr": "Ce disque n'est plus dans ce PC. Revenez à la page du PC et choisissez encore.",
        "en": "This disk is no longer in this PC. Go back to the PC's page and choose again.",
    },
    "no-reason": {
        "fr": "Une exception a besoin d'une raison, de 8 à 400 caractères. Revenez au PC et écrivez-la. Rien n'est "
        "signé.",
        "en": "An exception needs a reason, of 8 to 400 characters. Go back to the PC and write it. Nothing is signed.",
    },
    "exception-over": {
        "fr": "Rien n'est signé : ce PC n'est plus en ligne, ou ses disques ne sont plus ceux que la page montrait. "
        "Revenez à sa page et regardez encore.",
        "en": "Nothing is signed: this PC is not on the line any more, or its disks are not as the page showed them. "
        "Go back to its page and look again.",
    },
    "no-name": {
        "fr": "Il manque le nom de qui a sorti le disque. Revenez au PC et écrivez-le.",
        "en": "The name of who took the disk out is missing. Go back to the PC and write it.",
    },
    "old-question": {
        "fr": "Ce PC n'est plus tel que vous l'avez vu : ses disques ont changé, ou il a redémarré. Revenez à sa page "
        "et répondez à ce qui y est demandé maintenant.",
        "en": "This PC is no longer as you saw it: its disks changed, or it was restarted. Go back to its page and "
        "answer what is asked there now.",
    },
    "question-over": {
        "fr": "Cette question ne se pose plus, ou quelqu'un y a déjà répondu. Revenez aux PC : la réponse retenue est "
        "à la ligne du PC.",
        "en": "This question is no longer asked, or somebody answered it already. Go back to the PCs: the answer that "
        "counted is in the PC's row.",
    },
    "code-unreadable": {
        "fr": "Ce code ne peut pas être celui de l'étiquette : il a de 8 à 32 chiffres et lettres. Rien n'a été envoyé "
        "au disque. Revenez aux PC et saisissez-le de nouveau.",
        "en": "This code cannot be the label's: it has 8 to 32 digits and letters. Nothing was sent to the disk. Go "
        "back to the PCs and type it again.",
    },
    "no-papers": {
        "fr": "Aucun PC n'a été effacé ces jours-là. Revenez aux papiers et donnez d'autres jours.",
        "en": "No PC was erased in these days. Go back to the papers and give other days.",
    },
    "too-many-papers": {
        "fr": "C'est trop de PC à la fois pour la page. Donnez moins de jours, ou prenez la commande netboot "
        "certificates.",
        "en": "These are too many PCs at a time for the page. Give fewer days, or take the command netboot "
        "certificates.",
    },
    "no-such-machine": {
        "fr": "Ce PC n'est pas connu. Revenez aux PC, ou démarrez-le sur le réseau.",
        "en": "This PC is not known. Go back to the PCs, or boot it from the network.",
    },
    "denied": {
        "fr": "Ce PC est interdit. Pour le traiter, autorisez-le d'abord sur sa page.",
        "en": "This PC is denied. To work on it, allow it on its page first.",
    },
    "merged": {
        "fr": "L'un de ces deux numéros est déjà réuni avec un autre. Ouvrez sa page et séparez-le d'abord.",
        "en": "One of these two numbers is merged with another one already. Open its page and separate it first.",
    },
    "merge-on-line": {
        "fr": "Ce PC est à l'atelier en ce moment. Éteignez-le, attendez une minute, puis recommencez.",
        "en": "This PC is in the workshop now. Switch it off, wait a minute, then try again.",
    },
    "no-places": {
        "fr": "Il manque le nombre de PC. Écrivez un nombre de 1 à 200.",
        "en": "The number of PCs is missing. Write a number from 1 to 200.",
    },
    "batch-armed": {
        "fr": "Une autre série a été armée entre-temps. Revenez aux PC, regardez-la, puis recommencez.",
        "en": "Another batch was armed meanwhile. Go back to the PCs, look at it, then try again.",
    },
    "bad-address": {
        "fr": "Ce n'est pas une adresse de carte réseau. Écrivez-la ainsi : 98:fa:9b:12:34:56.",
        "en": "That is no adapter's address. Write it like this: 98:fa:9b:12:34:56.",
    },
    "bad-rule": {
        "fr": "Ce réglage n'existe pas. Revenez à la page du PC et choisissez dans les listes.",
        "en": "There is no such setting. Go back to the PC's page and choose from the lists.",
    },
    "no-such-page": {
        "fr": "Cette page n'existe pas. Revenez aux PC.",
        "en": "There is no such page. Go back to the PCs.",
    },
    "method": {
        "fr": "Cette adresse ne s'ouvre pas ainsi. Revenez aux PC.",
        "en": "This address is not opened in this way. Go back to the PCs.",
    },
    "busy": {
        "fr": "Le serveur est occupé. Attendez un peu, puis recommencez.",
        "en": "The server is busy. Wait a little, then try again.",
    },
    "record-damaged": {
        "fr": "Le journal de l'atelier est abîmé. Ne commencez plus rien : l'administrateur arrête netboot et remet la "
        "dernière sauvegarde.",
        "en": "The workshop's record is damaged. Begin nothing more: the administrator stops netboot and puts the "
        "newest backup back.",
    },
    "record-away": {
        "fr": "Le journal de l'atelier ne répond pas : rien n'a été lu ni gardé. Recommencez dans une minute. Si cela "
        "dure, l'administrateur regarde le disque du serveur.",
        "en": "The workshop's record does not answer: nothing was read or kept. Try again in a minute. If it stays so, "
        "the administrator looks at the server's disk.",
    },
    "unexpected": {
        "fr": "Une erreur imprévue s'est produite. L'administrateur trouve la cause dans le journal du serveur.",
        "en": "An unexpected error happened. The administrator finds the cause in the server's log.",
    },
}
