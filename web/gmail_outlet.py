"""The mailbox as this deployment's settings have it."""

from __future__ import annotations

from aiohttp import web

from bot.channels.gmail.outlet import GmailConfig, GmailOutlet
from bot.domain.errors import NotAllowed
from bot.settings import Settings
from web.auth.principal import principal_of


def gmail_outlet(settings: Settings) -> GmailOutlet:
    """Return the mailbox, configured and not running yet."""
    return GmailOutlet(gmail_config(settings), may_connect=administrator)


def gmail_config(settings: Settings) -> GmailConfig:
    """Return the mailbox's plain values."""
    return GmailConfig(
        client_id=settings.gmail_client_id,
        client_secret=settings.gmail_client_secret.get_secret_value(),
        refresh_token=settings.gmail_refresh_token.get_secret_value(),
        address=settings.gmail_address,
        pubsub_topic=settings.gmail_pubsub_topic,
        push_audience=settings.gmail_push_audience,
        push_service_account=settings.gmail_push_service_account,
        poll_seconds=settings.gmail_poll_seconds,
        api_url=settings.gmail_api_url,
        auth_url=settings.google_auth_url,
        token_url=settings.google_token_url,
        certs_url=settings.google_certs_url,
        authserv_id=settings.mail_authserv_id,
        allowed_senders=settings.mail_allowed_senders,
        per_thread_hour=settings.mail_per_thread_hour,
        public_url=settings.public_url,
    )


async def administrator(request: web.Request) -> str:
    """Return the administrator who is signed in; `NotAllowed` for anybody else."""
    principal = await principal_of(request)
    if not principal.is_admin:
        raise NotAllowed("Only an administrator can connect the mailbox.")
    return principal.person_id
