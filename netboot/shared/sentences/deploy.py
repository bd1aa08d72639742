"""Words of the deploy: its name, and sentences about getting a master and writing it."""

from typing import Final, Literal

from netboot.shared.drive_format import How
from netboot.shared.language import Language

Code = Literal[
    "exception-void",
    "deploy-stalled",
    "firmware-32-bit",
    "memory-too-small",
    "master-no-bios",
    "master-no-uefi",
    "chunk-damaged",
    "chunk-missing",
    "master-incomplete",
    "master-unsigned",
    "master-missing",
    "master-revoked",
    "master-fixed",
    "master-lacks",
    "windows-fixed",
    "windows-settings",
    "master-shrunk",
    "master-grow",
    "folders-too-large",
    "sectors-kept",
    "sectors-unclear",
    "sectors-beside",
    "server-silent",
    "read-back",
    "used-since",
]

FORMATTED: Final[dict[How, dict[Language, str]]] = {
    "done": {
        "fr": "disque formaté d'abord : secteurs de {wanted} octets au lieu de {before}",
        "en": "disk formatted first: sectors of {wanted} bytes instead of {before}",
    },
    "kept": {
        "fr": "disque à formater en secteurs de {wanted} octets : il a gardé les siens, de {before}",
        "en": "disk to be formatted to sectors of {wanted} bytes: it kept its own, of {before}",
    },
    "not-ordered": {
        "fr": "disque à formater en secteurs de {wanted} octets au lieu de {before} : l'ordre n'a pas été donné",
        "en": "disk to be formatted to sectors of {wanted} bytes instead of {before}: the order was not given",
    },
    "unclear": {
        "fr": "disque à formater en secteurs de {wanted} octets au lieu de {before} : état inconnu",
        "en": "disk to be formatted to sectors of {wanted} bytes instead of {before}: state not known",
    },
}
"""What the page says of a Format before a deploy."""

FOUND: Final[dict[Language, str]] = {
    "fr": "{found} étaient déjà sur le disque",
    "en": "{found} were on the disk already",
}
"""What the page says of a deploy that went on where an earlier one was cut short."""

OBSTACLES: Final[dict[str, dict[Language, str]]] = {
    "missing": {"fr": "le système ne l'a pas", "en": "the system does not have it"},
    "kind": {
        "fr": "son système de fichiers ne s'agrandit pas",
        "en": "its file system does not grow",
    },
    "lvm": {
        "fr": "elle est à LVM : nommez un de ses volumes",
        "en": "it is LVM's: name one of its volumes",
    },
    "group": {
        "fr": "LVM ne peut pas changer son groupe, ou un volume y est en morceaux",
        "en": "LVM may not change its group, or one of its volumes lies in pieces",
    },
    "behind": {
        "fr": "ce qui suit ({}) ne se déplace pas",
        "en": "what is behind it ({}) is not moved",
    },
    "table": {
        "fr": "changer sa table des partitions en perdrait une part",
        "en": "a change of its partition table would lose some of it",
    },
    "older": {
        "fr": "un netboot plus ancien l'a importé ; importez-le à nouveau",
        "en": "an older netboot took it in; import it again",
    },
    "shrunk": {
        "fr": "le système a été réduit, et c'est {} qui doit grandir ; importez-le avec --keep-size",
        "en": "the system was made smaller, and {} has to grow; import it with --keep-size",
    },
}
"""Why something that a profile names does not grow (`survey/named_growth.py`), as `{obstacle}`."""


def obstacle_in_words(language: Language, obstacle: str) -> str:
    """Such a word and its value, as `survey/named_growth.py` says them."""
    what, _, value = obstacle.partition(" ")
    return OBSTACLES[what][language].format(named_in_words(language, value)) if what in OBSTACLES else obstacle


def named_in_words(language: Language, named: str) -> str:
    """A partition by its number, or a volume by its name."""
    kind = "partition" if named.isdecimal() else "volume"
    article: dict[str, str] = {"partition": "la ", "volume": "le "}
    return f"{article[kind] if language == 'fr' else ''}{kind} {named}"


TITLE: Final[dict[Language, str]] = {"fr": "Installation", "en": "Installation"}

SENTENCES: Final[dict[Code, dict[Language, str]]] = {
    "exception-void": {
        "fr": "L'exception signée ne vaut plus pour ce PC : ses disques, ou leurs verdicts, ne sont plus ceux que la "
        "personne a vus, ou il a été redémarré. Rien n'a été installé. Effacez à nouveau, ou regardez sa page.",
        "en": "The exception that was signed holds for this PC no more: its disks, or their verdicts, are not those "
        "that the person saw, or it was restarted. Nothing was installed. Erase again, or look at its page.",
    },
    "deploy-stalled": {
        "fr": "Le disque {disk} n'a pas avancé depuis {seconds} s : installation arrêtée, ce PC n'est pas prêt. "
        "Éteignez le PC, vérifiez le branchement du disque et recommencez ; si cela se répète, il est à remplacer.",
        "en": "The disk {disk} has made no progress for {seconds} s: installation stopped, this PC is not ready. "
        "Switch the PC off, check the disk's cables and start again; if it happens once more, replace it.",
    },
    "firmware-32-bit": {
        "fr": "L'UEFI de ce PC est de 32 bits et le système {master} n'a pas de chargeur pour elle. Rien n'a été "
        "écrit. Dans le réglage du PC, choisissez le mode BIOS (« Legacy », CSM) s'il existe, sinon un autre profil.",
        "en": "This PC's UEFI is a 32-bit one and the system {master} has no loader for it. Nothing was written. "
        "In the PC's setup choose BIOS mode (“Legacy”, CSM) if there is one, else another profile.",
    },
    "memory-too-small": {
        "fr": "Ce PC a {found} de mémoire, et le système {master} en demande {needed}. Rien n'a été effacé. "
        "Ajoutez de la mémoire, ou choisissez un profil au système plus léger.",
        "en": "This PC has {found} of memory, and the system {master} needs {needed}. Nothing was erased. "
        "Add memory, or choose a profile with a lighter system.",
    },
    "master-no-bios": {
        "fr": "Ce PC a démarré par BIOS et le système {master} ne démarre pas ainsi. Rien n'a été effacé. "
        "Dans le réglage du PC, choisissez le mode UEFI s'il existe, sinon un autre profil.",
        "en": "This PC booted by BIOS and the system {master} does not start that way. Nothing was erased. In "
        "the PC's setup choose UEFI mode if there is one, else another profile.",
    },
    "master-no-uefi": {
        "fr": "Ce PC a démarré par UEFI et le système {master} ne démarre pas ainsi. Rien n'a été effacé. "
        "Dans le réglage du PC, choisissez le mode BIOS (« Legacy », CSM) s'il existe, sinon un autre profil.",
        "en": "This PC booted by UEFI and the system {master} does not start that way. Nothing was erased. In the PC's "
        "setup choose BIOS mode (“Legacy”, CSM) if there is one, else another profile.",
    },
    "chunk-damaged": {
        "fr": "Le système {master} est abîmé sur le serveur. Reconstruisez-le ou importez-le à nouveau, puis "
        "recommencez.",
        "en": "The system {master} is damaged on the server. Build or import it again, then start again.",
    },
    "chunk-missing": {
        "fr": "Le système {master} est incomplet sur le serveur. Reconstruisez-le ou importez-le à nouveau, puis "
        "recommencez.",
        "en": "The system {master} is incomplete on the server. Build or import it again, then start again.",
    },
    "master-incomplete": {
        "fr": "Le système {master} est incomplet sur le serveur (morceaux manquants : {missing}). Rien n'a été effacé. "
        "Reconstruisez-le ou importez-le à nouveau, puis recommencez ; netboot master verify dit ce qui manque.",
        "en": "The system {master} is incomplete on the server (chunks missing: {missing}). Nothing was erased. "
        "Build or import it again, then start again; netboot master verify says what is missing.",
    },
    "master-unsigned": {
        "fr": "La signature du système {master} n'est pas celle de cet atelier : aucun PC ne l'accepte. "
        "Reconstruisez-le ou importez-le à nouveau sur ce serveur, ou remettez la clé signing.key d'une sauvegarde.",
        "en": "The signature of the system {master} is not this workshop's: no PC accepts it. Build or import it "
        "again on this server, or put the key signing.key back from a backup.",
    },
    "master-missing": {
        "fr": "Le système {master} n'est pas sur le serveur. Construisez-le ou importez-le, puis recommencez.",
        "en": "The system {master} is not on the server. Build or import it, then start again.",
    },
    "master-revoked": {
        "fr": "Le système {master} ne démarrerait pas sur ce PC en Secure Boot : son chargeur est trop ancien. "
        "Rien n'a été écrit. Désactivez Secure Boot sur ce PC, ou demandez un système mis à jour.",
        "en": "The system {master} would not start on this PC under Secure Boot: its boot loader is too old. "
        "Nothing was written. Switch Secure Boot off on this PC, or ask for an updated system.",
    },
    "master-fixed": {
        "fr": "netboot ne peut pas régler le système {master} (sa racine : {root}) : tous les PC garderaient le même "
        "nom, la même identité et les mêmes clés SSH. Rien n'a été effacé. Prenez un profil qui le permet "
        "(customise: none), ou un autre système.",
        "en": "netboot cannot set up the system {master} (its root: {root}): each PC would keep the "
        "same name, identity and SSH keys. Nothing was erased. Choose a profile that allows it (customise: "
        "none), or another system.",
    },
    "master-lacks": {
        "fr": "Le système {master} n'a pas ce que le profil demande : {lacks}. Rien n'a été effacé. Choisissez un "
        "autre profil ; ou retirez-le du profil (customise), ou mettez-le dans le système et refaites celui-ci.",
        "en": "The system {master} lacks what the profile asks for: {lacks}. Nothing was erased. Choose another "
        "profile; or take it out of the profile (customise), or put it into the system and make that anew.",
    },
    "windows-fixed": {
        "fr": "Le Windows de {master} n'est pas prêt pour d'autres PC : tous auraient le même nom et la même identité. "
        "Rien n'a été effacé. Préparez-le (sysprep /generalize /oobe, sans fichier de réponses), ou prenez un profil "
        "qui le permet (customise: none).",
        "en": "The Windows of {master} is not ready for other PCs: all would have the same name and identity. Nothing "
        "was erased. Prepare it (sysprep /generalize /oobe, without an answer file), or choose a profile that allows "
        "it (customise: none).",
    },
    "windows-settings": {
        "fr": "Ce profil demande ce que netboot ne peut pas régler dans un Windows ({master}) : {what}. Rien n'a été "
        "effacé. Corrigez le profil : netboot y règle nom (15 signes au plus), langue, clavier, fuseau, comptes, "
        "fichiers, pilotes.",
        "en": "This profile asks for what netboot cannot set of a Windows ({master}): {what}. Nothing was erased. "
        "Mend the profile: netboot sets name (15 letters at most), language, keyboard, time zone, accounts, files, "
        "drivers there.",
    },
    "master-shrunk": {
        "fr": "Le système {master} a été réduit pour les petits disques ; ce profil sans réglage ne l'agrandirait pas. "
        "Rien n'a été effacé. Choisissez un profil avec réglage, ou importez le système à nouveau avec --keep-size.",
        "en": "The system {master} was made smaller for small disks, and this profile, which does not customise, would "
        "not make it grow. Nothing was erased. Choose one that does, or import the system again with --keep-size.",
    },
    "master-grow": {
        "fr": "Dans le système {master}, {grow} ne peut pas prendre le reste du disque, que lui donne ce profil : "
        "{obstacle}. Rien n'a été effacé. Corrigez le profil (deploy: grow) ; « netboot master show » dit "
        "quoi nommer.",
        "en": "In the system {master}, {grow} cannot take the rest of the disk, which this profile gives it: "
        "{obstacle}. Nothing was erased. Mend the profile (deploy: grow); “netboot master show” tells what it may "
        "name.",
    },
    "folders-too-large": {
        "fr": "Les dossiers que ce profil ajoute au système {master} demandent {needed}, et le disque {disk} n'aurait "
        "que {free}. Rien n'a été effacé. Mettez un disque plus grand, ou choisissez un autre profil.",
        "en": "The folders that this profile adds to the system {master} need {needed}, and the disk {disk} would have "
        "only {free}. Nothing was erased. Fit a larger disk, or choose another profile.",
    },
    "sectors-kept": {
        "fr": "Le SSD {disk} a gardé ses secteurs et n'a pas pris ceux de {wanted} octets : le système n'a pas été "
        "écrit. Éteignez le PC et recommencez ; si cela se répète, choisissez un autre système, ou mettez un autre "
        "disque.",
        "en": "The SSD {disk} kept its sectors and did not take those of {wanted} bytes: the system was not written. "
        "Switch the PC off and start again; if it happens once more, choose another system, or fit another disk.",
    },
    "sectors-unclear": {
        "fr": "Le SSD {disk} devait passer à des secteurs de {wanted} octets, et rien ne dit comment cela a fini : son "
        "état n'est pas connu, et le système n'a pas été écrit. Ne livrez pas ce PC. Éteignez-le une minute, puis "
        "recommencez par un effacement ; si cela se répète, remplacez le disque.",
        "en": "The SSD {disk} was to be given sectors of {wanted} bytes, and nothing tells how that ended: its state "
        "is not known, and the system was not written. Do not hand this PC out. Switch it off for a minute, then start "
        "again with an erase; if it happens once more, replace the disk.",
    },
    "sectors-beside": {
        "fr": "Le SSD {disk} n'a pas été formaté pour le système : cela viderait aussi {others}, ou ce dont on ne sait "
        "rien. Le système n'a pas été écrit : choisissez un autre système, ou mettez un autre disque.",
        "en": "The SSD {disk} was not formatted for the system: that would also empty {others}, or what nothing is "
        "known of. The system was not written: choose another system, or fit another disk.",
    },
    "server-silent": {
        "fr": "Le serveur ne répond plus depuis {seconds} s. Vérifiez le câble réseau et le serveur, puis recommencez.",
        "en": "The server has not answered for {seconds} s. Check the network cable and the server, then start again.",
    },
    "used-since": {
        "fr": "Le disque {disk} n'est pas comme une installation interrompue le laisse : il a pu servir depuis qu'il "
        "a été effacé. Rien n'a été écrit. Choisissez à nouveau le profil : le disque sera d'abord effacé.",
        "en": "The disk {disk} is not as an installation that was cut short leaves it: it may have been used since it "
        "was erased. Nothing was written. Choose the profile again: the disk will be erased first.",
    },
    "read-back": {
        "fr": "La relecture du disque {disk} ne correspond pas au système {master}. Le disque est à remplacer.",
        "en": "Reading back the disk {disk} does not match the system {master}. Replace the disk.",
    },
}
