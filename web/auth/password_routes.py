"""The endpoints for a password that is to change, or was forgotten."""

from __future__ import annotations

from bot.domain.errors import (
    Conflict,
    Invalid,
    NotAllowed,
    NotFound,
    RateLimited,
    Unavailable,
)
from bot.service.ports.accounts import Account, Purpose
from bot.service.ports.store import Transaction
from web.api.endpoint import Call, endpoint
from web.auth import attempts, passwords_of, tickets
from web.auth.evenness import evenly
from web.auth.letters import letters_of
from web.auth.models import NewPassword, PasswordChange, Reset
from web.auth.passwords import password_fault
from web.keys import CLOCK, PASSWORDS, SETTINGS, STORE

TAG = "accounts"


@endpoint(
    "POST",
    "/api/auth/password",
    summary="Change the password",
    tag=TAG,
    body=PasswordChange,
    status=204,
    unconfirmed_too=True,
    errors=(Conflict, NotAllowed, RateLimited, Unavailable),
)
async def change_password(call: Call) -> None:
    """Set a new password, given the old one; every other sign-in of the account ends."""
    app, account_id = call.app, call.principal.account_id
    await attempts.allow(call.request, "password", call.principal.username)
    _check(call.body.new_password)
    account: Account = await app[STORE].read(_account, account_id)
    right = await app[PASSWORDS].matches(call.body.password, account.password_hash or None)
    if not right:
        raise NotAllowed("This is not your password.", code="bad_credentials")
    hashed = await app[PASSWORDS].hash(call.body.new_password)
    family_id, now = call.principal.family_id, app[CLOCK].now()
    await app[STORE].run(
        passwords_of.change, account_id, account.password_hash, hashed, family_id, now
    )


@endpoint(
    "POST",
    "/api/auth/reset",
    summary="Ask for a link to set a password that was forgotten",
    tag=TAG,
    body=Reset,
    status=202,
    signed_in=False,
    errors=(RateLimited,),
)
async def ask_for_reset(call: Call) -> None:
    """Send a link, good once for 30 minutes; the answer is the same whoever asks for whom."""
    app, now = call.app, call.app[CLOCK].now()
    await attempts.allow(call.request, "reset")
    token, letters = tickets.new_token(), letters_of(app)
    url = tickets.link(app[SETTINGS].public_url, Purpose.RESET, token)
    async with evenly():
        try:
            left: Account | None = await app[STORE].run(
                passwords_of.begin_reset, call.body.name, tickets.hash_of(token), url, letters, now
            )
        except RateLimited:
            return  # of letters to that address: said to nobody, since it tells that there is one
        if left is not None:
            letters.bring(left, url)


@endpoint(
    "POST",
    "/api/auth/reset/confirm",
    summary="Set a password by a link",
    tag=TAG,
    body=NewPassword,
    status=204,
    signed_in=False,
    errors=(NotAllowed, RateLimited, Unavailable),
)
async def end_reset(call: Call) -> None:
    """Set the password; nobody is signed in by it, and every earlier sign-in ends."""
    app, now = call.app, call.app[CLOCK].now()
    await attempts.allow(call.request, "reset")
    _check(call.body.password)
    token_hash = tickets.hash_of(call.body.token)
    await app[STORE].read(tickets.check, Purpose.RESET, token_hash, now)
    hashed = await app[PASSWORDS].hash(call.body.password)
    await app[STORE].run(passwords_of.end_reset, token_hash, hashed, now)


ENDPOINTS = (change_password, ask_for_reset, end_reset)


def _check(password: str) -> None:
    fault = password_fault(password)
    if fault:
        raise Invalid(fault, details={"fields": {"password": fault}})


def _account(tx: Transaction, account_id: str) -> Account:
    account = tx.accounts.get(account_id)
    if account is None:
        raise NotFound("There is no such account.")
    return account
