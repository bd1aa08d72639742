"""The pages for policies of single PCs: the list, the page of a PC known by its address only, and the form.

The admin's settings file comes first: what it denies is not allowed here. Not for: what a policy does
(`bootmenu/offered.py`).
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast, get_args

from aiohttp import web
from msgspec.structs import replace

from netboot.bootmenu.offered import may_be_default
from netboot.jobs.identity import Key, is_carried, keys_of
from netboot.jobs.policy import DhcpMode, Loader, Policy
from netboot.records.refusals import Contested, NotOnRecord, NotThatVisit
from netboot.records.values import PolicyRow, SeenVisit, VisitRow
from netboot.webui.keys import workshop_key
from netboot.webui.refusal import Refusal
from netboot.webui.render import page
from netboot.webui.visitor import operators_form, signed_in
from netboot.workshop.greeting import Workshop

_DIGITS: Final = re.compile(r"[0-9a-f]{12}")
LONGEST_NOTE: Final = 200


@dataclass(frozen=True, slots=True)
class Rule:
    """What the form of one PC shows: its names, what is set here and in the settings file, and where it leads back.

    `visit` is the one that the PC is seen in, "" for one that is known by an address only.
    """

    names: tuple[Key, ...]
    policy: Policy
    fixed: Policy
    note: str
    field: str
    subject: str
    visit: str = ""


async def show_policies(request: web.Request) -> web.Response:
    """GET /policies."""
    signed_in(request)
    workshop = request.app[workshop_key]
    rows = await asyncio.to_thread(workshop.record.policies.all)
    return page(request, "policies.html.j2", rules=_grouped(rows), fixed=workshop.policies.machines)


async def open_address(request: web.Request) -> web.Response:
    """GET /address: `mac` as a person writes it leads to its page. Raises Refusal."""
    return _to(f"/address/{address(request.query.get('mac', ''))}")


async def show_address(request: web.Request) -> web.Response:
    """GET /address/{mac}: a PC that has not said hello, or a dock; of an adapter that is a PC's own, that PC's page."""
    workshop = request.app[workshop_key]
    mac = address(request.match_info["mac"])
    row = workshop.live_board.row(mac)
    if row is not None and row.machine:
        newest = (await asyncio.to_thread(workshop.record.machines.summary, row.machine)).visits[0]
        owner = row.machine if Key("mac", mac) in await own_names(workshop, row.machine, newest) else ""
        carried = any(nic.mac == mac and is_carried(nic) for nic in newest.inventory.nics)
        adapter = "carried" if carried else "shared"
    else:
        owner, adapter = await asyncio.to_thread(workshop.record.machines.id_of_adapter, mac), "unknown"
    if owner:
        return _to(f"/machine/{owner}#rule")
    rule = await rule_of(workshop, (Key("mac", mac),), field="mac", subject=mac)
    return page(
        request, "address.html.j2", mac=mac, adapter=adapter, row=row, rule=rule, saved="saved" in request.query
    )


async def set_policy(request: web.Request) -> web.Response:
    """POST /policy: for a `machine` by its id, as it was in the `visit` that was seen, or for a `mac`."""
    who, form = await operators_form(request)
    workshop = request.app[workshop_key]
    machine = form.get("machine", "")
    if machine:
        try:
            await asyncio.to_thread(workshop.record.machines.summary, machine)
            seen = await asyncio.to_thread(workshop.record.visits.seen, form.get("visit", ""))
        except NotOnRecord:
            raise Refusal("no-such-machine") from None
        if seen.machine_id != machine or not await _is_shown(workshop, seen):
            raise Refusal("another-visit")
        names, back = await own_names(workshop, machine, seen.visit), f"/machine/{machine}"
        if not names:
            raise Refusal("no-own-name")
    else:
        mac = address(form.get("mac", ""))
        names, back = (Key("mac", mac),), f"/address/{mac}"
    policy = _policy(form, workshop)
    note = " ".join(form.get("note", "").split())[:LONGEST_NOTE]
    await workshop.commands.set_policy(who.actor, names, policy, note=note)
    _show_again(workshop, names)
    return _to(f"{back}?saved=1#rule")


async def rule_of(workshop: Workshop, names: Sequence[Key], *, field: str, subject: str, visit: str = "") -> Rule:
    """What is set for the PC with these names."""
    rows = {row.key: row for row in await asyncio.to_thread(workshop.record.policies.all)}
    row = next((rows[key] for key in names if key in rows), None)
    values = {key.kind: key.value for key in reversed(names)}
    fixed = workshop.policies.fixed(values.get("mac", ""), values.get("uuid", ""))
    return Rule(tuple(names), row.policy if row else Policy(), fixed, row.note if row else "", field, subject, visit)


async def own_names(workshop: Workshop, machine: str, visit: VisitRow) -> tuple[Key, ...]:
    """The names under which something is set for a PC: its UUID, and the adapter it came by; none of another PC's.

    A hello may tell every adapter of the bench as its own: what is set for its PC must not hold for those. Where the
    kernel knows whose adapter the line came from, that one counts, whatever the hello told.
    """
    keys = keys_of(visit.inventory)
    uuids = tuple(key for key in keys if key.kind == "uuid")
    fitted = tuple(key for key in keys if key.kind == "mac")
    came_by = Key("mac", visit.adapter or visit.mac)
    told = {nic.mac for nic in visit.inventory.nics}
    adapters: tuple[Key, ...]
    if came_by in fitted or (visit.adapter and visit.adapter not in told):
        adapters = (came_by,)
    elif uuids:
        adapters = ()  # a dock's, which goes on to the next PC
    else:
        adapters = fitted if len(fitted) == 1 else (came_by,)
    others = await asyncio.to_thread(workshop.record.machines.names_of_others, machine, (*uuids, *adapters))
    return tuple(key for key in (*uuids, *adapters) if key not in others or key.value == visit.adapter)


async def _is_shown(workshop: Workshop, seen: SeenVisit) -> bool:
    """Whether this is still the visit by which the machine is shown, or one that is on the line."""
    if workshop.live_board.of_visit(seen.visit.id) is not None:
        return True
    try:
        await asyncio.to_thread(workshop.record.visits.require_seen, seen.machine_id, seen.visit.id)
    except NotThatVisit:
        return False
    except Contested:
        pass
    return True


def address(text: str) -> str:
    """A MAC address as people write it, in lower case with colons. Raises Refusal."""
    digits = re.sub(r"[\s.:-]", "", text[:40].lower())
    if not _DIGITS.fullmatch(digits):
        raise Refusal("bad-address")
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def _grouped(rows: Sequence[PolicyRow]) -> list[list[PolicyRow]]:
    """The rows, grouped where several of one machine say the same."""
    groups: dict[object, list[PolicyRow]] = {}
    for row in rows:
        groups.setdefault((row.machine_id or row.key, row.policy, row.note), []).append(row)
    return list(groups.values())


def _policy(form: dict[str, str], workshop: Workshop) -> Policy:
    """Raises Refusal."""
    loader, dhcp, default = form.get("loader", ""), form.get("dhcp", ""), form.get("default", "")
    known = loader in ("", *get_args(Loader)) and dhcp in ("", *get_args(DhcpMode))
    if not known or not may_be_default(default, workshop.profiles):
        raise Refusal("bad-rule")
    return Policy(
        denied=form.get("access") == "denied",
        loader=cast(Loader, loader) if loader else None,
        dhcp=cast(DhcpMode, dhcp) if dhcp else None,
        default=default,
    )


def _to(place: str) -> web.Response:
    return web.Response(status=303, headers={"Location": place})


def _show_again(workshop: Workshop, names: Sequence[Key]) -> None:
    """The rows of this PC say at once what was set."""
    values = {key.value for key in names}
    for row in workshop.live_board.rows():
        if values & {row.mac, row.uuid}:
            workshop.live_board.put(replace(row))
