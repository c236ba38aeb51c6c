"""Slack as a deployment configures it: its secrets, its addresses, and for how many workspaces."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class SlackConfig:
    """What connects Slack; empty texts are what is not set. Secrets are not in its `repr`."""

    signing_secret: str = field(default="", repr=False)
    bot_token: str = field(default="", repr=False)
    app_token: str = field(default="", repr=False)
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    api_url: str = "https://slack.com/api/"
    authorize_url: str = "https://slack.com/oauth/v2/authorize"
    public_url: str = ""

    @property
    def is_installed(self) -> bool:
        """Tell whether workspaces install the app; beside a token the client is for sign-ins."""
        return bool(self.client_id) and not self.is_single

    @property
    def is_single(self) -> bool:
        """Tell whether one workspace is served, by its bot token, instead of any that installs."""
        return bool(self.bot_token)
