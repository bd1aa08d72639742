"""A file that the page gives to be kept."""

from dataclasses import dataclass

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Download:
    """`kind` is its media type."""

    name: str
    kind: str
    content: bytes

    def response(self) -> web.Response:
        """It, to be kept under its name and not shown."""
        headers = {"Content-Disposition": f'attachment; filename="{self.name}"'}
        return web.Response(body=self.content, content_type=self.kind, headers=headers)
