"""How Slack does, said in sentences for whoever operates it."""

from __future__ import annotations

from collections.abc import Mapping

from bot.channels.slack.config import SlackConfig
from bot.channels.slack.keeping import Kept
from bot.channels.slack.refusals import TOKEN_IS_DEAD
from bot.domain.instants import Micros
from bot.domain.zones import said
from bot.service.outlet import Health

_WHY = {
    "account_inactive": "its app was uninstalled or switched off",
    "app_uninstalled": "its app was uninstalled",
    "invalid_auth": "Slack does not accept its token",
    "not_authed": "Slack does not accept its token",
    "sealed": "its token cannot be opened with this SECRET_KEY",
    "team_disabled": "the workspace is switched off",
    "token_expired": "its token has expired and could not be renewed",
    "token_revoked": "its token was revoked",
    "tokens_revoked": "its token was revoked",
}


def health_of(
    config: SlackConfig,
    teams: Mapping[str, Kept],
    *,
    identified: bool,
    refused: str,
    now: Micros,
) -> Health:
    """Return the health of Slack on this server, from what it knows of its teams."""
    if config.is_single and not identified:
        if refused in TOKEN_IS_DEAD or refused == "token_expired":
            return Health(
                state="closed",
                reason="Slack does not accept SLACK_BOT_TOKEN. Copy the token again from the "
                "app's page at Slack, under “OAuth & Permissions”, and restart.",
            )
        return Health(
            state="degraded",
            reason="Slack cannot be reached, so the bot does not know its workspace yet. It "
            "tries again by itself.",
        )
    shown = {id_: kept for id_, kept in teams.items() if kept.installation or kept.closed}
    if not shown:
        return Health(
            state="closed",
            reason="No workspace has installed the app yet. An administrator does so at "
            f"{config.public_url}/slack/install",
        )
    details = {id_: f"{kept.name or id_}: {standing_of(kept, now)}" for id_, kept in shown.items()}
    closed = [kept for kept in shown.values() if kept.closed]
    if len(closed) == len(shown):
        return Health(state="closed", reason=_sentence(config, closed), details=details)
    stuck = [kept for kept in shown.values() if kept.stuck and not kept.closed]
    if closed or stuck:
        reasons = [_sentence(config, closed)] if closed else []
        if stuck:
            reasons.append(
                f"The token of {_names(stuck)} cannot be renewed: install the app again at "
                f"{config.public_url}/slack/install before it ends."
            )
        return Health(state="degraded", reason=" ".join(reasons), details=details)
    return Health(state="ready", details=details)


def _sentence(config: SlackConfig, closed: list[Kept]) -> str:
    first = _WHY.get(closed[0].closed, "Slack refused it")
    why = f" ({first})" if len(closed) == 1 else ""
    again = (
        "give SLACK_BOT_TOKEN a new token and restart"
        if config.is_single
        else f"install the app again at {config.public_url}/slack/install"
    )
    return f"Slack is disconnected for {_names(closed)}{why}: {again}."


def _names(teams: list[Kept]) -> str:
    names = [kept.name or "one workspace" for kept in teams]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def standing_of(kept: Kept, now: Micros) -> str:
    """Return how one team does, as part of a sentence."""
    if kept.closed:
        return f"disconnected, {_WHY.get(kept.closed, 'Slack refused it')}"
    if kept.stuck and kept.installation is not None and kept.installation.expires_at is not None:
        ends = said(max(now, kept.installation.expires_at), "UTC")
        return f"its token cannot be renewed and ends {ends}"
    return "ready"
