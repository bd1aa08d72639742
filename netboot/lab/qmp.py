"""A small client of QEMU's monitor: keys, screen, disk counters, power (QEMU Machine Protocol, qmp-spec.txt).

Not for: everything QEMU can do; `execute` takes any command.
"""

import asyncio
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from netboot.shared.errors import NetbootError

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
_LONGEST_LINE = 4 << 20
_MOST_EVENTS = 1000
_ANSWER_SECONDS = 60
_STATE_SECONDS = 5

# US layout, which UEFI consoles have: character → the keys held together, as QEMU's qcodes.
_PLAIN = {
    " ": "spc", "\n": "ret", "\t": "tab", "-": "minus", "=": "equal", "[": "bracket_left", "]": "bracket_right",
    ";": "semicolon", "'": "apostrophe", "`": "grave_accent", "\\": "backslash", ",": "comma", ".": "dot", "/": "slash",
}  # fmt: skip
_SHIFTED = {
    "!": "1", "@": "2", "#": "3", "$": "4", "%": "5", "^": "6", "&": "7", "*": "8", "(": "9", ")": "0",
    "_": "minus", "+": "equal", "{": "bracket_left", "}": "bracket_right", ":": "semicolon", '"': "apostrophe",
    "~": "grave_accent", "|": "backslash", "<": "comma", ">": "dot", "?": "slash",
}  # fmt: skip


class QmpError(NetbootError):
    """QEMU refused a command, spoke nonsense, or went away."""


@dataclass(frozen=True, slots=True)
class BlockStats:
    """What a disk did since power-on: bytes and operations, as QEMU counted them below the guest."""

    bytes_read: int
    bytes_written: int
    write_operations: int


def keys_for(text: str) -> tuple[str, ...]:
    """The keys that type `text` on a US keyboard, one item a stroke, "shift-a" for those held together.

    Raises ValueError for a character that such a keyboard has not.
    """
    strokes = []
    for character in text:
        if character in _PLAIN:
            strokes.append(_PLAIN[character])
        elif character in _SHIFTED:
            strokes.append(f"shift-{_SHIFTED[character]}")
        elif character.isascii() and character.isalnum():
            strokes.append(f"shift-{character.lower()}" if character.isupper() else character)
        else:
            raise ValueError(f"{character!r} is not on a US keyboard")
    return tuple(strokes)


def _gone() -> QmpError:
    return QmpError("QEMU went away", hint="the PC was powered off, or look at its log")


class Qmp(asyncio.Protocol):
    """One connection to one QEMU; made by `connect`."""

    def __init__(self) -> None:
        self._buffer = b""
        self._waiting: dict[int, asyncio.Future[Json]] = {}
        self._next_id = 0
        self.greeting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None
        self._keyboard = asyncio.Lock()
        self.events: list[tuple[str, Mapping[str, Json]]] = []

    @classmethod
    async def connect(cls, path: Path, within: float = 10) -> "Qmp":
        """Connect to the socket once QEMU has made it, and leave the negotiation mode. Raises QmpError."""
        loop = asyncio.get_running_loop()
        until = loop.time() + within
        while True:
            try:
                _, client = await loop.create_unix_connection(cls, os.fspath(path))
                break
            except (FileNotFoundError, ConnectionRefusedError) as error:
                if loop.time() > until:
                    raise QmpError(f"QEMU does not open {path}", hint="look at its log") from error
                await asyncio.sleep(0.05)
        await asyncio.wait_for(client.greeting, within)
        await client.execute("qmp_capabilities")
        return client

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio: the socket is open."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Asyncio: bytes came; every whole line is one message."""
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        if len(self._buffer) > _LONGEST_LINE and self._transport:
            self._transport.abort()
        for line in lines:
            if line.strip():
                self._take(json.loads(line))

    def connection_lost(self, exc: Exception | None) -> None:
        """Asyncio: QEMU ended or was closed; nobody waits any longer."""
        if not self.greeting.done():
            self.greeting.set_exception(_gone())
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(_gone())
        self._waiting.clear()

    def _take(self, message: dict[str, Json]) -> None:
        if "QMP" in message and not self.greeting.done():
            self.greeting.set_result(None)
        elif "event" in message:
            if len(self.events) < _MOST_EVENTS:
                self.events.append((str(message["event"]), cast("Mapping[str, Json]", message.get("data") or {})))
        elif (number := message.get("id")) in self._waiting:
            future = self._waiting.pop(cast("int", number))
            if future.done():
                return
            if "return" in message:
                future.set_result(message["return"])
            else:
                future.set_exception(QmpError(f"QEMU refused a command: {message.get('error')}"))

    async def execute(self, command: str, **arguments: Json) -> Json:
        """Run one monitor command and return its result; "-" in names is written "_". Raises QmpError."""
        return await self._execute(command, {name.replace("_", "-"): value for name, value in arguments.items()})

    async def _execute(self, command: str, arguments: Mapping[str, Json]) -> Json:
        if self._transport is None or self._transport.is_closing():
            raise _gone()
        self._next_id += 1
        future: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._waiting[self._next_id] = future
        body = {
            "execute": command,
            "id": self._next_id,
            "arguments": dict(arguments),
        }
        self._transport.write(json.dumps(body).encode() + b"\n")
        return await asyncio.wait_for(future, _ANSWER_SECONDS)

    async def send_keys(self, keys: Iterable[str], *, hold: float = 0.1, delay: float = 0.15) -> None:
        """Press keys one after the other: qcodes ("ret", "esc", "down", "f12"), "ctrl-x" for keys held together.

        `hold` is how long each is down and `delay` the pause after it, in seconds: firmware under emulation
        looks at its keyboard seldom.
        """
        async with self._keyboard:
            for stroke in keys:
                held: Sequence[Json] = [{"type": "qcode", "data": key} for key in stroke.split("-")]
                await self.execute("send-key", keys=list(held), hold_time=int(hold * 1000))
                await asyncio.sleep(hold + delay)

    async def type_text(self, text: str, *, hold: float = 0.05, delay: float = 0.05) -> None:
        """Type text as on a US keyboard."""
        await self.send_keys(keys_for(text), hold=hold, delay=delay)

    async def screendump(self, path: Path) -> None:
        """Save what the PC's screen shows now, as PNG or as PPM, by the file's suffix."""
        await self.execute("screendump", filename=str(path), format="png" if path.suffix == ".png" else "ppm")

    async def block_stats(self) -> dict[str, BlockStats]:
        """The counters of each disk since power-on, by the name of its image ("image0"…, see pc.py)."""
        return block_stats(await self.execute("query-blockstats"))

    async def throttle(self, image: str, rate: int) -> None:
        """Let the disk with this image do no more than `rate` bytes/s from now on; 0: as many as it can."""
        for device in cast("list[dict[str, Json]]", await self.execute("query-block")):
            inserted = cast("dict[str, Json]", device.get("inserted") or {})
            if inserted.get("node-name") == image:
                others = dict.fromkeys(("bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr"), 0)
                await self._execute("block_set_io_throttle", {"id": device["qdev"], "bps": rate, **others})
                return
        raise QmpError(f"no disk has the image {image}")

    async def take_out(self, device: str, within: float) -> None:
        """Take a disk out of its slot while the PC runs; returns when the PC has let it go. Raises QmpError."""
        await self.execute("device_del", id=device)
        until = asyncio.get_running_loop().time() + within
        while ("DEVICE_DELETED", device) not in [(name, data.get("device")) for name, data in self.events]:
            if asyncio.get_running_loop().time() > until:
                raise QmpError(f"the PC does not let {device} go", hint="look whether its kernel knows such slots")
            await asyncio.sleep(0.1)

    async def state(self) -> str:
        """Whether QEMU lets the PC run, and what this machine's own disk refused it, in words for people."""
        try:
            async with asyncio.timeout(_STATE_SECONDS):
                answer = cast("dict[str, Json]", await self.execute("query-status"))
        except (QmpError, TimeoutError):
            return "QEMU does not say how the PC is"
        refused = {
            f"QEMU could not {data.get('operation')} {data.get('node-name')}: {data.get('reason')}"
            for name, data in self.events
            if name == "BLOCK_IO_ERROR"
        }
        return "; ".join([f"QEMU says that the PC is {answer.get('status')}", *sorted(refused)])

    async def cont(self) -> None:
        """Let the PC run: with `-S` this is its power-on."""
        await self.execute("cont")

    async def reset(self) -> None:
        """The reset button."""
        await self.execute("system_reset")

    async def press_power(self) -> None:
        """The power button, pressed shortly: the guest may shut down."""
        await self.execute("system_powerdown")

    async def quit(self) -> None:
        """Cut the power."""
        await self.execute("quit")

    def close(self) -> None:
        """Let go of the connection."""
        if self._transport:
            self._transport.close()


def block_stats(result: Json) -> dict[str, BlockStats]:
    """Read the answer to query-blockstats. Raises QmpError when it is none."""
    if not isinstance(result, list):
        raise QmpError("QEMU's disk counters are not understood: no list")
    try:
        counted = {
            str(device["node-name"]): cast("dict[str, int]", device["stats"])
            for device in cast("list[dict[str, Json]]", result)
            if "node-name" in device
        }
        return {
            name: BlockStats(stats["rd_bytes"], stats["wr_bytes"], stats["wr_operations"])
            for name, stats in counted.items()
        }
    except (KeyError, TypeError) as error:
        raise QmpError(f"QEMU's disk counters are not understood: {error!r}") from error
