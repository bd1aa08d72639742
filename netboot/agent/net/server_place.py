"""The server's current address, in one shared object that everything that connects to the server reads."""

from dataclasses import dataclass


@dataclass(slots=True)
class ServerPlace:
    """`url` is the server's address (http://…), without a slash at its end; it changes when the server has moved."""

    url: str
