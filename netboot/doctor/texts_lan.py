"""What the doctor says of the interface, of addresses and of the switch, in French and English.

Not for: which finding is told when (judge_link.py, judge_dhcp.py).
"""

from typing import Final

from netboot.doctor.finding import Code, Words
from netboot.shared.language import Language

LAN: Final[dict[Code, dict[Language, Words]]] = {
    "no-cable": {
        "fr": Words(
            "Pas de signal sur {interface} : le câble n'est pas branché, ou le switch est éteint.",
            "Branchez le câble de {interface} sur le switch des PC, puis relancez. Si c'est déjà fait : ip link set "
            "dev {interface} up.",
        ),
        "en": Words(
            "No signal on {interface}: the cable is not plugged in, or the switch is off.",
            "Plug the cable of {interface} into the PCs' switch, then run this again. If it is in already: ip link set "
            "dev {interface} up.",
        ),
    },
    "wireless": {
        "fr": Words(
            "{interface} est une carte Wi-Fi ; les PC démarrent par câble, et beaucoup de bornes filtrent le DHCP.",
            "Relancez depuis une machine branchée par câble sur le switch des PC.",
        ),
        "en": Words(
            "{interface} is a Wi-Fi card; PCs boot by cable, and many access points filter DHCP.",
            "Run this again from a machine with a cable into the PCs' switch.",
        ),
    },
    "half-duplex": {
        "fr": Words(
            "{interface} est en half duplex ({speed} Mbit/s) : les transferts seront très lents.",
            "Changez de câble ou de prise du switch ; remettez la vitesse en automatique des deux côtés.",
        ),
        "en": Words(
            "{interface} is in half duplex ({speed} Mbit/s): transfers will be very slow.",
            "Change the cable or the switch's port; set the speed to automatic at both ends.",
        ),
    },
    "slow-link": {
        "fr": Words(
            "{interface} va à {speed} Mbit/s : installer un système prendra au moins dix fois plus de temps qu'à 1000.",
            "Prenez un câble de catégorie 5e ou plus (8 fils) et un switch gigabit.",
        ),
        "en": Words(
            "{interface} runs at {speed} Mbit/s: a master will take at least ten times as long as at 1000.",
            "Use a cable of category 5e or better (8 wires) and a gigabit switch.",
        ),
    },
    "link": {
        "fr": Words("{interface} va à {speed} Mbit/s, dans les deux sens à la fois."),
        "en": Words("{interface} runs at {speed} Mbit/s, both ways at once."),
    },
    "mtu": {
        "fr": Words(
            "La taille des paquets (MTU) de {interface} est {mtu} au lieu de 1500, celle des PC au démarrage.",
            "Remettez-la : ip link set dev {interface} mtu 1500 (et dans les réglages du réseau).",
        ),
        "en": Words(
            "The packet size (MTU) of {interface} is {mtu}, not 1500, which is that of booting PCs.",
            "Set it back: ip link set dev {interface} mtu 1500 (and in the network's settings).",
        ),
    },
    "no-own-address": {
        "fr": Words(
            "{interface} n'a pas d'adresse IPv4 : le serveur netboot et ses fichiers n'ont pas pu être essayés.",
            "Donnez-en une du réseau des PC : ip address add 10.0.0.250/24 dev {interface}, puis relancez.",
        ),
        "en": Words(
            "{interface} has no IPv4 address: the netboot server and its files could not be tried.",
            "Give it one of the PCs' network: ip address add 10.0.0.250/24 dev {interface}, then run this again.",
        ),
    },
    "own-address-is-a-lease": {
        "fr": Words(
            "L'adresse du serveur, {address}, lui est prêtée par le DHCP : elle peut changer.",
            "Réservez-la dans la box ou le routeur pour {mac}, ou donnez au serveur une adresse fixe.",
        ),
        "en": Words(
            "The server's address, {address}, is a DHCP lease: it may change.",
            "Reserve it in the box or router for {mac}, or give the server a fixed address.",
        ),
    },
    "own-address-taken": {
        "fr": Words(
            "L'adresse de cette machine, {address}, est aussi prise par {mac}.",
            "Éteignez cette autre machine ou changez l'une des deux adresses.",
        ),
        "en": Words(
            "This machine's address, {address}, is taken by {mac} as well.",
            "Switch that other machine off, or change one of the two addresses.",
        ),
    },
    "two-cards-one-address": {
        "fr": Words(
            "Plusieurs cartes répondent pour l'adresse {address} : {mac}.",
            "Trouvez laquelle ne devrait pas (l'étiquette des machines porte l'adresse MAC) et changez son adresse.",
        ),
        "en": Words(
            "Several cards answer for the address {address}: {mac}.",
            "Find which one should not (machines carry their MAC address on a label) and change its address.",
        ),
    },
    "answers-for-everybody": {
        "fr": Words(
            "Un seul appareil ({mac}) répond pour les adresses des autres ({count}, dont {addresses}) : des PC "
            "refuseront leur adresse ou parleront au mauvais appareil.",
            "Trouvez-le (son étiquette porte l'adresse MAC) et débranchez-le, ou coupez son « proxy ARP » : routeur, "
            "borne Wi-Fi, VPN, isolation des clients.",
        ),
        "en": Words(
            "One device ({mac}) answers for the addresses of others ({count}, among them {addresses}): PCs will refuse "
            "their address or talk to the wrong device.",
            "Find it (its label has the MAC address) and unplug it, or switch off its proxy ARP: a router, an access "
            "point, a VPN, client isolation.",
        ),
    },
    "offer-taken": {
        "fr": Words(
            "Le DHCP propose l'adresse {address}, que {mac} utilise déjà.",
            "Dans la box ou le routeur, sortez cette adresse de la plage du DHCP, ou changez celle de cette machine.",
        ),
        "en": Words(
            "DHCP offers the address {address}, which {mac} uses already.",
            "In the box or router take that address out of DHCP's range, or change that machine's.",
        ),
    },
    "dhcp-none": {
        "fr": Words(
            "Personne ne donne d'adresse (DHCP) : aucun PC ne peut démarrer sur le réseau.",
            "Reliez le switch à la box ou au routeur ; sur un switch isolé, réglez `dhcp.mode: full` sur le serveur.",
        ),
        "en": Words(
            "Nobody gives addresses (DHCP): no PC can boot from the network.",
            "Connect the switch to the box or router; on an isolated switch set `dhcp.mode: full` on the server.",
        ),
    },
    "dhcp-server": {
        "fr": Words(
            "{server} ({mac}) donne les adresses : {address}, passerelle {router}, DNS {dns}, bail {lease} s ; "
            "réponse en {after} ms."
        ),
        "en": Words(
            "{server} ({mac}) gives addresses: {address}, gateway {router}, DNS {dns}, lease {lease} s; "
            "answers in {after} ms."
        ),
    },
    "dhcp-several": {
        "fr": Words(
            "Plusieurs serveurs donnent des adresses du même réseau : {servers}.",
            "Si ce n'est pas voulu (serveur de secours), arrêtez le DHCP de l'un d'eux.",
        ),
        "en": Words(
            "Several servers give addresses of one network: {servers}.",
            "Unless that is meant (a stand-by server), stop the DHCP of one of them.",
        ),
    },
    "dhcp-several-networks": {
        "fr": Words(
            "Plusieurs serveurs donnent des adresses de réseaux ou de passerelles différents : {servers}. "
            "Chaque PC tombe sur l'un ou l'autre au hasard.",
            "N'en laissez qu'un : souvent une box ou une borne Wi-Fi a été branchée par erreur sur ce switch.",
        ),
        "en": Words(
            "Several servers give addresses of different networks or gateways: {servers}. "
            "Each PC gets one or the other by chance.",
            "Leave only one: often a box or a Wi-Fi router was plugged into this switch by mistake.",
        ),
    },
    "dhcp-overheard": {
        "fr": Words(
            "{server} ({mac}) a répondu en DHCP à une autre machine, mais pas à nous.",
            "Vérifiez que c'est voulu : un DHCP réservé à certaines machines peut aussi en tromper d'autres.",
        ),
        "en": Words(
            "{server} ({mac}) answered another machine by DHCP, but not us.",
            "See that it is meant: a DHCP server for certain machines may mislead others.",
        ),
    },
    "dhcp-snooping": {
        "fr": Words(
            "Le DHCP ne répond qu'à la vraie adresse de cette carte ({mac}) : le switch contrôle le DHCP (snooping).",
            "Rien pour les PC. Le reste de cet examen est incomplet : faites-le depuis une prise sans contrôle.",
        ),
        "en": Words(
            "DHCP answers only this card's own address ({mac}): the switch watches DHCP (snooping).",
            "Nothing for the PCs. The rest of this examination is incomplete: run it from a port without that watch.",
        ),
    },
    "no-gateway": {
        "fr": Words(
            "Le DHCP ({server}) ne donne pas de passerelle : les PC n'iront pas sur Internet.",
            "Rien à faire sur un switch isolé : netboot n'en a pas besoin. Sinon, réglez-la dans le DHCP.",
        ),
        "en": Words(
            "DHCP ({server}) gives no gateway: PCs will not reach the Internet.",
            "Nothing to do on an isolated switch: netboot needs none. Else set it in the DHCP server.",
        ),
    },
    "other-network": {
        "fr": Words(
            "{server} donne des adresses de {network}, mais le serveur netboot est en {netboot}, sur un autre réseau.",
            "Donnez au serveur netboot une adresse de {network}, ou branchez les PC sur son réseau.",
        ),
        "en": Words(
            "{server} gives addresses of {network}, but the netboot server is {netboot}, on another network.",
            "Give the netboot server an address of {network}, or plug the PCs into its network.",
        ),
    },
    "frames-lost": {
        "fr": Words(
            "Les petits paquets passent jusqu'à {server}, les grands (1500 octets) non : le démarrage se figera.",
            "Cherchez un tunnel, un VLAN ou une carte à MTU réduite entre les deux ; branchez-vous sur le même switch.",
        ),
        "en": Words(
            "Small packets reach {server}, whole ones (1500 bytes) are lost: booting will hang.",
            "Look for a tunnel, a VLAN or a card with a smaller MTU between the two; plug both into one switch.",
        ),
    },
    "spanning-tree": {
        "fr": Words(
            "Le switch ({bridge}) parle « spanning tree » : une prise peut rester muette {seconds} s après le "
            "branchement, et des PC abandonnent avant.",
            "Réglez les prises des PC en « edge » ou « portfast » ; sinon, sur un PC qui échoue, relancez le démarrage "
            "réseau sans l'éteindre.",
        ),
        "en": Words(
            "The switch ({bridge}) speaks spanning tree: a port may pass nothing for {seconds} s after it is plugged "
            "in, and some PCs give up before.",
            "Set the PCs' ports to “edge” or “portfast”; else, on a PC that fails, start the network boot again "
            "without switching it off.",
        ),
    },
    "querier": {
        "fr": Words("{address} gère le multicast (IGMP). netboot n'en a pas besoin."),
        "en": Words("{address} looks after multicast (IGMP). netboot does not need it."),
    },
    "no-querier": {
        "fr": Words("Personne ne gère le multicast (IGMP). netboot n'en a pas besoin."),
        "en": Words("Nobody looks after multicast (IGMP). netboot does not need it."),
    },
}
