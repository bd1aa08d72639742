"""A master whose boot loader our own shim would stop: refused at import, and for a PC with Secure Boot on."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from netboot.auth.server_keys import load_key
from netboot.bootfiles import BootFiles
from netboot.imaging import Blocked, next_stage
from netboot.jobs.job import Job, MasterNeeds, new_stages
from netboot.lab.efi_disk import create_efi_disk
from netboot.masters.importing import import_master
from netboot.masters.loader_level import level_of
from netboot.shared.errors import NetbootError
from netboot.shared.manifest import UefiLoader
from netboot.shared.stages import StageName
from netboot.shared.stages.check import CheckResult
from netboot.store import Store
from netboot.survey.loader_generations import started_by
from netboot.survey.sbat import generations, level
from tests.workshop.conftest import WIPE, pc

ABOUT = {"name": "old", "version": "1", "licence": "MIT", "title": "An older Linux"}
STAGES: tuple[StageName, ...] = ("check", "erase", "deploy", "finish")


def older(grub: bytes) -> bytes:
    """Debian's GRUB with the lines of one from before 2025 in its `.sbat` section; its signature is void."""
    own = generations(grub)
    assert own is not None
    return grub.replace(f"grub,{own['grub']},Free".encode(), b"grub,4,Free", 1)


def disk_with(tmp_path: Path, built: BootFiles, grub: bytes) -> Path:
    (tmp_path / "grub.efi").write_bytes(grub)
    image = tmp_path / "disk.img"
    image.unlink(missing_ok=True)
    files: dict[str, Path | str] = {
        "/EFI/debian/shimx64.efi": built.path("shimx64.efi"),
        "/EFI/debian/grubx64.efi": tmp_path / "grub.efi",
    }
    create_efi_disk(image, files)
    return image


def test_what_a_start_goes_through_is_found() -> None:
    paths = ["::/EFI/opensuse/shim.efi", "/EFI/opensuse/grub.efi", "/EFI/BOOT/BOOTX64.EFI", "/EFI/BOOT/grubx64.efi",
             "/EFI/Microsoft/Boot/bootmgfw.efi", "/EFI/debian/grubx64.efi", "/EFI/opensuse/MokManager.efi"]  # fmt: skip
    loader = UefiLoader(partition=1, path="/EFI/opensuse/shim.efi", label="opensuse")
    assert started_by(paths, loader) == (
        "/EFI/BOOT/BOOTX64.EFI", "/EFI/BOOT/grubx64.efi", "/EFI/opensuse/grub.efi", "/EFI/opensuse/shim.efi",
    )  # fmt: skip
    assert started_by([], None) == ()


@pytest.mark.lab
@pytest.mark.root
def test_an_image_whose_grub_our_shim_stops_is_refused_unless_it_is_for_pcs_without_secure_boot(
    tmp_path: Path, built: BootFiles
) -> None:
    grub = built.path("grubx64.efi").read_bytes()
    asked = level_of(built.folder)
    assert asked == level(built.path("shimx64.efi").read_bytes()) is not None
    store, key = Store(tmp_path / "data" / "store"), load_key(tmp_path / "data")
    with pytest.raises(NetbootError, match="grub 4, needs") as refused:
        import_master(disk_with(tmp_path, built, older(grub)), store, key, asked, **ABOUT, progress=print)
    assert "--without-secure-boot" in refused.value.hint
    assert store.names() == {}
    kept = import_master(disk_with(tmp_path, built, older(grub)), store, key, None, **ABOUT, progress=print)
    assert kept.understood
    assert kept.understood.generations["grub"] == 4
    new = import_master(disk_with(tmp_path, built, grub), store, key, asked, **ABOUT, progress=print)
    assert new.understood
    assert new.understood.generations["grub"] > 4


@pytest.mark.parametrize(("secure_boot", "stopped"), [("on", True), ("off", False), ("unknown", False)])
def test_before_the_erase_only_a_pc_with_secure_boot_on_is_stopped(secure_boot: str, stopped: bool) -> None:
    inventory = pc()
    firmware = replace(inventory.firmware, secure_boot=secure_boot)
    inventory = replace(inventory, firmware=firmware)
    profile = replace(WIPE, stages=STAGES)
    stages = tuple(
        replace(record, state="done", result=CheckResult(inventory=inventory)) if record.stage == "check" else record
        for record in new_stages(profile)
    )
    master = MasterNeeds(manifest="ab" * 32, name="old", disk=10**9, revoked="grub 4, needs 5")
    job = Job(id="1", profile=profile, stages=stages, inventory=inventory, hostname="pc-1", master=master)
    found = next_stage(job)
    assert isinstance(found, Blocked) is stopped
    if isinstance(found, Blocked):
        assert (found.stage, found.problem.code) == ("erase", "master-revoked")
