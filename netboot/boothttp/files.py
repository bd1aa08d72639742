"""The boot HTTP server's files: loaders, kernel and archives, manifests and chunks. Anybody on the LAN may read them.

No GET here has a lasting effect but the agent's link: GRUB sends HEAD before GET, and firmware asks twice. Taken in is
only what a PC that is captured sends (`captures.py`).
No answer is ever a redirect, which firmware does not follow. A doubled slash (`//grubx64.efi`, which shim asks for)
counts as one.
"""

import asyncio
import logging
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from netboot.boothttp.agent_link import UNPROVEN, agent_link, unproven_key, workshop_key
from netboot.boothttp.captures import add_capture_routes
from netboot.boothttp.connection_end import reset_once_read
from netboot.boothttp.known_hosts import only_known_hosts
from netboot.boothttp.menus import Digits, Menus, add_menu_routes
from netboot.boothttp.segment_size import fill_segments
from netboot.files.page_cache import PageCache
from netboot.lan.tcp_listener import Guests
from netboot.store import BlobStore
from netboot.store.store import chunk_name, manifest_name
from netboot.workshop.greeting import Workshop

log = logging.getLogger(__name__)

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_PIECE: Final = 64 * 1024  # bytes
_BLOB_HEADERS: Final = {
    hdrs.CACHE_CONTROL: "public, max-age=31536000, immutable",
    hdrs.CONTENT_TYPE: "application/octet-stream",
}


@dataclass(frozen=True, slots=True)
class BootHttp:
    """What is served: `files` are the names of the boot files, `rendered` the small ones kept in memory."""

    files: dict[str, Path]
    rendered: dict[str, bytes]
    menus: Menus
    digits: Digits
    masters: BlobStore


boot_http_key: Final = web.AppKey("boot_http", BootHttp)
page_cache_key: Final = web.AppKey("page_cache", PageCache)


def boot_application(boot_http: BootHttp, workshop: Workshop, hosts: Collection[str] = frozenset()) -> web.Application:
    """The aiohttp application. `hosts` are its names, beside the address that was connected to."""
    middlewares = [_gone, only_known_hosts(hosts, _foreign_name), _no_page, _grub]
    app = web.Application(middlewares=middlewares, client_max_size=4096)
    app[boot_http_key] = boot_http
    app[workshop_key] = workshop
    app[unproven_key] = Guests(UNPROVEN)
    app[page_cache_key] = PageCache()
    app.on_cleanup.append(_close)
    app.router.add_get("/agent/link", agent_link)
    add_menu_routes(app, boot_http.menus, boot_http.digits)
    add_capture_routes(app)
    app.router.add_get("/chunks/{sha256}", _chunk)
    app.router.add_get("/manifests/{digest}", _manifest)
    app.router.add_get("/{name:.+}", _boot_file)
    return app


async def _close(app: web.Application) -> None:
    app[page_cache_key].close()


@web.middleware
async def _gone(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whoever hangs up while it is answered is no error of ours: aiohttp would log each with its traceback."""
    try:
        return await handler(request)
    except ConnectionError:
        return web.Response()


async def _foreign_name(request: web.Request) -> web.StreamResponse:
    log.warning("%s asked for boot files as %.100r, which is none of this server's names", request.remote, request.host)
    text = "This name is none of this server's: use its address, or add the name to `hosts` in the settings.\n"
    return web.Response(status=421, text=text)


@web.middleware
async def _no_page(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what a page of any site makes a browser send: no firmware, loader or agent names an origin."""
    if hdrs.ORIGIN in request.headers or request.headers.get("Sec-Fetch-Site", "none") != "none":
        log.warning("%s: a web page's request for %.100r is refused", request.remote, request.path)
        return web.Response(status=403, text="This is for PCs that boot, not for web pages.\n")
    return await handler(request)


@web.middleware
async def _grub(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Fill GRUB's segments before its answer, and end its connection after."""
    transport = request.transport
    if transport is None or not request.headers.get(hdrs.USER_AGENT, "").startswith("GRUB"):
        return await handler(request)
    # Who names a segment size is not GRUB itself: what a proxy has acknowledged, GRUB need not have.
    is_grubs_own = fill_segments(transport.get_extra_info("socket"))
    response = await handler(request)
    if not is_grubs_own or request.method != hdrs.METH_GET:
        return response
    await response.prepare(request)
    await response.write_eof()
    if response.content_length is None:
        return response
    await reset_once_read(transport, _head_size(response) + response.content_length)
    return web.Response()  # nobody is there any more to take it


def _head_size(response: web.StreamResponse) -> int:
    """Bytes before the content, as aiohttp has written them."""
    status = f"HTTP/1.1 {response.status} {response.reason}"
    lines = [status, *(f"{name}: {value}" for name, value in response.headers.items()), "", ""]
    return len("\r\n".join(lines).encode())


async def _boot_file(request: web.Request) -> web.StreamResponse:
    boot_http = request.app[boot_http_key]
    name = re.sub("/+", "/", request.match_info["name"]).strip("/").removeprefix("boot/")
    if request.method == hdrs.METH_GET and request.remote:
        request.app[workshop_key].starts.fetched(request.remote, name)
    if name in boot_http.rendered:
        return await _from_memory(request, boot_http.rendered[name])
    if name in boot_http.files:
        return web.FileResponse(boot_http.files[name])
    raise web.HTTPNotFound(text="no such boot file\n")


async def _from_memory(request: web.Request, content: bytes) -> web.StreamResponse:
    """Send `content` piece by piece: what a client has not read yet is not copied for it as a whole."""
    response = web.StreamResponse(headers={hdrs.CONTENT_TYPE: "application/octet-stream"})
    response.content_length = len(content)
    await response.prepare(request)
    if request.method != hdrs.METH_HEAD:
        for start in range(0, len(content), _PIECE):
            await response.write(content[start : start + _PIECE])
    await response.write_eof()
    return response


async def _chunk(request: web.Request) -> web.StreamResponse:
    name = request.match_info["sha256"]
    return await _kept(request, chunk_name(name) if _DIGEST.fullmatch(name) else None)


async def _manifest(request: web.Request) -> web.StreamResponse:
    name = request.match_info["digest"]
    return await _kept(request, manifest_name(name) if _DIGEST.fullmatch(name) else None)


async def _kept(request: web.Request, name: str | None) -> web.StreamResponse:
    """A blob of the store, whose disk may be slow: not even looked for in the event loop."""
    if name is None:
        raise _not_here()
    masters = request.app[boot_http_key].masters
    path = masters.path_of(name)
    if path is None:
        return await _piece_by_piece(request, masters, name)
    if not await request.app[page_cache_key].warm(path):
        raise _not_here()
    return web.FileResponse(path, headers=_BLOB_HEADERS)


async def _piece_by_piece(request: web.Request, masters: BlobStore, name: str) -> web.StreamResponse:
    """A blob that lies in no file."""
    try:
        blob = await asyncio.to_thread(masters.open, name)
    except OSError as error:
        raise _not_here() from error
    try:
        response = web.StreamResponse(headers=_BLOB_HEADERS)
        await response.prepare(request)
        while request.method != hdrs.METH_HEAD and (piece := await _next_piece(request, blob)):
            await response.write(piece)
        await response.write_eof()
    finally:
        await asyncio.to_thread(blob.close)
    return response


async def _next_piece(request: web.Request, blob: BinaryIO) -> bytes:
    try:
        return await asyncio.to_thread(blob.read, _PIECE)
    except OSError as error:
        log.warning("%.200r breaks off in the store: %s", request.path, error)
        # Ended as it is: no client may take what it has for the whole.
        if request.transport is not None:
            request.transport.abort()
        raise ConnectionResetError from error


def _not_here() -> web.HTTPNotFound:
    return web.HTTPNotFound(text="not in this store\n")
