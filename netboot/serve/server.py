"""Starts every service of `netboot serve`, and stops them in order. A TaskGroup owns all tasks.

Settings, interface, boot files and profiles are checked before the first port is opened (ready.py). SIGTERM and SIGINT
end it cleanly: agents keep their stages running and connect to the next server.
"""

import asyncio
import contextlib
import gc
import logging
import os
import resource
import signal
import time
from collections.abc import Sequence
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final

from aiohttp import web

from netboot.auth.server_keys import load_key, public_key
from netboot.boothttp.files import BootHttp, boot_application
from netboot.boothttp.known_hosts import own_names
from netboot.bootmenu.boot_menu import BootMenu
from netboot.bootmenu.highlight import white_pixel
from netboot.bootmenu.password import SETTING as MENU_PASSWORD
from netboot.bootmenu.password import MenuPassword
from netboot.dhcp.leases import QUARANTINE
from netboot.dhcp.probe import PROBE_UUID
from netboot.dhcp.rival import refuse_beside_another
from netboot.dhcp.service import BootSighting
from netboot.dns.announcer import Announcer
from netboot.dns.naming import directory, name_server
from netboot.files.data_folder import server_lock
from netboot.jobs.target import kept_whole
from netboot.lan.address_watch import AddressWatch
from netboot.lan.tcp_listener import BACKLOG, Capacity, Listener, listen
from netboot.masters.capturing import CaptureDesk
from netboot.masters.loader_level import level_of
from netboot.records.record import Record, open_record
from netboot.serve.boot_address import BootAddress, rendered
from netboot.serve.dhcp_mode import ServedDhcp, Service
from netboot.serve.masters import Masters, remember_masters, unfit
from netboot.serve.parcels import take_in_folders
from netboot.serve.ready import Ready, agent_for, page_tls, prepare
from netboot.serve.shelf import StoreShelf
from netboot.serve.whereabouts_service import WhereaboutsService
from netboot.serve.workbench import StoreWorkbench
from netboot.settings.config import Settings
from netboot.settings.names import DEFAULT_DOMAIN
from netboot.store import Store
from netboot.tftp import FolderSource, Limits, Outcome, TftpServer, TftpSettings, TransferEvent, block_size_for
from netboot.web import page_application
from netboot.workshop.greeting import Workshop
from netboot.workshop.live_board import Conflict, LiveBoard
from netboot.workshop.makings import Makings
from netboot.workshop.private_settings import PrivateSettings
from netboot.workshop.smaller_captures import SmallerCaptures
from netboot.workshop.whole_masters import WholeMasters

log = logging.getLogger(__name__)

STOP_WITHIN: Final = 5.0
"""Seconds that open connections get to end by themselves."""
REQUEST_WITHIN: Final = 30.0
"""Seconds from a connection's start, or its last answer, until the whole head of its next request is here."""
# GRUB asks for both archives at once and leaves the second unread until it has the first: minutes, with a slow adapter.
# A connection that is cut meanwhile is the file's end to GRUB, and half an archive to the kernel: it panics.
BOOT_CAPACITY: Final = Capacity(of_address=32, in_all=1024, stalled=1800.0)
PAGE_CAPACITY: Final = Capacity(of_address=64, in_all=256)
OPEN_FILES: Final = 16384
FIRST_INHERITED: Final = 3
"""systemd's socket activation hands descriptors over from this one on (sd_listen_fds(3))."""


async def serve(settings: Settings, *, beside_another_dhcp: bool = False) -> None:
    """Run every service until SIGTERM or SIGINT. Raises NetbootError when one cannot start.

    `beside_another_dhcp`: the second yes, after the settings', to giving addresses where another server does.
    """
    ready = await asyncio.to_thread(prepare, settings)
    if ready.plan is not None and not (beside_another_dhcp and settings.dhcp.full.beside_another):
        await refuse_beside_another(ready.interface.name, ready.interface.address)
    with server_lock(settings.data_folder):
        place = settings.data_folder / "record.sqlite"
        record = await asyncio.to_thread(open_record, place, heads=settings.heads_folder)
        try:
            await _serve(ready, record)
        finally:
            await asyncio.to_thread(record.close)


def _raise_file_limit() -> None:
    """Each transfer, page and agent holds a descriptor; the usual soft limit of 1024 is for one user's shell."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _serve(ready: Ready, record: Record) -> None:
    settings = ready.settings
    _raise_file_limit()
    live_board = LiveBoard(time.time)
    key = await asyncio.to_thread(load_key, settings.data_folder)
    store = Store(settings.data_folder / "store", accepts=public_key(key))
    if record.restored:
        log.error("the record is older than the last one written, or nobody knows: all that waited is withdrawn")
        live_board.tell_trouble("record-restored")
    await asyncio.to_thread(take_in_folders, store, ready.folders)
    await asyncio.to_thread(remember_masters, record, store)
    for profile in await asyncio.to_thread(record.choices.withdraw_changed, ready.profiles):
        log.warning("the profile %s was changed: what was chosen or armed for it before is withdrawn", profile)
    level = await asyncio.to_thread(level_of, ready.files.folder)
    masters = Masters(store, level)
    for line in await asyncio.to_thread(lambda: list(unfit(ready.profiles, masters))):
        log.warning("%s", line)
    whole_masters = WholeMasters(masters.missing, lambda: masters.given(ready.profiles))
    workshop = Workshop(
        record,
        live_board,
        ready.profiles,
        masters,
        wait=settings.agent.wait,
        hold_masters=masters.held,
        whole_masters=whole_masters,
        policies=ready.policies,
        ticket_key=ready.ticket_key,
        hello_within=settings.agent.hello_within,
        capture_desk=CaptureDesk(store, key, level),
        shipped=ready.shipped,
        private=PrivateSettings(ready.networks, ready.ticket_key),
    )
    digits = MenuPassword(lambda: record.people.setting(MENU_PASSWORD))
    files = {path.name: path for path in ready.files.folder.iterdir() if path.is_file()}
    menu = BootMenu(
        ready.profiles,
        settings,
        ready.interface.address,
        offer_of=workshop.menu_offer,
        digits_asked=digits.is_set,
        prove=workshop.prove,
        files=files,
        lacks_master=lambda profile: masters.lacks_master_of(profile, whole_masters.seen),
        left_out=workshop.left_out.look,
    )
    await asyncio.to_thread(ready.policies.take_over, record)
    await workshop.show_batch()
    await workshop.show_left()
    boot_http = BootHttp(
        files=files,
        rendered={**rendered(menu, ready.agent), "grub/selected_c.png": white_pixel()},
        menus=menu,
        digits=digits,
        masters=store.blobs,
    )
    folder = FolderSource(ready.files.folder)

    def source(name: str) -> Path | bytes | None:
        return boot_http.rendered["grub/grub.cfg"] if name.lstrip("/") == "grub/grub.cfg" else folder(name)

    def sighted(sighting: BootSighting) -> None:
        if sighting.uuid == PROBE_UUID:
            return  # `netboot doctor`, which is no PC
        told = sighting.refused or sighting.remark
        live_board.sighted(sighting.mac, firmware=sighting.firmware.value, note=told.value if told else "")

    dhcp = ServedDhcp(
        settings,
        ready.interface,
        ready.policies,
        building=ready.building,
        plan=ready.plan,
        on_boot_client=sighted,
        on_conflict=lambda lease: live_board.tell_conflict(Conflict(str(lease.address), lease.mac), QUARANTINE),
    )

    def transferred(event: TransferEvent) -> None:
        if event.outcome is not Outcome.REFUSED:
            dhcp.fetched_by(IPv4Address(event.client))
        if event.outcome is Outcome.FINISHED:
            dhcp.loaded_by(IPv4Address(event.client))
        _log_transfer(event)

    async def fetched(request: web.Request, response: web.StreamResponse) -> None:
        with contextlib.suppress(ValueError):
            if response.status < 400:
                dhcp.fetched_by(IPv4Address(request.remote or ""))
                dhcp.came_up_at(IPv4Address(request.remote or ""))

    domain = (ready.plan.domain or DEFAULT_DOMAIN) if ready.plan is not None and settings.names.answer else ""
    hosts = await asyncio.to_thread(own_names, settings, domain)
    boot_app = boot_application(boot_http, workshop, hosts)
    boot_app.on_response_prepare.append(fetched)
    limits = Limits(block_size=block_size_for(ready.interface.mtu))
    tftp = TftpServer(
        TftpSettings(address=str(ready.interface.address), limits=limits), source, on_transfer=transferred
    )
    async with contextlib.AsyncExitStack() as stack:
        # Before the first agent's line and until after the last: a job's end is told once.
        services = await _name_services(stack, ready, record, dhcp, workshop)
        makings, workbench = Makings(record, store.current), StoreWorkbench(settings)
        smaller = SmallerCaptures(
            record, makings, store.current, workbench.order_to_shrink, lambda: kept_whole(workshop.profiles.values())
        )
        workshop.captures.on_captured.append(smaller.captured)
        place = BootAddress(
            await _http_runner(stack, boot_app),
            lambda address: _boot_socket(settings, address),
            boot_http=boot_http,
            menu=menu,
            agent=lambda interface: agent_for(settings, interface),
            tftp=tftp,
            dhcp=dhcp,
        )
        await place.open(ready.interface.address)
        await makings.recover()
        await asyncio.to_thread(workbench.forget_cut_off)
        page = await _http_runner(
            stack,
            await page_application(workshop, settings, hosts, StoreShelf(store), workbench, makings),
        )
        await web.SockSite(page, _page_socket(settings), ssl_context=page_tls(settings), backlog=BACKLOG).start()
        await tftp.start()
        stack.callback(tftp.close)
        interface, port = ready.interface.name, settings.http.port
        whereabouts = WhereaboutsService(key, lambda: place.address, interface=interface, port=port)
        await whereabouts.start()
        stack.callback(whereabouts.close)
        services += [tftp, whereabouts, workshop.starts, makings, smaller, whole_masters]
        services += await dhcp.start(stack, record)
        services.append(AddressWatch(ready.interface, on_move=place.move, on_trouble=live_board.tell_trouble))
        if not await asyncio.to_thread(digits.is_set):
            log.warning("the boot menu asks for no code: whoever is at a PC may erase it; see `netboot menu password`")
        # What is there now stays: going through it all held answers up for 70 ms and more at each full collection.
        gc.collect()
        gc.freeze()
        log.info("ready on %s, %s", ready.interface.name, ready.interface.address)
        await _until_told(services)


async def _name_services(
    stack: contextlib.AsyncExitStack, ready: Ready, record: Record, dhcp: ServedDhcp, workshop: Workshop
) -> list[Service]:
    """The services that publish the host names of imaged PCs: our own name server, and updates of the building's."""
    services: list[Service] = []
    if ready.plan is not None and ready.settings.names.answer:
        who = directory(ready.plan, dhcp.leases, await asyncio.to_thread(record.jobs.named_pcs))
        names = name_server(ready.plan, ready.settings.names, who)
        await names.start()
        stack.callback(names.close)
        workshop.on_named.append(who.learn)
        services.append(names)
    if ready.building_dns is not None:
        announcer = Announcer(ready.building_dns, record.people, workshop.live_board.tell_after)
        await announcer.start()
        stack.push_async_callback(announcer.close)
        workshop.on_named.append(announcer.announce)
        services.append(announcer)
    return services


async def _until_told(services: Sequence[Service]) -> None:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(service.run()) for service in services]
        await told.wait()
        log.info("stopping")
        for task in running:
            task.cancel()


async def _http_runner(stack: contextlib.AsyncExitStack, app: web.Application) -> web.AppRunner:
    runner = web.AppRunner(
        app,
        access_log=None,
        auto_decompress=False,  # nothing that may come is packed: what is packed is refused as it is
        shutdown_timeout=STOP_WITHIN,
        keepalive_timeout=REQUEST_WITHIN,
    )
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    return runner


def _boot_socket(settings: Settings, address: IPv4Address) -> Listener:
    usual = "nginx, apache2 or another netboot"
    return listen(str(address), settings.http.port, BOOT_CAPACITY, setting="http.port", usual=usual)


def _page_socket(settings: Settings) -> Listener:
    """The page's socket: inherited (socket activation) or opened here."""
    if os.environ.get("LISTEN_PID") == str(os.getpid()) and os.environ.get("LISTEN_FDS") == "1":
        return Listener(PAGE_CAPACITY, fileno=FIRST_INHERITED)
    return listen(
        settings.page.address, settings.page.port, PAGE_CAPACITY, setting="page.port", usual="another web server"
    )


def _log_transfer(event: TransferEvent) -> None:
    if event.outcome not in (None, Outcome.REFUSED):  # the TFTP server itself says what it refuses, and why
        log.info(
            "TFTP %s: %s, %d bytes in %.1f s", event.name, event.outcome.value, event.sent, event.seconds,
            extra={"client": event.client},
        )  # fmt: skip
