"""The live board keeps a bounded number of rows, and those that matter longest."""

from netboot.workshop.live_board import CONFLICTS, ROWS, Conflict, LiveBoard, Row


class Clock:
    now = 0.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


def test_made_up_addresses_push_out_the_longest_silent_rows_and_never_an_agents() -> None:
    live_board = LiveBoard(Clock())
    live_board.put(Row(mac="agent", state="working"))
    live_board.sighted("honest")
    for number in range(ROWS):
        live_board.sighted(f"forged {number}")
        live_board.sighted("honest")
    assert len(live_board.rows()) == ROWS
    assert {"agent", "honest"} <= {row.mac for row in live_board.rows()}
    assert live_board.row("forged 0") is None


def test_a_row_that_its_agent_left_may_be_pushed_out() -> None:
    live_board = LiveBoard(Clock())
    live_board.put(Row(mac="agent", state="working"))
    live_board.put(Row(mac="agent", state="home"))
    for number in range(ROWS):
        live_board.sighted(f"forged {number}")
    assert live_board.row("agent") is None


def test_when_agents_hold_every_row_the_longest_silent_of_them_goes() -> None:
    live_board = LiveBoard(Clock())
    for number in range(ROWS + 1):
        live_board.put(Row(mac=str(number), state="working"))
    assert len(live_board.rows()) == ROWS
    assert live_board.row("0") is None


def test_an_address_in_use_is_told_once_with_who_uses_it_now_until_it_is_over() -> None:
    clock = Clock()
    live_board = LiveBoard(clock)
    for mac in ("98:fa:9b:00:00:01", "", "98:fa:9b:00:00:02"):
        live_board.tell_conflict(Conflict("10.0.0.100", mac), 600)
    assert live_board.conflicts == (Conflict("10.0.0.100", "98:fa:9b:00:00:02"),)
    clock.now += 600
    assert not live_board.conflicts


def test_of_many_addresses_in_use_the_newest_are_told() -> None:
    live_board = LiveBoard(Clock())
    for number in range(CONFLICTS + 5):
        live_board.tell_conflict(Conflict(f"10.0.0.{number}", ""), 600)
    assert [conflict.address for conflict in live_board.conflicts] == [
        f"10.0.0.{5 + number}" for number in range(CONFLICTS)
    ]
