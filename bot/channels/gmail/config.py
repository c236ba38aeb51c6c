"""The mailbox's settings as plain values; knows neither the environment nor Google."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class GmailConfig:
    """How this deployment's mailbox is reached and what is taken from it."""

    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    """Empty where an administrator connects the mailbox by hand."""
    address: str = ""
    """The bot's; empty: that of the mailbox which was connected."""
    pubsub_topic: str = ""
    push_audience: str = ""
    """Empty: the entrance for pushes is closed."""
    push_service_account: str = ""
    poll_seconds: int = 60
    api_url: str = "https://gmail.googleapis.com"
    auth_url: str = "https://accounts.google.com/o/oauth2/v2/auth"
    token_url: str = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
    certs_url: str = "https://www.googleapis.com/oauth2/v1/certs"
    authserv_id: str = "mx.google.com"
    """The receiving server whose word on a sender counts."""
    allowed_senders: tuple[str, ...] = ()
    """Addresses, or domains after an @, that may begin sessions without an account; case-folded."""
    per_thread_hour: int = 6
    public_url: str = ""

    def allows(self, address: str) -> bool:
        """Tell whether an address, folded, may begin sessions without an account."""
        domain = address.rpartition("@")[2]
        return any(
            allowed == address or allowed.lstrip("@") == domain
            for allowed in self.allowed_senders
            if allowed
        )
