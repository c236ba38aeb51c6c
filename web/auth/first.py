"""The first administrator: a one-time code in the log of a server that has none."""

from __future__ import annotations

from collections.abc import AsyncIterator

import structlog
from aiohttp import web

from bot.domain.instants import Micros
from bot.service.ports.accounts import Purpose
from bot.service.ports.store import Transaction
from web.auth import tickets
from web.keys import CLOCK, SETTINGS, STORE
from web.logs import Disclosed

log = structlog.get_logger(__name__)


async def offer_administration(app: web.Application) -> AsyncIterator[None]:
    """Log a code at the start while there is no administrator; in development none is needed."""
    if not app[SETTINGS].debug:
        code = tickets.new_code()
        hashed = tickets.hash_of_code(code)
        if await app[STORE].run(keep_code, hashed, app[CLOCK].now()):
            log.warning(
                "administrator_code",
                code=Disclosed(code),
                hint="There is no administrator yet: register with this code. Good once.",
            )
    yield


def keep_code(tx: Transaction, code_hash: str, now: Micros) -> bool:
    """Keep a code's hash; False when there is an administrator already.

    Those of other servers and of earlier starts stay good: each may be the one that was read.
    """
    if tx.accounts.has_administrator():
        return False
    tickets.issue(tx, Purpose.ADMINISTRATOR, code_hash, now)
    return True
