"""The papers of a time as a folder, their table, and the two commands."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from msgspec.structs import replace

from netboot.auth.certificate_keys import CertificateKeys, load_certificate_keys, read_public_text
from netboot.certificates.command_line import CHANGED, UNKNOWN_KEY, WHOLE
from netboot.certificates.folder import Wanted, write_folder
from netboot.certificates.issue import issue
from netboot.certificates.table import COLUMNS, csv_table
from netboot.certificates.values import Paper
from netboot.certificates.verify import Known, check
from netboot.cli import main
from netboot.records.record import Record, open_record
from netboot.shared.stages.erase import Verdict
from tests.certificates.conftest import AT, WORKSHOP, add_erase, erase, two_disks
from tests.jobs.conftest import HDD, SSD
from tests.records.conftest import Clock, pc

WANTED = Wanted(
    since=datetime(2000, 1, 1, tzinfo=UTC), until=datetime(9000, 1, 1, tzinfo=UTC), languages=("fr", "en"), at=AT
)


def two_pcs(record: Record) -> None:
    """One PC erased, another one not."""
    erase(record, pc(1, disks=(SSD,)), (SSD, "erased"))
    erase(record, pc(2, disks=(HDD,)), (HDD, "undetermined"), number=2)


def test_each_pc_has_its_files_and_each_is_whole(record: Record, keys: CertificateKeys, tmp_path: Path) -> None:
    two_pcs(record)
    folder = tmp_path / "papers"
    written = write_folder(folder, record, WORKSHOP, keys, replace_donor("Ville de Metz"))
    assert (written.certificates, written.reports) == (1, 1)
    names = sorted(path.name for path in folder.iterdir())
    assert [name.partition("-")[0] for name in names if name.endswith(".json")] == ["certificate", "report"]
    assert {"batch.fr.pdf", "batch.en.pdf", "erasures.csv", "workshop-keys.txt"} <= set(names)
    assert len(names) == 2 * 3 + 4
    public = read_public_text((folder / "workshop-keys.txt").read_text(encoding="utf-8"))
    for path in folder.glob("*.[pj]*"):
        results = {finding.result for finding in check(path.read_bytes(), Known(public)).findings}
        assert results == {"whole"}, path
    batch = check((folder / "batch.fr.pdf").read_bytes(), Known(public))
    assert {f"{kind}-{number}.json" for kind in ("certificate", "report") for number in batch.marks} > {
        path.name for path in folder.glob("*.json")
    }


def replace_donor(donor: str) -> Wanted:
    """All papers, for this donor."""
    return Wanted(WANTED.since, WANTED.until, WANTED.languages, WANTED.at, donor)


def test_only_the_erasures_of_the_time_are_written(keys: CertificateKeys, tmp_path: Path) -> None:
    clock = Clock()
    with open_record(tmp_path / "record.sqlite", clock=clock, monotonic=clock.monotonic) as record:
        erase(record, pc(1, disks=(SSD,)), (SSD, "erased"))
        clock.pass_by(timedelta(days=2))
        noon = clock.now
        erase(record, pc(2, disks=(HDD,)), (HDD, "erased"), number=2)
        for since, until, count in (
            (noon, noon + timedelta(days=1), 1),
            (noon - timedelta(days=3), noon, 1),
            (noon - timedelta(days=3), noon + timedelta(days=1), 2),
            (noon + timedelta(days=1), noon + timedelta(days=9), 0),
        ):
            folder = tmp_path / f"{count}-{since:%d}"
            written = write_folder(folder, record, WORKSHOP, keys, Wanted(since, until, ("fr",), AT))
            assert written.certificates == count
            assert len(list(folder.glob("*.pdf"))) == count


def test_the_table_has_a_line_a_disk_and_no_formula(certificate: Paper, keys: CertificateKeys) -> None:
    odd = replace(certificate.machine, model="=HYPERLINK(1)", serial="+1", maker='a "b", c\nd')
    text = csv_table([issue(replace(certificate, machine=odd), keys).issued])
    names, *lines = list(csv.reader(io.StringIO(text)))
    assert tuple(names) == COLUMNS
    assert [line[names.index("disk_serial")] for line in lines] == ["S1", "H1"]
    assert {line[names.index("pc_model")] for line in lines} == {"'=HYPERLINK(1)"}
    assert {line[names.index("pc_serial")] for line in lines} == {"'+1"}
    assert {line[names.index("verdict")] for line in lines} == {"erased"}


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A settings file of a server on whose record a PC was erased."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    data = tmp_path / "data"
    load_certificate_keys(data)
    with open_record(data / "record.sqlite") as record:
        erase(record, two_disks(), (SSD, "erased"), (HDD, "erased"))
    settings = tmp_path / "netboot.yaml"
    settings.write_text(f"data: {data}\ncertificates:\n  name: Atelier\n", encoding="utf-8")
    return settings


def test_the_commands_write_papers_and_check_them(
    served: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "out"
    since = ["certificates", "--config", str(served), "--since", "2020-01-01", "--folder", str(folder)]
    assert main([*since, "--language", "both", "--donor", "Ville de Metz"]) == 0
    (json_file,), (pdf,) = folder.glob("certificate-*.json"), folder.glob("certificate-*.fr.pdf")
    assert main(["verify", "--config", str(served), str(json_file), str(pdf), str(folder / "batch.en.pdf")]) == WHOLE
    told = capsys.readouterr().err
    assert "compared with the journal of this server" in told
    assert "CHANGED" not in told

    changed = bytearray(pdf.read_bytes())
    changed[len(changed) // 2] ^= 1
    other = tmp_path / "other.pdf"
    other.write_bytes(changed)
    assert main(["verify", "--config", str(served), "--language", "fr", str(other), str(json_file)]) == CHANGED
    assert "other.pdf: PDF : MODIFIÉ" in capsys.readouterr().err

    # Somebody else, without the server: with its public keys, and without.
    nobody = tmp_path / "nobody.yaml"
    nobody.write_text(f"data: {tmp_path / 'nothing'}\n", encoding="utf-8")
    assert main(["verify", "--config", str(nobody), str(pdf)]) == UNKNOWN_KEY
    keys = ["--keys", str(folder / "workshop-keys.txt")]
    assert main(["verify", "--config", str(nobody), *keys, str(pdf)]) == WHOLE
    assert not (tmp_path / "nothing").exists()


def test_the_text_of_a_code_is_checked_as_an_argument(
    served: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "out"
    assert main(["certificates", "--config", str(served), "--since", "2020-01-01", "--folder", str(folder)]) == 0
    (path,) = folder.glob("certificate-*.json")
    text = json.loads(path.read_bytes())["seal"]
    assert main(["verify", "--config", str(served), text]) == WHOLE
    assert main(["verify", "--config", str(served), text, str(path)]) == WHOLE
    assert main(["verify", "--config", str(served), text.replace("| erased |", "| Erased |")]) == CHANGED
    assert "Seal (text of the QR code): CHANGED" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["certificates", "--since", "yesterday"],
        ["certificates", "--since", "2020-01-01", "--until", "0000-00-00"],
        ["verify", "no-such-file.pdf"],
        ["verify", "x" * 5000],
        ["verify", "a\0b"],
        ["verify", "--keys", "/dev/null", "NETBOOT"],
    ],
)
def test_what_cannot_be_done_is_said(served: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    command, *rest = arguments
    assert main([command, "--config", str(served), *rest]) == 1
    assert "→" in capsys.readouterr().err


def test_no_certificate_of_before_stays_beside_the_report_that_its_visit_became(
    record: Record, keys: CertificateKeys, tmp_path: Path
) -> None:
    folder, inventory = tmp_path / "papers", pc(disks=(SSD,))
    visit = erase(record, inventory, (SSD, "erased"))
    write_folder(folder, record, WORKSHOP, keys, WANTED)
    (number,) = {path.name.partition("-")[2].partition(".")[0] for path in folder.glob("certificate-*")}
    (folder / "certificate-0000-0000-0000-0000.json").write_bytes(b"of another visit")
    for verdict, kind, other in (("not-erased", "report", "certificate"), ("erased", "certificate", "report")):
        add_erase(record, visit, inventory, (SSD, cast(Verdict, verdict)))
        write_folder(folder, record, WORKSHOP, keys, WANTED)
        assert len(list(folder.glob(f"{kind}-{number}.*"))) == 3
        assert list(folder.glob(f"{other}-{number}.*")) == []
    assert (folder / "certificate-0000-0000-0000-0000.json").exists()
