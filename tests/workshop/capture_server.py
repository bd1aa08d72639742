"""A server that takes captures, as a process that can be killed: python -m tests.workshop.capture_server FOLDER PORT"""

import asyncio
import sys
from pathlib import Path

from netboot.records.record import open_record
from tests.workshop.capturing import capturing_workshop, store_in
from tests.workshop.player import serving


async def serve(folder: Path, port: int) -> None:
    """Until it is killed."""
    with open_record(folder / "record.sqlite") as record:
        async with serving(capturing_workshop(record, store_in(folder)), port=port):
            print("ready", flush=True)
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
