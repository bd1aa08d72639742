"""The end of a job, as agent and server speak of it."""

from typing import Final, Literal

from netboot.shared.stages.kind import Kind, Order

EndAction = Literal["disk", "reboot", "poweroff"]


class Finish(Order, frozen=True, kw_only=True, tag="finish"):
    """Say goodbye, then do `action`."""

    action: EndAction


KIND: Final = Kind(order=Finish, result=None, writes=False)
