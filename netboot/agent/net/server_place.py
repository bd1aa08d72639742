"""Where the server is, as far as this PC knows: one object, which whatever speaks to the server reads at each try."""

from dataclasses import dataclass


@dataclass(slots=True)
class ServerPlace:
    """`url` is the server's address (http://…), without a slash at its end; it changes when the server has moved."""

    url: str
