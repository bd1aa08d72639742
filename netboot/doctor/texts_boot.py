"""What the doctor says of netboot and of whoever else boots PCs, in French and English.

Not for: which finding is told when (judge_boot.py, judge_dhcp.py).
"""

from typing import Final

from netboot.doctor.finding import Code, Words
from netboot.shared.language import Language

BOOT: Final[dict[Code, dict[Language, Words]]] = {
    "netboot-proxy": {
        "fr": Words("netboot ({server}) répond à côté du DHCP du bâtiment (mode proxy), en {after} ms."),
        "en": Words("netboot ({server}) answers beside the building's DHCP (proxy mode), in {after} ms."),
    },
    "netboot-merged": {
        "fr": Words(
            "netboot ({server}) fait des offres complètes avec le DHCP du bâtiment (mode merged), en {after} ms."
        ),
        "en": Words("netboot ({server}) makes whole offers with the building's DHCP (merged mode), in {after} ms."),
    },
    "netboot-full": {
        "fr": Words("netboot ({server}) donne lui-même les adresses (mode full), en {after} ms."),
        "en": Words("netboot ({server}) gives the addresses itself (full mode), in {after} ms."),
    },
    "netboot-named-by-building": {
        "fr": Words("Le DHCP du bâtiment envoie les PC chez netboot ({server})."),
        "en": Words("The building's DHCP sends PCs to netboot ({server})."),
    },
    "netboot-not-named": {
        "fr": Words(
            "netboot ({server}) a ses fichiers prêts, mais ne répond pas en DHCP, et personne n'y envoie les PC.",
            "Vérifiez `dhcp.mode` (pas `off`) et que le pare-feu du serveur laisse entrer les ports UDP 67 et 4011.",
        ),
        "en": Words(
            "netboot ({server}) has its files ready, but does not answer by DHCP, and nobody sends PCs there.",
            "See `dhcp.mode` (not `off`), and that the server's firewall lets in the UDP ports 67 and 4011.",
        ),
    },
    "netboot-none": {
        "fr": Words(
            "Aucun serveur netboot ne répond sur ce réseau.",
            "Démarrez-le (sudo ./run serve) ; depuis une autre machine, donnez son adresse : --server ADRESSE. Sinon "
            "vérifiez son câble et son pare-feu.",
        ),
        "en": Words(
            "No netboot server answers on this network.",
            "Start it (sudo ./run serve); from another machine give its address: --server ADDRESS. Else check its "
            "cable and its firewall.",
        ),
    },
    "netboot-twice": {
        "fr": Words(
            "Plusieurs serveurs netboot répondent : {servers}. Un PC peut prendre l'un puis l'autre.",
            "N'en laissez qu'un sur ce switch.",
        ),
        "en": Words(
            "Several netboot servers answer: {servers}. A PC may take one, then the other.",
            "Leave only one on this switch.",
        ),
    },
    "rival-pxe": {
        "fr": Words(
            "{server} ({mac}) démarre aussi des PC par le réseau, avec le fichier {file} : des PC iront chez lui.",
            "Arrêtez son démarrage réseau (WDS, FOG, dnsmasq, NAS…), ou séparez les deux switchs.",
        ),
        "en": Words(
            "{server} ({mac}) boots PCs from the network as well, with the file {file}: some PCs will go there.",
            "Stop its network boot (WDS, FOG, dnsmasq, a NAS…), or separate the two switches.",
        ),
    },
    "stray-class": {
        "fr": Words(
            "Le DHCP {server} envoie l'option 60 « {class} » sans démarrer de PC : beaucoup attendent de lui un "
            "fichier qui ne vient pas.",
            "Retirez-lui l'option 60. Si vous ne pouvez pas, `dhcp.mode: merged` sur le serveur netboot suffit aux PC "
            "UEFI (sinon ils ne démarrent qu'au deuxième essai), mais pas aux PC BIOS ni à iPXE : ils suivent celui "
            "des deux qui répond le premier.",
        ),
        "en": Words(
            "The DHCP server {server} sends option 60 “{class}” but boots no PC: many wait for a file from it that "
            "never comes.",
            "Take option 60 out of it. If you cannot, `dhcp.mode: merged` on the netboot server is enough for UEFI PCs "
            "(else they boot at their second try only), but not for BIOS PCs and iPXE: they follow whichever of the "
            "two answers first.",
        ),
    },
    "stray-file": {
        "fr": Words(
            "Le DHCP {server} nomme un fichier de démarrage, « {file} » (serveur {next}) : certains PC le préfèrent.",
            "Retirez-lui ce fichier (options 66 et 67, « next-server ») ; sinon réglez `dhcp.mode: merged`.",
        ),
        "en": Words(
            "The DHCP server {server} names a boot file, “{file}” (server {next}): some PCs prefer it.",
            "Take it out (options 66 and 67, “next-server”); if you cannot, set `dhcp.mode: merged`.",
        ),
    },
    "stray-server": {
        "fr": Words(
            "Le DHCP {server} nomme un autre serveur de fichiers ({next}), sans fichier : de vieux chargeurs y vont.",
            "Retirez-lui l'option 66 ou « next-server » ; si des PC échouent, réglez `dhcp.mode: merged`.",
        ),
        "en": Words(
            "The DHCP server {server} names another file server ({next}), without a file: old loaders go there.",
            "Take out option 66 or “next-server”; if PCs fail, set `dhcp.mode: merged`.",
        ),
    },
    "no-ia32": {
        "fr": Words(
            "Aucune réponse ne dit aux UEFI de 32 bits quel fichier charger (quelques tablettes et petits portables de "
            "2012 à 2015).",
            "Rien, si vous n'en avez pas. Sinon vérifiez `dhcp.mode` et les ports UDP 67 et 4011 dans le pare-feu du "
            "serveur ; avec `dhcp.mode: off`, nommez `grubnetia32.efi` pour l'architecture 6.",
        ),
        "en": Words(
            "No answer tells 32-bit UEFI PCs which file to load (some tablets and small laptops of 2012 to 2015).",
            "Nothing, if you have none. Else see `dhcp.mode` and the UDP ports 67 and 4011 in the server's firewall; "
            "with `dhcp.mode: off` name `grubnetia32.efi` for architecture 6.",
        ),
    },
    "boots": {
        "fr": Words("Un PC {firmware} irait jusqu'au noyau en {seconds} s : {steps}."),
        "en": Words("A PC with {firmware} would come to the kernel in {seconds} s: {steps}."),
    },
    "boot-slow": {
        "fr": Words(
            "Un PC {firmware} attend {name} {seconds} s.",
            "Vérifiez câble, switch et vitesse de la carte du serveur ; regardez si le serveur est surchargé.",
        ),
        "en": Words(
            "A PC with {firmware} waits {seconds} s for {name}.",
            "Check cable, switch and speed of the server's card; see whether the server is overloaded.",
        ),
    },
    "boot-unnamed": {
        "fr": Words(
            "Aucune réponse ne dit à un PC {firmware} quel fichier charger.",
            "Vérifiez `dhcp.mode` et les ports UDP 67 et 4011 du pare-feu ; le journal du serveur dit pourquoi avec "
            "`log.level: debug`. Avec `dhcp.mode: off`, c'est au DHCP du bâtiment de le nommer.",
        ),
        "en": Words(
            "No answer tells a PC with {firmware} which file to load.",
            "See `dhcp.mode` and the UDP ports 67 and 4011 in the firewall; the server's log says why at "
            "`log.level: debug`. With `dhcp.mode: off` the building's DHCP has to name it.",
        ),
    },
    "boot-4011-silent": {
        "fr": Words(
            "Un PC {firmware} demande son fichier à {name} sur le port UDP 4011, sans réponse.",
            "Laissez entrer UDP 4011 dans le pare-feu du serveur ; si cela ne suffit pas, réglez `dhcp.mode: merged`.",
        ),
        "en": Words(
            "A PC with {firmware} asks {name} for its file on UDP port 4011, and gets no answer.",
            "Let UDP 4011 into the server's firewall; if that does not help, set `dhcp.mode: merged`.",
        ),
    },
    "boot-tftp-silent": {
        "fr": Words(
            "Un PC {firmware} n'obtient pas {name} par TFTP : {detail}.",
            "Laissez entrer UDP 69 dans le pare-feu du serveur, et sortir et entrer les ports UDP au-dessus de 1024.",
        ),
        "en": Words(
            "A PC with {firmware} does not get {name} by TFTP: {detail}.",
            "Let UDP 69 into the server's firewall, and UDP ports above 1024 out and in.",
        ),
    },
    "boot-http-silent": {
        "fr": Words(
            "Un PC {firmware} n'obtient pas {name} par HTTP : {detail}.",
            "Laissez entrer le port TCP de `http.port` (80) dans le pare-feu du serveur.",
        ),
        "en": Words(
            "A PC with {firmware} does not get {name} by HTTP: {detail}.",
            "Let the TCP port of `http.port` (80) into the server's firewall.",
        ),
    },
    "boot-missing": {
        "fr": Words(
            "Il manque {name} au serveur pour un PC {firmware} ({detail}).",
            "Refaites les fichiers de démarrage : sudo ./run netboot bootfiles build --refresh, puis relancez `serve`.",
        ),
        "en": Words(
            "The server lacks {name} for a PC with {firmware} ({detail}).",
            "Make the boot files again: sudo ./run netboot bootfiles build --refresh, then restart `serve`.",
        ),
    },
    "boot-refused": {
        "fr": Words(
            "Le serveur refuse {name} à un PC {firmware} : {detail}.",
            "Regardez le journal du serveur à cette heure ; vérifiez que `serve` tourne et que `http.port` est le bon.",
        ),
        "en": Words(
            "The server refuses {name} to a PC with {firmware}: {detail}.",
            "Look at the server's log at this time; see that `serve` runs and that `http.port` is right.",
        ),
    },
    "boot-damaged": {
        "fr": Words(
            "{name}, pour un PC {firmware}, n'est pas ce qu'il devrait être : {detail}.",
            "Refaites les fichiers de démarrage : sudo ./run netboot bootfiles build --refresh, puis relancez `serve`.",
        ),
        "en": Words(
            "{name}, for a PC with {firmware}, is not what it should be: {detail}.",
            "Make the boot files again: sudo ./run netboot bootfiles build --refresh, then restart `serve`.",
        ),
    },
}
