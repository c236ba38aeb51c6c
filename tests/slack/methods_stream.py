"""The `chat.*Stream` methods: text written into a message while it is read."""

from __future__ import annotations

from typing import Any

from tests.slack.block_checks import check_blocks
from tests.slack.calling import Backend, Caller, writable
from tests.slack.checks import MOST_MARKDOWN, check_metadata, refuse_blocks
from tests.slack.failures import SlackRefusal
from tests.slack.methods_assistant import put_status
from tests.slack.methods_chat import check_costume, check_thread, stream_is_open
from tests.slack.records import Json, Message, Stream
from tests.slack.texts import rich_text
from tests.slack.wire import message_json

SESSION_STATUSES = {"active", "processing", "suspended", "closed"}


def start(backend: Backend, caller: Caller, args: Json) -> Json:
    """`chat.startStream`: outside direct messages it needs to know whom it is for."""
    channel = writable(backend, caller, args.get("channel"))
    _check_pieces(args)
    check_thread(backend, channel, args)
    check_costume(caller, args)
    if channel.kind != "im":
        if not args.get("recipient_team_id"):
            raise SlackRefusal("missing_recipient_team_id")
        if not args.get("recipient_user_id"):
            raise SlackRefusal("missing_recipient_user_id")
        if args["recipient_user_id"] not in channel.members:
            raise SlackRefusal("user_not_in_channel")
    elif "thread_ts" not in args:
        raise SlackRefusal("invalid_thread_ts")
    if args.get("task_display_mode") not in (None, "timeline", "plan"):
        raise SlackRefusal("invalid_arguments")
    stream = Stream(started=backend.workspace.clock.now(), recipient=args.get("recipient_user_id"))
    empty = {key: args.get(key) for key in ("thread_ts", "username")}
    message = backend.posting.post(channel, caller.user, empty, stream=stream)
    _write(backend, message, args)
    return {"channel": channel.id, "ts": message.ts}


def append(backend: Backend, caller: Caller, args: Json) -> Json:
    """`chat.appendStream`."""
    message = _streaming(backend, caller, args)
    if not (args.get("markdown_text") or args.get("chunks")):
        raise SlackRefusal("no_text")
    _check_pieces(args)
    _write(backend, message, args)
    return {"channel": message.channel_id, "ts": message.ts}


def stop(backend: Backend, caller: Caller, args: Json) -> Json:
    """`chat.stopStream`: the last text, blocks below it, metadata, and the session's status."""
    message = _streaming(backend, caller, args)
    _check_pieces(args)
    check_metadata(args.get("metadata"))
    blocks = args.get("blocks") or []
    refuse_blocks(check_blocks(blocks, "message"))
    status = args.get("session_status")
    if status is not None and status not in SESSION_STATUSES:
        raise SlackRefusal("invalid_arguments")
    before = message_json(backend.workspace, message)
    _write(backend, message, args)
    if message.stream is not None:
        message.stream.open = False
    message.blocks += backend.posting.with_ids(blocks)
    message.metadata = args.get("metadata") or message.metadata
    channel = backend.workspace.channels[message.channel_id]
    if status is not None and message.thread_ts is not None:
        put_status(backend, channel.id, message.thread_ts, status)
    backend.posting.changed(channel, message, before)
    shown = message_json(backend.workspace, message)
    return {"channel": channel.id, "ts": message.ts, "message": shown}


def _streaming(backend: Backend, caller: Caller, args: Json) -> Message:
    workspace = backend.workspace
    channel = workspace.channel_for(args.get("channel"), caller.team_id, caller.user.id)
    if channel.is_archived:
        raise SlackRefusal("is_archived")
    message = workspace.message_at(channel, args.get("ts"))
    if message.user != caller.user.id:
        raise SlackRefusal("message_not_owned_by_app")
    if message.stream is not None and message.stream.stopped_by_user:
        raise SlackRefusal("stopped_by_user")
    if not stream_is_open(backend, message):
        raise SlackRefusal("message_not_in_streaming_state")
    return message


def _check_pieces(args: Json) -> None:
    if len(args.get("markdown_text") or "") > MOST_MARKDOWN:
        raise SlackRefusal("msg_too_long")
    chunks = args.get("chunks")
    if chunks is None:
        return
    if not isinstance(chunks, list):
        raise SlackRefusal("invalid_chunks")
    for chunk in chunks:
        if not isinstance(chunk, dict) or not _good_chunk(chunk):
            raise SlackRefusal("invalid_chunks")
        if chunk["type"] == "blocks":
            refuse_blocks(check_blocks(chunk.get("blocks"), "message"))
        if len(str(chunk.get("text") or "")) > MOST_MARKDOWN:
            raise SlackRefusal("msg_too_long")


def _good_chunk(chunk: Json) -> bool:
    kind = chunk.get("type")
    if kind == "markdown_text":
        return isinstance(chunk.get("text"), str)
    if kind == "plan_update":
        return bool(chunk.get("title"))
    if kind == "task_update":
        known = {"pending", "in_progress", "complete", "error"}
        return bool(chunk.get("id") and chunk.get("title")) and chunk.get("status") in known
    return kind == "blocks"


def _write(backend: Backend, message: Message, args: Json) -> None:
    """Put the new pieces into the message, text first."""
    stream = message.stream
    if stream is None:
        return
    chunks: list[Any] = list(args.get("chunks") or [])
    if args.get("markdown_text"):
        chunks.insert(0, {"type": "markdown_text", "text": args["markdown_text"]})
    extra: list[Json] = []
    for chunk in chunks:
        if chunk["type"] == "markdown_text":
            message.text += chunk["text"]
        elif chunk["type"] == "plan_update":
            stream.plan_title = chunk["title"]
        elif chunk["type"] == "task_update":
            stream.tasks[chunk["id"]] = {**stream.tasks.get(chunk["id"], {}), **chunk}
        else:
            extra += backend.posting.with_ids(chunk["blocks"])
    kept = [block for block in message.blocks if block["block_id"] != f"text-{message.ts}"]
    text = [rich_text(message.text, f"text-{message.ts}")] if message.text else []
    message.blocks = text + kept + extra


METHODS = {"chat.startStream": start, "chat.appendStream": append, "chat.stopStream": stop}
