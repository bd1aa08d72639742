"""Which modules are mutated, and the tests that hold each.

A module that comes to decide about disks or proof is added here with it. Not for: the survivors (`explained.py`).
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
    "tests/agent/test_engine_steps.py", "tests/agent/test_engine_faults.py", "tests/agent/test_engine_left_over.py",
    "tests/agent/test_engine_ends.py", "tests/agent/test_at_work.py",
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
    "at_work": Held("netboot/agent/erase/firmware/at_work.py", ("tests/agent/test_at_work.py",), at_once=4),
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
    "cut_deploys": Held("netboot/jobs/cut_deploys.py", ("tests/jobs/test_cut_deploys.py",)),
    "claim": Held("netboot/agent/disks/claim.py", ("tests/agent/test_claim.py", "tests/agent/test_ready.py")),
    "contents": Held(
        "netboot/agent/erase/firmware/contents.py", ("tests/agent/test_disk_contents.py", "tests/agent/test_marking.py")
    ),
    "customise": Held(
        "netboot/jobs/stages/customise.py", ("tests/jobs/test_customise_rules.py", "tests/jobs/test_evidence.py")
    ),
    "customise_files": Held("netboot/shared/placed_files.py", ("tests/shared/test_placed_files.py",)),
    "customise_accounts": Held("netboot/shared/accounts.py", ("tests/shared/test_accounts.py",)),
    "customise_offers": Held("netboot/shared/offers.py", ("tests/shared/test_offers.py",)),
    "customise_offers_found": Held("netboot/survey/offers.py", ("tests/survey/test_offers_rules.py",)),
    "customise_evidence": Held("netboot/jobs/customise_evidence.py", ("tests/jobs/test_customise_evidence.py",)),
    "deploy": Held(
        "netboot/jobs/stages/deploy.py",
        (
            "tests/jobs/test_deploy_rules.py",
            "tests/jobs/test_erase_exception.py",
            "tests/jobs/test_evidence.py",
            "tests/jobs/test_cut_deploys.py",
            "tests/jobs/test_target.py",
        ),
    ),
    "disk_answers": Held(
        "netboot/jobs/disk_answers.py", ("tests/jobs/test_disk_answers.py", "tests/jobs/test_disks_by_place.py")
    ),
    "disk_ports": Held("netboot/shared/disk_ports.py", ("tests/shared/test_disk_ports.py",)),
    "disk_status": Held("netboot/shared/disk_status.py", ("tests/agent/test_disk_status.py",)),
    "disk_status_asked": Held("netboot/agent/disks/disk_status.py", ("tests/agent/test_disk_status.py",)),
    "disk_take_out": Held("netboot/jobs/disk_take_out.py", ("tests/jobs/test_disk_take_out.py",)),
    "disk_rules": Held(
        "netboot/jobs/disk_rules.py", ("tests/jobs/test_disk_rules.py", "tests/jobs/test_cut_deploys.py")
    ),
    "drive_freed": Held("netboot/agent/erase/password.py", ("tests/agent/test_drive_password.py",)),
    "drive_password": Held("netboot/jobs/drive_password.py", ("tests/jobs/test_drive_password.py",)),
    "engine": Held("netboot/agent/erase/firmware/engine.py", _ENGINE, at_once=4),
    "erase": Held(
        "netboot/jobs/stages/erase.py",
        (*_ERASE, "tests/jobs/test_disk_answers.py", "tests/jobs/test_erase_cuts.py"),
    ),
    "erase_account": Held("netboot/agent/erase/firmware/account.py", ("tests/agent/test_erase_account.py",)),
    "erase_cuts": Held("netboot/jobs/erase_cuts.py", ("tests/jobs/test_erase_cuts.py",)),
    "erased_before": Held("netboot/records/erased_before.py", ("tests/records/test_erased_before.py",)),
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
    "psid_revert": Held("netboot/agent/disks/psid_revert.py", ("tests/agent/test_opal_discovery.py",)),
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
    "sed_opal": Held("netboot/agent/disks/sed_opal.py", ("tests/agent/test_opal_discovery.py",)),
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
