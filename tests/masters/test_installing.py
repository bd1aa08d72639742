"""How far an installation is, by apt's and dpkg's own lines, and the folder of downloaded packages."""

import os
import time
from pathlib import Path

from netboot.masters.install_progress import InstallProgress
from netboot.masters.package_cache import PackageCache

# mmdebstrap 1.3.5 with apt 2.6.1 of Debian 12, --verbose, Debian 13 installed.
OUTPUT = """\
Get:2 http://deb.debian.org/debian trixie/main amd64 bash amd64 5.2.37-2+b9 [1504 kB]
Unpacking bash (5.2.37-2+b9) ...
Preparing to unpack .../250-libb2-1_0.98.1-1.1+b2_amd64.deb ...
Unpacking libb2-1:amd64 (0.98.1-1.1+b2) ...
Setting up bash (5.2.37-2+b9) ...
Setting up bash (5.2.37-2+b9) ...
Setting up libb2-1:amd64 (0.98.1-1.1+b2) ...
"""


def test_each_step_is_told_by_fifths_and_a_package_counts_once() -> None:
    progress = InstallProgress(2)
    told = [words for line in OUTPUT.splitlines() if (words := progress.feed(line))]
    assert told == [
        "downloading: 1 of 2 packages",
        "unpacking: 1 of 2 packages",
        "unpacking: 2 of 2 packages",
        "setting up: 1 of 2 packages",
        "setting up: 2 of 2 packages",
    ]


def test_a_thousand_packages_are_five_lines_a_step() -> None:
    progress = InstallProgress(1000)
    told = [progress.feed(f"Setting up p{number} (1) ...") for number in range(1200)]
    assert [words for words in told if words] == [
        f"setting up: {n} of 1000 packages" for n in (200, 400, 600, 800, 1000)
    ]


def test_packages_that_no_build_asked_for_in_a_month_go(tmp_path: Path) -> None:
    cache = PackageCache(tmp_path / "packages")
    cache.prepare()
    old = time.time() - 40 * 86_400
    for name in ("used_1%3a2.0+b1_amd64.deb", "unused_1.0_amd64.deb", "recent_1.0_all.deb", "lock"):
        path = cache.folder / name
        path.write_bytes(b"")
        if not name.startswith("recent"):
            os.utime(path, (old, old))
    cache.forget_unused(("used=1:2.0+b1",))
    assert {path.name for path in cache.folder.iterdir()} == {"used_1%3a2.0+b1_amd64.deb", "recent_1.0_all.deb", "lock"}
    cache.forget_unused(())
    assert (cache.folder / "used_1%3a2.0+b1_amd64.deb").exists()
