"""Which loader a boot entry names, on ESPs as distributions, loaders and Windows leave them."""

import pytest

from netboot.survey.uefi_loaders import choose_loader, loaders

# By the file lists of the packages and installers: shim-signed and grub-efi-amd64-signed (Debian, Ubuntu), shim-x64 and
# grub2-efi-x64 (Fedora and its kin), openSUSE's shim-install, grub-install and bootctl (Arch), refind-install, bcdboot.
ESPS = {
    "debian": (
        "debian/shimx64.efi",
        ["debian/grubx64.efi", "debian/mmx64.efi", "debian/fbx64.efi", "BOOT/BOOTX64.EFI", "BOOT/fbx64.efi",
         "BOOT/grubx64.efi", "BOOT/mmx64.efi"],
    ),
    "ubuntu": ("ubuntu/shimx64.efi", ["ubuntu/grubx64.efi", "ubuntu/mmx64.efi", "BOOT/BOOTX64.EFI", "BOOT/fbx64.efi"]),
    "fedora": (
        "fedora/shimx64.efi",
        ["fedora/shim.efi", "fedora/grubx64.efi", "fedora/gcdx64.efi", "fedora/mmx64.efi", "fedora/shimia32.efi",
         "fedora/grubia32.efi", "fedora/mmia32.efi", "BOOT/BOOTX64.EFI", "BOOT/BOOTIA32.EFI", "BOOT/fbx64.efi"],
    ),
    "almalinux": ("almalinux/shimx64.efi", ["almalinux/grubx64.efi", "almalinux/mmx64.efi", "BOOT/BOOTX64.EFI"]),
    "opensuse": ("opensuse/shim.efi", ["opensuse/grubx64.efi", "opensuse/grub.efi", "opensuse/MokManager.efi"]),
    "arch with GRUB": ("GRUB/grubx64.efi", []),
    "systemd-boot": (
        "systemd/systemd-bootx64.efi",
        ["BOOT/BOOTX64.EFI", "Linux/arch-linux.efi", "Linux/arch-linux-fallback.efi", "systemd/drivers/ext4x64.efi"],
    ),
    "a unified kernel alone": ("Linux/arch-linux.efi", []),
    "rEFInd": (
        "refind/refind_x64.efi",
        ["refind/drivers_x64/ext4_x64.efi", "refind/drivers_x64/btrfs_x64.efi", "tools/gptsync_x64.efi",
         "refind/ext4_x64.efi", "refind/HashTool.efi", "refind/KeyTool.efi"],
    ),
    "rEFInd on the removable path": ("BOOT/BOOTX64.EFI", ["BOOT/drivers_x64/ext4_x64.efi", "BOOT/shellx64.efi"]),
    "Windows": (
        "Microsoft/Boot/bootmgfw.efi",
        ["Microsoft/Boot/bootmgr.efi", "Microsoft/Boot/memtest.efi", "Boot/bootx64.efi"],
    ),
    "Windows and Debian": ("debian/shimx64.efi", ["Microsoft/Boot/bootmgfw.efi", "debian/grubx64.efi"]),
}  # fmt: skip


@pytest.mark.parametrize("system", ESPS)
def test_the_loader_of_each_kind_of_system_is_chosen(system: str) -> None:
    best, others = ESPS[system]
    for paths in ([best, *others], [*others, best]):
        chosen = choose_loader([f"::/EFI/{path}" for path in paths], 1)
        assert chosen is not None
        assert chosen.path == f"/EFI/{best}"
        assert chosen.label == best.split("/")[0]


def test_what_starts_no_system_is_no_loader_even_alone() -> None:
    alone = ["refind/drivers_x64/ext4_x64.efi", "refind/ext4_x64.efi", "x/NtfsDxe.efi", "opensuse/MokManager.efi",
             "debian/mmx64.efi", "BOOT/fbx64.efi", "tools/shellx64.efi", "refind/KeyTool.efi", "debian/fwupdx64.efi",
             "systemd/drivers/xfs.efi", "memtest86/memtest.efi"]  # fmt: skip
    assert loaders(f"/EFI/{path}" for path in alone) == ()


def test_what_starts_on_another_processor_is_no_loader() -> None:
    arm = ["debian/shimaa64.efi", "debian/grubaa64.efi", "BOOT/BOOTAA64.EFI", "systemd/systemd-bootaa64.efi",
           "refind/refind_aa64.efi", "BOOT/BOOTARM.EFI", "debian/grubarm.efi"]  # fmt: skip
    others = ["BOOT/BOOTRISCV64.EFI", "debian/grubriscv64.efi", "BOOT/BOOTLOONGARCH64.EFI", "BOOT/BOOTIA64.EFI"]
    paths = [f"/EFI/{path}" for path in (*arm, *others)]
    assert choose_loader(paths, 1) is None
    assert loaders([*paths, "/EFI/BOOT/BOOTX64.EFI"]) == ("/EFI/BOOT/BOOTX64.EFI",)
