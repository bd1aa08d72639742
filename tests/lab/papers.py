"""What is on the paper of a PC whose disks are on the record, and the seconds that each disk took."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from netboot.auth.certificate_keys import CertificateKeys, load_certificate_keys
from netboot.certificates.folder import Wanted, write_folder
from netboot.certificates.values import Workshop
from netboot.certificates.verify import Known, check
from netboot.lab.service import Service
from netboot.records.record import open_record
from netboot.shared.stages.erase import Erasure


def paper_of(service: Service, folder: Path) -> Mapping[str, Any]:
    """The JSON of the one paper; it and its PDF are whole."""
    keys: CertificateKeys = load_certificate_keys(service.data)
    now = datetime.now(UTC)
    every = Wanted(datetime(2000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC), ("fr", "en"), now)
    with open_record(service.data / "record.sqlite") as record:
        write_folder(folder, record, Workshop(name="", place="", contact=""), keys, every)
    papers = [*folder.glob("*.json"), *folder.glob("*.pdf")]
    assert len(papers) == 3
    for path in papers:
        assert {one.result for one in check(path.read_bytes(), Known(keys.public)).findings} == {"whole"}
    (path,) = folder.glob("*.json")
    sealed: Mapping[str, Any] = json.loads(path.read_bytes())
    assert path.name.startswith(sealed["paper"]["kind"])
    return sealed["paper"]  # type: ignore[no-any-return]  # a test looks at it


def assert_paper(paper: Mapping[str, Any], erasures: Mapping[str, Erasure]) -> None:
    """That it says of each disk, by serial number, what is on the record, and is a report where one is not erased."""
    proven = all(one.verdict == "erased" for one in erasures.values())
    assert paper["kind"] == ("certificate" if proven else "report")
    assert bool(paper.get("why")) == (not proven)
    assert {disk["serial"]: (disk["verdict"], disk["technique"]) for disk in paper["disks"]} == {
        serial: (one.verdict, one.method) for serial, one in erasures.items()
    }
    for disk in paper["disks"]:
        assert (disk["level"] == "none") == (disk["verdict"] != "erased")
        assert bool(disk.get("problem")) == (disk["verdict"] != "erased")


def print_figures(erasures: Mapping[str, Erasure]) -> None:
    """A line a disk, for docs/erasure.md and for whoever reads why a test failed."""
    for serial, one in sorted(erasures.items()):
        problem, cut = one.problem and one.problem.code, one.cut and one.cut.found
        seconds = round(one.seconds, 1)
        print(json.dumps({"disk": serial, "method": one.method, "verdict": one.verdict, "seconds": seconds,
                          "problem": problem, "cut": cut}))  # fmt: skip
