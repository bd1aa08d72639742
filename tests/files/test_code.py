"""The keys of caches follow all the code that decides what is built, and not a list that somebody has to keep."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import netboot
from netboot.files.code import code_digest, source_files

PACKAGE = Path(netboot.__file__).parent
BUILDS = ("netboot.masters.build", "netboot.bootfiles.builder")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of netboot's sources, to be changed."""
    return shutil.copytree(PACKAGE, tmp_path / "netboot", ignore=shutil.ignore_patterns("__pycache__"))


def loaded_by(module: str) -> set[Path]:
    """The files of netboot that Python itself loads for this module."""
    script = (
        f"import sys, {module}\n"
        "for name, known in list(sys.modules.items()):\n"
        "    if name.partition('.')[0] == 'netboot': print(known.__file__)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return {Path(line).relative_to(PACKAGE) for line in done.stdout.splitlines()}


@pytest.mark.parametrize("module", BUILDS)
def test_a_change_in_any_file_that_a_build_loads_changes_its_key(module: str, copy: Path) -> None:
    names = {path.relative_to(copy) for path in source_files(module, package=copy)}
    assert names >= loaded_by(module)
    assert module == "netboot.bootfiles.builder" or {Path("survey/disk_layout.py"), Path("masters/in_root.sh")} <= names
    before = code_digest(module, package=copy)
    for name in sorted(names):
        with (copy / name).open("a", encoding="utf-8") as file:
            file.write("\n# changed\n")
        after = code_digest(module, package=copy)
        assert after != before, name
        before = after


@pytest.mark.parametrize("module", BUILDS)
def test_what_a_build_does_not_know_leaves_its_key(module: str, copy: Path) -> None:
    before = code_digest(module, package=copy)
    for name in ("web.py", "webui/texts.py", "agent/erase/stage.py", "records/record.py"):
        with (copy / name).open("a", encoding="utf-8") as file:
            file.write("\n# changed\n")
    assert code_digest(module, package=copy) == before
