"""What people start with words or menus: slash commands, and shortcuts."""

from __future__ import annotations

from tests.slack.block_checks import check_blocks
from tests.slack.clock import Clock
from tests.slack.delivery import Delivery
from tests.slack.failures import NotOnScreen
from tests.slack.outbox import Parcel
from tests.slack.payloads import Payloads, channel_name
from tests.slack.records import Channel, Json, Message, SlackApp, User
from tests.slack.talking import Talking
from tests.slack.wire import message_json


class Commanding(Talking):
    """Commands and shortcuts; each returns the delivery with the app's answer."""

    def __init__(self, *, clock: Clock | None = None, app: SlackApp | None = None) -> None:
        super().__init__(clock=clock, app=app)
        self.payloads = Payloads(self.workspace, self.triggers)

    async def slash(
        self, who: User | str, command: str, text: str = "", where: Channel | str = "dm"
    ) -> Delivery:
        """Let somebody give a slash command; an answer in the body is shown at once."""
        user = self.user(who)
        if self.app.commands is not None and command not in self.app.commands:
            raise NotOnScreen(f"{command} is not a command of the app")
        channel = self.place(where, user)
        team_id = self.payloads.team_for(user, channel)
        path = self.triggers.issue_url(team_id, user.id, channel.id)
        body: Json = {
            "token": self.app.verification_token,
            "team_id": team_id,
            "team_domain": self.workspace.teams[team_id].domain,
            "channel_id": channel.id,
            "channel_name": channel_name(channel),
            "user_id": user.id,
            "user_name": user.name,
            "command": command,
            "text": text,
            "api_app_id": self.app.id,
            "is_enterprise_install": "false",
            "response_url": self.backend.base_url + path,
            "trigger_id": self.triggers.issue(team_id, user.id),
        }
        delivery = await self.post.send(Parcel(kind="command", body=body, team_id=team_id))
        if delivery.ok and delivery.text:
            self._show_answer(user, channel, delivery)
        await self.post.flush()
        return delivery

    def _show_answer(self, user: User, channel: Channel, delivery: Delivery) -> None:
        answer = delivery.json or {"text": delivery.text}
        delivery.faults += check_blocks(answer.get("blocks") or [], "message")
        if delivery.faults or not (answer.get("text") or answer.get("blocks")):
            return
        bot = self.workspace.bot_of(delivery.parcel.team_id)
        if answer.get("response_type") == "in_channel":
            self.posting.post(channel, bot, answer)
        else:
            message = self.posting.build(channel, bot, answer, ephemeral_to=user.id)
            channel.ephemerals.append(message)

    async def shortcut(self, who: User | str, callback_id: str) -> Delivery:
        """Let somebody use a global shortcut."""
        user = self.user(who)
        self._has_shortcut("global", callback_id)
        payload = self.payloads.base("shortcut", user, user.team_id)
        payload |= {"callback_id": callback_id, "action_ts": self.workspace.new_ts()}
        return await self._interact(payload)

    async def message_shortcut(
        self, who: User | str, where: Channel | str, ts: str, callback_id: str
    ) -> Delivery:
        """Let somebody use a shortcut on a message."""
        user = self.user(who)
        message = self.message(self.place(where, user), ts)
        self._sees(user, message)
        self._has_shortcut("message", callback_id)
        payload = self.payloads.on_message("message_action", user, message, self.backend.base_url)
        for key in ("container", "state"):
            del payload[key]
        payload |= {
            "callback_id": callback_id,
            "action_ts": self.workspace.new_ts(),
            "message_ts": ts,
            "message": message_json(self.workspace, message),
        }
        return await self._interact(payload)

    def _sees(self, user: User, message: Message) -> None:
        channel = self.workspace.channels[message.channel_id]
        if message.tombstone or user.id not in channel.members or user.deleted:
            raise NotOnScreen(f"{user.name} does not see this message")
        if message.ephemeral_to not in (None, user.id):
            raise NotOnScreen("somebody else sees this message")

    def _has_shortcut(self, kind: str, callback_id: str) -> None:
        if self.app.shortcuts is not None and (kind, callback_id) not in self.app.shortcuts:
            raise NotOnScreen(f"there is no shortcut {callback_id!r} on a {kind} menu")

    async def _interact(self, payload: Json) -> Delivery:
        if not self.app.interactive:
            raise NotOnScreen("interactivity is off: Slack sends no clicks to the app")
        team_id = str((payload.get("team") or {}).get("id", ""))
        parcel = Parcel(kind="interaction", body=payload, team_id=team_id)
        delivery = await self.post.send(parcel)
        await self.post.flush()
        return delivery
