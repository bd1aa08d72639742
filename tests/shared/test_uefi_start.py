"""Which loader of a master a firmware of 32 or of 64 bits starts."""

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from netboot.shared.manifest import Manifest, UefiLoader, Understood
from netboot.shared.uefi_start import UefiBits, loader_for, removable_path
from tests.shared.test_manifest import a_manifest

SHIM = "/EFI/fedora/shimx64.efi"
IA32 = ("/EFI/fedora/shimia32.efi", "/EFI/BOOT/BOOTIA32.EFI")


def with_loaders(best: str, *listed: str) -> Manifest:
    loader = UefiLoader(partition=2, path=best, label="its entry")
    return replace(a_manifest(), uefi=loader, understood=Understood(loaders=listed))


@pytest.mark.parametrize(
    ("best", "listed", "bits", "found"),
    [
        (SHIM, (SHIM, *IA32), 64, SHIM),
        (SHIM, (SHIM, *IA32), 32, IA32[0]),
        (SHIM, (SHIM, *IA32), 0, SHIM),
        (SHIM, (SHIM,), 32, None),
        (SHIM, (SHIM, "/EFI/tools/netboot_ia32.efi", "/EFI/refind/refind_ia32.efi", "/ia32.efi"), 32, None),
        (SHIM, (SHIM, "/EFI/x/ia32.efi", "/EFI/BOOT/BOOTIA32.EFI"), 32, "/EFI/BOOT/BOOTIA32.EFI"),
        (SHIM, (SHIM, "/EFI/systemd/systemd-bootia32.efi"), 32, "/EFI/systemd/systemd-bootia32.efi"),
        (IA32[0], IA32, 32, IA32[0]),
        (IA32[0], IA32, 64, None),
        (IA32[0], IA32, 0, IA32[0]),
    ],
)
def test_a_firmware_gets_the_best_loader_of_its_own_width(
    best: str, listed: tuple[str, ...], bits: UefiBits, found: str | None
) -> None:
    loader = loader_for(with_loaders(best, *listed), bits)
    assert (loader and loader.path) == found


def test_the_second_loader_is_on_the_same_partition_and_its_entry_has_its_folder_s_name() -> None:
    assert loader_for(with_loaders(SHIM, SHIM, *IA32), 32) == UefiLoader(partition=2, path=IA32[0], label="fedora")


def test_of_a_master_of_which_less_is_known_there_is_the_one_loader_that_its_manifest_names() -> None:
    older = replace(with_loaders(SHIM), understood=UNSET)
    assert (loader_for(older, 64), loader_for(older, 32)) == (older.uefi, None)
    assert older.uefi is not None
    assert removable_path(older, older.uefi) == ""
    assert loader_for(replace(older, uefi=None), 64) is None


def test_the_removable_path_of_one_width_is_not_that_of_the_other() -> None:
    found = with_loaders(SHIM, SHIM, *IA32)
    assert found.uefi is not None
    small = loader_for(found, 32)
    assert small is not None
    assert removable_path(found, small) == "/EFI/BOOT/BOOTIA32.EFI"
    assert removable_path(found, found.uefi) == ""
    assert removable_path(with_loaders(SHIM, "/EFI/BOOT/BOOTX64.EFI"), found.uefi) == "/EFI/BOOT/BOOTX64.EFI"


def test_a_loader_in_no_folder_is_called_by_its_own_name() -> None:
    assert UefiLoader.named("/grubia32.efi", 1).label == "grubia32.efi"
