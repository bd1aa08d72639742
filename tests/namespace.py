"""Work and services inside network namespaces, each in a thread of its own, since a namespace belongs to a thread."""

import asyncio
import ctypes
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import TypeVar

from netboot.serve.dhcp_mode import Service

Value = TypeVar("Value")


def inside(namespace: str, work: Callable[[], Value]) -> Value:
    """Run `work` in a thread of its own inside a namespace; sockets that it opens stay there."""
    future: Future[Value] = Future()

    def body() -> None:
        try:
            _enter(namespace)
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    thread = threading.Thread(target=body)
    thread.start()
    thread.join(60)
    return future.result(0)


@contextmanager
def running(namespace: str, service: Callable[[], AbstractAsyncContextManager[Value]]) -> Iterator[Value]:
    """What `service` makes, open on an event loop inside a namespace; gives what it gives."""
    started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, Value]] = Future()

    async def main() -> None:
        over = asyncio.Event()
        async with service() as value:
            started.set_result((asyncio.get_running_loop(), over, value))
            await over.wait()

    def body() -> None:
        try:
            _enter(namespace)
            asyncio.run(main())
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)

    thread = threading.Thread(target=body)
    thread.start()
    loop, over, value = started.result(20)
    try:
        yield value
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(20)
        assert not thread.is_alive()


@asynccontextmanager
async def at_work(*services: Service) -> AsyncIterator[None]:
    """Each of these runs until this is left."""
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(service.run()) for service in services]
        yield
        for task in running:
            task.cancel()


def _enter(namespace: str) -> None:
    """Move the calling thread into a namespace; os.setns comes with Python 3.12."""
    with open(f"/run/netns/{namespace}") as opened:  # noqa: PTH123 - a file descriptor is wanted, not contents
        if ctypes.CDLL(None, use_errno=True).setns(opened.fileno(), 0x40000000):
            raise OSError(ctypes.get_errno(), f"setns {namespace}")
