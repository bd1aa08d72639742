"""The page's words about signing in, in French and English: name, password, the first start and its code.

Part of `texts.py`, which has all others. Not for: who may sign in (`auth/`).
"""

from typing import Final

from netboot.shared.language import Language

SIGN_IN_TEXTS: Final[dict[str, dict[Language, str]]] = {
    "sign_in": {"fr": "Se connecter", "en": "Sign in"},
    "sign_out": {"fr": "Se déconnecter", "en": "Sign out"},
    "signed_in_as": {"fr": "Connecté : {name}", "en": "Signed in: {name}"},
    "name": {"fr": "Nom", "en": "Name"},
    "password": {"fr": "Mot de passe", "en": "Password"},
    "password_again": {"fr": "Le mot de passe encore une fois", "en": "The password once more"},
    "wrong_password": {
        "fr": "Le nom ou le mot de passe n'est pas le bon. Essayez encore.",
        "en": "The name or the password is wrong. Try again.",
    },
    "too_many_tries": {
        "fr": "Trop d'essais. Attendez cinq minutes, puis essayez encore.",
        "en": "Too many tries. Wait five minutes, then try again.",
    },
    "too_many_for_name": {
        "fr": "Trop d'essais pour ce nom. Connectez-vous avec un navigateur qui a déjà servi à ce nom, ou attendez "
        "cinq minutes.",
        "en": "Too many tries for this name. Sign in with a browser that was used for this name before, or wait five "
        "minutes.",
    },
    "first_start": {"fr": "Premier démarrage", "en": "First start"},
    "first_start_help": {
        "fr": "Choisissez votre nom et un mot de passe de {shortest} caractères ou plus.",
        "en": "Choose your name and a password of {shortest} characters or more.",
    },
    "first_start_code": {"fr": "Code écrit dans le journal du serveur", "en": "Code written in the server's log"},
    "wrong_code": {
        "fr": "Ce code n'est pas celui du journal du serveur. Recopiez-le depuis le journal ; s'il n'y en a pas, "
        "redémarrez netboot.",
        "en": "This code is not the one in the server's log. Copy it from the log; if there is none, restart netboot.",
    },
    "spent_code": {
        "fr": "Ce code a déjà servi. Redémarrez netboot : son journal donne un nouveau code.",
        "en": "This code was used already. Restart netboot: its log gives a new code.",
    },
    "no_name": {"fr": "Écrivez votre nom.", "en": "Write your name."},
    "wrong_length": {
        "fr": "Ce mot de passe a {length} caractères. Il en faut de {shortest} à {longest}.",
        "en": "This password has {length} characters. It must have {shortest} to {longest}.",
    },
    "different_passwords": {
        "fr": "Les deux mots de passe sont différents. Écrivez deux fois le même.",
        "en": "The two passwords differ. Write the same one twice.",
    },
    "create": {"fr": "Créer", "en": "Create"},
}
