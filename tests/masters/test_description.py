"""`netboot master show`: what the manifest of a real import says, and what it takes up in the store."""

from pathlib import Path

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from netboot.auth.server_keys import load_key
from netboot.masters.description import describe
from netboot.shared.manifest import Understood
from netboot.shared.process import run
from netboot.store.store import chunk_name, manifest_name
from netboot.store.stored import Stored, stored
from tests.masters.commands import Workshop
from tests.masters.images import ESP, LINUX, MIB, ext4, gpt_disk, sized
from tests.store.test_store import part, put_master


@pytest.mark.root
def test_all_that_an_import_understood_is_shown(workshop: Workshop, tmp_path: Path) -> None:
    esp, loader = sized(tmp_path / "esp", 34 * MIB), tmp_path / "loader"
    run(["mkfs.vfat", "-F", "32", "-s", "1", "-n", "BOOT", "-i", "ABCD1234", esp])
    run(["mmd", "-i", esp, "::/EFI", "::/EFI/debian"])
    loader.write_bytes(b"MZ")
    for name in ("shimx64.efi", "grubx64.efi"):
        run(["mcopy", "-i", esp, loader, f"::/EFI/debian/{name}"])
    image = gpt_disk(tmp_path, [(ESP, esp), (LINUX, ext4(tmp_path))])
    words = ["--name", "school", "--title", "École 2026", "--release", "3", "--licence", "MIT"]
    assert workshop.run("import", str(image), *words, "--without-secure-boot")[0] == 0
    manifest = workshop.store.current("school")
    assert manifest is not None
    root = manifest.partitions[1].filesystem
    assert root is not None
    status, said = workshop.run("show", "school")
    assert status == 0
    lines = said.splitlines()
    assert lines[:3] == ["Name: school (“École 2026”)", f"Version: 3, made {manifest.created}", "Licence: MIT"]
    assert f"Manifest: {manifest.digest}" in lines
    assert f"Disk: {manifest.disk} bytes for amd64, GPT {manifest.table_id}" in lines
    assert "Partition 1: esp, 35.7 MB, at byte 1048576, vfat “BOOT” ABCD-1234" in lines
    assert f"Partition 2: root, 25.2 MB, at byte {35 * MIB}, ext4 {root.uuid}, grows" in lines
    assert any(line.startswith("Boot entry: /EFI/debian/shimx64.efi on partition 1, “") for line in lines)
    assert "UEFI loaders: /EFI/debian/shimx64.efi, /EFI/debian/grubx64.efi" in lines
    assert "What it is: Test Linux 1 (small), its root on partition 2 (ext4)." in lines


def test_what_a_master_takes_up_is_each_chunk_once(workshop: Workshop) -> None:
    key = load_key(workshop.data)
    manifest = put_master(workshop.store, "school", part("a"), part("b"), part("a"), key=key)
    files = [manifest_name(manifest.digest), *{chunk_name(chunk.sha256) for chunk in manifest.chunks}]
    size = sum((workshop.data / "store" / name).stat().st_size for name in files)
    assert stored(workshop.store, manifest) == Stored(size, 2, 0)
    status, said = workshop.run("show", "school")
    assert status == 0
    assert "In the store: " in said
    assert "2 chunks; masters share" in said


def test_a_master_that_lacks_chunks_is_shown_with_what_to_do(workshop: Workshop) -> None:
    manifest = put_master(workshop.store, "school", part("a"), part("b"), key=load_key(workshop.data))
    workshop.store.blobs.remove(chunk_name(manifest.chunks[0].sha256))
    status, said = workshop.run("show", "school")
    assert status == 1
    assert "1 chunk; 1 MISSING: no PC can get this master. Build or import it again" in said


def test_a_master_that_cannot_be_used_is_not_shown(workshop: Workshop) -> None:
    load_key(workshop.data)
    put_master(workshop.store, "foreign", part("a"))
    status, said = workshop.run("show", "foreign")
    assert status == 1
    assert "signature is not this workshop's" in said
    status, said = workshop.run("show", "scool")
    assert status == 1
    assert "no master scool" in said


def test_generations_are_shown_and_what_an_older_netboot_did_not_keep_is_said(workshop: Workshop) -> None:
    manifest = put_master(workshop.store, "school", part("a"))
    about = Stored(1000, 1, 0)
    understood = Understood(generations={"shim": 4, "grub": 5})
    assert "Their generations (SBAT): grub 5, shim 4" in describe(replace(manifest, understood=understood), about)
    assert any("of an older netboot" in line for line in describe(replace(manifest, understood=UNSET), about))
    assert not any("Understood" in line for line in describe(replace(manifest, understood=understood), about))
