"""Words of the capture: its name, its sentences, and what the page says of it."""

from typing import Final, Literal

from netboot.shared.language import Language

Code = Literal[
    "capture-several",
    "capture-disk",
    "capture-refused",
    "capture-scattered",
    "capture-no-room",
    "capture-store",
    "capture-changed",
    "capture-stalled",
]

TITLE: Final[dict[Language, str]] = {"fr": "Capture", "en": "Capture"}

CAPTURED: Final[dict[Language, str]] = {
    "fr": "Système {name}, version {version} : {used} utilisés, {sent} envoyés par le réseau ({new} morceaux sur "
    "{chunks} manquaient au serveur)",
    "en": "System {name}, version {version}: {used} in use, {sent} sent over the network (the server lacked {new} of "
    "{chunks} chunks)",
}

SENTENCES: Final[dict[Code, dict[Language, str]]] = {
    "capture-several": {
        "fr": "Ce PC a plusieurs disques ({disks}). Choisissez sur la page celui qui est capturé.",
        "en": "This PC has several disks ({disks}). Choose on the page which one is captured.",
    },
    "capture-disk": {
        "fr": "Le disque {disk} ne peut pas être capturé tel quel ; rien n'y a été écrit. Sous Windows : désactivez "
        "BitLocker et la veille prolongée (powercfg /h off), puis éteignez. Sous Linux : arrêtez-le proprement. La "
        "page de ce PC, ou le journal du serveur, dit pourquoi.",
        "en": "The disk {disk} cannot be captured as it is; nothing was written to it. Under Windows: switch off "
        "BitLocker and hibernation (powercfg /h off), then shut down. Under Linux: shut down cleanly. This PC's page, "
        "or the server's log, says why.",
    },
    "capture-refused": {
        "fr": "Le serveur ne peut pas faire un système de ce disque, qui n'a pas changé. La page de ce PC, ou le "
        "journal du serveur, dit pourquoi. Prévenez l'administrateur.",
        "en": "The server cannot make a system of this disk, which was not changed. This PC's page, or the server's "
        "log, says why. Tell the administrator.",
    },
    "capture-scattered": {
        "fr": "Le disque {disk} contient trop pour un seul système, ou en trop de morceaux : {count}, pour {most} au "
        "plus. Rien n'a été changé. Supprimez ce qui est inutile, défragmentez, puis recommencez.",
        "en": "The disk {disk} holds too much for one system, or in too many pieces: {count}, and {most} at most. "
        "Nothing was changed. Delete what is not needed, defragment it, then start again.",
    },
    "capture-no-room": {
        "fr": "Le serveur n'a pas la place pour ce disque : {needed} y sont utilisés. Prévenez l'administrateur : "
        "netboot master gc libère ce qui ne sert plus.",
        "en": "The server has no room for this disk: {needed} of it are in use. Tell the administrator: netboot "
        "master gc frees what nothing needs.",
    },
    "capture-store": {
        "fr": "Le serveur ne peut pas garder ce système : son disque l'a refusé. Le disque de ce PC n'a pas changé. "
        "La page de ce PC, ou le journal du serveur, dit pourquoi. Prévenez l'administrateur.",
        "en": "The server cannot keep this system: its own disk refused. This PC's disk was not changed. This PC's "
        "page, or the server's log, says why. Tell the administrator.",
    },
    "capture-changed": {
        "fr": "Le disque {disk} ne se lit pas deux fois de la même façon : rien n'a été gardé. Recommencez ; si cela "
        "se répète, le disque est à remplacer.",
        "en": "The disk {disk} does not read the same twice: nothing was kept. Start again; if it happens once more, "
        "replace the disk.",
    },
    "capture-stalled": {
        "fr": "Le disque {disk} n'a pas avancé depuis {seconds} s : capture arrêtée. Éteignez le PC, vérifiez le "
        "branchement du disque et recommencez.",
        "en": "The disk {disk} has made no progress for {seconds} s: capture stopped. Switch the PC off, check the "
        "disk's cables and start again.",
    },
}
