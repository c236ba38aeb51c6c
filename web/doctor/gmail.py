"""Checks of the mailbox: its credentials, its watch, and how pushes come in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from bot.adapters.sealing import SecretSealer
from bot.domain.errors import HandraiseError
from bot.domain.instants import DAY, HOUR, Micros
from bot.service.ports.store import Transaction
from bot.settings import Settings
from web.doctor.findings import Finding, note, ok, todo
from web.doctor.probes import Probes

_CONNECT = "Run `handraise gmail connect`, or open /api/channels/gmail/auth as an administrator."


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """What the database knows of the mailbox."""

    token: str = ""
    watched: str = ""


def kept(tx: Transaction, sealer: SecretSealer) -> Kept:
    """Return it."""
    # Here, since these import Google's client: only where a mailbox is configured.
    from bot.channels.gmail.credentials import KEY, KIND
    from bot.channels.gmail.watching import WATCHED

    secret, token = tx.vault.get(KIND, KEY), ""
    if secret is not None:
        try:
            found: Any = json.loads(sealer.unseal(secret.kind, secret.key, secret.sealed))
            token = str(found.get("refresh_token", ""))
        except (HandraiseError, ValueError):
            token = ""
    return Kept(token=token, watched=tx.marks.get(WATCHED) or "")


async def check(settings: Settings, known: Kept, probes: Probes, now: Micros) -> list[Finding]:
    """Return what is to be seen to at Google."""
    if not settings.has_gmail:
        return [note("gmail", "No mailbox is configured.")]
    token = known.token or settings.gmail_refresh_token.get_secret_value()
    if not token:
        if insecure := _insecure(settings):
            plain = f"No mailbox can be connected: {insecure} begins with http://."
            return [todo("gmail", plain, "Let it begin with https://, or leave it out.")]
        return [todo("gmail", "No mailbox is connected.", _CONNECT)]
    found = [await _mailbox(settings, token, probes)]
    if settings.gmail_pubsub_topic:
        found.append(_watch(known.watched, settings, now))
        if not settings.gmail_push_audience:
            found.append(
                note(
                    "gmail push",
                    "GMAIL_PUSH_AUDIENCE is not set, so pushes are not taken; mail is polled.",
                )
            )
    return found


def _insecure(settings: Settings) -> str:
    """Return by which settings consent would go over a line that others can read; mostly none."""
    urls = {
        "GOOGLE_AUTH_URL": settings.google_auth_url,
        "GOOGLE_TOKEN_URL": settings.google_token_url,
    }
    return " and ".join(name for name, url in urls.items() if not url.startswith("https://"))


async def _mailbox(settings: Settings, token: str, probes: Probes) -> Finding:
    answer = await probes.ask(
        "POST",
        settings.google_token_url,
        data={
            "grant_type": "refresh_token",
            "client_id": settings.gmail_client_id,
            "client_secret": settings.gmail_client_secret.get_secret_value(),
            "refresh_token": token,
        },
    )
    body = answer.body if isinstance(answer.body, dict) else {}
    access = body.get("access_token")
    if not isinstance(access, str):
        error = body.get("error")
        if error in ("invalid_grant", "invalid_client", "unauthorized_client"):
            return todo("gmail", f"Google does not take the credentials ({error}).", _CONNECT)
        return todo(
            "gmail",
            f"Google's sign-in could not be asked: {answer.trouble or error or answer.status}.",
            "Check that this machine can reach GOOGLE_TOKEN_URL.",
        )
    profile = await probes.ask(
        "GET",
        f"{settings.gmail_api_url}/gmail/v1/users/me/profile",
        headers={"Authorization": f"Bearer {access}"},
    )
    body = profile.body if isinstance(profile.body, dict) else {}
    address = str(body.get("emailAddress", ""))
    if profile.status != 200 or not address:
        return todo(
            "gmail",
            f"Gmail refuses ({profile.trouble or profile.status}).",
            "Turn the Gmail API on in the Google Cloud project, and connect with every scope.",
        )
    wanted = settings.gmail_address
    if wanted and wanted.casefold() != address.casefold():
        return todo(
            "gmail",
            f"The connected mailbox is {address}, and GMAIL_ADDRESS says {wanted}.",
            "Correct GMAIL_ADDRESS, or connect that mailbox.",
        )
    return ok("gmail", f"The mailbox {address} answers.")


def _watch(watched: str, settings: Settings, now: Micros) -> Finding:
    at, _, topic = watched.partition(" ")
    if not at.isdecimal() or topic != settings.gmail_pubsub_topic:
        return note("gmail watch", "Gmail's watch has not begun: the running server begins it.")
    age = now - int(at)
    if age > 2 * DAY:
        return todo(
            "gmail watch",
            f"Gmail's watch is {age // DAY} days old, and ends after seven.",
            "See that the server runs, and that Gmail may publish to GMAIL_PUBSUB_TOPIC.",
        )
    return ok("gmail watch", f"Gmail's watch was renewed {age // HOUR} hours ago.")
