"""`./run mutants [NAME…]`: mutmut changes the modules of `modules.py` one place at a time, in a copy of this tree.

A change that no test notices has survived: its diff is printed, and unless `explained.py` explains it the exit status
is 1. Of a module's own constants mutmut changes none, only what functions do.
"""

import ast
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from tests.mutants.explained import EXPLAINED
from tests.mutants.modules import MODULES, Held

ROOT: Final = Path(__file__).parent.parent.parent
COPIED: Final = ("netboot", "tests", "images", "menus", "docs", "pyproject.toml")
KILLED: Final = frozenset({1, 3, -signal.SIGXCPU})
"""pytest's exit statuses for a test that failed, and for an error outside of one; and the kernel's end of an endless
loop, by the CPU seconds that it used. A busy machine ends none: nobody uses CPU seconds by waiting."""
_BY_CPU: Final = """
import runpy
import mutmut.workers.timeout

mutmut.workers.timeout.register_timeout = lambda pid, timeout_s: None
runpy.run_module("mutmut", run_name="__main__", alter_sys=True)
"""
"""mutmut without its limit by the wall's clock, which ends by the same signal what the machine had no time for. What
waits for ever is ended by pytest's time limit, here a long one, as a test that failed."""
SURVIVED: Final = frozenset({0, 33})
"""No test failed, or none comes there at all."""


def main(names: list[str]) -> int:
    """The exit status: 0 when every mutant was noticed or is explained, 1 when not, 2 for an unknown name."""
    unknown = set(names) - set(MODULES)
    if unknown:
        print(f"There is no {', '.join(sorted(unknown))}. There are: {', '.join(MODULES)}", file=sys.stderr)
        return 2
    return max([_measure(name, MODULES[name]) for name in names or MODULES])


def _measure(name: str, held: Held) -> int:
    with tempfile.TemporaryDirectory(prefix="netboot-mutants-") as folder:
        copy = Path(folder)
        _copy_tree(copy, held)
        done = _mutmut(copy, "run", "--max-children", str(held.at_once))
        found = dict(_statuses(copy))
        killed = sum(status in KILLED for status in found.values())
        strange = {mutant: status for mutant, status in found.items() if status not in KILLED | SURVIVED}
        if done.returncode or not killed or strange:
            print(done.stdout[-3000:], done.stderr[-3000:], sep="\n")
            print(f"{name}: mutmut did not come to its end; neither killed nor surviving: {strange}")
            return 1
        survivors = [mutant for mutant, status in found.items() if status in SURVIVED]
        told = [_tell(copy, mutant) for mutant in survivors]
    unexplained = sum(key not in EXPLAINED for key in told)
    module = held.pattern.removesuffix(".py").replace("/", ".")
    stale = [key for key in EXPLAINED if fnmatchcase(key[0], f"{module}.*") and key not in told]
    print(f"{name}: {killed} killed, {len(survivors)} surviving, of which {unexplained} not explained", flush=True)
    for function, line in stale:
        print(f"{name}: explained, but no mutant that lives: {function}: {line}")
    return 1 if unexplained or stale else 0


def _copy_tree(copy: Path, held: Held) -> None:
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, copy / name)
    for file in copy.glob(held.pattern):
        file.write_text(without_properties(file.read_text(encoding="utf-8")), encoding="utf-8")
    tests = "".join(f"\n    {test}" for test in held.tests)
    (copy / "setup.cfg").write_text(
        f"[mutmut]\nsource_paths=netboot\nonly_mutate=\n    {held.pattern}\n"
        f"pytest_add_cli_args_test_selection={tests}\npytest_add_cli_args=\n    --timeout=180\n"
        "also_copy=\n    images\n    menus\n    docs\nuse_git_change_detection=false\n"
        f"process_isolation={'forkserver' if held.threads else 'fork'}\n"
        # CPU seconds that a mutant has: six times what its tests take without it, and a minute.
        "timeout_constant=10\ntimeout_multiplier=3\n",
        encoding="utf-8",
    )


def without_properties(source: str) -> str:
    """The same code with each property's body in a method beside it: mutmut leaves alone what is decorated."""
    lines = source.splitlines()
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    for node in sorted(found, key=lambda node: node.lineno, reverse=True):
        if [ast.unparse(decorator) for decorator in node.decorator_list] == ["property"]:
            made = f"{' ' * node.col_offset}{node.name} = property(lambda self: self.read_{node.name}())"
            lines.insert(node.end_lineno or 0, made)
            lines[node.lineno - 1] = lines[node.lineno - 1].replace(f"def {node.name}(", f"def read_{node.name}(")
            del lines[node.decorator_list[0].lineno - 1]
    return "\n".join(lines) + "\n"


def _mutmut(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # Without this tree on the path: the tests are to import the copy.
    path = os.pathsep.join(entry for entry in sys.path if entry and Path(entry).resolve() != ROOT)
    return subprocess.run(
        [sys.executable, "-c", _BY_CPU, *arguments],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )


def _statuses(copy: Path) -> Iterator[tuple[str, int | None]]:
    for meta in sorted((copy / "mutants" / "netboot").rglob("*.meta")):
        yield from json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"].items()


def _tell(copy: Path, mutant: str) -> tuple[str, str]:
    """Print a survivor; its function and its changed line, as EXPLAINED has them."""
    diff = _mutmut(copy, "show", mutant).stdout
    changed = [line[1:].strip() for line in diff.splitlines() if line.startswith("+") and not line.startswith("+++")]
    function = mutant.rpartition("__mutmut_")[0].replace(".x_", ".", 1)
    key = function, " ".join(changed)
    print(f"{function}: {EXPLAINED.get(key, 'not explained')}\n{diff}")
    return key


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
