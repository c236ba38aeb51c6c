"""The app in one team: who it is there and by which token; sealed as it is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from bot.channels.slack.shape import Malformed, Shape
from bot.domain.instants import HOUR, SECOND, Micros

EARLY: Micros = 4 * HOUR
"""How long before its end a token is rotated, of twelve hours: time to install the app again.

That is what it takes when a rotation goes wrong for good.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Installation:
    """What a workspace has let us do; tokens are not in its `repr`."""

    team: str
    team_name: str = ""
    url: str = ""
    """Where the workspace is on the web; empty where it was not told."""
    enterprise: str | None = None
    bot_user: str = ""
    scopes: frozenset[str] = frozenset()
    """Empty where Slack did not say."""
    installed_by: str | None = None
    token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_at: Micros | None = None
    """When the token ends; None for one that does not rotate."""
    installed_at: Micros = 0

    def is_fresh(self, now: Micros) -> bool:
        """Tell whether its token need not be rotated yet."""
        return self.expires_at is None or now < self.expires_at - EARLY

    def is_alive(self, now: Micros) -> bool:
        """Tell whether its token can still be used, as far as is known."""
        return self.expires_at is None or now < self.expires_at

    def may(self, *scopes: str) -> bool:
        """Tell whether it has one of these scopes, or may have it for all we know."""
        return not self.scopes or any(scope in self.scopes for scope in scopes)

    def rotated(self, answer: Mapping[str, Any], now: Micros) -> Installation:
        """Return it with the tokens of an answer of `oauth.v2.access`; `Malformed` for others."""
        fresh = read_oauth(answer, now)
        if fresh.team != self.team:
            raise Malformed("The tokens are of another team.")
        return replace(
            self,
            token=fresh.token,
            refresh_token=fresh.refresh_token,
            expires_at=fresh.expires_at,
            scopes=fresh.scopes or self.scopes,
        )

    def write(self) -> bytes:
        """Return it as bytes, to be sealed."""
        return json.dumps({**asdict(self), "scopes": sorted(self.scopes)}).encode()


def read(kept: bytes) -> Installation:
    """Return what `write` wrote."""
    found = json.loads(kept)
    return Installation(**{**found, "scopes": frozenset(found["scopes"])})


def read_oauth(answer: Mapping[str, Any], now: Micros) -> Installation:
    """Read an answer of `oauth.v2.access`; `Malformed` for what has no bot token of one team."""
    shape = Shape(answer, "answer")
    team = shape.child("team")
    expires_in = shape.number_or("expires_in", 0)
    enterprise = shape.child_or_none("enterprise")
    by = shape.child_or_none("authed_user")
    scope = shape.text_or("scope")
    return Installation(
        team=team.id("id"),
        team_name=team.text_or("name"),
        enterprise=enterprise.id_or_none("id") if enterprise else None,
        bot_user=shape.id("bot_user_id"),
        scopes=frozenset(part.strip() for part in scope.split(",") if part.strip()),
        installed_by=by.id_or_none("id") if by else None,
        token=shape.text("access_token", limit=2_000),
        refresh_token=shape.text_or("refresh_token") or None,
        expires_at=now + expires_in * SECOND if expires_in else None,
        installed_at=now,
    )


def read_auth_test(
    answer: Mapping[str, Any], token: str, scopes: frozenset[str], now: Micros
) -> Installation:
    """Read an answer of `auth.test` about a token; `Malformed` when it is no answer to it."""
    shape = Shape(answer, "answer")
    return Installation(
        team=shape.id("team_id"),
        team_name=shape.text_or("team"),
        url=shape.text_or("url"),
        enterprise=shape.id_or_none("enterprise_id"),
        bot_user=shape.id("user_id"),
        scopes=scopes,
        token=token,
        installed_at=now,
    )
