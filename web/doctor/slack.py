"""Checks of Slack: the tokens, what they may do, and how its events come in."""

from __future__ import annotations

import json
from typing import Any

from bot.adapters.sealing import SecretSealer
from bot.channels.slack.keeping import KIND
from bot.channels.slack.scopes import BOT_SCOPES
from bot.domain.errors import HandraiseError
from bot.service.ports.store import Transaction
from bot.settings import Settings
from web.doctor.findings import Finding, note, ok, todo
from web.doctor.probes import Probes

_PAGE = "https://api.slack.com/apps"
_DEAD = ("invalid_auth", "account_inactive", "token_revoked", "token_expired", "not_authed")


def tokens(tx: Transaction, sealer: SecretSealer) -> list[str]:
    """Return the bot tokens of the workspaces that have installed the app."""
    found = []
    for secret in tx.vault.all(KIND):
        try:
            kept: Any = json.loads(sealer.unseal(secret.kind, secret.key, secret.sealed))
        except (HandraiseError, ValueError):
            continue
        if isinstance(kept, dict) and isinstance(kept.get("token"), str):
            found.append(kept["token"])
    return found


async def check(settings: Settings, installed: list[str], probes: Probes) -> list[Finding]:
    """Return what is to be seen to at Slack."""
    if not settings.has_slack:
        return [note("slack", "Slack is not configured.")]
    own = settings.slack_bot_token.get_secret_value()
    found = [await _bot(settings, token, probes) for token in ([own] if own else installed)]
    if not found:
        found.append(
            todo(
                "slack",
                "No workspace has installed the app yet.",
                f"As an administrator, open {settings.public_url}/slack/install.",
            )
        )
    found.append(await _entrance(settings, probes))
    found.append(_sign_in(settings))
    return found


def _sign_in(settings: Settings) -> Finding:
    if not settings.slack_client_id:
        return note(
            "slack sign-in",
            "Nobody can sign in with Slack: that needs SLACK_CLIENT_ID and SLACK_CLIENT_SECRET, "
            "also beside SLACK_BOT_TOKEN.",
        )
    back = f"{settings.public_url}/api/auth/slack/callback"
    if not settings.public_url.startswith("https://"):
        return note(
            "slack sign-in",
            f"Slack sends nobody back to {back}: Sign in with Slack needs an https:// PUBLIC_URL.",
        )
    return ok(
        "slack sign-in",
        f"People sign in with Slack, which sends them back to {back}; that address must be among "
        f"the app's redirect URLs at {_PAGE}.",
    )


async def _bot(settings: Settings, token: str, probes: Probes) -> Finding:
    answer = await probes.ask(
        "POST", f"{settings.slack_api_url}auth.test", headers={"Authorization": f"Bearer {token}"}
    )
    body = answer.body if isinstance(answer.body, dict) else {}
    if not body.get("ok"):
        error = str(body.get("error", ""))
        if error in _DEAD:
            return todo(
                "slack",
                f"Slack does not take the bot's token ({error}).",
                "Install the app again and set SLACK_BOT_TOKEN anew, or open /slack/install.",
            )
        why = answer.trouble or error or f"status {answer.status}"
        return todo(
            "slack",
            f"Slack could not be asked: {why}.",
            "Check that this machine can reach SLACK_API_URL.",
        )
    team = str(body.get("team", "a workspace"))
    granted = {each.strip() for each in answer.headers.get("x-oauth-scopes", "").split(",")} - {""}
    missing = sorted(set(BOT_SCOPES) - granted) if granted else []
    if missing:
        return todo(
            "slack",
            f"In {team} the app lacks {', '.join(missing)}.",
            f"Bring the app in line with app_manifest.yml at {_PAGE}, and install it again.",
        )
    return ok("slack", f"The app is at work in {team}, with every scope.")


async def _entrance(settings: Settings, probes: Probes) -> Finding:
    token = settings.slack_app_token.get_secret_value()
    if not token:
        if settings.public_url.startswith("https://"):
            return ok("slack events", f"Slack's events come to {settings.public_url}/slack/events.")
        return todo(
            "slack events",
            "Slack sends events to https addresses alone, and PUBLIC_URL is none.",
            "Set PUBLIC_URL to an https:// address that Slack can reach, or SLACK_APP_TOKEN for "
            "Socket Mode.",
        )
    answer = await probes.ask(
        "POST",
        f"{settings.slack_api_url}apps.connections.open",
        headers={"Authorization": f"Bearer {token}"},
    )
    if isinstance(answer.body, dict) and answer.body.get("ok"):
        return ok("slack events", "Slack's events come by Socket Mode.")
    error = answer.body.get("error", "") if isinstance(answer.body, dict) else ""
    return todo(
        "slack events",
        f"Socket Mode does not connect ({answer.trouble or error or answer.status}).",
        f"At {_PAGE}, turn Socket Mode on and set SLACK_APP_TOKEN to a token with the scope "
        "connections:write.",
    )
