"""The `chat.*` methods that post, change and delete messages."""

from __future__ import annotations

import contextlib

from tests.slack.calling import Backend, Caller, need, writable
from tests.slack.checks import check_message, check_ts
from tests.slack.failures import SlackRefusal
from tests.slack.records import Channel, Json, Message
from tests.slack.wire import message_json


def check_thread(backend: Backend, channel: Channel, args: Json) -> None:
    """Refuse a thread that is not there; a deleted parent whose replies live is one that is."""
    thread_ts = args.get("thread_ts")
    if thread_ts in (None, ""):
        args.pop("thread_ts", None)
        return
    if not check_ts(thread_ts):
        raise SlackRefusal("invalid_thread_ts")
    parent = channel.messages.get(str(thread_ts))
    if parent is None:
        if backend.lost_thread:
            raise SlackRefusal(backend.lost_thread)
        del args["thread_ts"]
        return
    if parent.is_reply:
        raise SlackRefusal("cannot_reply_to_message")


def check_costume(caller: Caller, args: Json) -> None:
    """A name or icon of one's own needs its own scope."""
    dressed = any(args.get(key) for key in ("username", "icon_emoji", "icon_url"))
    if dressed and "chat:write.customize" not in caller.token.scopes:
        raise SlackRefusal(
            "missing_scope",
            needed="chat:write.customize",
            provided=",".join(sorted(caller.token.scopes)),
        )


def post_message(backend: Backend, caller: Caller, args: Json) -> Json:
    """`chat.postMessage`."""
    channel = writable(backend, caller, args.get("channel"))
    check_message(args)
    check_thread(backend, channel, args)
    check_costume(caller, args)
    message = backend.posting.post(channel, caller.user, args)
    shown = message_json(backend.workspace, message)
    return {"channel": channel.id, "ts": message.ts, "message": shown}


def post_ephemeral(backend: Backend, caller: Caller, args: Json) -> Json:
    """`chat.postEphemeral`."""
    channel = writable(backend, caller, args.get("channel"))
    (user,) = need(args, "user")
    check_message(args)
    check_thread(backend, channel, args)
    if user not in channel.members or backend.workspace.users[user].deleted:
        raise SlackRefusal("user_not_in_channel")
    message = backend.posting.build(channel, caller.user, args, ephemeral_to=user)
    channel.ephemerals.append(message)
    return {"message_ts": message.ts}


def own_message(backend: Backend, caller: Caller, args: Json, refusal: str) -> Message:
    """Find a message that the caller wrote; refuse another's with `refusal`."""
    workspace = backend.workspace
    channel = workspace.channel_for(args.get("channel"), caller.team_id, caller.user.id)
    message = workspace.message_at(channel, args.get("ts"))
    if message.user != caller.user.id:
        raise SlackRefusal(refusal)
    return message


def update(backend: Backend, caller: Caller, args: Json) -> Json:
    """`chat.update`."""
    message = own_message(backend, caller, args, "cant_update_message")
    channel = backend.workspace.channels[message.channel_id]
    if channel.is_archived:
        raise SlackRefusal("is_archived")
    if message.stream is not None and stream_is_open(backend, message):
        raise SlackRefusal("streaming_state_conflict")
    check_message(args, edit=True)
    backend.posting.edit(message, args, caller.user.id)
    shown = message_json(backend.workspace, message)
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": shown}


def delete(backend: Backend, caller: Caller, args: Json) -> Json:
    """`chat.delete`."""
    message = own_message(backend, caller, args, "cant_delete_message")
    backend.posting.delete(message)
    return {"channel": message.channel_id, "ts": message.ts}


def get_permalink(backend: Backend, caller: Caller, args: Json) -> Json:
    """`chat.getPermalink`."""
    workspace = backend.workspace
    channel = workspace.channel_for(args.get("channel"), caller.team_id, caller.user.id)
    message = workspace.message_at(channel, args.get("message_ts"))
    domain = workspace.teams[caller.team_id].domain
    link = f"https://{domain}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.is_reply:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


def unfurl(backend: Backend, caller: Caller, args: Json) -> Json:
    """`chat.unfurl`: attach what the app says of the links in a message."""
    workspace = backend.workspace
    channel = workspace.channel_for(args.get("channel"), caller.team_id, caller.user.id)
    message = workspace.message_at(channel, args.get("ts"), "cannot_unfurl_message")
    unfurls = args.get("unfurls")
    if not isinstance(unfurls, dict) or not unfurls:
        raise SlackRefusal("missing_unfurls")
    if any(url not in message.text for url in unfurls):
        raise SlackRefusal("cannot_unfurl_url")
    message.attachments += [
        {"from_url": url, "is_app_unfurl": True, "app_id": workspace.app.id, **card}
        for url, card in unfurls.items()
    ]
    return {}


def stream_is_open(backend: Backend, message: Message) -> bool:
    """Tell whether a message is still being streamed; time closes it."""
    stream = message.stream
    if stream is None:
        return False
    if backend.workspace.clock.now() - stream.started > backend.stream_seconds:
        stream.open = False
    return stream.open


def add_reaction(backend: Backend, caller: Caller, args: Json) -> Json:
    """`reactions.add`."""
    who, name = _reacted(backend, caller, args)
    if caller.user.id in who:
        raise SlackRefusal("already_reacted")
    who.append(caller.user.id)
    announce_reaction(backend, caller.user.id, args["channel"], args["timestamp"], name)
    return {}


def remove_reaction(backend: Backend, caller: Caller, args: Json) -> Json:
    """`reactions.remove`."""
    who, _ = _reacted(backend, caller, args)
    if caller.user.id not in who:
        raise SlackRefusal("no_reaction")
    who.remove(caller.user.id)
    return {}


def _reacted(backend: Backend, caller: Caller, args: Json) -> tuple[list[str], str]:
    workspace = backend.workspace
    (name,) = need(args, "name")
    channel = workspace.channel_for(args.get("channel"), caller.team_id, caller.user.id)
    if channel.is_archived:
        raise SlackRefusal("is_archived")
    message = workspace.message_at(channel, args.get("timestamp"))
    if not name.replace("_", "").replace("-", "").replace("+", "").isalnum():
        raise SlackRefusal("invalid_name")
    return message.reactions.setdefault(name, []), name


def announce_reaction(backend: Backend, user: str, channel_id: str, ts: str, name: str) -> None:
    """Tell the app of a reaction."""
    with contextlib.suppress(KeyError):
        channel = backend.workspace.channels[channel_id]
        backend.outbox.put(
            {
                "type": "reaction_added",
                "user": user,
                "reaction": name,
                "item": {"type": "message", "channel": channel_id, "ts": ts},
                "item_user": channel.messages[ts].user,
            },
            channel=channel,
        )


METHODS = {
    "chat.postMessage": post_message,
    "chat.postEphemeral": post_ephemeral,
    "chat.update": update,
    "chat.delete": delete,
    "chat.getPermalink": get_permalink,
    "chat.unfurl": unfurl,
    "reactions.add": add_reaction,
    "reactions.remove": remove_reaction,
}
