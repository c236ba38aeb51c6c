"""One's own data over REST: all that is kept about oneself, and having it erased."""

from __future__ import annotations

import json

from aiohttp import web
from pydantic import BaseModel, SecretStr

from bot.domain.commands import CHAT
from bot.domain.errors import Conflict, NotAllowed, RateLimited
from bot.domain.instants import HOUR, MINUTE
from bot.service.erasing import Erasing
from bot.service.exporting import Cursor, Page, export
from bot.service.ports.accounts import Account, TokenFamily
from bot.service.ports.store import Transaction
from web.api.endpoint import Call, endpoint
from web.api.payload import Input
from web.auth import attempts, cookie
from web.keys import CLOCK, PASSWORDS, SETTINGS, STORE

TAG = "profile"
FRESH = 15 * MINUTE
"""How young a sign-in must be to prove an account that has no password."""


class Farewell(Input):
    """The password once more; of an account without one, nothing."""

    password: SecretStr | None = None


class Erased(BaseModel):
    """What becomes of it."""

    message: str


@endpoint(
    "GET",
    "/api/me/export",
    summary="Everything that is kept about me",
    tag=TAG,
    media="application/x-ndjson",
    errors=(RateLimited,),
)
async def export_me(call: Call) -> web.StreamResponse:
    """Write all that is kept about the caller as JSON Lines, a record a line."""
    await attempts.allow(call.request, "export", call.principal.account_id)
    store, person_id = call.app[STORE], call.principal.person_id
    page: Page = await store.read(export, person_id, Cursor())
    response = web.StreamResponse(
        headers={
            "Content-Type": "application/x-ndjson; charset=utf-8",
            "Content-Disposition": 'attachment; filename="handraise.jsonl"',
            "Cache-Control": "no-store",
        }
    )
    await response.prepare(call.request)
    while True:
        lines = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in page.records)
        await response.write(lines.encode())
        if page.next is None:
            break
        page = await store.read(export, person_id, page.next)
    await response.write_eof()
    return response


@endpoint(
    "DELETE",
    "/api/me",
    summary="Erase me",
    tag=TAG,
    body=Farewell,
    answer=Erased,
    errors=(Conflict, NotAllowed, RateLimited),
)
async def erase_me(call: Call) -> web.StreamResponse:
    """Erase the caller: account, name, addresses and words; it cannot be taken back."""
    app, principal, now = call.app, call.principal, call.app[CLOCK].now()
    await attempts.allow(call.request, "erase", principal.account_id)
    account, family = await app[STORE].read(_found, principal.account_id, principal.family_id)
    given = call.body.password.get_secret_value() if call.body.password else ""
    if account.password_hash:
        if not await app[PASSWORDS].matches(given, account.password_hash):
            raise NotAllowed("This is not your password.", code="wrong_password")
    elif now > family.created_at + FRESH:
        raise NotAllowed("Sign in again first; then you can erase yourself.", code="sign_in_again")
    settings = app[SETTINGS]
    erasing = Erasing(
        session_timeout=settings.session_timeout_hours * HOUR, self_approval=settings.self_approval
    )

    def erase(tx: Transaction) -> str:
        person_id = principal.person_id
        return erasing.erase(tx, person_id, now, by=person_id, via=CHAT).text

    message = await app[STORE].run(erase)
    response = web.json_response(
        Erased(message=message).model_dump(), headers={"Cache-Control": "no-store"}
    )
    cookie.drop(response, call.request)
    return response


def _found(tx: Transaction, account_id: str, family_id: str) -> tuple[Account, TokenFamily]:
    account, family = tx.accounts.get(account_id), tx.accounts.get_family(family_id)
    if account is None or family is None:
        raise NotAllowed("You are signed out. Sign in again.", code="signed_out")
    return account, family


ENDPOINTS = (export_me, erase_me)
