"""What happened in a workspace, as events for the app: who is subscribed, may see it, and how."""

from __future__ import annotations

from dataclasses import dataclass

from tests.slack.records import Channel, Install, Json
from tests.slack.scopes import BY_KIND, EVENT_SCOPES
from tests.slack.workspace import Workspace


@dataclass(frozen=True, kw_only=True, slots=True)
class Parcel:
    """One thing for the app: `kind` is event, interaction, options or command."""

    kind: str
    body: Json
    team_id: str

    @property
    def event_type(self) -> str:
        return str(self.body.get("event", {}).get("type", ""))


class Outbox:
    """Keeps events in the order in which they happened until they are taken out."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.waiting: list[Parcel] = []

    def put(
        self,
        event: Json,
        *,
        channel: Channel | None = None,
        team_id: str | None = None,
        needs_active: bool = True,
    ) -> None:
        """Add an event for each installed team that is subscribed to it and may see it."""
        for install in self.workspace.installs.values():
            if team_id is not None and install.team_id != team_id:
                continue
            if channel is not None and install.bot_user_id not in channel.members:
                continue
            if needs_active and not install.active:
                continue
            if self._wanted(event, install):
                self.waiting.append(self._wrap(event, install, channel))

    def take(self) -> list[Parcel]:
        """Take everything out, oldest first."""
        parcels, self.waiting = self.waiting, []
        return parcels

    def _wanted(self, event: Json, install: Install) -> bool:
        name = str(event["type"])
        if name == "message":
            name = f"message.{BY_KIND[_kind_of(event)]}"
        subscribed = self.workspace.app.events
        if name == "message_metadata_posted" and (subscribed is None or name not in subscribed):
            return False
        if subscribed is not None and name not in subscribed:
            return False
        needed = EVENT_SCOPES.get(name)
        return needed is None or bool(install.scopes & set(needed))

    def _wrap(self, event: Json, install: Install, channel: Channel | None) -> Parcel:
        now = int(self.workspace.clock.now())
        body: Json = {
            "token": self.workspace.app.verification_token,
            "team_id": install.team_id,
            "context_team_id": install.team_id,
            "context_enterprise_id": None,
            "api_app_id": self.workspace.app.id,
            "event": {"event_ts": self.workspace.new_ts(), **event},
            "type": "event_callback",
            "event_id": self.workspace.new_id("Ev"),
            "event_time": now,
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": install.team_id,
                    "user_id": install.bot_user_id,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": channel is not None and channel.is_ext_shared,
            "event_context": f"4-{self.workspace.new_id('ctx')}",
        }
        return Parcel(kind="event", body=body, team_id=install.team_id)


def _kind_of(event: Json) -> str:
    """Return a message event's kind of conversation as channels have it."""
    return str(event["channel_type"])
