"""Which findings follow from which observations (pure)."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest

from netboot.doctor.finding import Finding, Severity
from netboot.doctor.judge import judge, stops_pcs
from netboot.doctor.observed import ArpAnswer, Asker, Bpdu, Card, Offer, Overheard, Seen, Step, Walk

BUILDING, NETBOOT, OTHER = IPv4Address("10.77.0.1"), IPv4Address("10.77.0.2"), IPv4Address("10.77.0.9")
LAPTOP = IPv4Address("10.77.0.50")
LAN = IPv4Network("10.77.0.0/24")
CARD = Card(
    name="eth0", mac="52:54:00:00:00:50", address=LAPTOP, network=LAN, speed=1000, duplex="full",
    own_macs=frozenset({"52:54:00:00:00:50"}), own_addresses=frozenset({LAPTOP}),
)  # fmt: skip


def address_offer(asker: Asker = Asker.PLAIN, **changes: object) -> Offer:
    """The building's answer: an address, a gateway, nothing of booting."""
    offer = Offer(
        asker=asker, server=BUILDING, source_mac="52:54:00:00:00:01", address=LAN[100], network=LAN,
        routers=(BUILDING,), dns=(BUILDING,), lease=3600, next_server=BUILDING,
    )  # fmt: skip
    return replace(offer, **changes)  # type: ignore[arg-type]  # a test's shorthand


def proxy_offer(asker: Asker, **changes: object) -> Offer:
    """Netboot's answer beside the building's."""
    offer = Offer(
        asker=asker, server=NETBOOT, source_mac="52:54:00:00:00:02", next_server=NETBOOT, file="shimx64.efi",
        vendor_class="PXEClient",
    )  # fmt: skip
    return replace(offer, **changes)  # type: ignore[arg-type]  # a test's shorthand


ALL_WELL = Seen(
    card=CARD,
    offers=(
        *(address_offer(asker) for asker in Asker),
        *(proxy_offer(asker) for asker in Asker if asker.boots),
    ),
    boot_replies=(proxy_offer(Asker.UEFI), proxy_offer(Asker.IA32)),
    netboots=(NETBOOT,),
    walks=tuple(Walk(asker, (Step("dhcp", str(NETBOOT), 0.01),)) for asker in (Asker.BIOS, Asker.UEFI, Asker.IA32)),
    whole_frames=True,
)


def told(seen: Seen) -> dict[str, Finding]:
    return {finding.code: finding for finding in judge(seen)}


def with_building(**changes: object) -> Seen:
    """All is well, but the building's server says this as well, to everybody."""
    offers = (replace(one, **changes) if one.server == BUILDING else one for one in ALL_WELL.offers)  # type: ignore[arg-type]
    return replace(ALL_WELL, offers=tuple(offers))


def test_a_lan_where_all_is_well_has_nothing_but_fine_findings() -> None:
    findings = judge(ALL_WELL)
    assert {finding.severity for finding in findings} == {Severity.FINE}
    assert not stops_pcs(findings)
    assert {"link", "dhcp-server", "netboot-proxy", "boots"} <= set(told(ALL_WELL))


def test_the_building_is_told_once_with_all_that_it_gives() -> None:
    (building,) = [finding for finding in judge(ALL_WELL) if finding.code == "dhcp-server"]
    assert building.values["address"] == "10.77.0.100/24"
    assert building.values["router"] == building.values["dns"] == str(BUILDING)
    assert building.values["lease"] == "3600"


def test_without_a_cable_nothing_else_is_told() -> None:
    assert [finding.code for finding in judge(replace(ALL_WELL, card=replace(CARD, carrier=False)))] == ["no-cable"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"speed": 100}, "slow-link"),
        ({"speed": 100, "duplex": "half"}, "half-duplex"),
        ({"mtu": 1400}, "mtu"),
        ({"wireless": True}, "wireless"),
    ],
)
def test_a_card_that_is_not_as_it_should_be_is_told_and_stops_nobody(changes: dict[str, object], code: str) -> None:
    findings = judge(replace(ALL_WELL, card=replace(CARD, **changes)))  # type: ignore[arg-type]
    assert code in {finding.code for finding in findings}
    assert not stops_pcs(findings)


def test_nobody_who_gives_addresses_stops_pcs() -> None:
    seen = replace(ALL_WELL, offers=tuple(one for one in ALL_WELL.offers if one.server == NETBOOT))
    assert told(seen)["dhcp-none"].severity is Severity.STOPS
    assert "no-gateway" not in told(seen)


def test_two_servers_of_one_network_are_worth_knowing_and_of_two_networks_stop_pcs() -> None:
    twin = address_offer(server=OTHER, source_mac="52:54:00:00:00:09")
    assert told(replace(ALL_WELL, offers=(*ALL_WELL.offers, twin)))["dhcp-several"].severity is Severity.KNOW
    box = replace(twin, address=IPv4Address("192.168.1.20"), network=IPv4Network("192.168.1.0/24"))
    assert told(replace(ALL_WELL, offers=(*ALL_WELL.offers, box)))["dhcp-several-networks"].severity is Severity.STOPS


def test_a_building_without_a_gateway_is_told_and_stops_nobody() -> None:
    seen = with_building(routers=())
    assert told(seen)["no-gateway"].severity is Severity.KNOW
    assert not stops_pcs(judge(seen))


def test_a_stray_option_60_stops_pcs_beside_a_proxy_and_ipxe_where_netboots_offers_are_whole_as_well() -> None:
    seen = with_building(vendor_class="PXEClient")
    assert told(seen)["stray-class"].severity is Severity.STOPS
    whole = tuple(replace(one, address=LAN[101]) if one.server == NETBOOT else one for one in seen.offers)
    assert told(replace(seen, offers=whole))["stray-class"].severity is Severity.STOPS


def test_a_box_that_sends_all_the_stray_options_is_no_rival() -> None:
    found = told(with_building(vendor_class="PXEClient", file="pxelinux.0", tftp_server="10.0.0.7"))
    assert {"stray-class", "stray-file"} <= set(found)
    assert "rival-pxe" not in found


def test_a_buildings_boot_file_is_told_with_its_server_and_its_own_address_alone_is_not() -> None:
    stray = told(with_building(file="pxelinux.0", tftp_server="10.0.0.7"))["stray-file"]
    assert stray.severity is Severity.KNOW
    assert (stray.values["file"], stray.values["next"]) == ("pxelinux.0", "10.0.0.7")
    assert told(with_building(next_server=OTHER))["stray-server"].values["next"] == str(OTHER)
    assert not {"stray-file", "stray-server"} & set(told(with_building(next_server=BUILDING)))


@pytest.mark.parametrize("changes", [{}, {"address": LAN[120], "network": LAN, "vendor_options": b"\6\1\x08\xff"}])
def test_somebody_else_who_boots_pcs_is_a_rival_beside_the_dhcp_or_as_one(changes: dict[str, object]) -> None:
    rival = replace(proxy_offer(Asker.UEFI, server=OTHER, next_server=OTHER, file="boot.efi"), **changes)  # type: ignore[arg-type]
    finding = told(replace(ALL_WELL, offers=(*ALL_WELL.offers, rival)))["rival-pxe"]
    assert finding.severity is Severity.STOPS
    assert (finding.values["server"], finding.values["file"]) == (str(OTHER), "boot.efi")


def test_a_server_with_option_60_that_answers_on_4011_is_a_rival_not_a_stray() -> None:
    seen = with_building(vendor_class="PXEClient")
    reply = proxy_offer(Asker.UEFI, server=BUILDING, file="wdsmgfw.efi")
    found = told(replace(seen, boot_replies=(*seen.boot_replies, reply)))
    assert found["rival-pxe"].values["file"] == "wdsmgfw.efi"
    assert "stray-class" not in found


def test_a_building_that_sends_pcs_to_netboot_is_no_rival_and_no_stray() -> None:
    offers = tuple(address_offer(asker, next_server=NETBOOT, file="shimx64.efi") for asker in Asker)
    found = told(replace(ALL_WELL, offers=offers))
    assert "netboot-named-by-building" in found
    assert not {"rival-pxe", "stray-file", "stray-server"} & set(found)


def test_the_way_in_which_netboot_answers_is_named() -> None:
    merged = tuple(replace(one, address=LAN[100]) if one.server == NETBOOT else one for one in ALL_WELL.offers)
    found = told(replace(ALL_WELL, offers=merged))
    assert "netboot-merged" in found
    assert found["dhcp-server"].values["server"] == str(BUILDING)
    full = tuple(address_offer(asker, server=NETBOOT, next_server=NETBOOT, file="x" * asker.boots) for asker in Asker)
    found = told(replace(ALL_WELL, offers=full))
    assert "netboot-full" in found
    assert found["dhcp-server"].values["server"] == str(NETBOOT)
    assert not stops_pcs(judge(replace(ALL_WELL, offers=full)))


def test_a_dhcp_server_on_netboots_own_machine_is_not_taken_for_netboot() -> None:
    found = told(with_building(server=NETBOOT, source_mac="52:54:00:00:00:02", next_server=NETBOOT))
    assert "netboot-proxy" in found
    assert found["dhcp-server"].values["server"] == str(NETBOOT)


def test_a_netboot_that_nobody_names_and_no_netboot_at_all_stop_pcs() -> None:
    offers = tuple(one for one in ALL_WELL.offers if one.server == BUILDING)
    assert told(replace(ALL_WELL, offers=offers))["netboot-not-named"].severity is Severity.STOPS
    assert told(replace(ALL_WELL, offers=offers, netboots=()))["netboot-none"].severity is Severity.STOPS


def test_without_an_own_address_it_is_not_said_that_there_is_no_netboot() -> None:
    card = replace(CARD, address=None, network=None, own_addresses=frozenset())
    found = told(Seen(card=card, offers=(address_offer(),)))
    assert "no-own-address" in found
    assert "netboot-none" not in found


def test_two_netboots_stop_pcs() -> None:
    assert told(replace(ALL_WELL, netboots=(NETBOOT, OTHER)))["netboot-twice"].severity is Severity.STOPS


def test_colliding_addresses_are_told_with_who_has_them() -> None:
    strangers = (ArpAnswer(LAPTOP, "aa:aa:aa:aa:aa:01"), ArpAnswer(LAN[100], "aa:aa:aa:aa:aa:02"))
    twice = (ArpAnswer(BUILDING, "52:54:00:00:00:01"), ArpAnswer(BUILDING, "aa:aa:aa:aa:aa:03"))
    found = told(replace(ALL_WELL, arp=strangers + twice))
    assert found["own-address-taken"].values["mac"] == "aa:aa:aa:aa:aa:01"
    assert found["offer-taken"].values["address"] == "10.77.0.100"
    assert found["two-cards-one-address"].values["mac"] == "52:54:00:00:00:01, aa:aa:aa:aa:aa:03"
    assert {found[code].severity for code in ("own-address-taken", "offer-taken")} == {Severity.STOPS}


BOX = "aa:aa:aa:aa:aa:66"
BUILDINGS, LAPTOPS_OTHER = "52:54:00:00:00:01", "aa:aa:aa:aa:aa:07"
DECOYS = tuple(LAN[number] for number in (15, 47, 79, 111, 143, 174))


def test_one_device_that_answers_for_everybody_is_one_finding_with_its_address() -> None:
    everywhere = (LAPTOP, BUILDING, LAN[100], NETBOOT, *DECOYS)
    arp = (*(ArpAnswer(address, BOX) for address in everywhere), ArpAnswer(BUILDING, BUILDINGS))
    findings = [one for one in judge(replace(ALL_WELL, arp=arp, decoys=DECOYS)) if one.severity is Severity.STOPS]
    assert [one.code for one in findings] == ["answers-for-everybody"]
    assert findings[0].values["mac"] == BOX


def test_a_device_that_has_many_addresses_of_others_is_one_cause_also_where_no_decoy_says_so() -> None:
    servers = tuple(LAN[number] for number in range(200, 300) if number < 255)
    twice = tuple(ArpAnswer(address, f"52:54:00:00:01:{int(address) & 0xFF:02x}") for address in servers)
    arp = (*twice, *(ArpAnswer(address, BOX) for address in servers))
    stops = [one for one in judge(replace(ALL_WELL, arp=arp)) if one.severity is Severity.STOPS]
    assert [(one.code, one.values["mac"], one.values["count"]) for one in stops] == [
        ("answers-for-everybody", BOX, "55")
    ]
    assert stops[0].values["addresses"] == "10.77.0.200, 10.77.0.201, 10.77.0.202, 10.77.0.203, …"


def test_what_others_do_beside_it_is_still_told() -> None:
    arp = (*(ArpAnswer(address, BOX) for address in (LAPTOP, *DECOYS)), ArpAnswer(LAPTOP, LAPTOPS_OTHER))
    found = told(replace(ALL_WELL, arp=arp, decoys=DECOYS))
    assert found["answers-for-everybody"].values["mac"] == BOX
    assert found["own-address-taken"].values["mac"] == LAPTOPS_OTHER


def test_a_device_at_some_of_the_decoys_is_no_device_that_answers_for_everybody() -> None:
    arp = tuple(ArpAnswer(address, BOX) for address in (LAPTOP, *DECOYS[1:]))
    assert "own-address-taken" in told(replace(ALL_WELL, arp=arp, decoys=DECOYS))


def test_a_menu_that_leads_to_netboot_on_port_4011_is_no_rival() -> None:
    menu = bytes.fromhex("060103 0a0400505845 08078000010a4d0001 0907800004426f6f74 ff")
    offers = tuple(
        address_offer(asker, vendor_class="PXEClient", vendor_options=menu if asker is Asker.BIOS else b"")
        if asker in (Asker.BIOS, Asker.UEFI)
        else address_offer(asker)
        for asker in Asker
    )
    replies = tuple(
        Offer(asker=asker, server=BUILDING, next_server=NETBOOT, file="shimx64.efi", vendor_class="PXEClient")
        for asker in (Asker.BIOS, Asker.UEFI)
    )
    found = told(replace(ALL_WELL, offers=offers, boot_replies=replies))
    assert not {"rival-pxe", "stray-class"} & set(found)
    assert "netboot-named-by-building" in found


def test_a_menu_whose_boot_server_answers_with_a_file_of_its_own_is_a_rival() -> None:
    menu = bytes.fromhex("060103 08078000010a4d0001 0907800004426f6f74 ff")
    offers = tuple(address_offer(asker, vendor_class="PXEClient", vendor_options=menu) for asker in (Asker.BIOS,))
    reply = Offer(asker=Asker.BIOS, server=BUILDING, next_server=OTHER, file="pxelinux.0", vendor_class="PXEClient")
    found = told(replace(ALL_WELL, offers=(*ALL_WELL.offers, *offers), boot_replies=(reply,)))
    assert found["rival-pxe"].values["file"] == "pxelinux.0"
    assert "stray-class" not in found


def test_a_second_card_of_this_machine_that_answers_for_its_address_is_no_collision() -> None:
    card = replace(CARD, own_macs=CARD.own_macs | {"52:54:00:00:00:51"})
    seen = replace(ALL_WELL, card=card, arp=(ArpAnswer(LAPTOP, "52:54:00:00:00:51"),))
    assert "own-address-taken" not in told(seen)


def test_spanning_tree_is_told_with_both_of_its_delays() -> None:
    seen = replace(ALL_WELL, bpdus=(Bpdu("00:11:22:33:44:55", 2, 15.0),))
    assert told(seen)["spanning-tree"].values["seconds"] == "30"
    assert not stops_pcs(judge(seen))


def test_spanning_tree_that_holds_no_port_back_is_not_told() -> None:
    assert "spanning-tree" not in told(replace(ALL_WELL, bpdus=(Bpdu("00:11:22:33:44:55", 2, 0.0),)))


def test_lost_whole_frames_stop_pcs_and_what_was_not_tried_is_not_told() -> None:
    assert told(replace(ALL_WELL, whole_frames=False))["frames-lost"].severity is Severity.STOPS
    assert "frames-lost" not in told(replace(ALL_WELL, whole_frames=None))


def test_a_lease_as_the_servers_address_is_told_on_the_server_only() -> None:
    card = replace(CARD, dynamic=True)
    assert "own-address-is-a-lease" not in told(replace(ALL_WELL, card=card))
    here = replace(card, address=NETBOOT, own_addresses=frozenset({NETBOOT}))
    assert "own-address-is-a-lease" in told(replace(ALL_WELL, card=here))


def test_another_server_that_answers_others_only_is_told() -> None:
    seen = replace(
        ALL_WELL, overheard=(Overheard(OTHER, "aa:aa:aa:aa:aa:09"), Overheard(BUILDING, "aa:00:00:00:00:01"))
    )
    overheard = [finding for finding in judge(seen) if finding.code == "dhcp-overheard"]
    assert [finding.values["server"] for finding in overheard] == [str(OTHER)]


def test_a_network_that_netboot_is_not_in_stops_pcs_unless_a_gateway_may_lead_there() -> None:
    box = {"address": IPv4Address("192.168.1.20"), "network": IPv4Network("192.168.1.0/24")}
    assert told(with_building(**box))["other-network"].severity is Severity.KNOW
    assert told(with_building(**box, routers=()))["other-network"].severity is Severity.STOPS


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (Step("dhcp", "x", 0, trouble="silent"), "boot-unnamed"),
        (Step("4011", "x", 0, trouble="silent"), "boot-4011-silent"),
        (Step("tftp", "x", 0, trouble="silent"), "boot-tftp-silent"),
        (Step("menu", "x", 0, trouble="silent"), "boot-http-silent"),
        (Step("tftp", "x", 0, trouble="missing"), "boot-missing"),
        (Step("http", "x", 0, trouble="refused"), "boot-refused"),
        (Step("tftp", "x", 0, trouble="damaged"), "boot-damaged"),
    ],
)
def test_a_way_that_breaks_off_names_the_step_and_stops_pcs(step: Step, code: str) -> None:
    walks = (Walk(Asker.BIOS, (Step("dhcp", "10.77.0.2", 0.01), step)),)
    finding = told(replace(ALL_WELL, walks=walks))[code]
    assert finding.severity is Severity.STOPS
    assert finding.values["firmware"] == "BIOS"


def test_a_slow_step_is_told() -> None:
    walks = (Walk(Asker.BIOS, (Step("tftp", "undionly.kpxe", 9.0),)),)
    assert told(replace(ALL_WELL, walks=walks))["boot-slow"].values["seconds"] == "9.0"


def test_no_answer_to_32_bit_uefi_is_worth_knowing() -> None:
    walks = tuple(walk for walk in ALL_WELL.walks if walk.asker is not Asker.IA32)
    assert told(replace(ALL_WELL, walks=walks))["no-ia32"].severity is Severity.KNOW


def test_the_worst_comes_first() -> None:
    seen = replace(ALL_WELL, whole_frames=False, card=replace(CARD, mtu=1400))
    order = [finding.severity for finding in judge(seen)]
    assert order == sorted(order, key=list(Severity).index)
    assert order[0] is Severity.STOPS
