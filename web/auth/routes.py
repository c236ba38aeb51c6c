"""The account endpoints: from a checked request to the transaction that answers it."""

from __future__ import annotations

from dataclasses import replace

import structlog
from aiohttp import web

from bot.domain.errors import (
    Conflict,
    HandraiseError,
    NotAllowed,
    NotFound,
    RateLimited,
    Unauthenticated,
    Unavailable,
)
from bot.domain.instants import iso
from bot.service.identifiers import new_id
from bot.service.ports.accounts import Account
from bot.service.ports.store import Transaction
from web.api.endpoint import Call, answer_json, endpoint
from web.auth import attempts, codes, cookie, families, registration, tickets
from web.auth.letters import letters_of
from web.auth.models import Login, Me, Refresh, Registration, Tokens, Verification
from web.auth.opening import answer_tokens, sign_in
from web.auth.principal import authenticate, bearer_of
from web.auth.proving import proving_of
from web.auth.tokens import hash_of
from web.keys import CLOCK, PASSWORDS, SETTINGS, STORE, TOKENS

log = structlog.get_logger(__name__)

TAG = "accounts"
NO_WAY = (
    "This server cannot send mail yet: ask its administrator to confirm your address. "
    "Until then you can chat, but nobody can ask you anything."
)
_HINTS = {
    "email": "We have sent a code to your address: look into your mail.",
    "slack": (
        "If this is your confirmed address in Slack, we have sent a code to you there: look at "
        "the messages of the app. If it is not, ask this server's administrator to confirm it."
    ),
    "log": "Development mode: no mail is sent. The code is in the server's log.",
}


@endpoint(
    "POST",
    "/api/auth/register",
    summary="Create an account and sign in",
    tag=TAG,
    body=Registration,
    answer=Tokens,
    status=201,
    signed_in=False,
    errors=(Conflict, NotAllowed, RateLimited, Unavailable),
)
async def register(call: Call) -> web.Response:
    """Keep a new account, not verified yet, and send the code that verifies its address.

    An address that another account has confirmed is no exception here: its owner is told by mail,
    whoever asked is not.
    """
    app, body = call.app, call.body
    await attempts.allow(call.request, "register")
    email = registration.checked_email(body.email, development=app[SETTINGS].debug)
    registration.check_name_and_password(body.username, body.password)
    account_id, code, now = new_id(), codes.new_code(), app[CLOCK].now()
    rules, letters = registration.rules_of(app[SETTINGS]), letters_of(app)
    applicant = registration.Applicant(
        account_id=account_id,
        person_id=new_id(),
        username=body.username,
        email=email,
        password_hash="",
        code_hash=codes.hash_code(app[TOKENS], account_id, code),
        invite_hash=None if body.invite is None else tickets.hash_of(body.invite),
        administrator_hash=None
        if body.administrator_code is None
        else tickets.hash_of_code(body.administrator_code),
    )
    # Asked before the expensive hash, and once more inside the transaction that counts.
    await app[STORE].read(registration.check_welcome, rules, applicant, now)
    applicant = replace(applicant, password_hash=await app[PASSWORDS].hash(body.password))

    def send(tx: Transaction, account: Account) -> bool:
        attempts.spend_letter(tx, attempts.CODE, account.email, now)
        owner = tx.accounts.by_verified_email(account.email)
        if owner is not None:
            return letters.send_known(tx, account, owner.username, now)
        return letters.send_code(tx, account, code, now)

    account: Account
    account, sent = await app[STORE].run(
        registration.register, rules, applicant, send, proving_of(app[SETTINGS]), now
    )
    if not sent:
        letters.bring(account, code)
    return await sign_in(call, account.id, 201)


@endpoint(
    "POST",
    "/api/auth/login",
    summary="Sign in with a user name or a verified address",
    tag=TAG,
    form=Login,
    answer=Tokens,
    signed_in=False,
    errors=(Unauthenticated, NotAllowed, RateLimited, Unavailable),
)
async def login(call: Call) -> web.Response:
    """Open a new sign-in."""
    app, form = call.app, call.body
    await attempts.allow(call.request, "login", form.username)
    account: Account | None = await app[STORE].read(families.account_named, form.username)
    stored = (account.password_hash or None) if account else None
    right = await app[PASSWORDS].matches(form.password, stored)
    if account is None or not right:
        raise Unauthenticated(
            "This user name and password do not belong together.", code="bad_credentials"
        )
    if account.disabled_at is not None:
        raise NotAllowed("This account is disabled.", code="account_disabled")
    return await sign_in(call, account.id, 200)


@endpoint(
    "GET",
    "/api/auth/me",
    summary="Who is signed in",
    tag=TAG,
    answer=Me,
    unconfirmed_too=True,
)
async def me(call: Call) -> Me:
    """Show the account."""
    return await _me(call)


@endpoint(
    "POST",
    "/api/auth/verify",
    summary="Prove the address with the code that was sent to it",
    tag=TAG,
    body=Verification,
    answer=Me,
    unconfirmed_too=True,
    errors=(Conflict, RateLimited),
)
async def verify(call: Call) -> Me:
    """Verify the account's address."""
    app, account_id = call.app, call.principal.account_id
    await attempts.allow(call.request, "verify")
    code = "".join(call.body.code.replace("-", " ").split())
    hashes = codes.hashes_of(app[TOKENS], account_id, code)
    result: Account | HandraiseError = await app[STORE].run(
        codes.use_code, account_id, hashes, proving_of(app[SETTINGS]), app[CLOCK].now()
    )
    if isinstance(result, HandraiseError):
        raise result
    return await _me(call)


@endpoint(
    "POST",
    "/api/auth/verify/resend",
    summary="Send a new code",
    tag=TAG,
    status=202,
    unconfirmed_too=True,
    errors=(Conflict, RateLimited),
)
async def resend(call: Call) -> None:
    """Replace the code by a new one, at most once a minute."""
    app, account_id = call.app, call.principal.account_id
    letters, code, now = letters_of(app), codes.new_code(), app[CLOCK].now()
    code_hash = codes.hash_code(app[TOKENS], account_id, code)

    def renew(tx: Transaction) -> tuple[Account, bool]:
        account = codes.renew_code(tx, account_id, code_hash, now)
        if letters.channel is None:
            raise Conflict(NO_WAY, code="mail_not_configured")
        attempts.spend_letter(tx, attempts.CODE, account.email, now)
        return account, letters.send_code(tx, account, code, now)

    account: Account
    account, sent = await app[STORE].run(renew)
    if not sent:
        letters.bring(account, code)


@endpoint(
    "POST",
    "/api/auth/refresh",
    summary="Exchange a refresh token for new tokens",
    tag=TAG,
    body=Refresh,
    answer=Tokens,
    signed_in=False,
    errors=(Unauthenticated, NotAllowed, RateLimited),
)
async def refresh(call: Call) -> web.Response:
    """Rotate the refresh token; the one given is worth nothing from here on."""
    app = call.app
    await attempts.allow(call.request, "refresh")
    token = _refresh_token(call)
    if token is None:
        raise Unauthenticated("There is no sign-in to refresh. Sign in first.")
    tokens, now = app[TOKENS], app[CLOCK].now()
    successor = tokens.successor(token)
    result: families.SignIn | Unauthenticated = await app[STORE].run(
        families.rotate, hash_of(token), hash_of(successor), now, now + tokens.refresh_lifetime
    )
    if isinstance(result, Unauthenticated):
        log.warning("refresh_token_reused")
        raise result
    return answer_tokens(call, result, successor, 200)


@endpoint(
    "POST",
    "/api/auth/logout",
    summary="Sign out",
    tag=TAG,
    body=Refresh,
    status=204,
    signed_in=False,
    errors=(Unauthenticated, NotAllowed),
)
async def logout(call: Call) -> web.Response:
    """Revoke the sign-in that the refresh token, the cookie or the access token belongs to."""
    app, now = call.app, call.app[CLOCK].now()
    token = _refresh_token(call)
    if token is not None:
        await app[STORE].run(families.close_family_of, hash_of(token), now)
    else:
        principal = await authenticate(app, bearer_of(call.request), unconfirmed_too=True)
        await app[STORE].run(families.close_family, principal.family_id, now)
    response = answer_json(None, 204)
    cookie.drop(response, call.request)
    return response


ENDPOINTS = (register, login, me, verify, resend, refresh, logout)


def _refresh_token(call: Call) -> str | None:
    given: str | None = call.body.refresh_token
    return given if given is not None else cookie.presented(call.request)


async def _me(call: Call) -> Me:
    account = await call.app[STORE].read(_account, call.principal.account_id)
    channel = letters_of(call.app).channel
    verified = account.verified_at is not None
    return Me(
        id=account.id,
        person_id=call.principal.person_id,  # whom they were merged into, if they were
        username=account.username,
        email=account.email,
        verified=verified,
        is_admin=account.is_admin,
        has_password=bool(account.password_hash),
        created_at=iso(account.created_at),
        verification_hint=None if verified else _HINTS.get(channel or "", NO_WAY),
    )


def _account(tx: Transaction, account_id: str) -> Account:
    account = tx.accounts.get(account_id)
    if account is None:
        raise NotFound("There is no such account.")
    return account
