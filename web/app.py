"""The composition root: the one place where everything is wired; tests call it too."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from aiohttp import web

from bot.adapters.clock import SystemClock
from bot.adapters.sealing import SecretSealer
from bot.adapters.store.opening import make_store
from bot.domain.instants import DAY, MINUTE
from bot.service.ports.accounts import Account
from bot.service.ports.clock import Clock
from bot.service.ports.planner import Planner
from bot.service.ports.reader import FeedbackReader
from bot.service.rotating import note_key
from bot.settings import Settings
from web import cors, middleware, proxies
from web.agent import leave_sockets, run_agent
from web.api import (
    admin_deliveries,
    admin_numbers,
    admin_people,
    admin_records,
    channels,
    journal,
    messages,
    own_data,
    people,
    profile,
    question_acts,
    questions,
    service,
    sessions,
)
from web.api.endpoint import mount
from web.api.payload import MAX_BODY
from web.auth import password_routes, sign_in_routes, slack_routes
from web.auth import routes as accounts
from web.auth.first import offer_administration
from web.auth.passwords import Passwords
from web.auth.tokens import Tokens
from web.chat import socket
from web.chat.doorway import DOORWAY, Doorway
from web.headers import secure
from web.journal_key import former_journal_keys, journal_key
from web.keys import (
    CLOCK,
    LETTERS,
    METRICS,
    OUTLETS,
    PASSWORDS,
    PLANNER,
    READER,
    SEALER,
    SETTINGS,
    SLACK_KEYS,
    STORE,
    TOKENS,
)
from web.links import routes as links
from web.metrics import new_metrics
from web.outlets import outlets_of
from web.readiness import READINESS, Readiness
from web.reception import expect_host
from web.reference.routes import mount_reference
from web.served import mount_pages


def build_app(
    settings: Settings,
    *,
    clock: Clock | None = None,
    planner: Planner | None = None,
    reader: FeedbackReader | None = None,
    send_code: Callable[[Account, str], None] | None = None,
    password_cost: int = 12,
) -> web.Application:
    """Return the application, wired but not running; nothing is opened before its start.

    All but the settings is for tests; `password_cost` is bcrypt's, a power of two.
    """
    app = web.Application(
        client_max_size=MAX_BODY,
        middlewares=[
            proxies.unwrap,
            middleware.observe,
            middleware.refuse,
            expect_host,
            cors.share,
        ],
    )
    app.on_response_prepare.append(secure)
    app.on_response_prepare.append(cors.expose)
    app[SETTINGS] = settings
    app[CLOCK] = clock or SystemClock()
    proxies.setup(app)
    app[DOORWAY] = Doorway()
    app[METRICS] = new_metrics()
    app[TOKENS] = Tokens(
        settings.secret_key.get_secret_value(),
        access_lifetime=settings.access_token_minutes * MINUTE,
        refresh_lifetime=settings.refresh_token_days * DAY,
        former=tuple(each.get_secret_value() for each in settings.secret_key_previous),
    )
    app[PASSWORDS] = Passwords(cost=password_cost)
    app[LETTERS] = send_code
    app[SLACK_KEYS] = slack_routes.slack_keys(settings)
    if planner is not None:
        app[PLANNER] = planner
    if reader is not None:
        app[READER] = reader
    app[SEALER] = SecretSealer(
        settings.secret_key.get_secret_value(),
        former=tuple(former.get_secret_value() for former in settings.secret_key_previous),
    )
    app[OUTLETS] = outlets_of(settings)
    mount(app, service.ENDPOINTS)
    mount(app, accounts.ENDPOINTS)
    mount(app, password_routes.ENDPOINTS)
    mount(app, sign_in_routes.ENDPOINTS)
    mount(app, slack_routes.ENDPOINTS)
    mount(app, admin_deliveries.ENDPOINTS)
    mount(app, admin_numbers.ENDPOINTS)
    mount(app, admin_people.ENDPOINTS)
    mount(app, admin_records.ENDPOINTS)
    mount(app, sessions.ENDPOINTS)
    mount(app, messages.ENDPOINTS)
    mount(app, questions.ENDPOINTS)
    mount(app, question_acts.ENDPOINTS)
    mount(app, profile.ENDPOINTS)
    mount(app, people.ENDPOINTS)
    mount(app, channels.ENDPOINTS)
    mount(app, journal.ENDPOINTS)
    mount(app, own_data.ENDPOINTS)
    app.router.add_get("/ws", socket.serve)
    links.mount(app)
    for outlet in app[OUTLETS]:
        outlet.mount(app)
    mount_pages(app)
    mount_reference(app)
    app.cleanup_ctx.append(_database)
    app.cleanup_ctx.append(offer_administration)
    app.cleanup_ctx.append(_passwords)
    app.cleanup_ctx.append(run_agent)
    app.on_shutdown.append(leave_sockets)
    return app


async def _database(app: web.Application) -> AsyncIterator[None]:
    """Open the store, its schema brought up to date, for as long as the application runs."""
    settings = app[SETTINGS]
    key = journal_key(settings.secret_key)
    readiness = app[READINESS] = Readiness()
    store = make_store(
        settings.database_url,
        journal_key=key,
        former_journal_keys=former_journal_keys(settings),
    )
    app[STORE] = store
    await store.open()
    # So that `handraise secrets rotate` does not sign with a key that this server does not know.
    await store.run(note_key, key, app[CLOCK].now())
    try:
        yield
    finally:
        await readiness.close()
        await store.close()


async def _passwords(app: web.Application) -> AsyncIterator[None]:
    yield
    app[PASSWORDS].close()
