"""Words of the erase: its name, and its sentences."""

from typing import Final, Literal

from netboot.shared.language import Language

Code = Literal[
    "not-erased",
    "erase-level",
    "erase-mismatch",
    "erase-incomplete",
    "erase-refused",
    "erase-unread",
    "erase-disk-gone",
    "erase-hung",
    "erase-too-slow",
    "erase-refused-by-drive",
    "erase-failed-in-drive",
    "erase-stands-still",
    "erase-not-told",
    "erase-unseen",
    "erase-unmarked",
    "erase-marks-left",
    "erase-not-read-back",
    "erase-uneven",
    "erase-other-pattern",
    "erase-beside",
    "erase-take-out",
    "erase-locked",
    "erase-locked-untried",
    "erase-opal-locked",
    "erase-opal-wrong",
    "erase-opal-kept",
    "erase-opal-silent",
    "erase-shut-before",
    "erase-out-of-reach",
    "erase-spare-taken",
    "erase-counts-lost",
    "erase-unbelievable",
    "several-not-erased",
    "erase-frozen",
    "hidden-area",
    "hidden-area-kept",
    "hidden-area-unclear",
]

LEVELS: Final[dict[str, dict[Language, str]]] = {
    "none": {"fr": "aucun", "en": "none"},
    "clear": {"fr": "Clear", "en": "Clear"},
    "purge": {"fr": "Purge", "en": "Purge"},
}
"""The levels by name: NIST's words, in every language."""

WANTED: Final[dict[str, dict[Language, str]]] = {
    "none": {"fr": "un effacement, quel qu'en soit le niveau", "en": "an erasure of whatever level"},
    "clear": {"fr": "le niveau Clear", "en": "the level Clear"},
    "purge": {"fr": "le niveau Purge", "en": "the level Purge"},
}
"""What a profile asks for, as `{wanted}`."""

BEST: Final[dict[str, dict[Language, str]]] = {
    "none": {
        "fr": "aucune des méthodes que ce profil permet ne lui convient",
        "en": "none of the methods that this profile allows suits it",
    },
    "clear": {"fr": "au mieux Clear", "en": "Clear at best"},
    "purge": {"fr": "au mieux Purge", "en": "Purge at best"},
}
"""The most that a disk can have by that profile, as `{level}`."""

TITLE: Final[dict[Language, str]] = {"fr": "Effacement", "en": "Erasure"}

SENTENCES: Final[dict[Code, dict[Language, str]]] = {
    "not-erased": {
        "fr": "Le disque {disk} n'a pas la preuve de son effacement : le système n'est pas installé. "
        "Choisissez un profil qui efface, ou signez une exception sur la page de ce PC.",
        "en": "The disk {disk} has no proof of erasure: the system is not installed. Choose a profile that erases, or "
        "sign an exception on this PC's page.",
    },
    "erase-level": {
        "fr": "Ce profil demande {wanted}, que le disque {disk} ne peut pas avoir : {level}. Rien n'a été écrit. "
        "Choisissez un profil qui demande moins, ou une autre méthode ; sinon, sortez le disque et détruisez-le.",
        "en": "This profile asks for {wanted}, which the disk {disk} cannot have: {level}. Nothing was written. Choose "
        "a profile that asks for less, or for another method; else take the disk out and destroy it.",
    },
    "erase-mismatch": {
        "fr": "La relecture du disque {disk} ne montre pas partout ce qui a été écrit : {different} sont autres. "
        "Ce disque n'est pas effacé et peut contenir encore des données : mettez-le de côté.",
        "en": "Reading back the disk {disk} does not show everywhere what was written: {different} are different. "
        "This disk is not erased and may still hold data: set it aside.",
    },
    "erase-incomplete": {
        "fr": "L'effacement du disque {disk} n'est pas prouvé : {unwritten} n'ont pas été écrits, {unread} pas relus. "
        "Ce disque ne compte pas comme effacé : recommencez ; si cela se répète, mettez-le de côté.",
        "en": "The erasure of the disk {disk} is not proven: {unwritten} were not written, {unread} not read back. "
        "This disk does not count as erased: start again; if it happens once more, set it aside.",
    },
    "erase-refused": {
        "fr": "Le disque {disk} refuse d'être écrit par endroits : jusqu'à {left} des anciennes données peuvent y être "
        "encore. Tout le reste a été écrit. Ce disque n'est pas effacé : sortez-le du PC et détruisez-le.",
        "en": "The disk {disk} refuses to be written in places: up to {left} of the old data may still be there. All "
        "the rest was written. This disk is not erased: take it out of the PC and destroy it.",
    },
    "erase-unread": {
        "fr": "Le disque {disk} a été écrit en entier, mais {unread} n'ont pas pu être relus. On ne sait pas s'il est "
        "effacé : recommencez ; si cela se répète, détruisez-le.",
        "en": "The disk {disk} was written whole, but {unread} could not be read back. It is not known to be erased: "
        "start again; if it happens once more, destroy it.",
    },
    "erase-disk-gone": {
        "fr": "Le disque {disk} a disparu pendant l'effacement (débranché, sans courant, ou en panne) : {left} n'ont "
        "pas été écrits. Il n'est pas effacé et contient encore des données. Vérifiez son branchement et recommencez ; "
        "si cela se répète, détruisez-le.",
        "en": "The disk {disk} went away during the erase (unplugged, without power, or broken): {left} were not "
        "written. It is not erased and still holds data. Check its cables and start again; if it happens once more, "
        "destroy it.",
    },
    "erase-hung": {
        "fr": "Le disque {disk} n'a plus répondu pendant {seconds} s : {left} n'ont pas été écrits. Il n'est pas "
        "effacé et contient encore des données. Éteignez le PC, vérifiez le branchement du disque et recommencez ; si "
        "cela se répète, détruisez-le.",
        "en": "The disk {disk} did not answer for {seconds} s: {left} were not written. It is not erased and still "
        "holds data. Switch the PC off, check the disk's cables and start again; if it happens once more, destroy it.",
    },
    "erase-too-slow": {
        "fr": "Le disque {disk} n'a pas avancé depuis {seconds} s. Éteignez le PC, vérifiez le branchement du disque "
        "et recommencez ; si cela se répète, il est à remplacer.",
        "en": "The disk {disk} has made no progress for {seconds} s. Switch the PC off, check the disk's cables and "
        "start again; if it happens once more, replace it.",
    },
    "erase-refused-by-drive": {
        "fr": "Le disque {disk} a refusé l'ordre de s'effacer, ou l'a interrompu : il n'est pas effacé. Recommencez "
        "avec un profil qui accepte une autre méthode, ou sortez le disque et détruisez-le.",
        "en": "The disk {disk} refused the order to erase itself, or broke it off: it is not erased. Start again with "
        "a profile that accepts another method, or take the disk out and destroy it.",
    },
    "erase-failed-in-drive": {
        "fr": "Le disque {disk} annonce que son effacement a échoué. Il n'est pas effacé : recommencez ; si cela "
        "se répète, sortez-le du PC et détruisez-le.",
        "en": "The disk {disk} itself says that its erase failed. It is not erased: start again; if it happens once "
        "more, take it out of the PC and destroy it.",
    },
    "erase-stands-still": {
        "fr": "Le disque {disk} s'efface encore, mais n'a plus avancé depuis {seconds} s. On ne sait pas s'il est "
        "effacé. Laissez le PC allumé une heure ou éteignez-le, puis recommencez ; si cela se répète, détruisez le "
        "disque.",
        "en": "The disk {disk} is still erasing itself, but has not moved on for {seconds} s. It is not known to be "
        "erased. Leave the PC on for an hour or switch it off, then start again; if it happens once more, destroy the "
        "disk.",
    },
    "erase-not-told": {
        "fr": "Le disque {disk} ne dit pas clairement comment son effacement s'est terminé. On ne sait pas s'il est "
        "effacé : recommencez avec un profil qui réécrit, ou détruisez-le.",
        "en": "The disk {disk} does not say clearly how its erase ended. It is not known to be erased: start again "
        "with a profile that overwrites, or destroy it.",
    },
    "erase-unseen": {
        "fr": "Le disque {disk} dit qu'il est effacé, mais rien ne montre que c'est l'effacement demandé et non un "
        "plus ancien. On ne sait pas s'il est effacé : recommencez avec un profil qui réécrit, ou détruisez-le.",
        "en": "The disk {disk} says that it is erased, but nothing shows that this is the erase that was ordered and "
        "no earlier one. It is not known to be erased: start again with a profile that overwrites, or destroy it.",
    },
    "erase-unmarked": {
        "fr": "Le disque {disk} n'a pas pris, ou pas rendu, les marques qui prouvent un effacement. On ne sait pas "
        "s'il est effacé : recommencez ; si cela se répète, détruisez-le.",
        "en": "The disk {disk} did not take, or did not give back, the marks that prove an erase. It is not known to "
        "be erased: start again; if it happens once more, destroy it.",
    },
    "erase-marks-left": {
        "fr": "Le disque {disk} contient encore ce qui y était avant son effacement ({left} endroits sur {marked}). "
        "Il n'est pas effacé, quoi qu'il en dise : sortez-le du PC et détruisez-le.",
        "en": "The disk {disk} still holds what was on it before its erase ({left} places of {marked}). It is not "
        "erased, whatever it says itself: take it out of the PC and destroy it.",
    },
    "erase-not-read-back": {
        "fr": "Le disque {disk} dit qu'il est effacé, mais {unread} n'ont pas pu être relus. On ne sait pas s'il est "
        "effacé : recommencez ; si cela se répète, détruisez-le.",
        "en": "The disk {disk} says that it is erased, but {unread} could not be read back. It is not known to be "
        "erased: start again; if it happens once more, destroy it.",
    },
    "erase-uneven": {
        "fr": "Le disque {disk} dit qu'il est effacé, mais {other} n'y sont pas comme le reste : une partie a "
        "pu rester telle quelle. On ne sait pas s'il est effacé : recommencez avec un profil qui réécrit, ou "
        "détruisez-le.",
        "en": "The disk {disk} says that it is erased, but {other} of it are not like the rest: a part may be as it "
        "was. It is not known to be erased: start again with a profile that overwrites, or destroy it.",
    },
    "erase-other-pattern": {
        "fr": "Le disque {disk} dit qu'il s'est réécrit, mais la relecture montre autre chose que ce qu'il devait "
        "écrire partout. On ne sait pas s'il est effacé : recommencez avec un profil qui réécrit, ou détruisez-le.",
        "en": "The disk {disk} says that it overwrote itself, but reading it back shows something else than what it "
        "was to write throughout. It is not known to be erased: start again with a profile that overwrites, or destroy "
        "it.",
    },
    "erase-beside": {
        "fr": "L'ordre d'effacer le disque {disk} effacerait aussi {others}, qui n'est pas à effacer ainsi ou dont on "
        "ne sait rien. Rien n'a été effacé : choisissez un profil qui réécrit.",
        "en": "The order to erase the disk {disk} would also erase {others}, which is not to be erased so or of which "
        "nothing is known. Nothing was erased: choose a profile that overwrites.",
    },
    "erase-take-out": {
        "fr": "Ce profil demande {wanted}, que le disque {disk} ne peut pas avoir : {level}. Rien "
        "n'a été écrit. Éteignez le PC, sortez ce disque, étiquetez-le « à détruire », puis recommencez sans lui.",
        "en": "This profile asks for {wanted}, which the disk {disk} cannot have: {level}. Nothing "
        "was written. Switch the PC off, take that disk out, label it “to be destroyed”, then start again without it.",
    },
    "erase-locked": {
        "fr": "Disque verrouillé par un mot de passe que netboot n'a pas mis : {disk}. Rien n'a été effacé, sur aucun "
        "disque de ce PC. Ôtez ce mot de passe dans le réglage du PC (BIOS), ou sortez le disque et étiquetez-le « à "
        "détruire », puis recommencez.",
        "en": "Disk locked by a password that netboot did not set: {disk}. Nothing was erased, on no disk of this PC. "
        "Take that password away in the PC's setup (BIOS), or take the disk out and label it “to be destroyed”, then "
        "start again.",
    },
    "erase-locked-untried": {
        "fr": "Disque verrouillé par un mot de passe, et qui n'en accepte aucun pour l'instant : {disk}. Rien n'a été "
        "effacé, sur aucun disque de ce PC. Éteignez le PC, rallumez-le et recommencez ; si cela se répète, sortez le "
        "disque et étiquetez-le « à détruire ».",
        "en": "Disk locked by a password, and it takes none at the moment: {disk}. Nothing was erased, on no disk of "
        "this PC. Switch the PC off and on and start again; if it happens once more, take the disk out and label it "
        "“to be destroyed”.",
    },
    "erase-opal-locked": {
        "fr": "Le disque {disk} est verrouillé (TCG Opal) : rien ne peut y être lu ni écrit, et personne n'a donné "
        "le code PSID de son étiquette. Il n'est pas effacé. Recommencez et donnez ce code quand ce PC le demande ; "
        "sans code lisible, sortez le disque et détruisez-le.",
        "en": "The disk {disk} is locked (TCG Opal): nothing can be read from it or written to it, and nobody gave the "
        "PSID on its label. It is not erased. Start again and give that code when this PC asks for it; without a "
        "readable code, take the disk out and destroy it.",
    },
    "erase-opal-wrong": {
        "fr": "Le disque {disk} a refusé le code PSID ({tries} essais). Il n'est pas effacé. Éteignez le PC et "
        "rallumez-le, car le disque compte les essais, comparez le code avec l'étiquette, puis recommencez ; si cela "
        "se répète, sortez le disque et détruisez-le.",
        "en": "The disk {disk} refused the PSID code ({tries} tries). It is not erased. Switch the PC off and on, "
        "because the disk counts the tries, compare the code with the label, then start again; if it happens once "
        "more, take the disk out and destroy it.",
    },
    "erase-opal-kept": {
        "fr": "Le disque {disk} n'a pas été ouvert par le code PSID de son étiquette. Il n'est pas effacé. "
        "Éteignez le PC et rallumez-le, puis recommencez ; si cela se répète, sortez le disque et détruisez-le.",
        "en": "The disk {disk} was not opened by its PSID. It is not erased. Switch the PC off "
        "and on, then start again; if it happens once more, take the disk out and destroy it.",
    },
    "erase-opal-silent": {
        "fr": "Le disque {disk} n'a pas dit ce qu'il a fait du code PSID qui l'efface. Il ne compte pas comme effacé, "
        "même si ses données ont pu disparaître. Éteignez le PC et rallumez-le, puis recommencez ; si cela se répète, "
        "sortez le disque et détruisez-le.",
        "en": "The disk {disk} has not said what became of the PSID that erases it. It does not count as erased, "
        "though its data may be gone. Switch the PC off and on, then start again; if it happens once more, take the "
        "disk out and destroy it.",
    },
    "erase-shut-before": {
        "fr": "Le disque {disk} était verrouillé : rien n'a pu y être marqué avant son effacement, et ce qui s'y lit "
        "maintenant n'est pas partout la même valeur. On ne sait pas s'il est effacé. Il est ouvert à présent : "
        "recommencez avec un profil qui efface d'une autre façon.",
        "en": "The disk {disk} was locked: nothing could be marked on it before its erase, and what it reads as now "
        "is not one value throughout. It is not known to be erased. It is open now: start again with a profile that "
        "erases in another way.",
    },
    "erase-out-of-reach": {
        "fr": "Tout ce que le disque {disk} montre a été effacé et relu. Mais il compte {replaced} secteurs qu'il a "
        "remplacés et {pending} en attente de l'être : cette méthode n'atteint pas ce qu'ils contiennent. Il ne compte "
        "pas comme effacé : choisissez un profil qui demande le niveau Purge, ou sortez-le et détruisez-le.",
        "en": "All that the disk {disk} shows was erased and read back. But it counts {replaced} sectors that it has "
        "replaced and {pending} that wait for it: this method does not reach what they hold. It does not count as "
        "erased: choose a profile that asks for the level Purge, or take it out and destroy it.",
    },
    "erase-spare-taken": {
        "fr": "Le disque {disk} a dû prendre de sa réserve pendant son effacement ({before} % avant, {after} % "
        "après) : cette méthode n'atteint pas les blocs qu'il a mis hors service. Il ne compte pas comme effacé : "
        "choisissez un profil qui demande le niveau Purge, ou détruisez-le.",
        "en": "The disk {disk} had to take from its spare blocks during its erase ({before} % before, {after} % "
        "after): this method does not reach the blocks that it put out of use. It does not count as erased: choose a "
        "profile that asks for the level Purge, or destroy it.",
    },
    "erase-counts-lost": {
        "fr": "Le disque {disk} disait avant son effacement combien de secteurs il a remplacés, et ne le dit plus "
        "après. On ne sait pas si des secteurs sont restés hors d'atteinte : recommencez ; si cela se répète, "
        "détruisez-le.",
        "en": "The disk {disk} told before its erase how many sectors it has replaced, and does not tell afterwards. "
        "Whether sectors stayed out of reach is not known: start again; if it happens once more, destroy it.",
    },
    "erase-unbelievable": {
        "fr": "Le rapport sur l'effacement du disque {disk} se contredit ({reason}). Ce disque ne compte pas comme "
        "effacé : effacez-le à nouveau ; si cela se répète, prévenez l'administrateur.",
        "en": "The report on the erasure of the disk {disk} contradicts itself ({reason}). This disk does not count as "
        "erased: erase it again; if it happens once more, tell the administrator.",
    },
    "several-not-erased": {
        "fr": "{count} disques de ce PC ne sont pas effacés : {disks}. Lisez pour chacun ce qu'il a, et faites ce qui "
        "y est dit.",
        "en": "{count} disks of this PC are not erased: {disks}. Read what is wrong with each, and do what it says.",
    },
    "erase-frozen": {
        "fr": "Le micrologiciel de ce PC a gelé le disque {disk}, qui refuse donc de s'effacer ; il n'a pas pu être "
        "dégelé, et rien n'a été effacé. Laissez le PC allumé, débranchez l'alimentation SATA du disque, rebranchez-la "
        "et recommencez ; sinon, branchez-le sur un autre port ou cherchez ce réglage dans le BIOS ; ou choisissez un "
        "profil qui réécrit.",
        "en": "This PC's firmware froze the disk {disk}, which therefore refuses to erase itself; it could not be "
        "thawed, and nothing was erased. Leave the PC on, unplug the disk's SATA power, plug it in again and start "
        "again; else use another port, or look for that setting in the BIOS; or choose a profile that overwrites.",
    },
    "hidden-area": {
        "fr": "Le disque {disk} cache une zone de {hidden} (HPA ou DCO) qui n'a pas été effacée. Ce disque n'est pas "
        "effacé : recommencez ; si cela se répète, mettez-le de côté.",
        "en": "The disk {disk} hides an area of {hidden} (HPA or DCO) that was not erased. This disk is not erased: "
        "start again; if it happens once more, set it aside.",
    },
    "hidden-area-kept": {
        "fr": "Le disque {disk} cache une zone de {hidden} (HPA, AMAC ou DCO) et refuse de la rendre. Il n'est pas "
        "effacé. Éteignez le PC, débranchez-le un instant et recommencez : un disque ne la rend qu'une fois par mise "
        "sous tension. Si cela se répète, sortez-le et détruisez-le.",
        "en": "The disk {disk} hides an area of {hidden} (HPA, AMAC or DCO) and refuses to give it back. It is not "
        "erased. Switch the PC off, unplug it for a moment and start again: a disk gives it back once a power-on. If "
        "it happens once more, take it out and destroy it.",
    },
    "hidden-area-unclear": {
        "fr": "Le disque {disk} ne dit pas clairement s'il cache une zone (HPA). On ne sait pas s'il est effacé : "
        "mettez-le de côté.",
        "en": "The disk {disk} does not say clearly whether it hides an area (HPA). It is not known to be erased: set "
        "it aside.",
    },
}
