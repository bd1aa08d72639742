"""What the PC's own screen shows from power-on to the end, in French and in English."""

import re
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as replace_struct

from netboot.agent.meter import Meter
from netboot.agent.net.line_watch import PATIENCE, Line, LineWatch
from netboot.agent.screen import view as screen_view
from netboot.agent.screen.banner import HEIGHT, banner
from netboot.agent.screen.consoles import Consoles, marker, paint, serial_names
from netboot.agent.screen.display import Screen
from netboot.agent.screen.draw import render, shown, spoken
from netboot.agent.screen.view import DiskLine, ScreenView, StageLine, duration
from netboot.agent.screen.wording import ENGLISH, FRENCH, Words
from netboot.shared.erase_methods.overwrite import Overwritten
from netboot.shared.erase_outcome import erase_problem
from netboot.shared.inventory import Board, DiskId, Firmware, Inventory, System
from netboot.shared.language import Language
from netboot.shared.problems import Problem
from netboot.shared.protocol import Plan, StageProgress, Stuck
from netboot.shared.sentences import SENTENCES
from netboot.shared.stages import Result, StageName
from netboot.shared.stages.customise import CustomiseResult
from netboot.shared.stages.erase import EraseResult, Erasure, Verdict
from netboot.shared.stages.finish import EndAction
from netboot.shared.wording import StageState, end_name, stage_name, state_name, verdict_name
from tests.agent.terminals import Terminal, displays_in
from tests.workshop.asked import LONGEST, QUESTION, question

STAGES: tuple[StageName, ...] = ("check", "erase", "deploy", "customise", "finish")
PLAN = Plan(job="j1", profile={"fr": "École", "en": "School"}, stages=STAGES)
HALF = StageProgress(job="j1", stage="erase", done=50_000_000_000, total=100_000_000_000, rate=1e8, part="Samsung S3Z1")


def erasure(verdict: Verdict) -> EraseResult:
    disk = DiskId(serial="S3Z1", size=1)
    return EraseResult(erasures=(Erasure(disk=disk, model="Samsung", evidence=Overwritten(), verdict=verdict),))


def finished_job(language: Language, verdict: Verdict = "erased") -> ScreenView:
    evidence: dict[StageName, Result] = {"erase": erasure(verdict), "customise": CustomiseResult(hostname="pc-0042")}
    view = screen_view.planned(screen_view.first_view(language), PLAN)
    for stage in STAGES[:-1]:
        view = screen_view.finished(screen_view.started(view, stage), stage, None, evidence.get(stage))
    return view


def text_of(view: ScreenView) -> str:
    return "\n".join(render(view))


def test_a_waiting_pc_says_where_to_choose_and_what_happens_otherwise() -> None:
    view = screen_view.waiting(screen_view.first_view("fr"), 1800, "http://192.168.1.10/")
    assert render(view)[-3:] == [
        "  Choisissez un profil pour ce PC sur la page http://192.168.1.10/",
        "  Sans choix d'ici 30 min, ce PC démarre sur son propre disque. Rien n'est",
        "  effacé.",
    ]


def test_a_running_stage_shows_percent_speed_time_left_and_a_warning() -> None:
    view = screen_view.started(screen_view.planned(screen_view.first_view("fr"), PLAN), "erase")
    lines = render(screen_view.progressed(view, HALF))
    assert "  EFFACEMENT EN COURS" in lines
    assert "  50 %, 100 Mo/s, reste 9 min" in lines
    assert "  [>] Effacement    en cours" in lines
    assert "  [ ] Installation  à venir" in lines
    assert lines[-1] == "  Ne débranchez pas ce PC. Ne l'éteignez pas."


def test_a_finished_pc_shows_its_label() -> None:
    text = text_of(screen_view.leaving(finished_job("fr"), "poweroff", None))
    assert "CE PC EST PRÊT" in text
    assert "Nom : pc-0042" in text
    assert "Disque Samsung S3Z1 : effacé" in text
    assert "Vous pouvez débrancher ce PC dès qu'il est éteint." in text


def test_the_same_in_english() -> None:
    text = text_of(screen_view.leaving(finished_job("en"), "poweroff", None))
    assert "THIS PC IS READY" in text
    assert "Disk Samsung S3Z1: erased" in text
    assert "You may unplug this PC as soon as it is off." in text


def test_a_disk_without_proof_is_never_called_ready() -> None:
    view = screen_view.leaving(finished_job("fr", "undetermined"), "poweroff", None)
    assert view.big == FRENCH.doubtful_word
    assert "Disque Samsung S3Z1 : indéterminé" in text_of(view)


def test_a_stopped_job_says_why_and_what_to_do() -> None:
    view = screen_view.started(screen_view.planned(screen_view.first_view("fr"), PLAN), "erase")
    problem = Problem("disk-gone", {"disk": "Samsung S3Z1"})
    text = text_of(screen_view.finished(view, "erase", problem, None))
    assert "[!] Effacement    échec" in text
    assert "Problème : Le disque Samsung S3Z1 ne répond plus. Vérifiez son branchement" in text
    assert "Suivez la consigne" in text


def test_each_of_several_bad_disks_says_its_own_also_after_the_servers_word() -> None:
    faults = [Problem("erase-refused", {"disk": name, "left": "4.1 kB"}) for name in ("WD1", "WD2")]
    result = EraseResult(
        erasures=tuple(
            Erasure(
                disk=DiskId(serial=fault.values["disk"], size=1), evidence=Overwritten(),
                verdict="not-erased", problem=fault,
            )
            for fault in faults
        )
    )  # fmt: skip
    problem = erase_problem(result.erasures)
    assert problem is not None
    running = screen_view.started(screen_view.planned(screen_view.first_view("fr"), PLAN), "erase")
    view = screen_view.stopped(screen_view.finished(running, "erase", problem, result), problem)
    text = " ".join(text_of(view).split())
    for fault in faults:
        assert fault.sentence("fr") in text
        assert fault.sentence("fr") in spoken(running, view)
    assert len(render(view)) == 25
    assert not screen_view.planned(view, PLAN).faults


DOUBTED = Problem("erase-unbelievable", {"disk": "S3Z1", "reason": "not-asked"})


def erased_view() -> ScreenView:
    """Right after an erase that the agent calls good; what the server makes of it is not heard yet."""
    running = screen_view.started(screen_view.planned(screen_view.first_view("en"), PLAN), "erase")
    return screen_view.finished(running, "erase", None, erasure("erased"))


@pytest.mark.parametrize("problem", [DOUBTED, Problem("version", {"agent": "4", "server": "5"}), Problem("denied")])
def test_no_disk_is_called_erased_where_the_server_stops_the_job_right_after_its_erase(problem: Problem) -> None:
    for view in (
        screen_view.stopped(erased_view(), problem),
        screen_view.leaving(erased_view(), "poweroff", problem),
        screen_view.leaving(screen_view.stopped(erased_view(), problem), "poweroff", problem),
    ):
        assert "S3Z1: erased" not in text_of(view)
        assert not any("S3Z1: erased" in line for line in spoken(None, view))
        assert " ".join(problem.sentence("en").split()) in " ".join(text_of(view).split())


def test_of_two_disks_the_bad_one_stays_told_where_the_server_doubts_the_other() -> None:
    bad = Problem("erase-mismatch", {"disk": "WD1", "different": "4.1 kB"})
    worse = erasure("not-erased").erasures[0]
    second = replace_struct(worse, disk=DiskId(serial="WD1", size=1), problem=bad)
    result = EraseResult(erasures=(*erasure("erased").erasures, second))
    running = screen_view.started(screen_view.planned(screen_view.first_view("en"), PLAN), "erase")
    view = screen_view.stopped(screen_view.finished(running, "erase", bad, result), bad)
    assert [line.verdict for line in view.disks] == ["erased", "not-erased"], "the server found the same"
    several = Problem("several-not-erased", {"count": "2", "disks": "S3Z1, WD1"})
    assert [line.verdict for line in screen_view.stopped(view, several).disks] == ["not-erased"]


def test_a_later_stage_that_fails_leaves_the_disks_erased() -> None:
    view = screen_view.started(erased_view(), "deploy")  # the server went on from it
    problem = Problem("disk-gone", {"disk": "S3Z1"})
    view = screen_view.stopped(screen_view.finished(view, "deploy", problem, None), Problem("denied"))
    assert "Disk Samsung S3Z1: erased" in text_of(view)


def test_an_erase_that_ends_after_the_server_stopped_the_job_is_stopped_still() -> None:
    running = screen_view.started(screen_view.planned(screen_view.first_view("en"), PLAN), "erase")
    view = screen_view.progressed(screen_view.stopped(running, Problem("denied")), HALF)
    view = screen_view.finished(view, "erase", None, erasure("erased"))
    assert Problem("denied").sentence("en") in " ".join(text_of(view).split())
    assert "S3Z1: erased" not in text_of(view)


def test_who_is_stuck_is_told_since_when_and_what_to_do() -> None:
    view = screen_view.started(screen_view.planned(screen_view.first_view("fr"), PLAN), "erase")
    stuck = replace_struct(HALF, stuck=(Stuck(disk="WD 1.0 TB", seconds=185.0),))
    held_up = screen_view.progressed(view, stuck)
    text = " ".join(text_of(held_up).split())
    assert "Le disque WD 1.0 TB n'avance plus depuis 3 min." in text
    assert "ce disque est abandonné et le reste continue" in text
    assert [line for line in spoken(view, held_up) if "n'avance plus" in line]
    longer = screen_view.progressed(view, replace_struct(stuck, stuck=(Stuck(disk="WD 1.0 TB", seconds=186.0),)))
    assert spoken(held_up, longer) == [], "said once"
    assert "n'avance plus" not in text_of(screen_view.progressed(held_up, HALF))


def test_a_silent_server_is_told_once_as_the_server_or_as_the_cable() -> None:
    view = screen_view.started(screen_view.planned(screen_view.first_view("fr"), PLAN), "deploy")
    stuck = (Stuck(what="server", seconds=45.0), Stuck(what="target", disk="WD 1.0 TB", seconds=30.0))
    held_up = screen_view.progressed(view, replace_struct(HALF, done=0, total=0, stuck=stuck))
    told = "Le serveur n'envoie plus rien à ce PC depuis 45 s. Vérifiez le câble, le switch et le serveur"
    assert told in " ".join(text_of(held_up).split())
    assert [line for line in spoken(view, held_up) if told in line]
    unplugged = " ".join(text_of(screen_view.line_is(held_up, "no-cable")).split())
    assert told not in unplugged
    assert "Rebranchez-le. Le travail reprend" in unplugged
    assert "l'installation s'arrête et dit que faire" in unplugged, "the disk is no fault of the cable"


def test_what_holds_a_stage_up_is_told_before_there_is_anything_to_count() -> None:
    meter = Meter("job", "deploy")
    assert meter.read(1.0) is None
    stuck = (Stuck(what="server", seconds=45.0),)
    meter.held_up(stuck)
    told = meter.read(2.0)
    assert told is not None
    assert (told.total, told.stuck) == (0, stuck)
    meter.held_up(())
    assert (over := meter.read(3.0)) is not None
    assert over.stuck == ()
    assert meter.read(4.0) is None


@pytest.mark.parametrize(
    ("stage", "line", "says"),
    [
        (
            "erase",
            "no-cable",
            "Le câble réseau est débranché, ou son autre bout est éteint. Rebranchez-le. Le travail ",
        ),
        ("erase", "no-cable", "Le travail sur ce PC continue pendant ce temps."),
        (
            "erase",
            "silent",
            "Le serveur ne répond plus. Vérifiez le serveur et le réseau. Le travail sur ce PC continue",
        ),
        ("deploy", "no-cable", "Rebranchez-le. Le travail reprend dès que le serveur répond."),
    ],
)
def test_a_lost_line_is_told_with_what_to_do_and_what_becomes_of_the_work(
    stage: StageName, line: Line, says: str
) -> None:
    view = screen_view.started(screen_view.planned(screen_view.first_view("fr"), PLAN), stage)
    view = screen_view.progressed(view, replace_struct(HALF, stage=stage))
    lost = screen_view.line_is(view, line)
    assert says in " ".join(text_of(lost).split())
    assert [said for said in spoken(view, lost) if says in said]
    assert says not in text_of(screen_view.line_is(lost, "up"))


def test_a_line_is_lost_after_a_while_and_by_its_cable() -> None:
    told: list[Line] = []
    is_up, cable = True, True
    watch = LineWatch(lambda: is_up, lambda: cable, told.append)
    watch.look(0.0)
    is_up = False
    for now in (1.0, 1.0 + PATIENCE - 0.1):
        watch.look(now)
    assert told == [], "a server that restarts is back soon"
    for now, has_cable in ((8.0, True), (9.0, True), (10.0, False), (12.0, True)):
        cable = has_cable
        watch.look(now)
    is_up = True
    watch.look(13.0)
    assert told == ["silent", "no-cable", "silent", "up"]
    cable = False
    for now in (14.0, 14.0 + PATIENCE):
        watch.look(now)
    assert told[-1] == "no-cable", "before the line itself has noticed"


def test_a_new_choice_clears_what_went_wrong() -> None:
    view = screen_view.stopped(screen_view.first_view("en"), Problem("no-disk"))
    assert screen_view.planned(view, PLAN).problem == ""


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "moins d'une minute"), (61, "2 min"), (7140, "119 min"), (7200, "2 h 00 min")]
)
def test_a_length_of_time_is_said_in_minutes(seconds: float, words: str) -> None:
    assert duration(seconds, "fr") == words


def test_serial_consoles_get_only_what_is_new() -> None:
    view = screen_view.started(screen_view.planned(screen_view.first_view("en"), PLAN), "erase")
    running = screen_view.progressed(view, HALF)
    assert spoken(view, running) == ["Samsung S3Z1 50% 100 MB/s 9 min left"]
    assert spoken(running, replace(running, done=running.done + 1)) == []
    done = screen_view.finished(running, "erase", None, erasure("erased"))
    assert spoken(running, done) == ["Erasure: done", ENGLISH.next_soon]


def test_large_letters_have_their_accents() -> None:
    lines = banner("PRÊT", 30)
    assert len(lines) == HEIGHT
    assert [line.replace("█", "#") for line in lines[:2]] == ["             .'.", "####  ####  ##### #####"]


def test_letters_are_twice_as_large_where_there_is_room() -> None:
    lines = banner("PRÊT", 80, 12)
    assert len(lines) == 2 * HEIGHT
    assert lines[0].strip() == "██"
    assert lines[2] == lines[3] == "████████    ████████    ██████████  ██████████"


@pytest.mark.parametrize(
    ("word", "width", "height"), [("PRÊT", 20, 25), ("PRÊT", 80, 5), ("日本", 80, 25), ("", 80, 25)]
)
def test_a_word_that_does_not_fit_or_has_other_letters_is_not_drawn(word: str, width: int, height: int) -> None:
    assert banner(word, width, height) == []


def test_every_large_word_can_be_drawn() -> None:
    for text in (FRENCH, ENGLISH):
        for word in (
            text.stopped_word,
            text.ready_word,
            text.erased_word,
            text.doubtful_word,
            text.percent.format(100),
        ):
            lines = banner(word, 76)
            assert len(lines) in (HEIGHT - 1, HEIGHT)
            assert all(shown(line) == line for line in lines)


@pytest.mark.parametrize("text", [FRENCH, ENGLISH])
def test_every_word_is_in_the_console_font(text: Words) -> None:
    for field in fields(text):
        phrase = getattr(text, field.name)
        assert phrase
        assert shown(phrase) == phrase


def test_every_stage_state_verdict_and_ending_has_its_words() -> None:
    for language in get_args(Language):
        names = [stage_name(stage, language) for stage in get_args(StageName)]
        names += [state_name(state, language) for state in get_args(StageState)]
        names += [verdict_name(verdict, language) for verdict in get_args(Verdict)]
        names += [end_name(action, language) for action in get_args(EndAction)]
        assert all(shown(name) == name for name in names)
        assert len(set(names[: len(STAGES)])) == len(STAGES)


LINE = st.text(max_size=300)
VIEWS = st.builds(
    ScreenView,
    language=st.sampled_from(get_args(Language)),
    headline=LINE,
    advice=LINE,
    machine=LINE,
    profile=LINE,
    stages=st.lists(
        st.builds(StageLine, st.sampled_from(STAGES), st.sampled_from(get_args(StageState))), max_size=16
    ).map(tuple),
    part=LINE,
    done=st.integers(0, 2**63),
    total=st.integers(0, 2**63),
    rate=st.floats(0, 1e18),
    problem=LINE,
    big=LINE,
    hostname=LINE,
    disks=st.lists(st.builds(DiskLine, LINE, st.sampled_from(get_args(Verdict))), max_size=64).map(tuple),
    over=st.booleans(),
)


@given(VIEWS, st.integers(1, 300), st.integers(1, 100))
def test_whatever_there_is_to_show_it_fits_and_has_no_control_characters(
    view: ScreenView, width: int, height: int
) -> None:
    lines = render(view, width, height)
    assert len(lines) == height
    assert all(len(line) <= width and (line.isprintable() or not line) for line in lines)
    assert all(line.isprintable() for line in spoken(None, view))


@pytest.mark.parametrize("code", SENTENCES)
@pytest.mark.parametrize("language", get_args(Language))
def test_every_problem_is_shown_whole_on_80_by_25(code: str, language: Language) -> None:
    long = "Samsung SSD 860 EVO 250GB S3Z1NB0K 250.1 GB"
    values = dict.fromkeys(("disk", "master", "controller", "error", "setting", "disks"), long)
    problem = Problem(code, values)  # type: ignore[arg-type]  # parametrised over the codes themselves
    view = replace(finished_job(language), machine=long)
    text = " ".join(text_of(screen_view.stopped(view, problem)).split())
    assert shown(" ".join(problem.sentence(language).split())) in text


def test_a_screen_is_replaced_line_by_line() -> None:
    assert paint(["one", "two"]) == "\x1b[1;1Hone\x1b[K\x1b[2;1Htwo\x1b[K\x1b[J"


def test_screens_are_no_serial_consoles() -> None:
    assert serial_names("tty0 ttyS0 hvc0 tty1\n") == ("ttyS0", "hvc0")
    assert serial_names("../../etc/passwd") == ()


def test_a_marker_is_one_ascii_line_with_the_kernels_stamp() -> None:
    assert marker("stage erase done 12.3 s", 12.345678) == "[   12.345678] netboot: stage erase done 12.3 s"
    assert marker("é", 0.0).isascii()


@pytest.fixture
def displays(tmp_path: Path) -> Iterator[tuple[Terminal, Terminal, Path]]:
    """The screen, a serial console, and the root they are under."""
    with displays_in(tmp_path) as (screen, serial):
        yield screen, serial, tmp_path


INVENTORY = Inventory(
    system=System(manufacturer="HP", product="EliteDesk"), board=Board(), firmware=Firmware(mode="uefi")
)


def test_a_whole_visit_on_real_terminals(displays: tuple[Terminal, Terminal, Path]) -> None:
    screen, serial, root = displays
    now = [100.0]
    with Consoles(root) as consoles:
        assert consoles.size() == (100, 30)
        shows = Screen(consoles, "fr", INVENTORY, page="http://box/", clock=lambda: now[0])
        steps: list[tuple[float, Callable[[], None]]] = [
            (100.0, lambda: shows.welcomed("HP EliteDesk CZC7")),
            (100.0, lambda: shows.waiting(600)),
            (160.0, shows.refresh),
            (160.0, lambda: shows.planned(PLAN)),
            (160.0, lambda: shows.started("erase")),
            (165.0, lambda: shows.progressed(HALF)),
            (172.3, lambda: shows.finished("erase", None, erasure("erased"))),
            (173.0, lambda: shows.stopped(Problem("no-disk"))),
            (174.0, lambda: shows.leaving("poweroff", None)),
        ]
        for moment, step in steps:
            now[0] = moment
            step()
            screen.take()
            serial.take()
    marks = [line.partition("] ")[2] for line in serial.text.split("\r\n") if "netboot: " in line]
    assert marks == [
        "netboot: hello",
        "netboot: waiting",
        "netboot: plan check erase deploy customise finish",
        "netboot: stage erase started",
        "netboot: stage erase done 12.3 s",
        "netboot: stopped no-disk",
        "netboot: leaving poweroff",
    ]
    assert "HP EliteDesk CZC7" in screen.text
    assert "d'ici 10 min" in screen.text
    assert "d'ici 9 min" in screen.text
    assert "50 %, 100 Mo/s, reste 9 min" in screen.text
    assert (root / "dev/kmsg").read_text().startswith("<7>netboot: ")


@pytest.mark.parametrize(
    ("page", "after"),
    [("https://10.77.0.2:8080", "https://10.77.0.9:8080"), ("http://box/", "http://box/")],
    ids=["at the server's address", "elsewhere"],
)
def test_a_server_that_moved_is_told_and_a_page_at_its_address_goes_with_it(
    displays: tuple[Terminal, Terminal, Path], page: str, after: str
) -> None:
    screen, serial, root = displays
    with Consoles(root) as consoles:
        shows = Screen(consoles, "en", INVENTORY, page=page, clock=lambda: 100.0)
        steps = [lambda: shows.waiting(600), lambda: shows.server_moved("10.77.0.2", "10.77.0.9"), shows.refresh]
        for step in steps:
            screen.take()
            screen.text = ""
            step()
        screen.take()
        serial.take()
    assert "netboot: server moved to 10.77.0.9" in serial.text
    assert after in screen.text


def test_a_pc_without_any_display_still_works(tmp_path: Path) -> None:
    with Consoles(tmp_path) as consoles:
        shows = Screen(consoles, "en")
        shows.welcomed("")
        shows.leaving("disk", None)
        assert consoles.size() == (80, 25)


def test_a_display_that_takes_no_more_text_is_not_waited_for(displays: tuple[Terminal, Terminal, Path]) -> None:
    _, _, root = displays
    with Consoles(root) as consoles:
        for _ in range(2000):
            consoles.say("x" * 100)


def test_what_is_left_undone_is_told_in_red_and_in_words_while_the_pc_waits(
    displays: tuple[Terminal, Terminal, Path],
) -> None:
    screen, serial, root = displays
    with Consoles(root) as consoles:
        shows = Screen(consoles, "fr", INVENTORY)
        shows.welcomed("HP EliteDesk", Problem("power-cut", {"stage": "erase"}))
        shows.waiting(600)
        for terminal in (screen, serial):
            terminal.take()
        assert "\x1b[31m" in screen.text
        for told in (screen.text, serial.text):
            assert "Effacement" in told
            assert "Rien n'est effacé" not in told
        shows.planned(PLAN)
        screen.text = ""
        screen.take()
        assert "\x1b[31m" not in screen.text, "the work is done anew"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_longest_question_stands_on_the_smallest_screen_with_every_answer_and_what_to_do(
    language: Language,
) -> None:
    text = FRENCH if language == "fr" else ENGLISH
    view = screen_view.started(screen_view.planned(screen_view.first_view(language), PLAN), "erase")
    view = screen_view.line_is(screen_view.progressed(view, HALF), "no-cable")
    for typed in (0, 9, -1):
        asked = screen_view.typed(screen_view.asked(view, LONGEST, 600), typed)
        lines = render(asked)
        assert len(lines) == 25
        said = " ".join(" ".join(lines).split())
        assert LONGEST.text.of(language) in said
        for number, choice in enumerate(LONGEST.choices, 1):
            assert f"{number} {choice.words.of(language)}" in said
        assert text.answer_limit.format("10 min") in said
    assert text.answer_wrong.format(9) in said


def test_what_is_typed_is_told_before_it_counts_and_what_counts_after(
    displays: tuple[Terminal, Terminal, Path],
) -> None:
    screen, serial, root = displays
    now = [100.0]
    with Consoles(root) as consoles:
        shows = Screen(consoles, "fr", INVENTORY, clock=lambda: now[0])
        shows.planned(PLAN)
        shows.started("erase")
        steps: tuple[tuple[Callable[[], None], str], ...] = (
            (lambda: shows.asked(QUESTION, 600), FRENCH.answer_limit.format("10 min")),
            (lambda: shows.typed(2), "Réponse 2 : Non, laisser ce disque. Entrée pour la donner"),
            (lambda: shows.typed(0), FRENCH.answer_number),
            (lambda: shows.typed(-1), FRENCH.answer_wrong.format(2)),
            (lambda: shows.question_closed("keyboard", "leave"), "Réponse : Non, laisser ce disque"),
        )
        for step, said in steps:
            screen.take()
            serial.take()
            screen.text = serial.text = ""
            step()
            screen.take()
            serial.take()
            plain = " ".join(re.sub(r"\x1b\[[0-9;]*[HKJm]", " ", screen.text).split())
            assert said in plain
            if said != FRENCH.answer_number:
                assert said in serial.text
        shows.asked(QUESTION, 600)
        now[0] += 480
        screen.text = ""
        shows.refresh()
        screen.take()
        assert FRENCH.answer_limit.format("2 min") in screen.text
        shows.question_closed("time-out", "")
        screen.take()
        serial.take()
        assert FRENCH.no_answer in screen.text
        assert FRENCH.no_answer in serial.text
        shows.finished("erase", None, None)
        screen.text = ""
        shows.refresh()
        screen.take()
        assert FRENCH.no_answer not in screen.text


def test_nothing_that_a_question_says_moves_the_screen_or_a_serial_line() -> None:
    before = screen_view.first_view("en")
    view = screen_view.asked(before, question(text="a\x1b[2Jb\u202ec\rd", words=("e\x07f", "g\u200b\nh")), 600)
    for line in (*render(view), *spoken(before, view)):
        assert line.isprintable()
        assert "\u202e" not in line


@pytest.mark.parametrize(
    ("language", "how"), [("fr", "effacé (réécriture, Clear)"), ("en", "erased (overwrite, Clear)")]
)
def test_a_disk_that_is_erased_says_by_what_and_to_which_level(language: Language, how: str) -> None:
    (said,) = erasure("erased").erasures
    verdicts: dict[Verdict, bool] = {"erased": True, "not-erased": False}
    for verdict, ends in verdicts.items():
        told = EraseResult(erasures=(replace_struct(said, level="clear", verdict=verdict),))
        (line,) = screen_view.finished(screen_view.seeking_home(language), "erase", None, told).disks
        assert screen_view.verdict_line(line, language).endswith(how) == ends
