"""Which modules are mutated, the tests that hold each, and the survivors that are explained.

A module that comes to decide about disks or proof is added here with it.
"""

from typing import Final, NamedTuple


class Held(NamedTuple):
    """A file or a pattern of files under netboot/, and the tests that are to notice every change, tried `at_once`.

    `threads`: what the tests use starts threads of its own, which a process forked from one that has run them lacks.
    """

    pattern: str
    tests: tuple[str, ...]
    at_once: int = 1
    threads: bool = False


_ERASE: Final = (
    "tests/jobs/test_contradictions.py", "tests/jobs/test_evidence.py", "tests/jobs/test_erase_levels.py",
    "tests/jobs/test_erase_policy.py", "tests/jobs/test_disk_locks.py",
)  # fmt: skip
_BY_DRIVE: Final = (
    "tests/jobs/test_firmware_rules.py", "tests/jobs/test_firmware_rules_parts.py", "tests/jobs/test_opal_rules.py",
    "tests/jobs/test_scsi_rules.py", "tests/jobs/test_erase_cuts.py",
)  # fmt: skip
"""What the server makes of an erase that the drive did by itself."""

_ENGINE: Final = (
    "tests/agent/test_engine_steps.py", "tests/agent/test_engine_faults.py", "tests/agent/test_at_work.py",
)  # fmt: skip

_ANSWERS: Final = tuple(
    f"tests/agent/test_{name}.py"
    for name in ("sense", "ata_sanitize", "nvme_sanitize_log", "nvme_namespace", "scsi_sanitize",
                 "erase_support", "hidden_area_orders", "opal_discovery")
)  # fmt: skip

_CHECKS: Final = ("tests/certificates/test_verify_findings.py",)

MODULES: Final[dict[str, Held]] = {
    "answers": Held("netboot/agent/answers/*.py", _ANSWERS),
    "ata_abilities": Held(
        "netboot/agent/disks/ata_abilities.py",
        ("tests/agent/test_ata_abilities.py", "tests/agent/test_disk_abilities.py"),
    ),
    "ata_orders": Held("netboot/agent/erase/firmware/ata.py", ("tests/agent/test_ata_orders.py",)),
    "at_work": Held("netboot/agent/erase/firmware/at_work.py", _ENGINE[2:], at_once=4),
    "batches": Held(
        "netboot/records/batches.py",
        (
            "tests/records/test_batches.py",
            "tests/records/test_batch_journal.py",
            "tests/records/test_batch_turns.py",
            "tests/records/test_batch_days.py",
        ),
        at_once=2,
    ),
    "begun_erases": Held("netboot/records/begun_erases.py", ("tests/records/test_begun_erases.py",)),
    "certificate_check": Held("netboot/certificates/verify.py", _CHECKS, threads=True),
    "certificate_file": Held(
        "netboot/certificates/sealed.py", (*_CHECKS, "tests/certificates/test_sealed.py"), threads=True
    ),
    "certificate_findings": Held("netboot/certificates/findings.py", _CHECKS, threads=True),
    "certificate_seal": Held("netboot/certificates/seal.py", ("tests/certificates/test_seal_lines.py",)),
    "certificate_signature": Held(
        "netboot/certificates/signature_check.py", ("tests/certificates/test_signature_check.py",), threads=True
    ),
    "certificate_values": Held(
        "netboot/certificates/compose.py",
        (
            "tests/certificates/test_compose_fields.py",
            "tests/certificates/test_compose_around.py",
            "tests/certificates/test_compose.py",
        ),
    ),
    "chain": Held("netboot/records/chain.py", ("tests/records/test_chain.py",)),
    "claim": Held("netboot/agent/disks/claim.py", ("tests/agent/test_claim.py", "tests/agent/test_ready.py")),
    "contents": Held(
        "netboot/agent/erase/firmware/contents.py", ("tests/agent/test_disk_contents.py", "tests/agent/test_marking.py")
    ),
    "customise": Held(
        "netboot/jobs/stages/customise.py", ("tests/jobs/test_customise_rules.py", "tests/jobs/test_evidence.py")
    ),
    "deploy": Held(
        "netboot/jobs/stages/deploy.py",
        ("tests/jobs/test_deploy_rules.py", "tests/jobs/test_erase_exception.py", "tests/jobs/test_evidence.py"),
    ),
    "disk_answers": Held(
        "netboot/jobs/disk_answers.py", ("tests/jobs/test_disk_answers.py", "tests/jobs/test_disks_by_place.py")
    ),
    "disk_ports": Held("netboot/shared/disk_ports.py", ("tests/shared/test_disk_ports.py",)),
    "disk_status": Held("netboot/shared/disk_status.py", ("tests/agent/test_disk_status.py",)),
    "disk_status_asked": Held("netboot/agent/disks/disk_status.py", ("tests/agent/test_disk_status.py",)),
    "disk_take_out": Held("netboot/jobs/disk_take_out.py", ("tests/jobs/test_disk_take_out.py",)),
    "disk_rules": Held("netboot/jobs/disk_rules.py", ("tests/jobs/test_disk_rules.py",)),
    "drive_freed": Held("netboot/agent/erase/password.py", ("tests/agent/test_drive_password.py",)),
    "drive_password": Held("netboot/jobs/drive_password.py", ("tests/jobs/test_drive_password.py",)),
    "engine": Held("netboot/agent/erase/firmware/engine.py", _ENGINE, at_once=4),
    "erase": Held("netboot/jobs/stages/erase.py", (*_ERASE, "tests/jobs/test_disk_answers.py")),
    "erase_account": Held("netboot/agent/erase/firmware/account.py", ("tests/agent/test_erase_account.py",)),
    "erase_cuts": Held("netboot/jobs/erase_cuts.py", ("tests/jobs/test_erase_cuts.py",)),
    "erase_exception": Held("netboot/jobs/erase_exception.py", ("tests/jobs/test_erase_exception.py",)),
    "erase_levels": Held(
        "netboot/jobs/erase_levels.py", ("tests/jobs/test_erase_levels.py", "tests/jobs/test_erase_policy.py")
    ),
    "erase_methods": Held("netboot/jobs/erase_methods/*.py", (*_ERASE, *_BY_DRIVE)),
    "erase_outcome": Held("netboot/shared/erase_outcome.py", _ERASE[:2]),
    "erase_operation": Held("netboot/agent/erase/firmware/operation.py", _ENGINE, at_once=4),
    "erase_ordering": Held("netboot/agent/erase/firmware/ordering.py", _ENGINE, at_once=4),
    "erase_policy": Held(
        "netboot/jobs/erase_policy.py", ("tests/jobs/test_erase_policy.py", "tests/jobs/test_opal_rules.py")
    ),
    "erase_programs": Held(
        "netboot/agent/erase/firmware/programs.py",
        (
            "tests/agent/test_erase_programs.py",
            "tests/agent/test_ata_orders.py",
            "tests/agent/test_scsi_orders.py",
            "tests/agent/test_support_asked.py",
        ),
    ),
    "erase_verification": Held(
        "netboot/agent/erase/firmware/verification.py", ("tests/agent/test_erase_verification.py",)
    ),
    "evidence": Held("netboot/jobs/evidence.py", ("tests/jobs/test_evidence.py",)),
    "finish": Held("netboot/jobs/stages/finish.py", ("tests/jobs/test_imaging.py",)),
    "firmware_verdict": Held(
        "netboot/shared/firmware_verdict.py",
        ("tests/shared/test_firmware_verdict.py", "tests/shared/test_opal_verdict.py", *_BY_DRIVE),
    ),
    "follow_up": Held("netboot/agent/erase/firmware/follow_up.py", ("tests/agent/test_follow_up.py",)),
    "give_back": Held("netboot/agent/erase/give_back.py", ("tests/agent/test_give_back.py",)),
    "held_drive": Held("netboot/agent/erase/firmware/held_drive.py", _ENGINE),
    "hidden_rules": Held("netboot/agent/erase/hidden_rules.py", ("tests/agent/test_hidden_rules.py",)),
    "hidden_storage": Held(
        "netboot/agent/disks/hidden_storage.py",
        ("tests/agent/test_hidden_storage.py", "tests/agent/test_hidden_storage_told.py"),
    ),
    "honest_erasure": Held("netboot/jobs/honest_erasure.py", (*_ERASE, "tests/jobs/test_erase_cuts.py")),
    "identity": Held(
        "netboot/jobs/identity.py", ("tests/records/test_identity.py", "tests/records/test_identity_names.py")
    ),
    "imaging": Held(
        "netboot/imaging.py",
        ("tests/jobs/test_imaging.py", "tests/jobs/test_disk_answers.py", "tests/jobs/test_disks_by_place.py"),
    ),
    "inventory": Held("netboot/shared/inventory.py", ("tests/shared/test_inventory.py",)),
    "kit_collect": Held(
        "netboot/kit/collect.py",
        (
            "tests/kit/test_collect_files.py",
            "tests/kit/test_collect_bounds.py",
            "tests/kit/test_collect.py",
            "tests/kit/test_hostile_sticks.py",
        ),
        threads=True,
    ),
    "kit_identity": Held("netboot/kit/identity.py", ("tests/kit/test_identity.py",)),
    "kit_visit": Held(
        "netboot/alone/kit_visit.py", ("tests/alone/test_kit_visit_words.py", "tests/alone/test_kit_visit.py")
    ),
    "label_code": Held(
        "netboot/agent/erase/label_code.py", ("tests/agent/test_label_code.py", "tests/agent/test_opal_erase.py")
    ),
    "mark_places": Held(
        "netboot/shared/mark_places.py", ("tests/shared/test_mark_places.py", "tests/agent/test_markers.py")
    ),
    "marks": Held(
        "netboot/agent/erase/firmware/mark*.py",
        ("tests/shared/test_mark_places.py", "tests/agent/test_markers.py", "tests/agent/test_marking.py"),
    ),
    "memory": Held("netboot/jobs/stages/memory.py", ("tests/jobs/test_memory_rules.py",)),
    "nvme_abilities": Held("netboot/agent/disks/nvme_abilities.py", ("tests/agent/test_nvme_abilities.py",)),
    "nvme_namespaces": Held("netboot/agent/disks/nvme_namespaces.py", ("tests/agent/test_nvme_namespaces.py",)),
    "nvme_orders": Held(
        "netboot/agent/erase/firmware/nvme.py", ("tests/agent/test_nvme_orders.py", "tests/agent/test_media_errors.py")
    ),
    "old_evidence": Held("netboot/records/old_evidence.py", ("tests/records/test_old_evidence.py",)),
    "opal_orders": Held("netboot/agent/erase/firmware/opal.py", ("tests/agent/test_opal_orders.py",)),
    "out_of_reach": Held("netboot/shared/out_of_reach.py", ("tests/shared/test_out_of_reach.py",)),
    "overwrite_verdict": Held("netboot/agent/erase/overwrite_verdict.py", ("tests/agent/test_overwrite_verdict.py",)),
    "profile": Held(
        "netboot/jobs/profile.py",
        ("tests/jobs/test_profile_rules.py", "tests/jobs/test_profiles.py", "tests/jobs/test_erase_policy.py"),
    ),
    "question_counted": Held("netboot/jobs/stage_questions.py", ("tests/jobs/test_stage_questions.py",)),
    "question_record": Held(
        "netboot/records/stage_questions.py",
        (
            "tests/records/test_stage_questions.py",
            "tests/records/test_question_bodies.py",
        ),
    ),
    "read_back": Held(
        "netboot/agent/erase/firmware/read_back.py",
        ("tests/agent/test_read_back.py", "tests/agent/test_read_back_hangs.py"),
    ),
    "ready": Held(
        "netboot/agent/erase/ready.py",
        ("tests/agent/test_ready_words.py", "tests/agent/test_ready.py", "tests/agent/test_locked_disks.py"),
    ),
    "sample": Held(
        "netboot/shared/read_back.py", ("tests/shared/test_firmware_verdict.py", "tests/jobs/test_firmware_rules.py")
    ),
    "scsi_abilities": Held("netboot/agent/disks/scsi_abilities.py", ("tests/agent/test_scsi_abilities.py",)),
    "scsi_orders": Held("netboot/agent/erase/firmware/scsi.py", ("tests/agent/test_scsi_orders.py",)),
    "seen": Held("netboot/jobs/seen.py", ("tests/jobs/test_seen.py",)),
    "smart": Held("netboot/jobs/stages/smart.py", ("tests/jobs/test_smart_rules.py",)),
    "target": Held("netboot/jobs/target.py", ("tests/jobs/test_target.py", "tests/jobs/test_imaging.py")),
    "thaw_rules": Held("netboot/agent/erase/thaw_rules.py", ("tests/agent/test_thaw_rules.py",)),
    "thawing": Held("netboot/shared/thawing.py", ("tests/agent/test_thaw_rules.py",)),
    "ticket": Held("netboot/bootmenu/ticket.py", ("tests/bootmenu/test_ticket.py",)),
    "unlocking": Held(
        "netboot/agent/erase/unlocking.py", ("tests/agent/test_unlocking.py", "tests/agent/test_drive_password.py")
    ),
}

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
_NO_STATUS: Final = "hidden = max((status.hidden_bytes(erasure.disk.size) for status in told), default=None)"
_PROOF: Final = (
    'return base64.urlsafe_b64encode(hmac.digest(key, said.encode(), hashlib.sha256)).decode().rstrip("XX=XX")'
)

_ITS_VISIT: Final = "visit = require_row(session.get(tables.Visit, row.visit_id), {})"
_SECTORS: Final = "for at, before in zip(_AT, known, strict=True)"
_GIVEN: Final = 'if await start(partial(_give, revert, None, disk, device)) == "yes":'
_HELD: Final = "return await asked(lambda: leads_to(self.device) and self.technique.is_this(self.disk), None)"
_LAST: Final = "return chain(steps, () if (last is None) and False else (last,))"
_NUMBERS: Final = 'data, boot, disk = (int.from_bytes(numbers[at : at + 4], "little") or 2 for at in (0, 4, 8))'
_PLACE: Final = 'path = self._host.real(f"sys/block/{disk.name}/device").rpartition("/nvme/")[0]'
_ATA_FEATURES: Final = 'features = _features(sections.get("Commands/features", {}))'
_ATA_PORT: Final = 'port = path.rpartition(f"/{name}/")[0]'
_AS_READ: Final = "as_read = replace(account.said, to_read=1, read=1, {}value=account.said.pattern or {}, even=1)"
_ACCOUNT: Final = "netboot.agent.erase.firmware.account.xǁAccountǁ"
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
    ("netboot.agent.erase.firmware.read_back.xǁReadBackǁ_first", _LAST): "a sweep ends at a None, which comes last",
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
