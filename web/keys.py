"""The names under which the application keeps what requests need; knows no values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from bot.service.actions import Runner
    from bot.service.backlog import Backlog
    from bot.service.chores import Chores
    from bot.service.courier import Courier
    from bot.service.intake import Intake
    from bot.service.outlet import Opened
    from bot.service.ports.accounts import Account
    from bot.service.ports.clock import Clock
    from bot.service.ports.planner import Planner
    from bot.service.ports.reader import FeedbackReader
    from bot.service.ports.sealer import Sealer
    from bot.service.ports.store import Store
    from bot.service.sweeper import Sweeper
    from bot.service.worker import Worker
    from bot.settings import Settings
    from web.auth.id_tokens import KeySet
    from web.auth.passwords import Passwords
    from web.auth.tokens import Tokens
    from web.chat.hub import Hub
    from web.metrics import Metrics
    from web.outlets import Outlet


@dataclass(frozen=True, kw_only=True, slots=True)
class Agent:
    """The parts that run by themselves; tests drive them by hand."""

    worker: Worker
    courier: Courier
    sweeper: Sweeper
    runner: Runner
    backlog: Backlog
    chores: Chores
    outlets: Mapping[str, Opened]
    """The channels outside the web, by name."""


SETTINGS: web.AppKey[Settings] = web.AppKey("settings")
STORE: web.AppKey[Store] = web.AppKey("store")
INTAKE: web.AppKey[Intake] = web.AppKey("intake")
CLOCK: web.AppKey[Clock] = web.AppKey("clock")
HUB: web.AppKey[Hub] = web.AppKey("hub")
METRICS: web.AppKey[Metrics] = web.AppKey("metrics")
TOKENS: web.AppKey[Tokens] = web.AppKey("tokens")
PASSWORDS: web.AppKey[Passwords] = web.AppKey("passwords")
PLANNER: web.AppKey[Planner] = web.AppKey("planner")
"""Only where one was given from outside; else the settings choose."""
AGENT: web.AppKey[Agent] = web.AppKey("agent")
READER: web.AppKey[FeedbackReader] = web.AppKey("reader")
"""Likewise."""
OUTLETS: web.AppKey[list[Outlet]] = web.AppKey("outlets")
SEALER: web.AppKey[Sealer] = web.AppKey("sealer")
LETTERS: web.AppKey[Callable[[Account, str], None] | None] = web.AppKey("letters")
"""Brings codes and links to accounts' owners, in tests; None where `web.auth.letters` does."""
SLACK_KEYS: web.AppKey[KeySet] = web.AppKey("slack_keys")
"""The keys that Slack signs its identity tokens by."""
REQUEST_ID: web.RequestKey[str] = web.RequestKey("request_id")
"""Made by the server for each request; stands in its log line and in a 500's answer."""
