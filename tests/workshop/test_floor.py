"""The floor keeps a bounded number of rows, and those that matter longest."""

from netboot.floor import ROWS, Floor, Row


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
