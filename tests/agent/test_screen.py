"""What the PC's own screen shows from power-on to the end, in French and in English."""

from typing import get_args

import pytest
from msgspec.structs import replace as replace_struct

from netboot.agent.meter import Meter
from netboot.agent.net.line_watch import PATIENCE, Line, LineWatch
from netboot.agent.screen import view as screen_view
from netboot.agent.screen.draw import render, shown, spoken
from netboot.agent.screen.view import ScreenView, duration
from netboot.agent.screen.wording import FRENCH
from netboot.shared.erase_methods.overwrite import Overwritten
from netboot.shared.erase_outcome import erase_problem
from netboot.shared.inventory import DiskId
from netboot.shared.language import Language
from netboot.shared.problems import Problem
from netboot.shared.protocol import Stuck
from netboot.shared.stages import StageName
from netboot.shared.stages.erase import EraseResult, Erasure, Verdict
from netboot.shared.stages.finish import EndAction
from netboot.shared.wording import StageState, end_name, stage_name, state_name, verdict_name
from tests.agent.screen_views import HALF, PLAN, STAGES, erasure, finished_job, text_of


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


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("fr", ("qui s'efface lui-même, n'avance plus depuis 3 min", "sans progrès pendant encore 29 min")),
        ("en", ("which erases itself, has not come further for 3 min", "without any progress for another 29 min")),
    ],
)
def test_a_disk_that_erases_itself_and_stands_still_is_told_with_the_time_that_it_is_given(
    language: Language, says: tuple[str, ...]
) -> None:
    view = screen_view.started(screen_view.planned(screen_view.first_view(language), PLAN), "erase")
    stuck = Stuck(what="drive", disk="WD 1.0 TB", seconds=185.0, left=1795.0)
    text = " ".join(text_of(screen_view.progressed(view, replace_struct(HALF, stuck=(stuck,)))).split())
    assert all(part in text for part in says)
    assert "5 min" not in text


def test_a_disk_that_is_formatted_for_the_system_is_told_as_such_with_the_time_that_it_is_given() -> None:
    view = screen_view.started(screen_view.planned(screen_view.first_view("fr"), PLAN), "deploy")
    stuck = Stuck(what="format", disk="WD 1.0 TB", seconds=185.0, left=535.0)
    text = " ".join(text_of(screen_view.progressed(view, replace_struct(HALF, stuck=(stuck,)))).split())
    assert "se formate pour le système et ne répond pas depuis 3 min" in text
    assert "sans réponse pendant encore 8 min, l'installation s'arrête" in text


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


def test_every_stage_state_verdict_and_ending_has_its_words() -> None:
    for language in get_args(Language):
        names = [stage_name(stage, language) for stage in get_args(StageName)]
        names += [state_name(state, language) for state in get_args(StageState)]
        names += [verdict_name(verdict, language) for verdict in get_args(Verdict)]
        names += [end_name(action, language) for action in get_args(EndAction)]
        assert all(shown(name) == name for name in names)
        assert len(set(names[: len(STAGES)])) == len(STAGES)


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
