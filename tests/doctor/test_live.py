"""The doctor on a LAN of real servers: dnsmasq as the building's DHCP and as others, `netboot serve` beside them.

First without netboot, then with it. Each run of the doctor takes 6 to 13 s; so one run sees several things.
"""

import asyncio
import json
import sys
import urllib.request
from pathlib import Path
from unittest.mock import ANY

import pytest

from netboot.lab.building import BootFiles, proxy_boot_command
from netboot.lab.building_kinds import StrayOptions, dnsmasq_building
from netboot.lab.network import BRIDGE, BUILDING, NETWORK, SERVER, Lan, open_lan
from netboot.lab.service import Service
from netboot.shared.process import run
from tests.boot_files import BOOT_FILES
from tests.doctor.conftest import (
    LAPTOP,
    STRANGER,
    answering,
    building,
    examine,
    ip,
    laptop,
    run_doctor,
    serving,
    stranger,
)

pytestmark = [pytest.mark.root, *BOOT_FILES]

FIRMWARES = ["bios", "uefi", "uefi-ia32", "uefi-http"]


async def test_where_nobody_answers_it_says_so(lan: Lan) -> None:
    seen = await examine(lan, laptop(lan))
    assert seen.status == 1
    assert seen.stops == {"dhcp-none", "netboot-none"}


async def test_two_dhcp_servers_of_two_networks_and_a_rival_for_network_boot(lan: Lan, tmp_path: Path) -> None:
    await ip(stranger(lan), "address add 192.168.9.1/24 broadcast + dev eth0")
    rival = (
        *proxy_boot_command(BootFiles(tmp_path)),
        "--dhcp-range=192.168.9.100,192.168.9.200,255.255.255.0,1h",
        f"--dhcp-leasefile={tmp_path / 'leases'}",
    )
    try:
        async with building(lan), answering(lan, stranger(lan), rival, "rival"):
            seen = await examine(lan, laptop(lan))
    finally:
        await ip(stranger(lan), "address delete 192.168.9.1/24 dev eth0")
    assert {"rival-pxe", "dhcp-several-networks"} <= seen.stops
    assert seen.values("rival-pxe")["server"] in (str(STRANGER), "192.168.9.1")
    assert str(BUILDING) in seen.values("dhcp-several-networks")["servers"]
    assert seen.told["seen"]["boot_replies"]  # it answers on port 4011 as well


async def test_machines_that_have_others_addresses_are_found_by_arp(lan: Lan) -> None:
    taken = [f"{address}/24" for address in (LAPTOP, BUILDING, *(NETWORK[number] for number in range(100, 251)))]
    try:
        await ip(stranger(lan), *(f"address add {address} dev eth0" for address in taken))
        async with building(lan):
            seen = await examine(lan, laptop(lan))
    finally:
        await ip(stranger(lan), *(f"address delete {address} dev eth0" for address in taken))
    assert {"own-address-taken", "offer-taken", "two-cards-one-address"} <= seen.stops
    assert seen.values("own-address-taken")["address"] == str(LAPTOP)
    assert seen.values("two-cards-one-address")["address"] == str(BUILDING)


async def test_a_box_that_answers_every_arp_question_is_told_as_one_cause(lan: Lan) -> None:
    # Whatever the kernel takes for its own it answers for, on every interface (ip-route(8), "local").
    await ip(stranger(lan), f"route add local {NETWORK} dev lo table local")
    try:
        async with building(lan):
            seen = await examine(lan, laptop(lan))
    finally:
        await ip(stranger(lan), f"route delete local {NETWORK} dev lo table local")
    assert "answers-for-everybody" in seen.stops
    assert not seen.stops & {"own-address-taken", "offer-taken", "two-cards-one-address"}
    links = json.loads((await asyncio.to_thread(run, ["ip", "-netns", stranger(lan), "-json", "link"])).stdout)
    assert seen.values("answers-for-everybody")["mac"] == next(
        one["address"] for one in links if one["ifname"] == "eth0"
    )


async def test_a_boot_server_that_names_its_file_by_a_menu_is_followed_to_port_4011(lan: Lan, tmp_path: Path) -> None:
    with_menu = (
        *dnsmasq_building(tmp_path / "leases"),
        "--pxe-service=x86PC,Other,other.kpxe",
        "--pxe-service=x86PC,Local",
        "--pxe-service=x86-64_EFI,Other,other.efi",
        "--pxe-service=x86-64_EFI,Second,second.efi",  # with one alone dnsmasq shows UEFI no menu
        "--pxe-prompt=Press F8,3",
    )
    async with answering(lan, lan.building, with_menu, "building"):
        seen = await examine(lan, laptop(lan))
    assert "stray-class" not in seen.stops
    assert seen.values("rival-pxe") == {"server": str(BUILDING), "mac": ANY, "file": "other.kpxe"}
    assert {reply["file"] for reply in seen.told["seen"]["boot_replies"]} >= {"other.kpxe", "other.efi"}


async def test_a_building_whose_menu_leads_to_netboot_boots_pcs(tmp_path: Path) -> None:
    def service(kind: str, file: str) -> str:
        return f"--pxe-service={kind},netboot,{file},{SERVER}"

    with_menu = (
        *dnsmasq_building(tmp_path / "leases"),
        service("x86PC", "undionly.kpxe"),
        "--pxe-service=x86PC,Local",
        service("x86-64_EFI", "shimx64.efi"),
        "--pxe-service=x86-64_EFI,Second,second.efi",  # with one alone dnsmasq shows UEFI no menu
        "--pxe-prompt=Press F8,3",
        "--dhcp-match=set:ipxe,175",
        f"--dhcp-boot=tag:ipxe,http://{SERVER}/boot/ipxe,,{SERVER}",
    )
    (tmp_path / "masters").mkdir()
    async with (
        open_lan() as lan,
        answering(lan, lan.building, with_menu, "building"),
        serving(lan, tmp_path / "masters", dhcp="off"),
    ):
        seen = await examine(lan, lan.server)
    assert not seen.stops & {"rival-pxe", "stray-class", "netboot-not-named"}
    assert "netboot-named-by-building" in seen.codes
    walks = {walk["asker"]: [step["place"] for step in walk["steps"]] for walk in seen.told["seen"]["walks"]}
    assert walks["bios"][:3] == walks["uefi"][:3] == ["dhcp", "4011", "tftp"]
    trouble = {
        walk["asker"]: [step for step in walk["steps"] if step["trouble"]] for walk in seen.told["seen"]["walks"]
    }
    assert trouble["uefi"] == []


@pytest.mark.parametrize("place", ["server", "laptop"])
async def test_on_the_server_and_on_a_laptop_it_sees_the_same_and_boots_to_the_kernel(
    lan: Lan, netboot: Service, place: str
) -> None:
    since = len(netboot.log())
    async with building(lan):
        seen = await examine(lan, lan.server if place == "server" else laptop(lan))
    assert (seen.status, seen.stops) == (0, set())
    assert {"link", "dhcp-server", "netboot-proxy", "boots"} <= seen.codes
    assert seen.values("dhcp-server")["server"] == str(BUILDING)
    assert seen.values("netboot-proxy")["server"] == str(SERVER)
    walks = {walk["asker"]: walk["steps"] for walk in seen.told["seen"]["walks"]}
    assert list(walks) == FIRMWARES
    for steps in walks.values():
        names = [step["name"].rpartition("/")[2].partition("?")[0] for step in steps]
        assert {"vmlinuz", "agent-base.img", "agent.img"} <= set(names)
        assert not [step for step in steps if step["trouble"]]
    assert "grubx64.efi" in [step["name"] for step in walks["uefi"]]
    assert seen.told["seen"]["whole_frames"] is (None if place == "server" else True)
    assert seen.told["seen"]["listened"] < 20
    said = [entry["message"] for entry in netboot.log()[since:]]
    assert not [message for message in said if "in the agent" in message]


async def test_the_page_shows_no_row_for_it(lan: Lan, netboot: Service) -> None:
    assert [entry for entry in netboot.log() if "reads its boot menu" in entry["message"]]
    with await asyncio.to_thread(urllib.request.urlopen, netboot.page, timeout=10) as answer:
        page = answer.read().decode()
    macs = {entry["mac"] for entry in netboot.log() if entry.get("mac")}
    assert macs
    assert not [mac for mac in macs if mac in page]


async def test_what_the_buildings_dhcp_should_not_send_is_named_with_its_cure(lan: Lan, netboot: Service) -> None:
    async with building(lan, StrayOptions(class_identifier="PXEClient")):
        only_class = await examine(lan, laptop(lan), "--language", "en")
    assert only_class.stops == {"stray-class"}
    (cure,) = [finding["do"] for finding in only_class.told["findings"] if finding["code"] == "stray-class"]
    assert "dhcp.mode: merged" in cure
    async with building(lan, StrayOptions(server_name=str(STRANGER), boot_file="pxelinux.0")):
        only_file = await examine(lan, laptop(lan))
    assert only_file.values("stray-file") == {
        "server": str(BUILDING), "class": "", "file": "pxelinux.0", "next": str(STRANGER),
    }  # fmt: skip
    assert only_file.status == 0


async def test_a_spanning_tree_and_a_querier_on_the_switch_are_heard(lan: Lan, netboot: Service) -> None:
    tree = f"link set dev {BRIDGE} type bridge"
    await ip(lan.wire, f"{tree} forward_delay 200 hello_time 100 mcast_snooping 1 mcast_querier 1 stp_state 1")
    try:
        await asyncio.sleep(5)  # two forward delays of 2 s, as any switch makes PCs wait
        async with building(lan):
            seen = await examine(lan, laptop(lan))
    finally:
        await ip(lan.wire, f"{tree} stp_state 0 mcast_snooping 0 mcast_querier 0", f"{tree} forward_delay 0")
    assert seen.values("spanning-tree")["seconds"] == "4"
    assert "querier" in seen.codes
    assert seen.status == 0


@pytest.mark.matrix
async def test_where_whole_frames_are_lost_it_says_so_within_its_bound_of_time(lan: Lan, netboot: Service) -> None:
    port = f"p{int(LAPTOP) - int(NETWORK.network_address)}"
    await ip(lan.wire, f"link set dev {port} mtu 1400")
    try:
        async with building(lan):
            seen = await examine(lan, laptop(lan))
    finally:
        await ip(lan.wire, f"link set dev {port} mtu 1500")
    assert {"frames-lost", "boot-tftp-silent"} <= seen.stops
    assert "rival-pxe" not in seen.stops
    assert seen.told["seen"]["listened"] <= 20


async def test_a_laptop_without_an_address_still_says_who_answers(lan: Lan, netboot: Service) -> None:
    await ip(laptop(lan), "address flush dev eth0")
    try:
        async with building(lan):
            seen = await examine(lan, laptop(lan))
    finally:
        await ip(laptop(lan), f"address add {LAPTOP}/24 broadcast + dev eth0")
    assert {"no-own-address", "dhcp-server", "netboot-proxy"} <= seen.codes
    assert seen.status == 0


async def test_merged_offers_are_called_so(tmp_path: Path) -> None:
    stray = StrayOptions(class_identifier="PXEClient")
    async with open_lan() as lan, building(lan, stray), serving(lan, tmp_path, dhcp="merged"):
        seen = await examine(lan, lan.server)
    assert {"netboot-merged", "boots"} <= seen.codes
    assert seen.stops == {"stray-class"}  # of the PCs those that come to iPXE


@pytest.mark.matrix
async def test_a_dhcp_server_of_our_own_is_called_so(tmp_path: Path) -> None:
    async with open_lan() as lan, serving(lan, tmp_path, dhcp="full"):
        seen = await examine(lan, lan.server)
    assert {"netboot-full", "boots", "no-gateway"} <= seen.codes
    assert seen.values("dhcp-server")["server"] == str(SERVER)
    assert seen.status == 0


async def test_without_an_interface_of_that_name_it_could_not_look(lan: Lan) -> None:
    status, output = await run_doctor(lan, laptop(lan), "--interface", "eth7")
    assert status == 2
    assert "eth7" in output


def test_the_doctors_process_loads_scapy_and_not_aiohttp() -> None:
    loaded = "import netboot.doctor.__main__, netboot.doctor.look, sys; print(*sys.modules)"
    modules = set(run([sys.executable, "-c", loaded]).stdout.split())
    assert "scapy" in modules
    assert not modules & {"aiohttp", "netboot.serve.server", "netboot.web"}
