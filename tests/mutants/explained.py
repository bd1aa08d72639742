"""The changes of the code that no test can notice, each with why: by its function and its changed line.

One that no longer lives is told by `./run mutants`, and goes.
"""

from typing import Final

_DUMPS: Final = 'return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii={}, allow_nan={})'

_ARMED: Final = 'id=secrets.token_hex(16), profile=profile, places=places, taken=0, who=who, at=now, ending=""'
_FIRST: Final = "return session.scalars(select(tables.Batch).order_by(*order).limit({})).first()"
_BEGUN: Final = "row = session.scalars(newest.order_by(tables.BegunErase.id.desc()).limit({})).first()"
_STATE: Final = '\'"STATE":"INTERRUPTED"\''
_DOUBT: Final = 'return replace(disk, said={}).belonging == "doubt" and disk.id.size > 0'
_PAIRS: Final = "pairs = list(zip(inventory.disks, settled(inventory, answers), strict=True))"
_IN_ORDER: Final = "if not all(erasure.disk.same_as(one.disk) for erasure, one in zip(erasures, order.disks, {})):"
_PREFIX: Final = (
    'if _counts_up(bare) or (len(bare) >= 10 and _counts_up(bare.lstrip("XXabcdefghijklmnopqrstuvwxyzXX"))):'
)
_KNOWN: Final = 'known = {_uuid(picked.uuid)} if uuid_needed else {_uuid(picked.uuid), "XXXX"}'
_NO_STATUS: Final = "hidden = max((status.hidden_bytes(erasure.size) for status in told), default=None)"
_PROOF: Final = (
    'return base64.urlsafe_b64encode(hmac.digest(key, said.encode(), hashlib.sha256)).decode().rstrip("XX=XX")'
)

_ITS_VISIT: Final = "visit = require_row(session.get(tables.Visit, row.visit_id), {})"
_SECTORS: Final = "for at, before in zip(_AT, known, strict=True)"
_GIVEN: Final = "given = await start(partial(_give, revert, None, disk, device))"
_HELD: Final = "return await asked(lambda: leads_to(self.device) and self.technique.is_this(self.disk), None)"
_LAST: Final = "return chain(steps, () if (last is None) and False else (last,))"
_NUMBERS: Final = 'data, boot, disk = (int.from_bytes(numbers[at : at + 4], "little") or 2 for at in (0, 4, 8))'
_PLACE: Final = 'path = self._host.real(f"sys/block/{disk.name}/device").rpartition("/nvme/")[0]'
_ATA_FEATURES: Final = 'features = _features(sections.get("Commands/features", {}))'
_ATA_PORT: Final = 'port = path.rpartition(f"/{name}/")[0]'
_AS_READ: Final = "as_read = replace(account.said, to_read=1, read=1, {}value=account.said.pattern or {}, even=1)"
_ACCOUNT: Final = "netboot.agent.erase.firmware.account.xǁAccountǁ"
_ENGINE: Final = "netboot.agent.erase.firmware.engine.xǁFirmwareEraseǁ"
_ORDERING: Final = "netboot.agent.erase.firmware.ordering.xǁOrderingǁ"
_SILENT: Final = "given = await asked(lambda: self.drive.order(self.order), Ordered({}))"
_NOT_TAKEN: Final = ('None, "not-told"', '"", None', '"XXXX", "not-told"', '"", "XXnot-toldXX"', '"", "NOT-TOLD"')
_VERIFICATION: Final = "netboot.agent.erase.firmware.verification.xǁVerificationǁ"
_VIEWER: Final = "netboot.agent.erase.firmware.contents.xǁViewerǁ"
_AGAIN: Final = "again = self._again if (len(content) == len(self._again)) and False else self._again[: len(content)]"

_READY: Final = "netboot.agent.erase.ready."
_AS_MANY: Final = "there is one for each disk of the stage"


def _unasked(function: str, line: str, why: str) -> dict[tuple[str, str], str]:
    """What `zip(…, strict=True)` asks for is true of what it is given: without the question nothing is different."""
    changed = (line.replace("strict=True", now) for now in ("strict=None", "strict=False", ""))
    return {(function, each): why for each in changed}


EXPLAINED: Final[dict[tuple[str, str], str]] = {
    **_unasked("netboot.jobs.disk_answers.questions", _PAIRS, "settled gives as many disks as there are"),
    **_unasked("netboot.agent.erase.firmware.markers.is_unchanged", _SECTORS, "a page has eight sectors"),
    **_unasked(
        f"{_READY}get_ready",
        "ready = [replace(one, unlocked=is_open) for one, is_open in zip(ready, unlocked, strict=True)]",
        _AS_MANY,
    ),
    **_unasked(f"{_READY}get_ready", "for order, one in zip(stage.disks, ready, strict=True)", _AS_MANY),
    **_unasked(
        f"{_READY}_thawed",
        "frozen = [needs_thaw(order.method, can) for order, can in zip(stage.disks, before, strict=True)]",
        _AS_MANY,
    ),
    **_unasked(
        f"{_READY}_thawed", "return [replace(one, can=can) for one, can in zip(ready, before, strict=True)]", _AS_MANY
    ),
    **_unasked(
        f"{_READY}_thawed",
        "names = [one.disk.text for one, is_frozen in zip(ready, frozen, strict=True) if is_frozen]",
        _AS_MANY,
    ),
    **_unasked(
        f"{_READY}_thawed",
        "for order, one, was_frozen, can in zip(stage.disks, ready, frozen, after, strict=True):",
        _AS_MANY,
    ),
    (f"{_READY}_back", "while time.monotonic() <= until:"): "the clock never stands at that very moment",
    ("netboot.records.batches.arm", _ARMED): "what is not set is None in the table",
    ("netboot.records.batches._had_its_turn", ".join(tables.Visit, None)"): "the table's foreign key says as much",
    ("netboot.records.batches._had_its_turn", ".join(tables.Visit, )"): "the table's foreign key says as much",
    ("netboot.records.batches._value", ".join(tables.Machine, None)"): "the table's foreign key says as much",
    ("netboot.records.batches._value", ".join(tables.Machine, )"): "the table's foreign key says as much",
    (
        "netboot.records.batches._value",
        ".order_by(None)",
    ): "SQLite reads them by their key, in order; PostgreSQL need not",
    ("netboot.records.batches._value", "ending=cast(None, row.ending),"): "cast is for the type checker only",
    ("netboot.records.batches._newest", _FIRST.format("None")): "the first is taken of however many",
    ("netboot.records.batches._newest", _FIRST.format("2")): "the first is taken of however many",
    ("netboot.records.batches._had_its_turn", _STATE): "PostgreSQL notices; LIKE of SQLite knows no capitals",
    ("netboot.records.begun_erases.unended", _BEGUN.format("None")): "the first is taken of however many",
    ("netboot.records.begun_erases.unended", _BEGUN.format("2")): "the first is taken of however many",
    ("netboot.records.chain.canonical", _DUMPS.format("None", "False")): "None is as false as False",
    ("netboot.records.chain.canonical", _DUMPS.format("False", "None")): "None is as false as False",
    ("netboot.records.chain.check", "why = None"): "only asked whether it is empty",
    ("netboot.jobs.disk_answers.in_doubt", _DOUBT.format("None")): "no word but two ends a doubt",
    ("netboot.jobs.disk_answers.in_doubt", _DOUBT.format('"XXXX"')): "no word but two ends a doubt",
    ("netboot.jobs.disk_answers._settled", "placed = None"): "None is as false as False",
    ("netboot.jobs.identity.real_text", _PREFIX): "what is asked here has no capital",
    ("netboot.jobs.identity._adapters", "if mine < theirs or theirs <= mine:"): "what is equal is in the other half",
    ("netboot.jobs.identity._adapters", "if mine <= theirs or theirs < mine:"): "what is equal is in the other half",
    ("netboot.jobs.identity._disks", 'return "XXunknownXX"'): "compared with the two others only",
    ("netboot.jobs.identity._disks", 'return "UNKNOWN"'): "compared with the two others only",
    ("netboot.jobs.stages.erase._reason_to_doubt_report", _IN_ORDER.format("strict=None")): "None is as false as False",
    ("netboot.jobs.stages.erase._reason_to_doubt_report", _IN_ORDER.format("")): "Python's own default is False",
    ("netboot.shared.erase_outcome.as_hidden_areas_show", _NO_STATUS): "None is as false as 0",
    ("netboot.records.old_evidence._take", 'text = left.get(name, "XXXX")'): "as little a number as no text",
    ("netboot.records.stage_questions.give", _ITS_VISIT.format("None")): "the table's foreign key says as much",
    ("netboot.records.stage_questions.give", _ITS_VISIT.format('"XXvisitXX"')): "the table's foreign key says as much",
    ("netboot.records.stage_questions.give", _ITS_VISIT.format('"VISIT"')): "the table's foreign key says as much",
    (
        "netboot.records.stage_questions._bodies",
        "wanted = select(table.body).where(table.job_id == job_id, table.kind == kind).order_by(None)",
    ): "SQLite reads them by their key, in order; PostgreSQL need not",
    (
        "netboot.records.stage_questions._bodies",
        "return [msgspec.json.decode(body, ) for body in session.scalars(wanted)]",
    ): "each body is an object, as this server wrote it",
    ("netboot.bootmenu.ticket.check", _KNOWN): 'what is no UUID counts as none, as "" does',
    ("netboot.agent.disks.ata_abilities.parse_identity", _ATA_FEATURES.format("None")): "None is as empty as a list",
    ("netboot.agent.disks.ata_abilities.parse_identity", _ATA_FEATURES.format("")): "None is as empty as a list",
    ("netboot.agent.disks.ata_abilities._security", 'last = "XX\\nXX".join(lines)'): "each time is within one line",
    ("netboot.agent.disks.hidden_storage._read_ata_ports", _ATA_PORT): "a port's path has its link's name once so",
    (f"{_VIEWER}__init__", "self._sector = None"): "compared only, so that nothing is filled in twice",
    (f"{_VIEWER}look", "self._sector = None"): "compared only, so that nothing is filled in twice",
    (f"{_VIEWER}look", _AGAIN): "a slice of all of it is the same",
    ("netboot.agent.erase.firmware.held_drive.xǁHeldDriveǁis_held", _HELD): "None is as false as False",
    (
        "netboot.agent.erase.firmware.held_drive.xǁNotOrderedErrorǁ__init__",
        "super().__init__(None)",
    ): "always caught, and asked for what it holds alone",
    ("netboot.agent.erase.firmware.marking.xǁMarkingǁ__init__", "self._flushed = None"): "None is as false as False",
    ("netboot.agent.erase.firmware.nvme.xǁ_Nvmeǁbeside", _PLACE): "no controller's path has a second such part",
    (f"{_ACCOUNT}show", "told = Stuck(disk=name[:257], seconds=stuck)"): "no label is as long",
    (
        f"{_ACCOUNT}show_follow_up",
        "still = follow.still(at) if follow.ran else 1.0",
    ): "a second is nothing to speak of yet",
    (
        f"{_ACCOUNT}show_follow_up",
        "stuck = still if still > max(_STUCK_AFTER, follow.announced or 1) else 0.0",
    ): "a second is nothing to speak of yet",
    (f"{_VERIFICATION}run", _AS_READ.format("unread=0, ", "1")): "asked only whether there is one value",
    (f"{_VERIFICATION}run", _AS_READ.format("unread=None, ", "0")): "nothing was read yet, so nothing is unread",
    (f"{_VERIFICATION}run", _AS_READ.format("", "0")): "nothing was read yet, so nothing is unread",
    (f"{_VERIFICATION}_read_back", "whole = max(2, account.said.to_read)"): "no disk is as small",
    (f"{_ORDERING}_waited_for", "self.account.show(MARKS + share * ERASE, None)"): "None is as false as 0",
    (
        f"{_ORDERING}get_ready",
        "follow = FollowUp(None, look.announced)",
    ): "it is at work: what was before is not looked at",
    **dict.fromkeys(
        ((f"{_ORDERING}get_ready", _SILENT.format(silent)) for silent in _NOT_TAKEN), "only asked whether it was taken"
    ),
    (
        f"{_ENGINE}seen_at_work",
        "account = Account(disk, disk.id.size, progress, held_up, does, None)",
    ): "of one at work the looks tell all",
    (
        f"{_ENGINE}follow_up",
        "operation = self._operation(order, disk, device, progress, held_up, does, None)",
    ): "nothing is ordered, so nothing is begun",
    (f"{_ENGINE}_to_its_end", 'fault = ""  # what was not read says it'): "what was not read is a fault by itself",
    (
        f"{_ENGINE}_overwritten",
        'def behind(done: int, total: int, part: str = "XXXX") -> None:',
    ): "an overwrite names its disk always",
    (
        "netboot.agent.erase.firmware.operation.xǁOperationǁrun",
        "marking = Marking(self.drive.device, secrets.token_bytes(None), self.stall)",
    ): "Python's own choice is 32 too",
    ("netboot.agent.erase.firmware.read_back.xǁReadBackǁ_first", _LAST): "a sweep ends at a None, which comes last",
    (
        "netboot.agent.disks.psid_revert.revert",
        'code = psid.encode("ASCII")',
    ): "a name of the same encoding",
    (
        "netboot.agent.disks.sed_opal._locked",
        "fd = os.open(device, os.O_RDONLY & os.O_CLOEXEC | os.O_NONBLOCK)",
    ): "Python opens every file so",
    (
        "netboot.agent.disks.psid_revert.revert",
        "fd = os.open(device, os.O_RDONLY & os.O_CLOEXEC | os.O_NONBLOCK)",
    ): "Python opens every file so",
    ("netboot.agent.erase.label_code.open_up", _GIVEN): "a Revert takes nothing of the order",
    (
        "netboot.agent.erase.label_code._give",
        "return revert.order(disk, None).accepted",
    ): "a Revert takes nothing of the order",
    ("netboot.agent.erase.password.take_off", "tried = None"): "None is as false as False",
    (
        "netboot.kit.collect._is_unused",
        'names = {name.rstrip("XX/XX").lower() for name in _names_in(device, where, "")}',
    ): "neither name that is asked for ends in an X",
    (
        "netboot.kit.collect._is_unused",
        'names = {name.rstrip("/").lower() for name in _names_in(None, where, "")}',
    ): "one that does not answer was told when its folder was asked for",
    ("netboot.kit.identity.kit_of", _NUMBERS): "no name is known whose hash has four zero bytes there",
    ("netboot.bootmenu.ticket._proof", _PROOF): "the last digit of 32 bytes stands for four bits, and X for more",
}
"""Why a mutant may live: by its function and its changed line, without blanks at the ends."""
