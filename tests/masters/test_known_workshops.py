"""Another workshop's key: a person compares it once, and what is kept of that is trusted only while it is whole."""

import os
import pty
import re
import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace

from netboot.auth.fingerprint import in_one_word
from netboot.store import Store
from tests.masters.bundles import ANGERS, NANTES, bundle, import_command, told
from tests.masters.commands import Workshop
from tests.store.test_store import part, put_master

PRINT = in_one_word(bytes(NANTES.verify_key))


def test_an_unknown_key_is_asked_about_and_nothing_is_taken_in_before(workshop: Workshop, tmp_path: Path) -> None:
    file, store = tmp_path / "school.bundle", Store(tmp_path / "elsewhere")
    file.write_bytes(bundle(store, put_master(store, "school", part("a"))))
    status, said = workshop.run("import-bundle", str(file))
    assert status == 1
    assert f"Its key:  {PRINT}" in said
    assert f"--trust {PRINT}" in said
    status, said = workshop.run("import-bundle", str(file), "--trust", in_one_word(bytes(ANGERS.verify_key)))
    assert status == 1
    assert "signed by another key than you named" in said
    assert workshop.everything() == {}
    assert not (workshop.data / "workshops").exists()
    assert workshop.run("import-bundle", str(file), "--trust", PRINT.lower().replace(" ", "-"))[0] == 0
    status, said = workshop.run("workshops")
    assert re.search(rf"{PRINT}\t“Nantes”, known since 20\d\d-\d\d-\d\d\n", said)
    assert workshop.run("import-bundle", str(file))[1].count("It is here already") == 1


@pytest.mark.parametrize(("typed", "status"), [(PRINT, 0), (PRINT.replace(" ", "").lower(), 0), ("yes", 1), ("", 1)])
def test_at_a_terminal_the_fingerprint_is_typed(workshop: Workshop, tmp_path: Path, typed: str, status: int) -> None:
    file, store = tmp_path / "school.bundle", Store(tmp_path / "elsewhere")
    file.write_bytes(bundle(store, put_master(store, "school", part("a"))))
    command = import_command(workshop, os.fspath(file))
    keyboard, terminal = pty.openpty()
    with subprocess.Popen(command, stdin=terminal, stderr=subprocess.PIPE, text=True) as asking:
        os.write(keyboard, f"{typed}\n".encode())
        _, said = asking.communicate(timeout=60)
    os.close(keyboard)
    os.close(terminal)
    assert "Telephone that workshop" in said
    assert asking.returncode == status, said
    assert ("is known from now on" in said) == (status == 0)


def test_whoever_takes_the_name_of_a_known_workshop_is_noticed(workshop: Workshop, tmp_path: Path) -> None:
    file, store = tmp_path / "school.bundle", Store(tmp_path / "elsewhere")
    manifest = put_master(store, "school", part("a"))
    file.write_bytes(bundle(store, manifest))
    assert workshop.run("import-bundle", str(file), "--trust", PRINT)[0] == 0
    file.write_bytes(bundle(store, replace(manifest, name="office"), key=ANGERS))
    status, said = workshop.run("import-bundle", str(file))
    assert status == 1
    assert "CAREFUL: another workshop is known here as “Nantes”, by another key." in said


def test_a_workshop_is_forgotten_and_its_masters_stay(workshop: Workshop, tmp_path: Path) -> None:
    file, store = tmp_path / "school.bundle", Store(tmp_path / "elsewhere")
    file.write_bytes(bundle(store, put_master(store, "school", part("a"))))
    assert workshop.run("import-bundle", str(file), "--trust", PRINT)[0] == 0
    assert workshop.run("workshops", "--forget", told(workshop))[0] == 1, "this one's own is not to be forgotten"
    assert workshop.run("workshops", "--forget", PRINT)[0] == 0
    assert "Nantes" not in workshop.run("workshops")[1]
    assert list(workshop.store.names()) == ["school"]
    assert f"Its key:  {PRINT}" in workshop.run("import-bundle", str(file))[1]


def test_a_known_workshops_file_that_was_changed_counts_for_nothing(workshop: Workshop, tmp_path: Path) -> None:
    file, store = tmp_path / "school.bundle", Store(tmp_path / "elsewhere")
    file.write_bytes(bundle(store, put_master(store, "school", part("a"))))
    assert workshop.run("import-bundle", str(file), "--trust", PRINT)[0] == 0
    (kept,) = (workshop.data / "workshops").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    text = kept.read_text()
    for spoilt in (text.replace(bytes(NANTES.verify_key).hex(), bytes(ANGERS.verify_key).hex()), "", "x" * 5000, "[]"):
        kept.write_text(spoilt)
        status, said = workshop.run("workshops")
        assert status == 1
        assert "is damaged" in said
    kept.write_text(text)
    kept.chmod(0o644)
    assert "others may read" in workshop.run("import-bundle", str(file))[1]
