import asyncio
import json
from pathlib import Path

import pytest

from netboot.lab.qmp import BlockStats, Qmp, QmpError, block_stats, keys_for

RECORDED = Path(__file__).parent / "recorded" / "query-blockstats.json"


def test_text_becomes_the_strokes_of_a_us_keyboard() -> None:
    assert keys_for("Ab 1!\n") == ("shift-a", "b", "spc", "1", "shift-1", "ret")
    assert keys_for("/dev_x") == ("slash", "d", "e", "v", "shift-minus", "x")


def test_a_character_no_us_keyboard_has_is_refused() -> None:
    with pytest.raises(ValueError, match="é"):
        keys_for("café")


def test_disk_counters_are_read_for_every_bus() -> None:
    stats = block_stats(json.loads(RECORDED.read_text())["return"])
    assert {f"image{number}" for number in range(4)} <= set(stats)
    assert stats["image0"].bytes_read > 0
    assert stats["image0"] == BlockStats(stats["image0"].bytes_read, 0, 0)


@pytest.mark.parametrize("answer", [None, 3, "text", [3], [{"node-name": "x"}], [{"node-name": "x", "stats": {}}]])
def test_counters_that_are_none_are_an_error_with_a_sentence(answer: object) -> None:
    with pytest.raises(QmpError, match="not understood"):
        block_stats(answer)  # type: ignore[arg-type]  # hostile on purpose


class Monitor:
    """A peer that speaks the monitor's side of the protocol, in pieces of one byte."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.asked: list[dict[str, object]] = []

    async def __aenter__(self) -> "Monitor":
        self.server = await asyncio.start_unix_server(self.talk, self.path)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.close()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self.say(writer, {"QMP": {"version": {}, "capabilities": []}})
        while line := await reader.readline():
            message = json.loads(line)
            self.asked.append(message)
            if message["execute"] == "die":
                writer.close()
                return
            await self.say(writer, {"event": "RESET", "data": {"guest": True}})
            answer = {"error": {"desc": "no"}} if message["execute"] == "refused" else {"return": message["execute"]}
            if message["execute"] == "query-status" and not message["arguments"]:
                answer = {"return": {"status": "io-error", "running": False}}
                failed = {"operation": "write", "node-name": "image0", "reason": "No space left on device"}
                await self.say(writer, {"event": "BLOCK_IO_ERROR", "data": failed})
            await self.say(writer, {"id": message["id"], **answer})

    async def say(self, writer: asyncio.StreamWriter, message: object) -> None:
        for byte in json.dumps(message).encode() + b"\r\n":
            writer.write(bytes([byte]))
            await writer.drain()


async def test_commands_are_answered_and_events_kept(tmp_path: Path) -> None:
    async with Monitor(tmp_path / "qmp") as monitor:
        qmp = await Qmp.connect(tmp_path / "qmp")
        assert await qmp.execute("query-status", some_name=1) == "query-status"
        assert monitor.asked[-1]["arguments"] == {"some-name": 1}
        assert qmp.events[0] == ("RESET", {"guest": True})
        with pytest.raises(QmpError, match="refused"):
            await qmp.execute("refused")
        qmp.close()


async def test_how_a_pc_is_and_what_its_disk_was_refused_is_said_and_also_that_nobody_says_it(tmp_path: Path) -> None:
    async with Monitor(tmp_path / "qmp"):
        qmp = await Qmp.connect(tmp_path / "qmp")
        said = "QEMU says that the PC is io-error; QEMU could not write image0: No space left on device"
        assert [await qmp.state() for _ in range(2)] == [said, said]
        with pytest.raises(QmpError, match="went away"):
            await qmp.execute("die")
        assert await qmp.state() == "QEMU does not say how the PC is"


async def test_a_qemu_that_goes_away_fails_what_waits_and_what_comes_after(tmp_path: Path) -> None:
    async with Monitor(tmp_path / "qmp"):
        qmp = await Qmp.connect(tmp_path / "qmp")
        with pytest.raises(QmpError, match="went away"):
            await qmp.execute("die")
        with pytest.raises(QmpError, match="went away"):
            await qmp.execute("query-status")


async def test_keys_held_together_are_sent_together(tmp_path: Path) -> None:
    async with Monitor(tmp_path / "qmp") as monitor:
        qmp = await Qmp.connect(tmp_path / "qmp")
        await qmp.send_keys(["ctrl-x", "ret"], hold=0.01, delay=0)
        keys = [message["arguments"] for message in monitor.asked if message["execute"] == "send-key"]
        assert keys == [
            {"keys": [{"type": "qcode", "data": "ctrl"}, {"type": "qcode", "data": "x"}], "hold-time": 10},
            {"keys": [{"type": "qcode", "data": "ret"}], "hold-time": 10},
        ]
        qmp.close()


async def test_no_qemu_at_all_is_an_error_that_names_the_socket(tmp_path: Path) -> None:
    with pytest.raises(QmpError, match="does not open"):
        await Qmp.connect(tmp_path / "none", within=0.1)
