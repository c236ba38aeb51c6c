"""What people say and do in channels: posts, edits, deletions, reactions, comings and goings."""

from __future__ import annotations

from typing import Any

from tests.slack.delivery import Delivery
from tests.slack.failures import NotOnScreen
from tests.slack.methods_chat import announce_reaction
from tests.slack.methods_conversations import enter
from tests.slack.parts import Parts
from tests.slack.records import Channel, File, Json, Message, User
from tests.slack.texts import typed
from tests.slack.wire import file_json, user_json, view_json


class Talking(Parts):
    """Acts of people in conversations; each sends its events and waits for the app's answers."""

    async def post_as(
        self,
        who: User | str,
        where: Channel | str,
        text: str,
        *,
        thread_ts: str | None = None,
        files: tuple[File, ...] = (),
        subtype: str | None = None,
        by_hand: bool = False,
        broadcast: bool = False,
    ) -> Message:
        """Let somebody write; `where` may be `dm`. With `by_hand` the text is as typed: `@name`."""
        user = self.user(who)
        channel = self.place(where, user)
        self._may_write(user, channel)
        if thread_ts is not None and thread_ts not in channel.messages:
            raise NotOnScreen("the thread is gone")
        if by_hand:
            text = typed(text, self._id_of)
        for file in files:
            file.channels.append(channel.id)
        shown = [file_json(file, self.backend.base_url) for file in files]
        if files and subtype is None:
            subtype = "file_share"
        args: Json = {"text": text, "thread_ts": thread_ts}
        args["reply_broadcast"] = broadcast
        message = self.posting.post(
            channel,
            user,
            args,
            subtype=subtype,
            files=shown,
            client_msg_id=None if user.is_bot else self.workspace.new_id("msg-"),
        )
        await self.post.flush()
        return message

    async def mention(
        self, who: User | str, where: Channel | str, text: str, *, thread_ts: str | None = None
    ) -> Message:
        """Let somebody mention the app's bot with a text."""
        user = self.user(who)
        team_id = self.place(where, user).team_id
        bot = self.workspace.bot_of(team_id)
        return await self.post_as(user, where, f"<@{bot.id}> {text}", thread_ts=thread_ts)

    def _id_of(self, name: str) -> str | None:
        for user in self.workspace.users.values():
            if user.name.casefold() == name.casefold():
                return user.id
        return None

    def _may_write(self, user: User, channel: Channel) -> None:
        if user.deleted:
            raise NotOnScreen(f"{user.name} has left")
        if user.id not in channel.members:
            raise NotOnScreen(f"{user.name} is not in {channel.name}")
        if channel.is_archived:
            raise NotOnScreen(f"{channel.name} is archived")

    def _own(self, who: User | str, where: Channel | str, ts: str) -> tuple[User, Message]:
        user = self.user(who)
        message = self.message(self.place(where, user), ts)
        if message.user != user.id:
            raise NotOnScreen(f"{user.name} did not write {ts}")
        return user, message

    async def edit_as(self, who: User | str, where: Channel | str, ts: str, text: str) -> Message:
        """Let somebody change what they wrote."""
        user, message = self._own(who, where, ts)
        self.posting.edit(message, {"text": text}, user.id)
        await self.post.flush()
        return message

    async def delete_as(self, who: User | str, where: Channel | str, ts: str) -> None:
        """Let somebody delete what they wrote."""
        _, message = self._own(who, where, ts)
        self.posting.delete(message)
        await self.post.flush()

    async def delete_thread(self, where: Channel | str, ts: str) -> None:
        """Delete a parent and all its replies, as an administrator can."""
        channel = self.place(where)
        for message in reversed(self.workspace.thread(channel, ts)):
            self.posting.delete(message)
        await self.post.flush()

    async def react_as(self, who: User | str, where: Channel | str, ts: str, name: str) -> None:
        """Let somebody react with an emoji."""
        user = self.user(who)
        channel = self.place(where, user)
        channel.messages[ts].reactions.setdefault(name, []).append(user.id)
        announce_reaction(self.backend, user.id, channel.id, ts, name)
        await self.post.flush()

    async def share_link(self, who: User | str, where: Channel | str, url: str) -> Message:
        """Let somebody post a link of a domain that the app unfurls."""
        message = await self.post_as(who, where, f"<{url}>")
        channel = self.workspace.channels[message.channel_id]
        domain = url.split("/")[2]
        self.outbox.put(
            {
                "type": "link_shared",
                "channel": channel.id,
                "user": message.user,
                "message_ts": message.ts,
                "links": [{"domain": domain, "url": url}],
                "source": "conversations_history",
            },
            channel=channel,
        )
        await self.post.flush()
        return message

    async def invite(self, who: User | str, where: Channel | str, by: User | str = "") -> None:
        """Bring somebody, perhaps the bot, into a channel."""
        inviter = self.user(by).id if by else None
        enter(self.backend, self.place(where), self.user(who), inviter)
        await self.post.flush()

    async def leave(self, who: User | str, where: Channel | str) -> None:
        """Let somebody, perhaps the bot, leave a channel."""
        user, channel = self.user(who), self.place(where)
        event = {
            "type": "member_left_channel",
            "user": user.id,
            "channel": channel.id,
            "channel_type": "C" if channel.kind == "channel" else "G",
            "team": user.team_id,
        }
        self.outbox.put(event, channel=channel)
        channel.members.remove(user.id)
        await self.post.flush()

    async def open_home(self, who: User | str, tab: str = "home") -> list[Delivery]:
        """Let somebody open the app's Home or Messages tab."""
        user = self.user(who)
        channel = self.workspace.direct_channel(user)
        event: Json = {
            "type": "app_home_opened",
            "user": user.id,
            "channel": channel.id,
            "tab": tab,
        }
        home = self.workspace.homes.get((user.team_id, user.id))
        if tab == "home" and home is not None:
            event["view"] = view_json(self.workspace, home)
        self.outbox.put(event, team_id=user.team_id)
        return await self.post.flush()

    async def open_assistant(
        self, who: User | str, seen: Channel | str | None = None, *, thread_ts: str | None = None
    ) -> Message:
        """Let somebody open the assistant beside a channel; with `thread_ts` they only move on."""
        user = self.user(who)
        channel = self.workspace.direct_channel(user)
        if thread_ts is None:
            bot = self.workspace.bot_of(user.team_id)
            message = self.posting.build(
                channel, bot, {"text": "New Assistant Thread"}, subtype="assistant_app_thread"
            )
            message.thread_ts = message.ts
            channel.messages[message.ts] = message
        else:
            message = channel.messages[thread_ts]
        context: Json = {}
        if seen is not None:
            place = self.place(seen)
            context = {"channel_id": place.id, "team_id": place.team_id, "enterprise_id": None}
        name = "started" if thread_ts is None else "context_changed"
        thread = {
            "user_id": user.id,
            "context": context,
            "channel_id": channel.id,
            "thread_ts": message.ts,
        }
        event = {"type": f"assistant_thread_{name}", "assistant_thread": thread}
        self.outbox.put(event, channel=channel)
        await self.post.flush()
        return message

    async def look_at(self, who: User | str, seen: Channel | str) -> list[Delivery]:
        """Let somebody open a channel while the agent is visible beside it."""
        user, channel = self.user(who), self.place(seen)
        entity = {
            "type": "slack#/types/channel_id",
            "value": channel.id,
            "team_id": channel.team_id,
        }
        event = {"type": "app_context_changed", "context": {"entities": [entity]}}
        self.outbox.put(event, team_id=user.team_id)
        return await self.post.flush()

    async def stop_session(self, who: User | str, where: Channel | str, ts: str) -> list[Delivery]:
        """Let somebody press Stop; streams end, the session's status is the app's to change."""
        user = self.user(who)
        channel = self.place(where, user)
        session = self.workspace.sessions.get((channel.id, ts))
        if session is None or session["status"] != "processing":
            raise NotOnScreen("no session is processing in this thread")
        stopped = [m for m in self.workspace.thread(channel, ts) if m.stream and m.stream.open]
        for message in stopped:
            if message.stream is not None:
                message.stream.open, message.stream.stopped_by_user = False, True
        event = {
            "type": "agent_session_stopped",
            "user": user.id,
            "channel": channel.id,
            "thread_ts": ts,
            "streaming_message_ts": [message.ts for message in stopped],
        }
        self.outbox.put(event, channel=channel)
        return await self.post.flush()

    async def change_user(self, who: User | str, **facts: Any) -> User:
        """Change what is known of somebody, such as `deleted=True`, and tell the app."""
        user = self.user(who)
        for name, value in facts.items():
            setattr(user, name, value)
        user.updated = int(self.clock.now())
        shown = user_json(user, with_email=True)
        self.outbox.put({"type": "user_change", "user": shown}, team_id=user.team_id)
        await self.post.flush()
        return user
