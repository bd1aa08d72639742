from pathlib import Path

from netboot.lab.efi_disk import SIZE, create_efi_disk
from netboot.shared.process import run


def test_a_made_disk_has_a_gpt_an_esp_and_the_files_on_it(tmp_path: Path) -> None:
    loader = tmp_path / "loader.efi"
    loader.write_bytes(bytes(range(256)) * 300)
    image = tmp_path / "disk.img"
    create_efi_disk(image, {"/EFI/debian/shimx64.efi": loader, "/grub/grub.cfg": "halt\n"})
    assert image.stat().st_size == SIZE
    assert "EF00" in run(["sgdisk", "--print", image]).stdout
    run(["sgdisk", "--verify", image])
    for name, content in (("/EFI/debian/shimx64.efi", loader.read_bytes()), ("/grub/grub.cfg", b"halt\n")):
        back = tmp_path / "back"
        run(["mcopy", "-n", "-i", f"{image}@@{1 << 20}", f"::{name}", back])
        assert back.read_bytes() == content
        back.unlink()
