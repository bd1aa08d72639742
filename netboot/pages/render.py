"""Templates to HTML, in the visitor's language. Every value is escaped by default."""

from pathlib import Path
from typing import Final

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from netboot.page_texts import TEXTS
from netboot.pages.visitor import FORM_TOKEN, visitor
from netboot.problems import Language
from netboot.wording import stage_name, verdict_name

renderer_key: Final = web.AppKey("renderer", Environment)


def renderer() -> Environment:
    """The page's templates."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent.parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(stage_name=stage_name, verdict_name=verdict_name, form_token_name=FORM_TOKEN)
    environment.filters["left"] = time_left
    return environment


def part(request: web.Request, template: str, language: Language, **values: object) -> str:
    """A piece of a page."""
    texts = TEXTS[language]
    return request.app[renderer_key].get_template(template).render(t=texts, language=language, **values)


def page(request: web.Request, template: str, *, status: int = 200, **values: object) -> web.Response:
    """A whole page for this visitor."""
    who = visitor(request)
    html = part(request, template, who.language, visitor=who, path=request.path, **values)
    return web.Response(text=html, status=status, content_type="text/html", charset="utf-8")


def time_left(seconds: int, language: Language) -> str:
    """A short time for people."""
    texts = TEXTS[language]
    if seconds < 90:
        return texts.seconds.format(n=seconds)
    return texts.minutes.format(n=round(seconds / 60))
