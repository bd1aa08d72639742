import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.lab.console import Console, PlainText
from netboot.shared.errors import NetbootError

MENU = b"\x1b[2J\x1b[01;01H\x1b[0mGNU GRUB\r\n\x1b]0;title\x07caf\xc3\xa9 \x1b(Blogin: \x1b[31mred\x1b[0m\r\n"


def test_escape_sequences_and_carriage_returns_are_left_out() -> None:
    assert PlainText().feed(MENU) == "GNU GRUB\ncafé login: red\n"


@given(st.lists(st.integers(0, len(MENU)), max_size=12))
def test_text_is_the_same_however_its_bytes_are_cut(cuts: list[int]) -> None:
    plain, ends = PlainText(), sorted(cuts)
    pieces = [MENU[start:end] for start, end in zip([0, *ends], [*ends, len(MENU)], strict=True)]
    assert "".join(plain.feed(piece) for piece in pieces) == "GNU GRUB\ncafé login: red\n"


@given(st.binary(max_size=400))
def test_any_bytes_become_text_without_an_error(data: bytes) -> None:
    assert "\r" not in PlainText().feed(data)


class SerialPort:
    """The PC's end of the serial line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writer: asyncio.Future[asyncio.StreamWriter] = asyncio.get_running_loop().create_future()
        self.typed: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def __aenter__(self) -> "SerialPort":
        self.server = await asyncio.start_unix_server(self.opened, self.path)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.close()

    async def opened(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer.set_result(writer)
        self.typed.set_result(await reader.readuntil(b"\r"))


async def test_waiting_ends_when_the_words_come_in_two_pieces_and_tells_the_seconds(tmp_path: Path) -> None:
    async with SerialPort(tmp_path / "console") as port:
        console = await Console.connect(tmp_path / "console", tmp_path / "log")
        console.power_on()
        writer = await port.writer
        waiting = asyncio.ensure_future(console.wait_for(r"^host log.n:", within=5))
        writer.write(b"booting\r\nhost lo")
        await asyncio.sleep(0.05)
        writer.write(b"gin: ")
        seconds = await waiting
        assert 0.04 < seconds < 2
        console.write("root\r")
        assert await asyncio.wait_for(port.typed, 2) == b"root\r"
        lines = (tmp_path / "log").read_text().splitlines()
        assert [line.split(maxsplit=1)[1] for line in lines[1:]] == ["booting", "host login: "]
        console.close()


async def test_words_that_came_before_are_found_unless_waiting_begins_later(tmp_path: Path) -> None:
    async with SerialPort(tmp_path / "console") as port:
        console = await Console.connect(tmp_path / "console", tmp_path / "log")
        (await port.writer).write(b"ready\r\n")
        await console.wait_for("ready", within=2)
        await console.wait_for("ready", within=2)
        with pytest.raises(NetbootError, match="within 0 s"):
            await console.wait_for("ready", within=0.05, since=len(console.text))
        console.close()


async def test_a_pc_that_stands_still_says_how_it_is(tmp_path: Path) -> None:
    async def state() -> str:
        return "QEMU says that the PC is paused"

    async with SerialPort(tmp_path / "console"):
        console = await Console.connect(tmp_path / "console", tmp_path / "log")
        console.state = state
        with pytest.raises(NetbootError, match=r"within 0 s \(QEMU says that the PC is paused\)"):
            await console.wait_for("login:", within=0.05)
        console.close()


async def test_a_pc_that_goes_off_ends_the_waiting_with_its_last_lines(tmp_path: Path) -> None:
    async with SerialPort(tmp_path / "console") as port:
        console = await Console.connect(tmp_path / "console", tmp_path / "log")
        writer = await port.writer
        writer.write(b"Power down\r\n")
        writer.close()
        with pytest.raises(NetbootError, match="went off") as caught:
            await console.wait_for("login:", within=5)
        assert "Power down" in caught.value.hint
        with pytest.raises(NetbootError, match="off"):
            console.write("x")
