"""The endpoints for one's own sign-ins, how one may sign in at all, and the first administrator."""

from __future__ import annotations

from aiohttp import web

from bot.domain.errors import Conflict, NotAllowed, NotFound, RateLimited
from bot.domain.instants import Micros, iso
from bot.service.ports.accounts import Account, TokenFamily
from bot.service.ports.store import Transaction
from web.api.endpoint import Call, answer_json, endpoint
from web.auth import attempts, cookie, families, registration, tickets
from web.auth.models import AdministratorCode, SignIn, SignIns, Ways
from web.auth.proving import proving_of
from web.keys import CLOCK, SETTINGS, STORE, TOKENS

TAG = "accounts"


@endpoint(
    "GET",
    "/api/auth/ways",
    summary="How one can register and sign in here",
    tag=TAG,
    answer=Ways,
    signed_in=False,
)
async def ways(call: Call) -> Ways:
    """Tell what the page may offer to somebody who is not signed in."""
    settings = call.app[SETTINGS]
    there = settings.debug or await call.app[STORE].read(lambda tx: tx.accounts.has_administrator())
    return Ways.model_validate(
        {
            "registration": settings.registration,
            "slack": bool(settings.slack_client_id),
            "administrator_wanted": not there,
        }
    )


@endpoint(
    "GET",
    "/api/auth/sign-ins",
    summary="List my sign-ins",
    tag=TAG,
    answer=SignIns,
    unconfirmed_too=True,
)
async def list_sign_ins(call: Call) -> SignIns:
    """Return where the caller is signed in, the newest first."""
    since = call.app[CLOCK].now() - call.app[TOKENS].refresh_lifetime
    found: list[TokenFamily] = await call.app[STORE].read(
        lambda tx: tx.accounts.families_of(call.principal.account_id, since)
    )
    return SignIns(
        sign_ins=[
            SignIn(
                id=family.id,
                created_at=iso(family.created_at),
                seen_at=iso(family.seen_at or family.created_at),
                user_agent=family.user_agent,
                current=family.id == call.principal.family_id,
            )
            for family in found
        ]
    )


@endpoint(
    "DELETE",
    "/api/auth/sign-ins/{id}",
    summary="End one of my sign-ins",
    tag=TAG,
    status=204,
    unconfirmed_too=True,
    errors=(NotFound,),
)
async def end_sign_in(call: Call) -> None:
    """End it at once, its live sockets included."""
    now = call.app[CLOCK].now()
    await call.app[STORE].run(families.close_one, call.principal.account_id, call.path["id"], now)


@endpoint(
    "DELETE",
    "/api/auth/sign-ins",
    summary="Sign out everywhere",
    tag=TAG,
    status=204,
    unconfirmed_too=True,
)
async def sign_out_everywhere(call: Call) -> web.Response:
    """End every sign-in of the caller, this one too."""
    await call.app[STORE].run(_close_all, call.principal.account_id, call.app[CLOCK].now())
    response = answer_json(None, 204)
    cookie.drop(response, call.request)
    return response


@endpoint(
    "POST",
    "/api/auth/administrator",
    summary="Become the first administrator",
    tag=TAG,
    body=AdministratorCode,
    status=204,
    unconfirmed_too=True,
    errors=(Conflict, NotAllowed, RateLimited),
)
async def become_administrator(call: Call) -> None:
    """Take the one-time code that a server without an administrator logs at its start.

    It confirms the caller's address too.
    """
    app = call.app
    await attempts.allow(call.request, "administrator", call.principal.username)
    proving, now = proving_of(app[SETTINGS]), app[CLOCK].now()
    code_hash = tickets.hash_of_code(call.body.code)

    def become(tx: Transaction) -> None:
        account = _account(tx, call.principal.account_id)
        registration.becomes_first(tx, account, code_hash, now)
        proving.prove(tx, account, now, how="by the operator")

    await app[STORE].run(become)


ENDPOINTS = (ways, list_sign_ins, end_sign_in, sign_out_everywhere, become_administrator)


def _account(tx: Transaction, account_id: str) -> Account:
    account = tx.accounts.lock(account_id)
    if account is None:
        raise NotFound("There is no such account.")
    return account


def _close_all(tx: Transaction, account_id: str, now: Micros) -> None:
    families.close_every(tx, _account(tx, account_id), now, "signed_out_everywhere")
