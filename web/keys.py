"""The names under which the application keeps what requests need; knows no values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from bot.service.intake import Intake
    from bot.service.ports.clock import Clock
    from bot.service.ports.store import Store
    from bot.settings import Settings
    from web.auth.passwords import Passwords
    from web.auth.tokens import Tokens
    from web.chat.hub import Hub
    from web.metrics import Metrics

SETTINGS: web.AppKey[Settings] = web.AppKey("settings")
STORE: web.AppKey[Store] = web.AppKey("store")
INTAKE: web.AppKey[Intake] = web.AppKey("intake")
CLOCK: web.AppKey[Clock] = web.AppKey("clock")
HUB: web.AppKey[Hub] = web.AppKey("hub")
METRICS: web.AppKey[Metrics] = web.AppKey("metrics")
TOKENS: web.AppKey[Tokens] = web.AppKey("tokens")
PASSWORDS: web.AppKey[Passwords] = web.AppKey("passwords")
REQUEST_ID: web.RequestKey[str] = web.RequestKey("request_id")
"""Made by the server for each request; stands in its log line and in a 500's answer."""
