"""Makes the agent's base archive from the unpacked packages: chosen files, kernel modules, and a few generated files.

Generated: byte code in place of Python sources (a PC compiles nothing while it starts), console keymaps, busybox's
links, the indexes of kernel modules and of hardware names, and the accounts that udev's rules name. The agent's own
code is not in it, but in the second archive (netboot/bootfiles/agent_image.py).
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from netboot.bootfiles import contents, cpio, modules
from netboot.bootfiles.recipe import Recipe
from netboot.shared.errors import NetbootError
from netboot.shared.process import run

COMPRESSION = 19
FOLDERS = ("dev", "etc", "mnt", "proc", "root", "run", "sys", "tmp", "var/lib", "var/log", "var/tmp")
LINKS = {
    "bin": "usr/bin",
    "etc/mtab": "/proc/self/mounts",
    "etc/os-release": "../usr/lib/os-release",
    "lib": "usr/lib",
    "lib64": "usr/lib64",
    "sbin": "usr/sbin",
    "var/run": "/run",
}
TEXTS = {
    "etc/hosts": "127.0.0.1 localhost\n::1 localhost\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
}
UDEV_GROUPS = ("input", "kvm", "render", "sgx")
"""Groups that udev's rules name and that Debian's packages make only when they are installed."""

MODULE_INDEXES = (
    "modules.alias.bin",
    "modules.builtin.alias.bin",
    "modules.builtin.bin",
    "modules.dep.bin",
    "modules.devname",
    "modules.softdep",
    "modules.symbols.bin",
)
"""What kmod reads; depmod's texts beside them repeat it."""


def kernel_version(root: Path) -> str:
    """The one kernel in the tree. Raises NetbootError when there are several or none."""
    match [path.name for path in (root / "usr/lib/modules").glob("*")]:
        case [version]:
            return version
        case found:
            raise NetbootError(
                f"one kernel was expected among the packages, not {len(found)}",
                hint="correct packages in images/agent.yaml, then build again",
            )


def newest_time(root: Path) -> int:
    """The newest time of a packaged file, in seconds since 1970: the archive's time, for it follows the packages."""
    tree = (root / name for name in contents.list_tree(root) if name.startswith("usr/"))
    return max(int(path.lstat().st_mtime) for path in tree if path.is_file() and not path.is_symlink())


def make_base(root: Path, recipe: Recipe) -> bytes:
    """The base archive, compressed. Changes the tree: it is of no use afterwards. Raises NetbootError."""
    mtime = newest_time(root)
    tree = contents.list_tree(root)
    named = contents.choose_programs(recipe.programs, tree) | contents.choose_files(recipe.files, tree)
    python = contents.choose_python(recipe.python, tree)
    paths = contents.follow_links(root, named | python)
    paths |= contents.follow_links(root, contents.libraries(root, paths))
    paths |= _keep_modules(root, recipe)
    paths |= _index_hardware_names(root, recipe.hardware_names)
    paths = _compile_python(root, paths)
    generated = [*_busybox_links(root, paths), *_keymaps(root, recipe.keymaps), *_accounts(root)]
    generated += [cpio.file(name, text.encode()) for name, text in TEXTS.items()]
    generated += [cpio.link(name, target) for name, target in LINKS.items()]
    generated += [cpio.directory(name, 0o1777 if name.endswith("tmp") else 0o755) for name in FOLDERS]
    entries = {entry.name: entry for entry in (*cpio.read_tree(root, paths), *generated)}
    for name in tuple(entries):
        for parent in Path(name).parents:
            if parent != Path() and parent.as_posix() not in entries:
                entries[parent.as_posix()] = cpio.directory(parent.as_posix())
    return cpio.compress(cpio.archive((entries[name] for name in sorted(entries)), mtime=mtime), level=COMPRESSION)


def _keep_modules(root: Path, recipe: Recipe) -> set[str]:
    """The modules, their new index and their firmware; the other modules are deleted."""
    version = kernel_version(root)
    folder = root / "usr/lib/modules" / version
    run(["chroot", root, "/usr/sbin/depmod", version])
    kept = modules.closure(recipe.modules, modules.read_index(folder))
    for path in folder.glob("kernel/**/*.ko*"):
        if path.relative_to(folder).as_posix() not in kept:
            path.unlink()
    run(["chroot", root, "/usr/sbin/depmod", version])
    files = {f"usr/lib/modules/{version}/{path}" for path in kept}
    command = ["chroot", os.fspath(root), "/usr/sbin/modinfo", "--field=firmware"]
    listed = run([*command, *(f"/{name}" for name in sorted(files))])
    wanted = {f"usr/lib/firmware/{line.strip()}" for line in listed.stdout.splitlines() if line.strip()}
    present = {name for name in wanted if (root / name).exists()}
    indexes = {f"usr/lib/modules/{version}/{name}" for name in MODULE_INDEXES}
    return files | indexes | contents.follow_links(root, present)


def _index_hardware_names(root: Path, sources: Sequence[str]) -> set[str]:
    """Compile udev's hardware database from these sources only."""
    folder = root / "usr/lib/udev/hwdb.d"
    contents.choose_files([f"usr/lib/udev/hwdb.d/{name}" for name in sources], contents.list_tree(root))
    for path in folder.iterdir():
        if path.name not in sources:
            path.unlink()
    run(["chroot", root, "/usr/bin/systemd-hwdb", "update", "--usr", "--strict"])
    return {"usr/lib/udev/hwdb.bin"}


def _compile_python(root: Path, names: Iterable[str]) -> set[str]:
    """Replace each Python source by its byte code beside it, which Python imports without the source."""
    sources = sorted(name for name in names if name.endswith(".py") and not (root / name).is_symlink())
    run(
        [
            "chroot",
            root,
            "/usr/bin/python3",
            "-m",
            "compileall",
            "-q",
            "-b",
            "--invalidation-mode=unchecked-hash",
            "-i",
            "-",
        ],
        stdin="".join(f"/{name}\n" for name in sources),
        env={"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"},
    )
    compiled = {f"{name}c" for name in sources}
    return (set(names) - {name for name in names if name.endswith(".py")}) | compiled


def _busybox_links(root: Path, names: Iterable[str]) -> Iterator[cpio.Entry]:
    taken = {Path(name).name for name in names if name.startswith(contents.PROGRAM_FOLDERS)}
    applets = run(["chroot", root, "/usr/bin/busybox", "--list"]).stdout.split()
    for applet in sorted(set(applets) - taken):
        yield cpio.link(f"usr/bin/{applet}", "busybox")


def _keymaps(root: Path, keymaps: Mapping[str, str]) -> Iterator[cpio.Entry]:
    for name, layout in keymaps.items():
        words = layout.split()
        command = ["chroot", os.fspath(root), "/usr/bin/perl", "/usr/bin/ckbcomp", "-layout", words[0]]
        text = run([*command, *(("-variant", words[1]) if len(words) > 1 else ())]).stdout
        if "keycode" not in text:
            raise NetbootError(f"the keymap {name!r} is empty", hint="correct keymaps in images/agent.yaml")
        yield cpio.file(f"usr/share/keymaps/{name}.map", text.encode())


def _accounts(root: Path) -> Iterator[cpio.Entry]:
    groups = (root / "usr/share/base-passwd/group.master").read_text(encoding="utf-8")
    extra = "".join(f"{name}:*:{900 + number}:\n" for number, name in enumerate(UDEV_GROUPS))
    yield cpio.file("etc/group", (groups + extra).encode())
