"""Who orders something: a person who signed in on the page, and later a program that speaks for one. Values only.

What a boot menu or a batch began was ordered by nobody who signs in: it has a source, and no actor.
"""

from dataclasses import dataclass
from typing import Literal

Role = Literal["operator"]


@dataclass(frozen=True, slots=True)
class Actor:
    """`name` is the one that was signed in with; `role` says what may be ordered."""

    kind: Literal["person"]
    name: str
    role: Role


def operator(name: str) -> Actor:
    """A person who may order everything that operators may."""
    return Actor("person", name, "operator")
