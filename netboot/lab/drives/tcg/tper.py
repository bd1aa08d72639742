"""The TPer of an Opal drive of the lab: one session at a time, the PSID authority, and Revert on the Admin SP.

Follows Core 2.01 §5.2.3 (Session Manager: StartSession, SyncSession), §5.1.5 (method status codes), §5.3.4.1.14
(Authenticate by HostChallenge), Opal SSC 2.01 §5.1.2.2 (Revert), §4.2 (the Admin SP's rows), Feature Set PSID 1.00
§4. A Revert ends its session. It changes the key only where the Locking SP was activated: so sedutil's manual has it
too ("if the Locking SP is active"). While one takes its time its answer is outstanding. Whatever else a host calls is
answered with Not Authorized.
"""

import hmac
from collections.abc import Callable, Sequence
from enum import IntEnum

from netboot.lab.drives.tcg.discovery import COM_ID
from netboot.lab.drives.tcg.packets import Control, Packet, PacketError, Token, nothing, packet, parse_packet

SESSION_MANAGER = bytes.fromhex("00000000000000ff")
ADMIN_SP = bytes.fromhex("0000020500000001")
PSID = bytes.fromhex("000000090001ff01")
START_SESSION = bytes.fromhex("000000000000ff02")
SYNC_SESSION = bytes.fromhex("000000000000ff03")
REVERT = bytes.fromhex("0000000600000202")
_CHALLENGE, _AUTHORITY = 0, 3
"""Names of StartSession's optional parameters (Core §5.2.3.1)."""
_FIRST_SESSION = 0x1000


class MethodStatus(IntEnum):
    """Core §5.1.5, table "Status codes"."""

    SUCCESS = 0x00
    NOT_AUTHORIZED = 0x01
    SP_BUSY = 0x03
    INVALID_PARAMETER = 0x0C
    AUTHORITY_LOCKED_OUT = 0x12
    FAIL = 0x3F


class Tper:
    """`psid` is what opens it, `tries` how many wrong ones it takes between two power-ons.

    `revert` begins a Revert, at a time.time(), and says how it ended; None: it goes on, and `reverted` is told.
    """

    def __init__(self, psid: str, tries: int, revert: Callable[[float], MethodStatus | None]) -> None:
        self._psid = psid.encode()
        self._limit = tries
        self._revert = revert
        self._answers: list[Packet] = []
        self._reverting: Packet | None = None
        self._session: tuple[int, int, bool] | None = None
        self._number = _FIRST_SESSION
        self.wrong = 0

    def power_on(self) -> None:
        """Sessions are over, and wrong PSIDs forgotten (C_PIN's Persistence is false)."""
        self.reset()
        self.wrong = 0

    def reset(self) -> None:
        """Sessions are over."""
        self._answers.clear()
        self._reverting = None
        self._session = None

    def reverted(self, status: MethodStatus) -> None:
        """The Revert that went on has ended so; nobody may be waiting for it any longer."""
        asked, self._reverting = self._reverting, None
        if asked is not None:
            self._answers = [self._ended(asked, status)]

    def send(self, com_id: int, data: bytes, now: float) -> bool:
        """What the host sent by IF-SEND; False when it is no packet of this ComID."""
        try:
            asked = parse_packet(data)
        except PacketError:
            return False
        if com_id != COM_ID or asked.com_id != COM_ID or self._reverting is not None:
            return False
        answer = self._answer(asked, now)
        self._answers = [] if answer is None else [answer]
        return True

    def receive(self, com_id: int, room: int) -> bytes:
        """What the host fetches by IF-RECV, at most `room` bytes."""
        if com_id != COM_ID or not self._answers:
            outstanding = com_id == COM_ID and self._reverting is not None
            return nothing(com_id, outstanding=outstanding)[:room]
        return packet(self._answers.pop(0), room)

    def _answer(self, asked: Packet, now: float) -> Packet | None:
        match asked.tokens:
            case (Control.END_OF_SESSION,):
                self._session = None
                return Packet(COM_ID, asked.tper_session, asked.host_session, (Control.END_OF_SESSION,))
            case (Control.CALL, bytes(uid), bytes(method), Control.START_LIST, *rest):
                parameters = _parameters(rest)
                if parameters is None:
                    return self._reply(asked, MethodStatus.INVALID_PARAMETER)
                if (uid, method) == (SESSION_MANAGER, START_SESSION):
                    return Packet(COM_ID, 0, 0, self._start(parameters))
                return self._called(asked, uid, method, parameters, now)
        return self._reply(asked, MethodStatus.INVALID_PARAMETER)

    def _reply(self, asked: Packet, status: MethodStatus) -> Packet:
        tokens = (Control.START_LIST, Control.END_LIST, *_status(status))
        return Packet(COM_ID, asked.tper_session, asked.host_session, tokens)

    def _start(self, parameters: Sequence[Token]) -> tuple[Token, ...]:
        host, status, by_psid = 0, MethodStatus.INVALID_PARAMETER, False
        match parameters:
            case [int(number), bytes(sp), int(_), *optional]:
                host = number
                status, by_psid = self._authenticated(sp, _named(optional))
        if status is MethodStatus.SUCCESS and self._session is not None:
            status = MethodStatus.SP_BUSY
        numbers: tuple[Token, ...] = (host, 0)
        if status is MethodStatus.SUCCESS:
            self._number += 1
            self._session = (self._number, host, by_psid)
            numbers = (host, self._number)
        call = (Control.CALL, SESSION_MANAGER, SYNC_SESSION, Control.START_LIST, *numbers, Control.END_LIST)
        return (*call, *_status(status))

    def _authenticated(self, sp: bytes, given: dict[int, bytes]) -> tuple[MethodStatus, bool]:
        if sp != ADMIN_SP:
            return MethodStatus.INVALID_PARAMETER, False
        if _AUTHORITY not in given:
            return MethodStatus.SUCCESS, False  # Anybody
        if given[_AUTHORITY] != PSID:
            return MethodStatus.NOT_AUTHORIZED, False
        if self.wrong >= self._limit:
            return MethodStatus.AUTHORITY_LOCKED_OUT, False
        if not hmac.compare_digest(given.get(_CHALLENGE, b""), self._psid):
            self.wrong += 1
            return MethodStatus.NOT_AUTHORIZED, False
        self.wrong = 0
        return MethodStatus.SUCCESS, True

    def _called(
        self, asked: Packet, uid: bytes, method: bytes, parameters: Sequence[Token], now: float
    ) -> Packet | None:
        if self._session != (asked.tper_session, asked.host_session, True):
            return self._reply(asked, MethodStatus.NOT_AUTHORIZED)
        if (uid, method) != (ADMIN_SP, REVERT) or parameters:
            return self._reply(asked, MethodStatus.NOT_AUTHORIZED)
        status = self._revert(now)
        if status is None:
            self._reverting = asked
            return None
        return self._ended(asked, status)

    def _ended(self, asked: Packet, status: MethodStatus) -> Packet:
        if status is MethodStatus.SUCCESS:
            self._session = None
        return self._reply(asked, status)


def _status(status: MethodStatus) -> tuple[Token, ...]:
    return (Control.END_OF_DATA, Control.START_LIST, int(status), 0, 0, Control.END_LIST)


def _parameters(rest: Sequence[Token]) -> Sequence[Token] | None:
    """A method's parameters; None where its host took it back, or for a mess."""
    match rest:
        case [*parameters, Control.END_LIST, Control.END_OF_DATA, Control.START_LIST, 0, 0, 0, Control.END_LIST]:
            return parameters
    return None


def _named(tokens: Sequence[Token]) -> dict[int, bytes]:
    """Optional parameters, each a number's name and its bytes; whatever stands elsewhere is nobody's."""
    found: dict[int, bytes] = {}
    rest = list(tokens)
    while rest:
        match rest:
            case [Control.START_NAME, int(name), bytes(value), Control.END_NAME, *rest]:
                found[name] = value
            case _:
                return {}
    return found
