"""The end of a job, as agent and server speak of it."""

from typing import Literal

from msgspec import Struct

EndAction = Literal["disk", "reboot", "poweroff"]


class Finish(Struct, frozen=True, kw_only=True, tag="finish"):
    """Say goodbye, then do `action`."""

    action: EndAction
