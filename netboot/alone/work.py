"""What is done on a PC without a server: its menu, the question before an erase, one job, and the evidence of it.

Nothing is written to a disk unless a person picked a profile that writes and said yes to the list of this PC's disks.
Not for: what is asked in which words (`wording.py`), what the rules allow (`netboot/jobs/`).
"""

import asyncio
import logging
import secrets
from collections.abc import Callable
from typing import Final

from nacl.signing import SigningKey

from netboot.agent.hardware.pc_clock import pc_clock
from netboot.agent.net.server_place import ServerPlace
from netboot.agent.questions import Listen
from netboot.agent.reports import Reports
from netboot.agent.screen.display import Screen
from netboot.agent.settings import BOOT_ID
from netboot.agent.stages import Stages
from netboot.agent.this_boot import ThisBoot
from netboot.agent.visit import Visit
from netboot.alone import stick, wording
from netboot.alone.desk import Desk
from netboot.alone.kit_visit import KitVisit, sealed
from netboot.alone.papers import file_name, request_text
from netboot.alone.server_part import ServerPart
from netboot.alone.settings import KitFile
from netboot.jobs.disk_rules import as_seen, forbids_writing, internal_disks
from netboot.jobs.profile import Profile
from netboot.shared.inventory import Inventory
from netboot.shared.language import Language
from netboot.shared.stages.finish import EndAction

log = logging.getLogger(__name__)

_STICK_TOLD: Final = {
    "gone": wording.STICK_GONE,
    "twice": wording.STICK_TWICE,
    "full": wording.STICK_FULL,
    "refuses": wording.STICK_REFUSES,
}


class GivenUpError(Exception):
    """A person switches the PC off because its evidence cannot be kept."""


class Work:
    """One stay without a server."""

    def __init__(
        self,
        kit: KitFile,
        language: Language,
        screen: Screen,
        desk: Desk,
        listen: Listen,
        *,
        write: Callable[..., None] = stick.write,
    ) -> None:
        self._kit = kit
        self._language = language
        self._screen = screen
        self._desk = desk
        self._listen = listen
        self._write = write
        self._this_boot = ThisBoot()

    async def choose(self, inventory: Inventory) -> str:
        """The id of what the person picked in the menu."""
        self._screen.at_menu(inventory)
        offered = [wording.profile_choice(profile) for profile in self._kit.profiles]
        return await self._desk.ask(wording.MENU, [*offered, wording.RESTART, wording.OFF])

    async def carry_out(self, choice: str, inventory: Inventory) -> EndAction | None:
        """Do it; what the PC does then, None for its menu again."""
        if choice == wording.OFF.id:
            self._screen.leaving("poweroff", None)
            return "poweroff"
        if choice == wording.RESTART.id:
            self._screen.leaving("reboot", None)
            return "reboot"
        profile = next(one for one in self._kit.profiles if wording.profile_id(one) == choice)
        if profile.writes:
            problem = forbids_writing(inventory)
            if problem is not None:
                self._screen.stopped(problem)
                return await self._what_now()
            if not await self._sure(inventory):
                return None
        return await self._do(profile, inventory)

    async def _sure(self, inventory: Inventory) -> bool:
        """Whether the person says yes, who was shown every disk that is erased."""
        parts = wording.parts_of(internal_disks(inventory))
        for number, part in enumerate(parts, start=1):
            onward = wording.YES if number == len(parts) else wording.MORE
            said = await self._desk.ask(wording.sure(part, number, len(parts)), [wording.NO, onward])
            if said != onward.id:
                return False
        return bool(parts)

    async def _do(self, profile: Profile, inventory: Inventory) -> EndAction | None:
        visit = KitVisit(
            kit=self._kit.name,
            job=secrets.token_hex(16),
            boot=BOOT_ID.read_text(encoding="ascii").strip(),
            clock=pc_clock(),
            language=self._language,
            inventory=inventory,
            seen=as_seen(inventory),
            profile=profile,
        )
        reports = Reports()
        part = ServerPart(visit, reports, self._keep)
        # No stage that a kit offers asks a server for anything.
        stages = Stages(ServerPlace(""), bytes(32), "", this_boot=self._this_boot)
        at_work = Visit(part, reports, stages.run, self._screen, listen=self._listen)
        try:
            async with asyncio.TaskGroup() as tasks:
                await part.begin()
                doing = tasks.create_task(at_work.run(tasks))
                stopping = tasks.create_task(part.stopped.wait())
                await asyncio.wait({doing, stopping}, return_when=asyncio.FIRST_COMPLETED)
                stopping.cancel()
                if doing.done():
                    return doing.result()
                await asyncio.sleep(0)  # the screen has been told why
                action = await self._what_now()
                doing.cancel()
                return action
        except* GivenUpError:
            log.warning("switched off without evidence")
        self._screen.leaving_unkept()
        return "poweroff"

    async def _what_now(self) -> EndAction | None:
        said = await self._desk.ask(wording.STOPPED, [wording.AGAIN, wording.OFF])
        if said == wording.AGAIN.id:
            return None
        self._screen.leaving("poweroff", None)
        return "poweroff"

    async def _keep(self, visit: KitVisit) -> None:
        """Put the evidence onto the stick, however often it takes. Raises GivenUpError when the person gives up."""
        key = SigningKey(bytes.fromhex(self._kit.key))
        name = file_name(visit)
        files = {f"{name}.json": sealed(visit, key), f"{name}.txt": request_text(visit)}
        # What is full is to be known before anything is erased, not after.
        room = 0 if visit.stages else stick.ROOM
        while True:
            try:
                await asyncio.to_thread(self._write, self._kit.data, files, room=room)
            except stick.StickError as error:
                log.warning("%s: %s", error.reason, error)
                said = await self._desk.ask(_STICK_TOLD[error.reason], [wording.RETRY, wording.WITHOUT])
                if said == wording.WITHOUT.id:
                    raise GivenUpError from error
            else:
                return
