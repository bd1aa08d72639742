"""An honest PC's agent: says hello and waits for its welcome, once. Prints nothing; fails when it is not welcomed.

says_hello.py SERVER MAC: run in the honest PC's namespace.
"""

import asyncio
import secrets
import sys

from aiohttp import ClientSession

from netboot.shared.inventory import Board, Firmware, Inventory, Nic, System
from netboot.shared.protocol import VERSION, Hello, Welcome, decode_from_server, encode


async def say(server: str, mac: str) -> None:
    inventory = Inventory(
        system=System(manufacturer="Lab", product="Honest", serial=f"HONEST-{mac[-2:]}"),
        board=Board(),
        firmware=Firmware(mode="uefi"),
        nics=(Nic(name="eth0", mac=mac, boot=True),),
    )
    hello = Hello(version=VERSION, boot=secrets.token_hex(16), inventory=inventory)
    async with ClientSession() as client, client.ws_connect(f"http://{server}/agent/link") as line:
        await line.send_str(encode(hello))
        answer = decode_from_server(await line.receive_str())
        assert isinstance(answer, Welcome), answer


if __name__ == "__main__":
    asyncio.run(say(*sys.argv[1:]))
