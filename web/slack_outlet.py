"""Slack as this deployment's settings have it."""

from __future__ import annotations

from bot.channels.slack.outlet import SlackConfig, SlackOutlet
from bot.settings import Settings
from web.auth.guards import may_install


def slack_outlet(settings: Settings) -> SlackOutlet:
    """Return Slack, configured and not running yet."""
    return SlackOutlet(
        SlackConfig(
            signing_secret=settings.slack_signing_secret.get_secret_value(),
            bot_token=settings.slack_bot_token.get_secret_value(),
            app_token=settings.slack_app_token.get_secret_value(),
            client_id=settings.slack_client_id,
            client_secret=settings.slack_client_secret.get_secret_value(),
            api_url=settings.slack_api_url,
            authorize_url=settings.slack_authorize_url,
            public_url=settings.public_url,
        ),
        may_install=may_install,
        install_script="/static/scripts/slack_install.js",
    )
