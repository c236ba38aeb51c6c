"""The `conversations.*` methods."""

from __future__ import annotations

from tests.slack.calling import Backend, Caller, count, need, open_direct, truthy
from tests.slack.failures import SlackRefusal
from tests.slack.records import Channel, Json, Message, User
from tests.slack.scopes import BY_KIND
from tests.slack.wire import channel_json, message_json


def _channel(backend: Backend, caller: Caller, args: Json, verb: str) -> Channel:
    workspace = backend.workspace
    channel = workspace.channel_for(args.get("channel"), caller.team_id, caller.user.id)
    scope = f"{BY_KIND[channel.kind]}:{verb}"
    if scope not in caller.token.scopes:
        provided = ",".join(sorted(caller.token.scopes))
        raise SlackRefusal("missing_scope", needed=scope, provided=provided)
    return channel


def open_(backend: Backend, caller: Caller, args: Json) -> Json:
    """`conversations.open`: by `users` or an existing `channel`."""
    workspace = backend.workspace
    if args.get("channel"):
        channel = workspace.channel_for(args["channel"], caller.team_id, caller.user.id)
        return {"no_op": True, "already_open": True, "channel": {"id": channel.id}}
    (named,) = need(args, "users")
    ids = [part.strip() for part in named.split(",") if part.strip()]
    if len(ids) > 8:
        raise SlackRefusal("too_many_users")
    unknown = [id_ for id_ in ids if id_ not in workspace.users]
    if unknown or not ids:
        raise SlackRefusal("user_not_found")
    users = [workspace.users[id_] for id_ in dict.fromkeys(ids)]
    if len(users) == 1:
        channel = open_direct(backend, caller, users[0])
    else:
        channel = _group_of(backend, caller, users)
    if truthy(args.get("return_im")):
        return {"channel": channel_json(channel, caller.user.id)}
    return {"channel": {"id": channel.id}}


def _group_of(backend: Backend, caller: Caller, users: list[User]) -> Channel:
    for user in users:
        open_direct(backend, caller, user)
    members = [caller.user.id, *(user.id for user in users)]
    for channel in backend.workspace.channels.values():
        if channel.kind == "mpim" and set(channel.members) == set(members):
            return channel
    name = "mpdm-" + "--".join(user.name for user in users)
    return backend.workspace.add_channel(name, caller.team_id, kind="mpim", members=members)


def info(backend: Backend, caller: Caller, args: Json) -> Json:
    """`conversations.info`."""
    return {"channel": channel_json(_channel(backend, caller, args, "read"), caller.user.id)}


def members(backend: Backend, caller: Caller, args: Json) -> Json:
    """`conversations.members`, by pages."""
    channel = _channel(backend, caller, args, "read")
    start = _cursor(args)
    limit = count(args, "limit", 100, 999)
    page = channel.members[start : start + limit]
    more = start + limit < len(channel.members)
    return {
        "members": page,
        "response_metadata": {"next_cursor": f"at-{start + limit}" if more else ""},
    }


def _cursor(args: Json) -> int:
    cursor = str(args.get("cursor") or "")
    if not cursor:
        return 0
    if not cursor.startswith("at-") or not cursor[3:].isdigit():
        raise SlackRefusal("invalid_cursor")
    return int(cursor[3:])


def join(backend: Backend, caller: Caller, args: Json) -> Json:
    """`conversations.join`: public channels only."""
    workspace = backend.workspace
    channel = workspace.channel_for(args.get("channel"), caller.team_id, caller.user.id)
    if channel.kind != "channel":
        raise SlackRefusal("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackRefusal("is_archived")
    already = caller.user.id in channel.members
    enter(backend, channel, caller.user)
    shown = {"channel": channel_json(channel, caller.user.id)}
    return shown | ({"warning": "already_in_channel"} if already else {})


def enter(backend: Backend, channel: Channel, user: User, inviter: str | None = None) -> None:
    """Let a user into a channel and tell of it."""
    if user.id in channel.members:
        return
    channel.members.append(user.id)
    backend.outbox.put(
        {
            "type": "member_joined_channel",
            "user": user.id,
            "channel": channel.id,
            "channel_type": "C" if channel.kind == "channel" else "G",
            "team": user.team_id,
        }
        | ({"inviter": inviter} if inviter else {}),
        channel=channel,
    )


def _page(backend: Backend, messages: list[Message], args: Json) -> Json:
    start = _cursor(args)
    limit = count(args, "limit", backend.history_limit, backend.history_limit)
    with_metadata = truthy(args.get("include_all_metadata"))
    page = messages[start : start + limit]
    more = start + limit < len(messages)
    return {
        "messages": [
            message_json(backend.workspace, message, metadata=with_metadata) for message in page
        ],
        "has_more": more,
        "response_metadata": {"next_cursor": f"at-{start + limit}" if more else ""},
    }


def _within(message: Message, args: Json) -> bool:
    oldest, latest = float(args.get("oldest") or 0), float(args.get("latest") or "inf")
    ts = float(message.ts)
    if truthy(args.get("inclusive")):
        return oldest <= ts <= latest
    return oldest < ts < latest


def history(backend: Backend, caller: Caller, args: Json) -> Json:
    """`conversations.history`: newest first, without replies, 15 at once."""
    channel = _channel(backend, caller, args, "history")
    if caller.user.id not in channel.members:
        raise SlackRefusal("not_in_channel")
    messages = [m for m in channel.messages.values() if not m.is_reply or m.reply_broadcast]
    return _page(backend, [m for m in reversed(messages) if _within(m, args)], args)


def replies(backend: Backend, caller: Caller, args: Json) -> Json:
    """`conversations.replies`: a thread, its parent first, 15 at once."""
    channel = _channel(backend, caller, args, "history")
    if caller.user.id not in channel.members:
        raise SlackRefusal("not_in_channel")
    (ts,) = need(args, "ts")
    if ts not in channel.messages:
        raise SlackRefusal("thread_not_found")
    thread = backend.workspace.thread(channel, channel.messages[ts].thread_ts or ts)
    return _page(backend, [m for m in thread if m.ts == ts or _within(m, args)], args)


METHODS = {
    "conversations.open": open_,
    "conversations.info": info,
    "conversations.members": members,
    "conversations.join": join,
    "conversations.history": history,
    "conversations.replies": replies,
}
