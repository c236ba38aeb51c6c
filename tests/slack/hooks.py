"""What the app fetches and posts outside the Web API: response URLs and private files."""

from __future__ import annotations

import json

from aiohttp import web

from tests.slack.calling import Backend
from tests.slack.checks import check_message
from tests.slack.failures import SlackRefusal
from tests.slack.posting import Posting
from tests.slack.records import Json, Message
from tests.slack.scopes import Rule
from tests.slack.triggers import ResponseUrl

LOGIN_PAGE = "<!DOCTYPE html><html><head><title>Sign in | Slack</title></head></html>"


class Hooks:
    """Serves `/actions/…` and `/files-pri/…`."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    async def respond(self, request: web.Request) -> web.Response:
        """Take what an app posts to a response URL."""
        key = request.match_info["key"]
        try:
            args = json.loads(await request.text())
        except ValueError:
            return web.Response(status=400, text="invalid_payload")
        try:
            if not isinstance(args, dict):
                raise SlackRefusal("invalid_payload")
            self._apply(self.backend.triggers.take_url(key), args)
        except SlackRefusal as refusal:
            gone = refusal.code in {"expired_url", "used_url", "invalid_url"}
            return web.json_response(refusal.body(), status=404 if gone else 400)
        return web.json_response({"ok": True})

    def _apply(self, url: ResponseUrl, args: Json) -> None:
        workspace, posting = self.backend.workspace, self.backend.posting
        channel = workspace.channels[url.channel_id]
        bot = workspace.bot_of(url.team_id)
        original = self._original(url)
        if args.get("delete_original"):
            if original is None:
                raise SlackRefusal("message_not_found")
            if original.ephemeral_to is None:
                posting.delete(original)
            else:
                channel.ephemerals.remove(original)
            return
        check_message(args)
        if args.get("replace_original"):
            if original is None:
                raise SlackRefusal("message_not_found")
            _replace(posting, original, args, bot.id)
            return
        if args.get("response_type") == "in_channel":
            posting.post(channel, bot, args)
            return
        message = posting.build(channel, bot, args, ephemeral_to=url.user_id)
        channel.ephemerals.append(message)

    def _original(self, url: ResponseUrl) -> Message | None:
        channel = self.backend.workspace.channels[url.channel_id]
        if url.message_ts in channel.messages:
            return channel.messages[url.message_ts]
        return next((m for m in channel.ephemerals if m.ts == url.message_ts), None)

    async def file(self, request: web.Request) -> web.Response:
        """Hand out a file's bytes; without the right token comes a page to sign in, as a 200."""
        header = request.headers.get("Authorization", "")
        token = header[7:] if header.lower().startswith("bearer ") else None
        file = self.backend.workspace.files.get(request.match_info["file"])
        try:
            self.backend.tokens.check(token, Rule(any_of=("files:read",)))
        except SlackRefusal:
            return web.Response(text=LOGIN_PAGE, content_type="text/html")
        if file is None:
            return web.Response(status=404)
        return web.Response(body=file.content, content_type=file.mimetype)


def _replace(posting: Posting, original: Message, args: Json, by: str) -> None:
    if original.ephemeral_to is None:
        posting.edit(original, args, by)
        return
    original.text = str(args.get("text") or "")
    original.blocks = posting.with_ids(args.get("blocks"))
