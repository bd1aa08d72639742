"""The aiohttp AppKeys under which the page's handlers find what they need."""

from typing import Final

from aiohttp import web

from netboot.auth.sessions import Sessions
from netboot.settings.config import Settings
from netboot.workshop.greeting import Workshop

sessions_key: Final = web.AppKey("sessions", Sessions)
settings_key: Final = web.AppKey("settings", Settings)
workshop_key: Final = web.AppKey("workshop", Workshop)
