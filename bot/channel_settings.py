"""The settings of Slack and of the mailbox; `bot.settings` reads them with all the others."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode

_CommaList = Annotated[tuple[str, ...], NoDecode]


class ChannelSettings(BaseSettings):
    """What connects the channels outside the web; all empty: the web alone."""

    slack_signing_secret: SecretStr = SecretStr("")
    slack_bot_token: SecretStr = SecretStr("")
    slack_app_token: SecretStr = SecretStr("")
    slack_client_id: str = ""
    slack_client_secret: SecretStr = SecretStr("")
    slack_api_url: str = "https://slack.com/api/"
    slack_authorize_url: str = "https://slack.com/oauth/v2/authorize"

    gmail_client_id: str = ""
    gmail_client_secret: SecretStr = SecretStr("")
    gmail_refresh_token: SecretStr = SecretStr("")
    gmail_address: str = ""
    gmail_pubsub_topic: str = ""
    gmail_push_audience: str = ""
    gmail_push_service_account: str = ""
    gmail_poll_seconds: int = Field(default=60, ge=10, le=3_600)
    gmail_api_url: str = "https://gmail.googleapis.com"
    google_auth_url: str = "https://accounts.google.com/o/oauth2/v2/auth"
    google_token_url: str = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
    google_certs_url: str = "https://www.googleapis.com/oauth2/v1/certs"
    mail_authserv_id: str = "mx.google.com"
    mail_allowed_senders: _CommaList = ()
    mail_per_thread_hour: int = Field(default=6, ge=1, le=100)

    @property
    def has_slack(self) -> bool:
        """Tell whether Slack is to be connected."""
        return any(
            secret.get_secret_value()
            for secret in (
                self.slack_signing_secret,
                self.slack_bot_token,
                self.slack_app_token,
                self.slack_client_secret,
            )
        )

    @property
    def has_gmail(self) -> bool:
        """Tell whether a mailbox is to be connected."""
        return bool(self.gmail_client_id)

    @field_validator("slack_bot_token", "slack_app_token")
    @classmethod
    def _slack_token(cls, token: SecretStr, info: ValidationInfo) -> SecretStr:
        prefix = {"slack_bot_token": "xoxb-", "slack_app_token": "xapp-"}[info.field_name or ""]
        value = token.get_secret_value()
        if value and not value.startswith(prefix):
            raise ValueError(f"must begin with {prefix}: copy it from the app's page at Slack.")
        return token

    @field_validator("slack_client_secret")
    @classmethod
    def _one_way_in(cls, secret: SecretStr, info: ValidationInfo) -> SecretStr:
        data = info.data
        bot = _set(data.get("slack_bot_token"))
        app = _set(data.get("slack_app_token"))
        signing = _set(data.get("slack_signing_secret"))
        client = bool(data.get("slack_client_id"))
        if client != bool(secret.get_secret_value()):
            raise ValueError("and SLACK_CLIENT_ID must be set together.")
        if (bot or app or signing or client) and not (bot or client):
            raise ValueError(
                "must be set with SLACK_CLIENT_ID to install the app in workspaces, or "
                "SLACK_BOT_TOKEN for one workspace: Slack is only half configured."
            )
        if (bot or client) and not (signing or app):
            raise ValueError(
                "or SLACK_BOT_TOKEN needs SLACK_SIGNING_SECRET, by which Slack's requests are "
                "known, or SLACK_APP_TOKEN for Socket Mode."
            )
        if client and not signing and not app:
            raise ValueError("needs SLACK_SIGNING_SECRET.")
        return secret

    @field_validator("gmail_refresh_token")
    @classmethod
    def _client_with_token(cls, token: SecretStr, info: ValidationInfo) -> SecretStr:
        if token.get_secret_value() and not info.data.get("gmail_client_id"):
            raise ValueError(
                "needs GMAIL_CLIENT_ID and GMAIL_CLIENT_SECRET, which it was made for."
            )
        return token

    @field_validator("gmail_client_secret")
    @classmethod
    def _client_with_secret(cls, secret: SecretStr, info: ValidationInfo) -> SecretStr:
        if bool(secret.get_secret_value()) != bool(info.data.get("gmail_client_id")):
            raise ValueError("and GMAIL_CLIENT_ID must be set together.")
        return secret

    @field_validator("gmail_push_service_account")
    @classmethod
    def _push_account(cls, account: str, info: ValidationInfo) -> str:
        if bool(account) != bool(info.data.get("gmail_push_audience")):
            raise ValueError(
                "and GMAIL_PUSH_AUDIENCE must be set together: pushes are taken from that "
                "account, for that audience, and from nobody else."
            )
        return account

    @field_validator(
        "slack_api_url",
        "slack_authorize_url",
        "gmail_api_url",
        "google_auth_url",
        "google_token_url",
        "google_certs_url",
    )
    @classmethod
    def _address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must be an http:// or https:// address.")
        return url

    @field_validator("mail_allowed_senders", mode="before")
    @classmethod
    def _split_senders(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip().casefold() for part in value.split(",") if part.strip())
        return value


def _set(secret: SecretStr | None) -> bool:
    return secret is not None and bool(secret.get_secret_value())
