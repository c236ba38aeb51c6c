"""What an interaction hands out for a while: trigger ids for modals, and response URLs."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from tests.slack.failures import SlackRefusal
from tests.slack.workspace import Workspace

TRIGGER_LIFE = 3.0
"""Seconds in which a trigger id opens a modal."""
URL_LIFE = 30 * 60.0
"""Seconds that a response URL lives."""
URL_USES = 5


@dataclass(kw_only=True, slots=True)
class Trigger:
    """One right to open a modal, for one person."""

    id: str
    team_id: str
    user_id: str
    issued: float
    view_id: str | None = None
    used: bool = False


@dataclass(kw_only=True, slots=True)
class ResponseUrl:
    """One address that the app may post to after an interaction."""

    key: str
    team_id: str
    user_id: str
    channel_id: str
    issued: float
    message_ts: str | None = None
    thread_ts: str | None = None
    uses: int = 0


class Triggers:
    """Issues and takes trigger ids and response URLs."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.triggers: dict[str, Trigger] = {}
        self.urls: dict[str, ResponseUrl] = {}

    def issue(self, team_id: str, user_id: str, view_id: str | None = None) -> str:
        """Return a trigger id that works once, for three seconds."""
        now = self.workspace.clock.now()
        id_ = f"{int(now)}.{len(self.triggers) + 1}.{secrets.token_hex(8)}"
        self.triggers[id_] = Trigger(
            id=id_, team_id=team_id, user_id=user_id, issued=now, view_id=view_id
        )
        return id_

    def take(self, id_: object, team_id: str) -> Trigger:
        """Use a trigger id up; refuse one that is unknown, used or too old."""
        trigger = self.triggers.get(str(id_ or ""))
        if trigger is None or trigger.team_id != team_id:
            raise SlackRefusal("invalid_trigger_id")
        if trigger.used:
            raise SlackRefusal("exchanged_trigger_id")
        if self.workspace.clock.now() - trigger.issued > TRIGGER_LIFE:
            raise SlackRefusal("expired_trigger_id")
        trigger.used = True
        return trigger

    def issue_url(
        self,
        team_id: str,
        user_id: str,
        channel_id: str,
        *,
        message_ts: str | None = None,
        thread_ts: str | None = None,
    ) -> str:
        """Return the path of a response URL, which works five times in thirty minutes."""
        key = f"{team_id}/{secrets.token_hex(10)}"
        self.urls[key] = ResponseUrl(
            key=key,
            team_id=team_id,
            user_id=user_id,
            channel_id=channel_id,
            issued=self.workspace.clock.now(),
            message_ts=message_ts,
            thread_ts=thread_ts,
        )
        return f"/actions/{key}"

    def take_url(self, key: str) -> ResponseUrl:
        """Use a response URL once; refuse one that is unknown, used up or too old."""
        url = self.urls.get(key)
        if url is None:
            raise SlackRefusal("invalid_url")
        if self.workspace.clock.now() - url.issued > URL_LIFE:
            raise SlackRefusal("expired_url")
        if url.uses >= URL_USES:
            raise SlackRefusal("used_url")
        url.uses += 1
        return url
