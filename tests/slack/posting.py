"""Messages written, changed and deleted, with everything that follows from it in a channel."""

from __future__ import annotations

import copy
from typing import Any

from tests.slack.outbox import Outbox
from tests.slack.records import Channel, Json, MassMention, Message, User
from tests.slack.texts import marked_up_texts, mass_mentions, rich_text
from tests.slack.wire import message_json
from tests.slack.workspace import Workspace


class Posting:
    """Puts messages into channels and tells the outbox."""

    def __init__(self, workspace: Workspace, outbox: Outbox) -> None:
        self.workspace = workspace
        self.outbox = outbox

    def post(self, channel: Channel, user: User, args: Json, **more: Any) -> Message:
        """Write a message as `user`; `args` are named as in `chat.postMessage`."""
        message = self.build(channel, user, args, **more)
        channel.messages[message.ts] = message
        self._note_mass_mentions(
            message, bool(args.get("link_names")) or args.get("parse") == "full"
        )
        if message.thread_ts is not None and message.bot_id is not None:
            self.workspace.statuses.pop((channel.id, message.thread_ts), None)
        self._announce(channel, message)
        return message

    def build(self, channel: Channel, user: User, args: Json, **more: Any) -> Message:
        """Compose a message that is not in the channel yet."""
        text = str(args.get("text") or args.get("markdown_text") or "")
        thread_ts = args.get("thread_ts")
        message = Message(
            ts=self.workspace.new_ts(),
            channel_id=channel.id,
            team_id=channel.team_id,
            user=user.id,
            text=text,
            thread_ts=str(thread_ts) if thread_ts else None,
            metadata=args.get("metadata") or None,
            username=args.get("username"),
            bot_id=user.bot_id,
            app_id=user.app_id,
            unfurl_links=args.get("unfurl_links"),
            unfurl_media=args.get("unfurl_media"),
            reply_broadcast=bool(args.get("reply_broadcast")),
            **more,
        )
        message.blocks = self.with_ids(args.get("blocks"))
        message.attachments = self._numbered(args.get("attachments"))
        if not message.blocks and text and not message.attachments:
            message.blocks = [rich_text(text, self.workspace.new_id("r"))]
        return message

    def with_ids(self, blocks: Any) -> list[Json]:
        """Return a copy of blocks in which each has a block id, as Slack gives them."""
        named = copy.deepcopy(list(blocks or []))
        for block in named:
            block.setdefault("block_id", self.workspace.new_id("b"))
            elements = [
                *(block.get("elements") or []),
                block.get("accessory"),
                block.get("element"),
            ]
            for element in elements:
                if isinstance(element, dict) and _acts(element):
                    element.setdefault("action_id", self.workspace.new_id("a"))
        return named

    def _numbered(self, attachments: Any) -> list[Json]:
        return [
            {"id": number, "fallback": "[no preview available]"}
            | copy.deepcopy(item)
            | ({"blocks": self.with_ids(item["blocks"])} if "blocks" in item else {})
            for number, item in enumerate(attachments or [], start=1)
        ]

    def edit(self, message: Message, args: Json, by: str) -> None:
        """Replace what a message shows.

        A text without blocks removes the blocks; without a text they stay. Attachments stay until
        an empty list comes. A message with new blocks is not marked as edited.
        See docs.slack.dev/reference/methods/chat.update.
        """
        channel = self.workspace.channels[message.channel_id]
        before = message_json(self.workspace, message)
        message.history.append(before)
        text, blocks = args.get("text"), args.get("blocks")
        markdown = args.get("markdown_text")
        words = text if text is not None else markdown
        if words is not None or blocks is not None:
            message.text = str(words or "")
            message.blocks = self.with_ids(blocks)
        if args.get("attachments") is not None:
            message.attachments = self._numbered(args["attachments"])
        if not message.blocks and message.text and not message.attachments:
            message.blocks = [rich_text(message.text, self.workspace.new_id("r"))]
        if "metadata" in args:
            message.metadata = args["metadata"] or None
        if not blocks:
            message.edited = {"user": by, "ts": self.workspace.new_ts()}
        self.changed(channel, message, before)

    def changed(self, channel: Channel, message: Message, before: Json) -> None:
        """Tell of a message that shows something else now."""
        self._note_mass_mentions(message, links=False)
        self._announce_change(channel, message, before)

    def delete(self, message: Message) -> None:
        """Delete a message; a parent with replies leaves a tombstone."""
        channel = self.workspace.channels[message.channel_id]
        before = message_json(self.workspace, message)
        if len(self.workspace.thread(channel, message.ts)) > 1:
            message.tombstone = True
            self._announce_change(channel, message, before)
            return
        del channel.messages[message.ts]
        self.outbox.put(
            {
                "type": "message",
                "subtype": "message_deleted",
                "previous_message": before,
                "channel": channel.id,
                "hidden": True,
                "deleted_ts": message.ts,
                "ts": self.workspace.new_ts(),
                "channel_type": channel.kind,
            },
            channel=channel,
        )

    def _announce_change(self, channel: Channel, message: Message, before: Json) -> None:
        self.outbox.put(
            {
                "type": "message",
                "subtype": "message_changed",
                "message": message_json(self.workspace, message),
                "previous_message": before,
                "channel": channel.id,
                "hidden": True,
                "ts": self.workspace.new_ts(),
                "channel_type": channel.kind,
            },
            channel=channel,
        )

    def _announce(self, channel: Channel, message: Message) -> None:
        shown = message_json(self.workspace, message) | {
            "channel": channel.id,
            "channel_type": channel.kind,
            "event_ts": message.ts,
        }
        if channel.is_ext_shared:
            shown |= {"user_team": shown["team"], "source_team": shown["team"]}
        if shown.get("subtype") == "bot_message":
            shown.pop("user")
        self.outbox.put(shown, channel=channel)
        for install in self.workspace.installs.values():
            calls_bot = f"<@{install.bot_user_id}>" in message.text
            own = message.user == install.bot_user_id
            if channel.kind != "im" and calls_bot and not own:
                mention = {k: v for k, v in shown.items() if k not in {"channel_type", "subtype"}}
                mention["type"] = "app_mention"
                self.outbox.put(mention, channel=channel, team_id=install.team_id)
        if message.metadata and message.app_id:
            self.outbox.put(
                {
                    "type": "message_metadata_posted",
                    "app_id": message.app_id,
                    "bot_id": message.bot_id,
                    "user_id": message.user,
                    "team_id": message.team_id,
                    "channel_id": channel.id,
                    "metadata": message.metadata,
                    "message_ts": message.ts,
                },
                channel=channel,
            )

    def _note_mass_mentions(self, message: Message, links: bool) -> None:
        texts = [("text", message.text)]
        texts += [("blocks", text) for text in marked_up_texts(message.blocks)]
        texts += [("attachments", text) for text in marked_up_texts(message.attachments)]
        for where, text in texts:
            for what in mass_mentions(text, link_names=links):
                self.workspace.mass_mentions.append(
                    MassMention(
                        channel_id=message.channel_id,
                        ts=message.ts,
                        by=message.user,
                        what=what,
                        where=where,
                    )
                )


def _acts(element: Json) -> bool:
    kind = str(element.get("type", ""))
    return kind in {"button", "overflow", "checkboxes", "radio_buttons", "feedback_buttons"} or (
        kind.endswith(("_select", "picker", "_input", "_button"))
    )
