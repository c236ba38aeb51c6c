"""Connecting the bot's mailbox: the consent that its owner gives once, kept sealed.

Only Google's own library speaks here (authorisation code with PKCE, RFC 7636). It blocks.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import requests
from google.auth.exceptions import GoogleAuthError
from google_auth_oauthlib.flow import Flow, InstalledAppFlow, WSGITimeoutError
from oauthlib.oauth2 import InsecureTransportError, OAuth2Error

from bot.channels.gmail.config import GmailConfig
from bot.channels.gmail.credentials import CLOSED, SCOPES, Kept, seal_in
from bot.channels.gmail.receiving import begin_here
from bot.domain.errors import HandraiseError, Invalid, Unavailable
from bot.domain.instants import Micros
from bot.domain.journal import Entry
from bot.service.ports.sealer import Sealer
from bot.service.ports.store import Transaction

_ASK = {"access_type": "offline", "prompt": "consent"}
"""Without these Google gives a refresh token only the first time."""
INSECURE = (
    "GOOGLE_AUTH_URL and GOOGLE_TOKEN_URL must begin with https://, or consent could be read on "
    "its way. Correct them, or leave them out: then Google's own are used."
)
_TROUBLE = (OAuth2Error, GoogleAuthError, requests.RequestException, ValueError, Warning)


@dataclass(frozen=True, kw_only=True, slots=True)
class Begun:
    """A consent that was begun: where its owner is sent, and what must come back."""

    url: str
    state: str
    verifier: str


def begin(config: GmailConfig, redirect_uri: str) -> Begun:
    """Return where the mailbox's owner gives consent; `Invalid` where the settings forbid it."""
    flow = Flow.from_client_config(_client(config), SCOPES, redirect_uri=redirect_uri)
    hint = {"login_hint": config.address} if config.address else {}
    try:
        url, state = flow.authorization_url(**_ASK, **hint)
    except _TROUBLE as error:
        raise _refusal(error) from None
    return Begun(url=str(url), state=str(state), verifier=str(flow.code_verifier))


def finish(config: GmailConfig, redirect_uri: str, code: str, verifier: str) -> str:
    """Return the refresh token for a code; `Invalid` when Google refuses it. Blocks."""
    flow = Flow.from_client_config(
        _client(config),
        SCOPES,
        redirect_uri=redirect_uri,
        code_verifier=verifier,
        autogenerate_code_verifier=False,
    )
    return _token(flow, code=code)


def by_hand(config: GmailConfig, *, open_browser: bool, port: int = 0) -> str:
    """Ask for consent in a browser on this machine, and return the refresh token. Blocks."""
    flow = InstalledAppFlow.from_client_config(_client(config), SCOPES)
    hint = {"login_hint": config.address} if config.address else {}
    try:
        flow.run_local_server(
            host="127.0.0.1",
            port=port,
            open_browser=open_browser,
            authorization_prompt_message="Open this address, and agree as the bot:\n\n  {url}\n",
            success_message="The mailbox is connected. You can close this window.",
            timeout_seconds=600,
            **_ASK,
            **hint,
        )
    except WSGITimeoutError:
        raise Invalid("Nobody agreed within ten minutes.", code="consent_timed_out") from None
    except _TROUBLE as error:
        raise _refusal(error) from None
    return _refresh_token(flow)


def keep_consent(
    tx: Transaction, sealer: Sealer, token: str, address: str, by: str | None, now: Micros
) -> None:
    """Keep a mailbox's consent in place of the one before, and journal who gave it."""
    seal_in(tx, sealer, Kept(refresh_token=token, address=address), now)
    tx.marks.drop(CLOSED)
    begin_here(tx, now)
    tx.journal.add(Entry(kind="mailbox.connected", at=now, person_id=by, channel="email"))


def _token(flow: Any, **given: str) -> str:
    try:
        with warnings.catch_warnings():
            # oauthlib warns where fewer scopes were granted than asked for: that is said below.
            warnings.simplefilter("ignore")
            flow.fetch_token(**given)
    except _TROUBLE as error:
        raise _refusal(error) from None
    return _refresh_token(flow)


def _refresh_token(flow: Any) -> str:
    token = flow.credentials.refresh_token
    granted = set(flow.oauth2session.token.get("scope") or SCOPES)
    if not set(SCOPES) <= granted:
        raise Invalid("Consent was given, but not to read and send mail. Try again.", code="scope")
    if not token:
        raise Invalid(
            "Google gave no lasting consent. Remove Handraise at "
            "https://myaccount.google.com/permissions, and connect again.",
            code="no_refresh_token",
        )
    return str(token)


def _refusal(error: BaseException) -> HandraiseError:
    if isinstance(error, requests.RequestException):
        return Unavailable("Google's sign-in cannot be reached.", code="google_unreachable")
    if isinstance(error, InsecureTransportError):
        return Invalid(INSECURE, code="insecure_sign_in")
    kind = getattr(error, "error", "") or type(error).__name__
    return Invalid(f"Google did not agree ({kind}). Try again.", code="consent_refused")


def _client(config: GmailConfig) -> dict[str, Any]:
    return {
        "installed": {
            "client_id": config.client_id,
            "client_secret": config.client_secret,
            "auth_uri": config.auth_url,
            "token_uri": config.token_url,
        }
    }
