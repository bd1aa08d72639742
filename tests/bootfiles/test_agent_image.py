"""The agent's own archive: what the agent imports is in it, and what it runs is in the base."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard

import netboot
from netboot.bootfiles import agent_archive
from netboot.bootfiles.recipe import load_recipe
from netboot.files.assets import asset_folder
from netboot.shared.errors import NetbootError
from netboot.survey import used_ranges

BUSYBOX = {"chroot", "ip", "start-stop-daemon"}
"""What the agent runs of busybox's own."""

PROBE = """
import importlib, pathlib, sys
sys.path.insert(0, sys.argv[1])
root = pathlib.Path(sys.argv[1])
for path in sorted((root / "netboot").rglob("*.py")):
    name = ".".join(path.relative_to(root).with_suffix("").parts)
    importlib.import_module(name.removesuffix(".__init__"))
    assert pathlib.Path(sys.modules[name.removesuffix(".__init__")].__file__).is_relative_to(root)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    plain = zstandard.ZstdDecompressor().decompressobj().decompress(agent_archive({"language": "fr"}))
    command = ["cpio", "--extract", "--make-directories", "--no-absolute-filenames", "--quiet"]
    subprocess.run(command, input=plain, cwd=tmp_path, check=True)
    return tmp_path


def test_the_same_settings_give_the_same_bytes() -> None:
    assert agent_archive({"a": 1, "b": 2}) == agent_archive({"b": 2, "a": 1})
    assert agent_archive({"a": 1}) != agent_archive({"a": 2})


def test_settings_arrive_as_json_that_only_root_reads(unpacked: Path) -> None:
    settings = unpacked / "etc/netboot/agent.json"
    assert json.loads(settings.read_text()) == {"language": "fr"}
    assert settings.stat().st_mode & 0o777 == 0o600


def test_init_and_the_dhcp_script_are_programs(unpacked: Path) -> None:
    for name in ("init", "usr/lib/netboot/dhcp-event"):
        assert (unpacked / name).stat().st_mode & 0o777 == 0o755
        assert subprocess.run(["sh", "-n", unpacked / name], check=False).returncode == 0


def test_settings_that_are_no_json_are_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        agent_archive({"patience": float("nan")})


def test_a_missing_part_of_the_agent_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(netboot, "__file__", str(tmp_path / "__init__.py"))
    with pytest.raises(NetbootError, match="__init__"):
        agent_archive({})


def test_the_agent_imports_nothing_that_is_not_in_its_image(unpacked: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, unpacked / "usr/lib/netboot"],
        capture_output=True,
        text=True,
        check=False,
        cwd=unpacked,
    )
    assert done.returncode == 0, done.stderr
    recipe = load_recipe(asset_folder("images") / "agent.yaml")
    packaged = {Path(pattern).parts[4].rstrip("*") for pattern in recipe.python.with_ if "dist-packages" in pattern}
    # Cython makes a module of its own; typing_extensions is for a Python older than the PC's; Debian's Python starts
    # with the host's sitecustomize.
    known = {"cython_runtime", "netboot", "sitecustomize", "typing_extensions", *sys.stdlib_module_names}
    assert {name for name in done.stdout.split() if not name.startswith("_")} - known <= packaged


def test_every_program_the_agent_starts_is_in_the_base() -> None:
    programs = set(load_recipe(asset_folder("images") / "agent.yaml").programs)
    package = Path(netboot.__file__).parent
    started = {*_programs(package / "agent"), *_programs(package / "survey"), *used_ranges._PROGRAMS.values()}
    assert {"sfdisk", "dmidecode", "mdir", "fsck.f2fs"} <= started, "the search finds what is known to be there"
    assert started <= programs | BUSYBOX


def _programs(folder: Path) -> Iterator[str]:
    """First words of the command lines in the agent's code: run(["word", …]), output(("word", …)) and such."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and node.args
                and _callee(node.func) in {"run", "stream", "output", "_output", "_checked", "ends_with_us"}
            ):
                first = node.args[0]
                if isinstance(first, ast.List | ast.Tuple) and first.elts:
                    first = first.elts[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield first.value


def _callee(function: ast.expr) -> str:
    match function:
        case ast.Name(name) | ast.Attribute(attr=name):
            return name
    return ""
