"""Fuzzes a codec and its state machine with atheris (libFuzzer), and reports how long and how often.

    ./run fuzz dhcp --seconds 300

Prints one JSON object: seconds, executions, crashes, and where the input of a crash was kept. Exit status 1 after a
crash; put that input's bytes into test_found.py with the repair. atheris is no dependency of netboot: it is installed
into a folder of the cache, by its hash.
"""

import argparse
import importlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NAMES = ("dhcp", "dhcp_codec", "tftp")
LONGEST = 6000
"""Bytes of an input."""


def fuzz(name: str, seconds: int, kept: Path) -> dict[str, object]:
    """Run one fuzzer; its corpus starts with the module's seeds."""
    with tempfile.TemporaryDirectory(prefix=f"netboot-fuzz-{name}-") as corpus:
        for number, seed in enumerate(importlib.import_module(f"tests.fuzz.{name}").seeds()):
            Path(corpus, f"seed{number}").write_bytes(seed)
        options = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", "-timeout=10", "-rss_limit_mb=1024"]
        started = time.monotonic()
        ended = subprocess.run(
            [sys.executable, "-m", "tests.fuzz.target", name, corpus, f"-artifact_prefix={kept}/", *options],
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            check=False,
        )
        learnt = len(list(Path(corpus).iterdir()))
    if ended.returncode:
        print("\n".join(ended.stderr.splitlines()[-60:]), file=sys.stderr)
    counts = re.findall(r"^#(\d+)", ended.stderr, flags=re.MULTILINE)
    return {
        "name": name,
        "seconds": round(time.monotonic() - started),
        "executions": int(counts[-1]) if counts else 0,
        "corpus": learnt,
        "crashes": int(ended.returncode != 0),
        "kept": sorted(os.fspath(path) for path in kept.iterdir()),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--seconds", type=int, default=300)
    asked = parser.parse_args()
    kept = Path(tempfile.mkdtemp(prefix=f"netboot-crash-{asked.name}-"))
    done = fuzz(asked.name, asked.seconds, kept)
    if not done["crashes"]:
        kept.rmdir()
    print(json.dumps(done, indent=2))
    return int(bool(done["crashes"]))


if __name__ == "__main__":
    sys.exit(main())
