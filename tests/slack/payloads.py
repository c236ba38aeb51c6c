"""What an interaction's payload looks like, from what stands on a person's screen."""

from __future__ import annotations

from tests.slack.block_checks import elements_of
from tests.slack.failures import NotOnScreen
from tests.slack.records import Channel, Json, Message, User, View
from tests.slack.triggers import Triggers
from tests.slack.widgets import initial
from tests.slack.wire import message_json, view_json
from tests.slack.workspace import Workspace

CHANNEL_NAMES = {"im": "directmessage", "group": "privategroup", "mpim": "privategroup"}


def find(blocks: list[Json], action_id: str, block_id: str | None = None) -> tuple[Json, Json]:
    """Find an element that a person can act on, with its block."""
    for block in blocks:
        if block_id is not None and block.get("block_id") != block_id:
            continue
        for element in elements_of(block):
            if element["action_id"] == action_id:
                return block, element
    raise NotOnScreen(f"there is no {action_id!r} on the screen")


def channel_name(channel: Channel) -> str:
    """Return the name that interactions and commands give a conversation."""
    return CHANNEL_NAMES.get(channel.kind, channel.name)


class Payloads:
    """Builds payloads; every one comes with a fresh trigger id."""

    def __init__(self, workspace: Workspace, triggers: Triggers) -> None:
        self.workspace = workspace
        self.triggers = triggers

    def team_for(self, user: User, channel: Channel | None = None) -> str:
        """Return the installed team in whose name an interaction comes."""
        if user.team_id in self.workspace.installs or channel is None:
            return user.team_id
        return channel.team_id

    def base(self, kind: str, user: User, team_id: str, view_id: str | None = None) -> Json:
        """Return what all interactions have in common."""
        team = self.workspace.teams[team_id]
        return {
            "type": kind,
            "user": {
                "id": user.id,
                "username": user.name,
                "name": user.name,
                "team_id": user.team_id,
            },
            "api_app_id": self.workspace.app.id,
            "token": self.workspace.app.verification_token,
            "trigger_id": self.triggers.issue(team_id, user.id, view_id),
            "team": {"id": team.id, "domain": team.domain},
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def on_message(self, kind: str, user: User, message: Message, base_url: str) -> Json:
        """Return a payload about a message, with its response URL."""
        channel = self.workspace.channels[message.channel_id]
        team_id = self.team_for(user, channel)
        ephemeral = message.ephemeral_to is not None
        container: Json = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": channel.id,
            "is_ephemeral": ephemeral,
        }
        if message.thread_ts:
            container["thread_ts"] = message.thread_ts
        payload = self.base(kind, user, team_id) | {
            "container": container,
            "channel": {"id": channel.id, "name": channel_name(channel)},
            "state": {"values": self.workspace.states.get((message.ts, user.id), {})},
            "response_url": base_url
            + self.triggers.issue_url(
                team_id,
                user.id,
                channel.id,
                message_ts=message.ts,
                thread_ts=message.thread_ts,
            ),
        }
        if not ephemeral:
            payload["message"] = message_json(self.workspace, message)
        return payload

    def on_view(self, kind: str, user: User, view: View) -> Json:
        """Return a payload about a modal or the Home tab."""
        payload = self.base(kind, user, view.team_id, view.id)
        payload["view"] = view_json(self.workspace, view)
        if kind in {"block_actions", "block_suggestion"}:
            payload["container"] = {"type": "view", "view_id": view.id}
        return payload

    def entered(self, view: View) -> Json:
        """Return what stands in all inputs of a view, untouched ones included."""
        state = self.workspace.states.get((view.id, view.user_id), {})
        values: Json = {}
        for block in view.content["blocks"]:
            for element in elements_of(block):
                if element["type"] in {"button", "overflow"}:
                    continue
                known = state.get(block["block_id"], {}).get(element["action_id"])
                fields = values.setdefault(block["block_id"], {})
                fields[element["action_id"]] = known or initial(element)
        return values
