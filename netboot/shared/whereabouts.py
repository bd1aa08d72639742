"""Where the server is: what an agent asks the LAN when its server does not answer, and what the server says, signed.

Two datagrams of fixed length, numbers in network byte order:

    question   16 bytes  "netboot where? 1"
               32 bytes  a fresh random number
               72 bytes  zeros, so that no answer is longer than its question

    answer     16 bytes  "netboot here!  1"
               32 bytes  the question's number
                4 bytes  the server's IPv4 address
                2 bytes  its TCP port
               64 bytes  Ed25519 signature, by the workshop's key, over SIGNED_AS and the 38 bytes before

An answer is believed only with that signature, the number of a question just asked, and the address that it came from;
so neither a stranger nor an answer of yesterday leads a PC elsewhere. Pure: bytes and values.
Not for: sockets (serve/whereabouts_service.py, agent/net/seek.py); whatever is at that address is as trusted as before.
"""

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final

from nacl.exceptions import CryptoError
from nacl.signing import SigningKey, VerifyKey

NONCE_LENGTH: Final = 32
QUESTION_LENGTH: Final = 120
ANSWER_LENGTH: Final = 118

SIGNED_AS: Final = b"netboot-whereabouts1\n"
"""Begins whatever is signed here, so that the signature counts for nothing else, and none of something else's here."""

_QUESTION: Final = b"netboot where? 1"
_ANSWER: Final = b"netboot here!  1"
_BODY: Final = struct.Struct(f"!{NONCE_LENGTH}s4sH")


class WhereaboutsError(ValueError):
    """These bytes are no question, or no answer that can be believed."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the boot HTTP server is: its address and its TCP port, which is also the UDP port that is asked."""

    address: IPv4Address
    port: int

    @property
    def url(self) -> str:
        """http://ADDRESS:PORT, without a slash at its end."""
        return f"http://{self.address}:{self.port}"


def encode_question(nonce: bytes) -> bytes:
    """The question with this fresh random number of NONCE_LENGTH bytes."""
    return (_QUESTION + nonce).ljust(QUESTION_LENGTH, b"\0")


def parse_question(datagram: bytes) -> bytes:
    """The question's number. Raises WhereaboutsError."""
    nonce = datagram[len(_QUESTION) :][:NONCE_LENGTH]
    if datagram != encode_question(nonce):
        raise WhereaboutsError("no question")
    return nonce


def encode_answer(nonce: bytes, place: Place, key: SigningKey) -> bytes:
    """The signed answer to the question of this number."""
    body = _BODY.pack(nonce, place.address.packed, place.port)
    return _ANSWER + body + key.sign(SIGNED_AS + body).signature


def parse_answer(datagram: bytes, *, nonce: bytes, sender: IPv4Address, public_key: bytes) -> Place:
    """The place that an answer to the question of this number names. Raises WhereaboutsError.

    `sender` is the address the datagram came from, `public_key` the workshop's, 32 bytes. What costs least is checked
    first: the signature is looked at only when all else is right.
    """
    if len(datagram) != ANSWER_LENGTH or not datagram.startswith(_ANSWER):
        raise WhereaboutsError("no answer")
    body, signature = datagram[len(_ANSWER) :][: _BODY.size], datagram[len(_ANSWER) + _BODY.size :]
    answered, packed, port = _BODY.unpack(body)
    place = Place(IPv4Address(packed), port)
    if answered != nonce:
        raise WhereaboutsError("an answer to another question")
    if place.address != sender:
        raise WhereaboutsError(f"{sender} names {place.address}")
    if not port:
        raise WhereaboutsError("port 0")
    try:
        VerifyKey(public_key).verify(SIGNED_AS + body, signature)
    except (CryptoError, ValueError) as error:
        raise WhereaboutsError(f"{sender} has not this workshop's key") from error
    return place
