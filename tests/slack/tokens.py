"""Tokens: issued, rotated, expired, revoked, and what each may do."""

from __future__ import annotations

import secrets

from tests.slack.failures import SlackRefusal
from tests.slack.records import Install, Token
from tests.slack.scopes import Rule
from tests.slack.workspace import Workspace

LIFETIME = 12 * 3_600.0
"""Seconds that a rotated token lives."""


class Tokens:
    """All tokens that were issued, by their value."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.by_value: dict[str, Token] = {}
        app = workspace.app
        self._keep(
            Token(value=app.app_token, kind="app", team_id="", user_id="", scopes=app.app_scopes)
        )

    def _keep(self, token: Token) -> Token:
        self.by_value[token.value] = token
        return token

    def issue_bot(self, install: Install, *, rotating: bool | None = None) -> Token:
        """Issue a bot token; with rotation it expires and has a refresh token."""
        rotating = self.workspace.app.token_rotation if rotating is None else rotating
        secret = secrets.token_hex(12)
        prefix = "xoxe.xoxb" if rotating else "xoxb"
        return self._keep(
            Token(
                value=f"{prefix}-{install.team_id}-{secret}",
                kind="bot",
                team_id=install.team_id,
                user_id=install.bot_user_id,
                scopes=install.scopes,
                expires_at=self.workspace.clock.now() + LIFETIME if rotating else None,
                refresh_token=f"xoxe-1-{secrets.token_hex(12)}" if rotating else None,
            )
        )

    def issue_user(self, team_id: str, user_id: str, scopes: frozenset[str]) -> Token:
        """Issue a user token, as Sign in with Slack does."""
        value = f"xoxp-{team_id}-{secrets.token_hex(12)}"
        return self._keep(
            Token(value=value, kind="user", team_id=team_id, user_id=user_id, scopes=scopes)
        )

    def refresh(self, refresh_token: str) -> Token:
        """Take a refresh token, once, for a new pair; the old access token lives until its end."""
        for token in list(self.by_value.values()):
            if refresh_token and token.refresh_token == refresh_token and not token.revoked:
                install = self.workspace.installs[token.team_id]
                if not install.active:
                    break
                token.refresh_token = None
                return self.issue_bot(install, rotating=True)
        raise SlackRefusal("invalid_refresh_token")

    def exchange(self, value: str) -> Token:
        """Take a token that lives for ever for a rotating one."""
        token = self.by_value.get(value)
        if not self.workspace.app.token_rotation:
            raise SlackRefusal("token_rotation_not_enabled")
        if token is None or token.kind == "app" or token.expires_at is not None or token.revoked:
            raise SlackRefusal("invalid_token")
        if token.exchanged:
            raise SlackRefusal("token_already_exchanged")
        token.exchanged = True
        return self.issue_bot(self.workspace.installs[token.team_id], rotating=True)

    def check(self, value: str | None, rule: Rule) -> Token:
        """Return the token if it is alive, of the right kind, and may do what `rule` asks."""
        if not value:
            raise SlackRefusal("not_authed")
        token = self.by_value.get(value)
        if token is None:
            raise SlackRefusal("invalid_auth")
        if token.kind not in rule.tokens:
            raise SlackRefusal("not_allowed_token_type")
        if token.revoked:
            raise SlackRefusal("token_revoked")
        if token.expires_at is not None and token.expires_at <= self.workspace.clock.now():
            raise SlackRefusal("token_expired")
        if token.kind == "bot" and not self.workspace.installs[token.team_id].active:
            raise SlackRefusal("account_inactive")
        if token.kind != "app" and self.workspace.users[token.user_id].deleted:
            raise SlackRefusal("account_inactive")
        if rule.any_of and not token.scopes & set(rule.any_of):
            raise SlackRefusal(
                "missing_scope",
                needed=",".join(rule.any_of),
                provided=",".join(sorted(token.scopes)),
            )
        return token

    def revoke_all(self, team_id: str, kinds: tuple[str, ...] = ("bot", "user")) -> list[Token]:
        """Revoke a team's tokens; return those that were alive."""
        alive = [
            token
            for token in self.by_value.values()
            if token.team_id == team_id and token.kind in kinds and not token.revoked
        ]
        for token in alive:
            token.revoked = True
            token.refresh_token = None
        return alive
