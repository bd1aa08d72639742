"""Which package may import which: the rules of docs/architecture.md, read from the imports of every file of netboot/.

All imports count, those inside functions too, but one: a circle is one of imports that run when a module is loaded.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from netboot.bootfiles.agent_image import AGENT_KNOWS
from netboot.kit.archive import KIT_KNOWS
from netboot.shared.erase_methods import Method, module_of
from netboot.shared.stages import StageName

ROOT = Path(__file__).parent.parent
FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((ROOT / "netboot").rglob("*.py"))
}
LAYERS = (
    {"shared"},
    {"survey"},
    {"agent", "files", "lan"},
    {"auth", "bootfiles", "jobs", "store", "tftpd"},
    {"imaging", "records", "settings", "tftp"},
    {"alone", "bootmenu", "certificates", "dhcp", "masters"},
    {"dhcp_proxy", "dns", "doctor", "kit", "lab", "workshop"},
    {"boothttp", "webui"},
    {"web"},
    {"serve"},
    {"cli"},
    {"__main__"},
)
"""The packages and top modules of netboot, from low to high: each imports from lower ones only."""


PURE = (
    "dhcp_proxy", "imaging",
    *(module.removeprefix("netboot.") for module in FILES if module.startswith("netboot.agent.answers.")),
    "alone.kit_visit",
    "auth.fingerprint",
    "agent.erase.hidden_rules", "agent.erase.thaw_rules",
    "agent.erase.firmware.drive_time",
    "agent.erase.firmware.follow_up", "agent.erase.firmware.markers",
    "agent.erase.firmware.technique",
    "bootmenu.entries", "bootmenu.escapes", "bootmenu.offered", "bootmenu.pick", "bootmenu.ticket",
    "certificates.annex", "certificates.compose", "certificates.figure_texts", "certificates.findings",
    "certificates.json_form", "certificates.layout", "certificates.seal", "certificates.sealed", "certificates.texts",
    "certificates.values",
    "dhcp.address_plan", "dhcp.arp_packet", "dhcp.boot_client", "dhcp.boot_file", "dhcp.boot_reply", "dhcp.core",
    "dhcp.full", "dhcp.lease_options", "dhcp.leases", "dhcp.loop_guard", "dhcp.merged", "dhcp.packet",
    "dhcp.proxy_offer", "dhcp.untaken_offers",
    "dns.responder",
    "jobs.actor", "jobs.answer_file", "jobs.customise_evidence", "jobs.cut_deploys",
    "jobs.disk_answers", "jobs.disk_rules", "jobs.disk_take_out", "jobs.erase_exception", "jobs.erased_before",
    "jobs.evidence", "jobs.honest_erasure", "jobs.identity", "jobs.job",
    "jobs.making", "jobs.named", "jobs.policy", "jobs.profile", "jobs.seen", "jobs.shipped", "jobs.stage_questions",
    "jobs.sectors", "jobs.target", "jobs.wifi_network", "jobs.windows_accounts", "jobs.windows_folders",
    "jobs.windows_names",
    "jobs.stages.rules", *(f"jobs.stages.{name}" for name in get_args(StageName)),
    "jobs.drive_password", "jobs.erase_cuts",
    "jobs.erase_levels", "jobs.erase_policy", "jobs.erase_methods.rules", "jobs.erase_methods.levels",
    "jobs.erase_methods.firmware", *(f"jobs.erase_methods.{module_of(method)}" for method in get_args(Method)),
    "lab.drives.ahci.fis", *(f"lab.drives.ata.{name}" for name in (
        "command", "disk", "hidden", "identify", "logs", "model", "sanitize", "security", "smart", "transfer",
    )),
    *(f"lab.drives.sat_bridge.{name}" for name in ("pages", "returned", "translate")),
    *(f"lab.drives.scsi.{name}" for name in ("disk", "pages", "sanitize", "spec")),
    *(f"lab.drives.virtio_scsi.{name}" for name in ("registers", "sense")),
    "lab.drives.behaviour", "lab.drives.erasing", "lab.drives.vfio_messages",
    "lab.drives.nvme.command", "lab.drives.nvme.events", "lab.drives.nvme.features", "lab.drives.nvme.identify",
    "lab.drives.nvme.logs", "lab.drives.nvme.registers", "lab.drives.nvme.sanitize", "lab.drives.nvme.spec",
    "lab.drives.nvme.state",
    *(f"lab.drives.tcg.{name}" for name in ("discovery", "packets", "spec", "tper")),
    "kit.partitions",
    "lab.picture",
    "lan.query_rate",
    "masters.account", "masters.description", "masters.difference",
    "masters.work_lines", "masters.bundle.decision", "masters.bundle.format", "masters.steps",
    "masters.desktop_files", "masters.distributions", "masters.install_progress",
    "masters.recipe", "masters.recipe_rules", "masters.users",
    "masters.file_format", "masters.packed", "masters.worth_shrinking",
    *(f"masters.saved.{name}" for name in ("partclone_image", "parts", "table_dump")),
    *(f"masters.formats.{name}" for name in (
        "bounds", "crc32c", "vdi_header", "vhd_header", "vhdx_header", "vmdk_header",
    )),
    "records.erase_times", "records.old_evidence",
    "shared.accounts",
    "shared.contradictions", "shared.cut_words", "shared.disk_abilities", "shared.disk_counts", "shared.disk_loaders",
    "shared.disk_ports",
    "shared.disk_status", "shared.drive_format", "shared.erase_begun",
    "shared.disk_progress", "shared.erase_methods.kind", "shared.erase_methods.firmware",
    *(f"shared.erase_methods.{module_of(method)}" for method in get_args(Method)),
    "shared.erase_outcome", "shared.firmware_verdict", "shared.frames", "shared.given_back", "shared.growth",
    "shared.inventory", "shared.manifest", "shared.manifest_faults", "shared.mount_points", "shared.offers",
    "shared.output_lines", "shared.problems", "shared.protocol",
    "shared.out_of_reach", "shared.read_back", "shared.root_room", "shared.stage_question",
    "shared.parcel", "shared.placed_files", "shared.private_files", "shared.system_settings", "shared.thawing",
    "shared.uefi_start", "shared.visible", "shared.whereabouts", "shared.wifi", "shared.windows",
    "store.versions",
    "survey.cutting", "survey.f2fs", "survey.fat_check", "survey.features", "survey.gpt", "survey.lvm",
    "survey.lvm_room", "survey.lvm_text", "survey.moved_ntfs", "survey.named_growth", "survey.offers",
    "survey.pieces", "survey.places", "survey.root_growth", "survey.sbat",
    "tftpd.transfer",
    "workshop.called",
)  # fmt: skip
PURE_IN_DOCTOR = (
    "doctor.finding", "doctor.judge", "doctor.judge_boot", "doctor.judge_dhcp", "doctor.judge_link", "doctor.observed",
    "doctor.offers", "doctor.questions", "doctor.report", "doctor.texts", "doctor.texts_boot", "doctor.texts_lan",
)  # fmt: skip
READ_OR_WRITE = {
    "aiohttp", "asyncio", "fcntl", "http", "io", "logging", "mmap", "os", "pathlib", "random", "secrets", "select",
    "shutil", "socket", "sqlalchemy", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading", "time", "urllib",
}  # fmt: skip


def imports(tree: ast.AST, package: str) -> Iterator[str]:
    """The full names a piece of code imports: for `from a import b` a.b, and a unless b is a module of its own."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"a relative import in {package}"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from names
            if not all(name in FILES for name in names):
                yield node.module or ""


@cache
def imported(module: str) -> frozenset[str]:
    """Everything that a module imports, by full name."""
    return frozenset(imports(ast.parse(FILES[module].read_text(encoding="utf-8")), module))


@cache
def known(module: str) -> frozenset[str]:
    """The modules of netboot that a module imports, itself left out."""
    return frozenset(name for name in imported(module) if name in FILES and name not in (module, "netboot"))


def loaded(module: str) -> set[str]:
    """The modules of netboot that are loaded before this one is: those it imports outside of functions."""
    tree = ast.parse(FILES[module].read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [ast.Pass()]
    return {name for name in imports(tree, module) if name in FILES and name not in (module, "netboot")}


def package(module: str) -> str:
    """The first name below netboot: a folder, or a file."""
    return module.removeprefix("netboot.").partition(".")[0]


def outside(module: str) -> set[str]:
    """The packages beyond netboot that a module imports, by their first name."""
    return {name.partition(".")[0] for name in imported(module)} - {"netboot", ""}


def all_known(module: str) -> set[str]:
    """What a module knows, directly or by others."""
    found: set[str] = set()
    ahead = [module]
    while ahead:
        ahead += known(name := ahead.pop()) - found
        found |= known(name)
    return found


def in_package(name: str) -> list[str]:
    return [module for module in FILES if package(module) == name]


def knowing(name: str) -> set[str]:
    """The packages, other than itself, whose files know this one."""
    return {package(module) for module in FILES if any(package(other) == name for other in known(module))} - {name}


def beyond(package: str) -> set[str]:
    """The modules that import this package from outside of netboot."""
    return {module for module in FILES if package in outside(module)}


def test_there_is_something_to_read() -> None:
    assert len(FILES) > 100
    assert "netboot.shared.protocol" in known("netboot.workshop.greeting")
    assert "netboot.records.record" in all_known("netboot.serve.server")


def test_the_agent_knows_what_it_shares_with_the_server_and_nothing_else() -> None:
    assert set(AGENT_KNOWS) == {"__init__.py", "agent", "shared", "survey"}
    for module in in_package("agent"):
        assert {package(other) for other in all_known(module)} <= {"agent", "shared", "survey"}, module


def test_the_kit_s_archive_has_the_agent_and_the_deciding_rules_and_nothing_else_of_the_server() -> None:
    assert set(KIT_KNOWS) == {*AGENT_KNOWS, "alone", "imaging.py", "jobs"}
    reached = {other for module in in_package("alone") for other in all_known(module)}
    assert {package(other) for other in reached} <= {"agent", "alone", "imaging", "jobs", "shared", "survey"}
    assert "netboot.jobs.profiles" not in reached, "it reads the server's files, and stands in the archive unused"
    assert knowing("kit") == {"cli"}


def test_every_package_stands_in_one_layer() -> None:
    assert sorted(name for layer in LAYERS for name in layer) == sorted(
        {package(module) for module in FILES} - {"netboot"}
    )


def test_nobody_knows_a_higher_package_or_one_beside_it() -> None:
    height = {name: number for number, layer in enumerate(LAYERS) for name in layer}
    up = {
        (module, other)
        for module in FILES
        for other in known(module)
        if package(other) != package(module) and height[package(other)] >= height[package(module)]
    }
    assert not up


@pytest.mark.parametrize("module", [*PURE, *PURE_IN_DOCTOR])
def test_a_pure_module_neither_reads_nor_writes_nor_looks_at_a_clock(module: str) -> None:
    assert not outside(f"netboot.{module}") & READ_OR_WRITE
    tree = ast.parse(FILES[f"netboot.{module}"].read_text(encoding="utf-8"))
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert not called & {"open", "print", "input", "exec", "eval"}


def test_pages_know_no_sockets_and_no_files_of_the_store() -> None:
    for module in in_package("webui"):
        assert not outside(module) & {"socket", "ssl", "sqlalchemy", "sqlite3", "subprocess"}, module
        assert not {package(other) for other in known(module)} & {"store", "masters", "bootfiles", "dhcp"}, module


def test_the_record_speaks_to_its_database_only() -> None:
    for module in in_package("records"):
        assert not outside(module) & {"aiohttp", "asyncio", "socket"}, module


def test_nobody_knows_the_virtual_workshop_but_the_command_line() -> None:
    assert knowing("lab") == {"cli"}


def test_the_workshop_speaks_no_http_and_renders_nothing() -> None:
    for module in in_package("workshop"):
        assert not outside(module) & {"aiohttp", "jinja2", "socket", "sqlalchemy"}, module
        assert not {package(other) for other in known(module)} & {"store"}, module


def test_each_library_is_behind_its_door() -> None:
    assert beyond("subprocess") == {"netboot.shared.process", "netboot.shared.long_programs"}
    assert beyond("sqlalchemy") | beyond("alembic") <= set(in_package("records"))
    assert beyond("tftpy") == {"netboot.tftpd.packet"}
    assert beyond("typst") == {"netboot.certificates.pdf"}
    assert beyond("pyhanko") == {"netboot.certificates.signature"}
    assert beyond("segno") == {"netboot.certificates.drawings"}
    assert beyond("zxingcpp") == {"netboot.certificates.picture_reader"}
    assert {package(module) for module in beyond("aiohttp")} <= {"agent", "boothttp", "lab", "serve", "web", "webui"}


def test_scapy_and_aiohttp_never_meet_in_one_process_because_of_their_licences() -> None:
    assert beyond("scapy") == {"netboot.doctor.capture", "netboot.doctor.inject"}
    assert knowing("doctor") == {"cli"}
    # The command line knows the doctor's options only, and becomes its program by exec.
    assert {name for name in known("netboot.cli") if package(name) == "doctor"} <= {
        "netboot.doctor", "netboot.doctor.options",
    }  # fmt: skip
    assert "netboot.doctor.capture" not in all_known("netboot.cli")
    for module in in_package("doctor"):
        assert not all_known(module) & beyond("aiohttp"), module


def test_the_command_line_loads_no_heavy_library_before_it_knows_the_command() -> None:
    told = "import sys, netboot.cli; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    modules = set(out.split())
    assert "netboot.masters.options" in modules
    assert not modules & {"aiohttp", "nacl", "scapy", "sqlalchemy", "typst", "zstandard", "netboot.masters.build"}


def test_no_import_runs_in_a_circle() -> None:
    before = {module: loaded(module) for module in FILES}
    while free := {module for module, needed in before.items() if not needed}:
        before = {module: needed - free for module, needed in before.items() if module not in free}
    assert not before, f"these import one another: {sorted(before)}"


def test_only_what_people_look_for_stands_at_the_top() -> None:
    assert {path.stem for path in (ROOT / "netboot").glob("*.py")} == {
        "__init__", "__main__", "cli", "dhcp_proxy", "imaging", "tftp", "web",
    }  # fmt: skip


def test_no_file_is_long() -> None:
    folders = [ROOT / name for name in ("netboot", "tests", "benchmarks")]
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for top in folders for path in top.rglob("*.py")}
    assert {path.relative_to(ROOT).parts[0] for path in lines} == {top.name for top in folders}
    assert not {str(path.relative_to(ROOT)): count for path, count in lines.items() if count > 400}
