"""The removable path of an ESP, made from the master's own loader where it has none."""

from pathlib import Path

import pytest

from netboot.agent.boot.removable_path import make_removable_path
from netboot.shared.errors import NetbootError
from netboot.shared.manifest import UefiLoader


def esp(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return folder


def loader(path: str) -> UefiLoader:
    return UefiLoader(partition=1, path=path, label="x")


def made(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (folder / "EFI/BOOT").iterdir()}


def test_opensuses_shim_comes_with_the_grub_and_the_mokmanager_that_it_asks_for_beside_itself(tmp_path: Path) -> None:
    own = "EFI/opensuse/"
    esp(tmp_path, *(own + name for name in ("shim.efi", "grubx64.efi", "grub.efi", "MokManager.efi", "grub.cfg")))
    assert make_removable_path(tmp_path, loader("/EFI/opensuse/shim.efi"))
    assert made(tmp_path) == {
        "BOOTX64.EFI": own + "shim.efi",
        "grubx64.efi": own + "grubx64.efi",
        "grub.efi": own + "grub.efi",
        "MokManager.efi": own + "MokManager.efi",
    }
    assert not make_removable_path(tmp_path, loader("/EFI/opensuse/shim.efi")), "it is there now"


def test_shims_fallback_which_resets_the_pc_stays_away(tmp_path: Path) -> None:
    esp(tmp_path, *(f"EFI/debian/{name}" for name in ("shimx64.efi", "fbx64.efi", "mmx64.efi", "grubx64.efi")))
    make_removable_path(tmp_path, loader("/EFI/debian/shimx64.efi"))
    assert sorted(made(tmp_path)) == ["BOOTX64.EFI", "grubx64.efi", "mmx64.efi"]


def test_a_loader_that_is_no_shim_comes_alone_and_of_32_bits_under_its_own_name(tmp_path: Path) -> None:
    esp(tmp_path, "EFI/arch/grubia32.efi", "EFI/arch/other.efi")
    assert make_removable_path(tmp_path, loader("/EFI/arch/grubia32.efi"))
    assert made(tmp_path) == {"BOOTIA32.EFI": "EFI/arch/grubia32.efi"}


def test_one_that_is_there_in_whatever_case_is_left_as_it_is(tmp_path: Path) -> None:
    esp(tmp_path, "efi/Boot/bootx64.efi", "efi/debian/shimx64.efi")
    assert not make_removable_path(tmp_path, loader("/EFI/debian/shimx64.efi"))
    assert (tmp_path / "efi/Boot/bootx64.efi").read_text() == "efi/Boot/bootx64.efi"
    assert not (tmp_path / "EFI").exists()


def test_an_esp_without_the_loader_is_told(tmp_path: Path) -> None:
    with pytest.raises(NetbootError, match="the ESP has no"):
        make_removable_path(esp(tmp_path, "EFI/x/y.efi"), loader("/EFI/debian/shimx64.efi"))
