"""HTTP as firmware and loaders do it: HEAD, then GET, no redirect. Bounded in bytes and in time."""

import http.client
import time
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from netboot.doctor.observed import Trouble

_ANSWER_WITHIN: Final = 3.0  # seconds for one answer of the server
_PIECE: Final = 1 << 16  # bytes read at once


class HttpTrouble(Exception):  # noqa: N818 - the word of `observed.Trouble`
    """The URL was not read; `trouble` says how, the text says more."""

    def __init__(self, trouble: Trouble, detail: str) -> None:
        super().__init__(detail)
        self.trouble: Trouble = trouble


@dataclass(frozen=True, slots=True)
class Page:
    """What came: the first bytes, and the length of the whole that HEAD and GET agree on (None: not said)."""

    body: bytes
    length: int | None


def http_get(url: str, *, limit: int, until: float) -> Page:
    """HEAD and GET of `url`: its first `limit` bytes, before `until` (time.monotonic()). Raises HttpTrouble."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or 80
    except ValueError as error:  # a port that is no number
        raise HttpTrouble("damaged", f"{url[:128]!r}: {error}") from error
    if parts.scheme != "http" or not host:
        raise HttpTrouble("damaged", f"{url[:128]!r} is no URL that firmware can read")
    connection = http.client.HTTPConnection(host, port, timeout=_left(until))
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    try:
        announced = _ask(connection, "HEAD", target)
        announced.read()
        answer = _ask(connection, "GET", target)
        body = _read(answer, limit, until)
    except TimeoutError as error:
        raise HttpTrouble("silent", f"no answer from {parts.netloc}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        detail = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise HttpTrouble("refused", f"{parts.netloc}: {detail}") from error
    finally:
        connection.close()
    length = answer.headers["Content-Length"]
    if announced.headers["Content-Length"] != length:
        raise HttpTrouble("damaged", "HEAD and GET do not say the same length")
    return Page(body, int(length) if length and length.isdecimal() else None)


def _ask(connection: http.client.HTTPConnection, method: str, target: str) -> http.client.HTTPResponse:
    connection.request(method, target)
    answer = connection.getresponse()
    if answer.status != http.HTTPStatus.OK:
        trouble: Trouble = "missing" if answer.status == http.HTTPStatus.NOT_FOUND else "refused"
        raise HttpTrouble(trouble, f"HTTP status {answer.status}")
    return answer


def _read(answer: http.client.HTTPResponse, limit: int, until: float) -> bytes:
    data = bytearray()
    while len(data) < limit and (piece := answer.read(min(_PIECE, limit - len(data)))):
        data += piece
        if time.monotonic() > until:
            raise TimeoutError
    return bytes(data)


def _left(until: float) -> float:
    return max(0.1, min(_ANSWER_WITHIN, until - time.monotonic()))
