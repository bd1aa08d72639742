"""The end: nothing is done here, the visit leaves once this is on the record."""

from netboot.agent.at_work import AtWork
from netboot.shared.stages.finish import Finish


async def run(_: Finish, __: AtWork) -> None:
    """Nothing to prove."""
