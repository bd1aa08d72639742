"""The languages that people at the bench read."""

from typing import Literal

Language = Literal["fr", "en"]
