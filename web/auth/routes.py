"""The account endpoints: from a checked request to the transaction that answers it."""

from __future__ import annotations

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
from bot.domain.instants import SECOND, iso
from bot.service.identifiers import new_id
from bot.service.ports.accounts import Account
from bot.service.ports.store import Transaction
from web.api.endpoint import Call, answer_json, endpoint
from web.auth import attempts, codes, cookie, families, registration
from web.auth.models import Login, Me, Refresh, Registration, Tokens, Verification
from web.auth.principal import authenticate, bearer_of
from web.auth.tokens import hash_of, new_refresh_token
from web.keys import CLOCK, PASSWORDS, SEND_CODE, SETTINGS, STORE, TOKENS

log = structlog.get_logger(__name__)

TAG = "accounts"


@endpoint(
    "POST",
    "/api/auth/register",
    summary="Create an account and sign in",
    tag=TAG,
    body=Registration,
    answer=Tokens,
    status=201,
    signed_in=False,
    errors=(Conflict, RateLimited, Unavailable),
)
async def register(call: Call) -> web.Response:
    """Keep a new account, not verified yet, and send the code that verifies its address."""
    app, body = call.app, call.body
    await attempts.allow(call.request, "register")
    email = registration.checked_email(body.email, development=app[SETTINGS].debug)
    registration.check_name_and_password(body.username, body.password)
    # Asked before the expensive hash, and once more inside the transaction that counts.
    await app[STORE].read(registration.check_free, body.username, email)
    account_id, code = new_id(), codes.new_code()
    applicant = registration.Applicant(
        account_id=account_id,
        person_id=new_id(),
        username=body.username,
        email=email,
        password_hash=await app[PASSWORDS].hash(body.password),
        code_hash=codes.hash_code(app[TOKENS], account_id, code),
    )
    account: Account = await app[STORE].run(registration.register, applicant, app[CLOCK].now())
    _send(app, account, code)
    return await _sign_in(call, account.id, 201)


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
    stored = account.password_hash if account else None
    right = await app[PASSWORDS].matches(form.password, stored)
    if account is None or not right:
        raise Unauthenticated(
            "This user name and password do not belong together.", code="bad_credentials"
        )
    if account.disabled_at is not None:
        raise NotAllowed("This account is disabled.", code="account_disabled")
    return await _sign_in(call, account.id, 200)


@endpoint("GET", "/api/auth/me", summary="Who is signed in", tag=TAG, answer=Me)
async def me(call: Call) -> Me:
    """Show the account."""
    account: Account = await call.app[STORE].read(_account, call.principal.account_id)
    return _me(call, account)


@endpoint(
    "POST",
    "/api/auth/verify",
    summary="Prove the address with the code that was sent to it",
    tag=TAG,
    body=Verification,
    answer=Me,
    errors=(Conflict, RateLimited),
)
async def verify(call: Call) -> Me:
    """Verify the account's address."""
    app, account_id = call.app, call.principal.account_id
    await attempts.allow(call.request, "verify")
    code = "".join(call.body.code.replace("-", " ").split())
    code_hash = codes.hash_code(app[TOKENS], account_id, code)
    result: Account | HandraiseError = await app[STORE].run(
        codes.use_code, account_id, code_hash, app[CLOCK].now()
    )
    if isinstance(result, HandraiseError):
        raise result
    return _me(call, result)


@endpoint(
    "POST",
    "/api/auth/verify/resend",
    summary="Send a new code",
    tag=TAG,
    status=202,
    errors=(Conflict, RateLimited),
)
async def resend(call: Call) -> None:
    """Replace the code by a new one, at most once a minute."""
    app, account_id = call.app, call.principal.account_id
    account: Account = await app[STORE].read(_account, account_id)
    if account.verified_at is None and app[SEND_CODE] is None:
        raise Conflict(_hint(app), code="mail_not_configured")
    code = codes.new_code()
    code_hash = codes.hash_code(app[TOKENS], account_id, code)
    await app[STORE].run(codes.renew_code, account_id, code_hash, app[CLOCK].now())
    _send(app, account, code)


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
    return _answer(call, result, successor, 200)


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
        principal = await authenticate(app, bearer_of(call.request))
        await app[STORE].run(families.close_family, principal.family_id, now)
    response = answer_json(None, 204)
    cookie.drop(response, call.request)
    return response


ENDPOINTS = (register, login, me, verify, resend, refresh, logout)


async def _sign_in(call: Call, account_id: str, status: int) -> web.Response:
    app = call.app
    now, token = app[CLOCK].now(), new_refresh_token()
    until = now + app[TOKENS].refresh_lifetime
    opened: families.SignIn = await app[STORE].run(
        families.open_family, account_id, new_id(), hash_of(token), now, until
    )
    return _answer(call, opened, token, status)


def _answer(call: Call, sign_in: families.SignIn, refresh: str, status: int) -> web.Response:
    tokens, now = call.app[TOKENS], call.app[CLOCK].now()
    page = cookie.is_page(call.request)
    body = Tokens(
        access_token=tokens.issue_access(sign_in.account_id, sign_in.family_id, now),
        refresh_token=None if page else refresh,
        expires_in=tokens.access_lifetime // SECOND,
    )
    response = answer_json(body, status)
    if page:
        cookie.keep(response, call.request, refresh, tokens.refresh_lifetime // SECOND)
    return response


def _refresh_token(call: Call) -> str | None:
    given: str | None = call.body.refresh_token
    return given if given is not None else cookie.presented(call.request)


def _account(tx: Transaction, account_id: str) -> Account:
    account = tx.accounts.get(account_id)
    if account is None:
        raise NotFound("There is no such account.")
    return account


def _me(call: Call, account: Account) -> Me:
    verified = account.verified_at is not None
    return Me(
        id=account.id,
        person_id=call.principal.person_id,  # whom they were merged into, if they were
        username=account.username,
        email=account.email,
        verified=verified,
        created_at=iso(account.created_at),
        verification_hint=None if verified else _hint(call.app),
    )


def _hint(app: web.Application) -> str:
    if app[SETTINGS].debug:
        return "Development mode: no mail is sent. The code is in the server's log."
    return (
        "This server cannot send mail yet: ask its administrator to confirm your address. "
        "Until then you can chat, but nobody can ask you anything."
    )


def _send(app: web.Application, account: Account, code: str) -> None:
    """Deliver a code, after the commit that kept it."""
    send = app[SEND_CODE]
    if send is not None:
        send(account, code)
