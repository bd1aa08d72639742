"""The floor keeps a bounded number of rows, and those that matter longest."""

from netboot.workshop.live_board import CONFLICTS, ROWS, Conflict, Floor, Row


class Clock:
    now = 0.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


def test_made_up_addresses_push_out_the_longest_silent_rows_and_never_an_agents() -> None:
    floor = Floor(Clock())
    floor.put(Row(mac="agent", state="working"))
    floor.sighted("honest")
    for number in range(ROWS):
        floor.sighted(f"forged {number}")
        floor.sighted("honest")
    assert len(floor.rows()) == ROWS
    assert {"agent", "honest"} <= {row.mac for row in floor.rows()}
    assert floor.row("forged 0") is None


def test_a_row_that_its_agent_left_may_be_pushed_out() -> None:
    floor = Floor(Clock())
    floor.put(Row(mac="agent", state="working"))
    floor.put(Row(mac="agent", state="home"))
    for number in range(ROWS):
        floor.sighted(f"forged {number}")
    assert floor.row("agent") is None


def test_when_agents_hold_every_row_the_longest_silent_of_them_goes() -> None:
    floor = Floor(Clock())
    for number in range(ROWS + 1):
        floor.put(Row(mac=str(number), state="working"))
    assert len(floor.rows()) == ROWS
    assert floor.row("0") is None


def test_an_address_in_use_is_told_once_with_who_uses_it_now_until_it_is_over() -> None:
    clock = Clock()
    floor = Floor(clock)
    for mac in ("98:fa:9b:00:00:01", "", "98:fa:9b:00:00:02"):
        floor.tell_conflict(Conflict("10.0.0.100", mac), 600)
    assert floor.conflicts == (Conflict("10.0.0.100", "98:fa:9b:00:00:02"),)
    clock.now += 600
    assert not floor.conflicts


def test_of_many_addresses_in_use_the_newest_are_told() -> None:
    floor = Floor(Clock())
    for number in range(CONFLICTS + 5):
        floor.tell_conflict(Conflict(f"10.0.0.{number}", ""), 600)
    assert [conflict.address for conflict in floor.conflicts] == [f"10.0.0.{5 + number}" for number in range(CONFLICTS)]
