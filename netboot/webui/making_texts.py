"""The words of making masters from the page: building, taking in, how far it is; in French and in English."""

from typing import Final

from netboot.shared.language import Language

MAKING_TEXTS: Final[dict[str, dict[Language, str]]] = {
    "making_of_build": {"fr": "Construction de {name}", "en": "Building {name}"},
    "making_of_import": {"fr": "Importation de {name}", "en": "Importing {name}"},
    "making_of_shrink": {"fr": "Version plus petite de {name}", "en": "A smaller version of {name}"},
    "making_running": {"fr": "en cours", "en": "at work"},
    "making_done": {"fr": "terminé", "en": "done"},
    "making_failed": {"fr": "échec", "en": "failed"},
    "making_stopped": {"fr": "arrêté", "en": "stopped"},
    "making_interrupted": {"fr": "interrompu", "en": "interrupted"},
    "making_stopping": {"fr": "Arrêt en cours…", "en": "Stopping…"},
    "making_since": {"fr": "Commencé le {began} UTC.", "en": "Begun on {began} UTC."},
    "making_meanwhile": {
        "fr": "Vous pouvez quitter cette page : le serveur continue.",
        "en": "You may leave this page: the server goes on.",
    },
    "making_ended": {"fr": "Fini le {ended} UTC.", "en": "Ended on {ended} UTC."},
    "making_done_as": {
        "fr": "{name} {version} est dans le magasin ; c'est sa version actuelle.",
        "en": "{name} {version} is in the store; it is its current version.",
    },
    "making_shrunk": {
        "fr": "Disque de {disk} au moins, au lieu de {before}. Sur chaque PC, il s'agrandit à tout le disque.",
        "en": "A disk of {disk} at least, in place of {before}. On each PC it grows to the whole disk.",
    },
    "making_fits": {"fr": "Disque de {disk} au moins.", "en": "A disk of {disk} at least."},
    "making_look": {"fr": "Relire la page", "en": "Load the page again"},
    "making_why_failed": {
        "fr": "Cela n'a pas marché. La raison est plus bas, en anglais.",
        "en": "That did not work. The reason is below.",
    },
    "making_failed_at": {"fr": "Étape : {step}.", "en": "Step: {step}."},
    "making_internet": {
        "fr": "Le serveur doit avoir Internet à ce moment.",
        "en": "The server must have the internet then.",
    },
    "making_account": {
        "fr": "Ce qui en a été compris (en anglais)",
        "en": "What was understood of it",
    },
    "making_why_stopped": {"fr": "Une personne l'a arrêté.", "en": "A person stopped it."},
    "making_why_interrupted": {
        "fr": "Le serveur s'est arrêté pendant ce travail. Recommencez-le.",
        "en": "The server ended while it was at work. Begin it again.",
    },
    "making_nothing": {
        "fr": "Rien à moitié fait n'est proposé aux PC.",
        "en": "Nothing half made is offered to PCs.",
    },
    "making_waiting": {
        "fr": "Ensuite, sans que personne ne s'en occupe, une version plus petite de ce qui vient d'être capturé :",
        "en": "Then, by itself, a smaller version of what was captured:",
    },
    "making_stop": {"fr": "Arrêter", "en": "Stop it"},
    "step_looking-up": {"fr": "Recherche des paquets", "en": "Looking up packages"},
    "step_waiting": {"fr": "Attend une autre construction", "en": "Waits for another build"},
    "step_downloading": {"fr": "Téléchargement des paquets", "en": "Downloading packages"},
    "step_installing": {"fr": "Installation des paquets", "en": "Installing packages"},
    "step_setting-up": {"fr": "Réglage des paquets", "en": "Setting up packages"},
    "step_making-disk": {"fr": "Fabrication du disque", "en": "Making the disk"},
    "step_laying-out": {"fr": "Copie du système", "en": "Copying the system"},
    "step_unpacking": {"fr": "Dépaquetage de l'image", "en": "Unpacking the image"},
    "step_restoring": {"fr": "Reconstitution des partitions", "en": "Restoring partitions"},
    "step_checking": {"fr": "Vérification des systèmes de fichiers", "en": "Checking file systems"},
    "step_shrinking": {"fr": "Adaptation aux petits disques", "en": "Fitting it to small disks"},
    "step_packing": {"fr": "Rangement dans le magasin", "en": "Packing it into the store"},
    "step_copying": {"fr": "Copie dans le magasin", "en": "Copying it to the store"},
    "recipes": {"fr": "Construire un système", "en": "Build a system"},
    "recipes_help": {
        "fr": "Le serveur télécharge les paquets et les installe : de quelques minutes à une heure. Un système qui "
        "existe en reçoit une nouvelle version, que les PC reçoivent dès la fin.",
        "en": "The server downloads the packages and installs them: some minutes, or an hour. A system that there is "
        "already gets a new version, which PCs get as soon as it is done.",
    },
    "recipes_room": {"fr": "{free} sont libres pour construire.", "en": "{free} are free to build in."},
    "recipes_root": {
        "fr": "Ce serveur ne tourne pas en administrateur (root) : il ne peut rien construire.",
        "en": "This server does not run as root: it can build nothing.",
    },
    "recipes_caption": {"fr": "Recettes de ce serveur", "en": "Recipes of this server"},
    "recipe": {"fr": "Recette", "en": "Recipe"},
    "recipe_room": {"fr": "Place", "en": "Room"},
    "recipe_needs": {"fr": "{room} libres pour la construire", "en": "{room} free to build it"},
    "recipe_no_room": {
        "fr": "pas assez de place ; libérez-en : netboot master gc",
        "en": "not enough room; free some: netboot master gc",
    },
    "recipe_build": {"fr": "Construire", "en": "Build"},
    "recipe_later": {"fr": "après le travail en cours", "en": "after the work that goes on"},
    "recipe_mistake": {"fr": "Cette recette a une faute :", "en": "This recipe has a mistake:"},
    "inbox": {"fr": "Importer une image", "en": "Import an image"},
    "inbox_unset": {
        "fr": "Aucun dossier d'images n'est réglé. L'administrateur l'écrit dans les réglages (masters: inbox), puis y "
        "dépose les images.",
        "en": "No folder of images is set. The administrator writes it into the settings (masters: inbox), and puts "
        "images there.",
    },
    "inbox_unread": {
        "fr": "Le dossier des images ne peut pas être lu. Regardez s'il est là :",
        "en": "The folder of images cannot be read. See whether it is there:",
    },
    "inbox_empty": {"fr": "Aucune image dans le dossier", "en": "No image in the folder"},
    "inbox_help": {
        "fr": "Images de disque, ou dossiers de Clonezilla et de FOG, du dossier",
        "en": "Images of disks, or folders of Clonezilla and FOG, in the folder",
    },
    "upload": {"fr": "Ou envoyer une image de cet ordinateur", "en": "Or send an image from this computer"},
    "upload_help": {
        "fr": "Le navigateur montre où en est l'envoi. Gardez cette page ouverte : un envoi coupé recommence du début.",
        "en": "The browser shows how far it is. Keep this page open: one that is cut off begins anew.",
    },
    "upload_taken": {
        "fr": "Un fichier de ce nom est déjà dans le dossier : importez-le, ou renommez le vôtre.",
        "en": "A file of this name is in the folder already: import that one, or rename yours.",
    },
    "upload_send": {"fr": "Envoyer", "en": "Send"},
    "inbox_caption": {"fr": "Fichiers de ce dossier", "en": "Files of this folder"},
    "file": {"fr": "Fichier", "en": "File"},
    "folder": {"fr": "dossier", "en": "folder"},
    "file_unnamed": {
        "fr": "Son nom n'est pas en UTF-8 : renommez-le.",
        "en": "Its name is not in UTF-8: rename it.",
    },
    "import_root": {
        "fr": "Ce serveur ne tourne pas en administrateur (root).",
        "en": "This server does not run as root.",
    },
    "file_changed": {"fr": "Changé (UTC)", "en": "Changed (UTC)"},
    "import_title": {"fr": "Importer une image de disque", "en": "Import an image of a disk"},
    "import_it": {"fr": "Importer", "en": "Import"},
    "import_again": {"fr": "Importer comme nouvelle version", "en": "Import as a new version"},
    "import_checked": {
        "fr": "L'image est vérifiée avant que rien ne soit gardé ; elle n'est pas changée.",
        "en": "The image is checked before anything is kept; it is not changed.",
    },
    "import_secrets": {
        "fr": "Comptes, mots de passe, clés Wi-Fi et documents qui y sont iront aux PC.",
        "en": "Accounts, passwords, Wi-Fi keys and documents in it will go to PCs.",
    },
    "masters_known": {"fr": "Systèmes que ce serveur a eus", "en": "Systems that this server has had"},
}
