"""From an Events API payload to what happened; pure, and strict about shapes.

(docs.slack.dev, "Events API" and the reference of each event.)
"""

from __future__ import annotations

from dataclasses import replace

from bot.channels.slack.facts import (
    AssistantOpened,
    Deleted,
    Edited,
    Fact,
    File,
    Gone,
    Heard,
    HomeOpened,
    Ignored,
    Joined,
    Profile,
    Stopped,
)
from bot.channels.slack.plain import mentions
from bot.channels.slack.shape import Malformed, Shape, micros_of

_SLACKBOT = "USLACKBOT"
_SPOKEN = {"", "file_share", "me_message", "thread_broadcast"}


def read_event(payload: object, *, bot: str | None = None) -> Fact | Ignored:
    """Return what an event says; `Malformed` for what Slack does not send.

    `bot` is the bot's own user id, where the payload does not tell it.
    """
    outer = Shape(payload)
    if outer.text("type") != "event_callback":
        raise Malformed("payload.type is not event_callback.")
    event = outer.child("event")
    team, bot = _installation(outer, bot)
    match event.text("type"):
        case "message":
            return _message(event, team, bot)
        case "app_mention":
            return _spoken(event, team, bot, mentioned=True)
        case "app_home_opened":
            return _home(event, team)
        case "assistant_thread_started":
            return _assistant(event, team)
        case "agent_session_stopped":
            return _stopped(event, team, outer.text("event_id", limit=64))
        case "member_joined_channel":
            user = event.id("user")
            channel = event.id("channel")
            return Joined(
                key=_key(team, channel, "joined", user, outer.text("event_id", limit=64)),
                team=team,
                channel=channel,
                user=user,
                inviter=event.id_or_none("inviter"),
                is_bot=bot is not None and user == bot,
            )
        case "tokens_revoked":
            tokens = event.child("tokens")
            return Gone(
                key=_key(team, "revoked", outer.text("event_id", limit=64)),
                team=team,
                reason="tokens_revoked",
                bot=bool(tokens.texts("bot")),
                users=tokens.texts("oauth"),
            )
        case "app_uninstalled":
            return Gone(
                key=_key(team, "uninstalled", outer.text("event_id", limit=64)),
                team=team,
                reason="app_uninstalled",
                bot=True,
            )
        case "user_change" | "team_join":
            told = read_user(event.child("user"), team)
            # Two changes may come within the second that `updated` names.
            return replace(told, key=_key(team, "user", outer.text("event_id", limit=64)))
        case _:
            return Ignored(reason="an event of another kind")


def event_team(payload: object) -> str:
    """Return the team in whose installation an event is for; `Malformed` when it names none."""
    return _installation(Shape(payload), None)[0]


def _installation(outer: Shape, bot: str | None) -> tuple[str, str | None]:
    """Return the team that the bot is installed in, and its user id there.

    In a channel shared by several, `team_id` can be another one's: the authorization counts.
    """
    for granted in outer.children("authorizations"):
        team = granted.id_or_none("team_id")
        if team is not None:
            own = granted.id_or_none("user_id") if granted.flag("is_bot") else None
            return team, own or bot
    return outer.id("team_id"), bot


def _key(*parts: str) -> str:
    return "slack:" + ":".join(parts)


def message_key(team: str, channel: str, ts: str) -> str:
    """Return the key by which a message counts once, however many events tell of it."""
    return _key(team, channel, ts)


def _message(event: Shape, team: str, bot: str | None) -> Fact | Ignored:
    subtype = event.text_or("subtype")
    if subtype == "message_changed":
        return _changed(event, team, bot)
    if subtype == "message_deleted":
        before = event.child_or_none("previous_message")
        if before is not None and _is_bots(before, bot):
            return Ignored(reason="a bot's message was deleted")
        return _deleted(event, team, event.ts("deleted_ts"), before)
    if event.flag("hidden"):
        return Ignored(reason="a hidden message")
    return _spoken(event, team, bot, mentioned=False)


def _spoken(event: Shape, team: str, bot: str | None, *, mentioned: bool) -> Heard | Ignored:
    if _is_bots(event, bot):
        return Ignored(reason="a bot's message")
    subtype = event.text_or("subtype")
    if subtype not in _SPOKEN:
        return Ignored(reason="a message of another subtype")
    channel, ts, text = event.id("channel"), event.ts("ts"), event.text_or("text")
    thread = event.ts_or_none("thread_ts")
    return Heard(
        key=message_key(team, channel, ts),
        team=team,
        channel=channel,
        user=event.id("user"),
        user_team=event.id_or_none("user_team") or event.id_or_none("team") or team,
        ts=ts,
        thread_ts=None if thread == ts else thread,
        text=text,
        # Both events of one message say the same here, whichever comes first.
        mentions_bot=mentioned or (bot is not None and mentions(text, bot)),
        is_dm=event.text_or("channel_type") == "im" or channel.startswith("D"),
        is_me=subtype == "me_message",
        files=tuple(_file(one) for one in event.children("files")),
        at=micros_of(ts),
    )


def _is_bots(event: Shape, bot: str | None) -> bool:
    return (
        event.has("bot_id")
        or event.text_or("subtype") == "bot_message"
        or event.text_or("user") in {bot, _SLACKBOT}
    )


def _file(one: Shape) -> File:
    return File(
        id=one.text_or("id"),
        name=one.text_or("name") or one.text_or("title") or "a file",
        mimetype=one.text_or("mimetype"),
        size=one.number_or("size", 0),
    )


def _changed(event: Shape, team: str, bot: str | None) -> Fact | Ignored:
    message = event.child("message")
    before = event.child_or_none("previous_message")
    if _is_bots(message, bot):
        return Ignored(reason="a bot's message was changed")
    if message.text_or("subtype") == "tombstone":
        # What has replies is not taken away when it is deleted, but becomes this.
        return _deleted(event, team, message.ts("ts"), before)
    edit = message.child_or_none("edited")
    text = message.text_or("text")
    old = before.text_or("text") if before is not None else None
    if edit is None or text == old:
        return Ignored(reason="a message was changed, but not its words")
    channel, ts, edited = event.id("channel"), message.ts("ts"), edit.ts("ts")
    return Edited(
        key=_key(team, channel, ts, "edited", edited),
        team=team,
        channel=channel,
        user=message.id("user"),
        ts=ts,
        thread_ts=message.ts_or_none("thread_ts"),
        before=old,
        text=text,
        at=micros_of(edited),
    )


def _deleted(event: Shape, team: str, ts: str, before: Shape | None) -> Deleted:
    channel = event.id("channel")
    return Deleted(
        key=_key(team, channel, ts, "deleted"),
        team=team,
        channel=channel,
        ts=ts,
        thread_ts=before.ts_or_none("thread_ts") if before is not None else None,
        user=before.id_or_none("user") if before is not None else None,
    )


def _home(event: Shape, team: str) -> HomeOpened:
    user = event.id("user")
    return HomeOpened(
        key=_key(team, "home", user, event.ts("event_ts")),
        team=team,
        user=user,
        channel=event.id_or_none("channel"),
        tab=event.text_or("tab", "home"),
    )


def _stopped(event: Shape, team: str, event_id: str) -> Stopped | Ignored:
    thread = event.ts_or_none("thread_ts")
    if thread is None:
        return Ignored(reason="a session that is no thread was stopped")
    return Stopped(
        key=_key(team, "stopped", event_id),
        team=team,
        user=event.id("user"),
        channel=event.id("channel"),
        thread_ts=thread,
    )


def _assistant(event: Shape, team: str) -> AssistantOpened:
    thread = event.child("assistant_thread")
    channel, ts = thread.id("channel_id"), thread.ts("thread_ts")
    beside = thread.child_or_none("context")
    return AssistantOpened(
        key=_key(team, channel, ts, "assistant"),
        team=team,
        user=thread.id("user_id"),
        channel=channel,
        thread_ts=ts,
        context_channel=beside.id_or_none("channel_id") if beside is not None else None,
    )


def read_user(user: Shape, team: str) -> Profile:
    """Return what a user object says, from an event or from `users.info`.

    (docs.slack.dev, "User object".) An address counts only where Slack says it is confirmed.
    """
    profile = user.child_or_none("profile") or Shape({})
    id_, updated = user.id("id"), user.number_or("updated", 0)
    handle = user.text_or("name")
    shown = profile.text_or("display_name") or profile.text_or("real_name")
    email = profile.text_or("email")
    return Profile(
        key=_key(team, "user", id_, str(updated)),
        team=team,
        user=id_,
        user_team=user.id_or_none("team_id") or team,
        handle=handle,
        name=profile.text_or("real_name") or user.text_or("real_name") or shown or handle or id_,
        first_name=profile.text_or("first_name") or profile.text_or("display_name"),
        email=email if email and email.isprintable() else None,
        email_confirmed=user.flag("is_email_confirmed"),
        zone=user.text_or("tz") or None,
        deleted=user.flag("deleted"),
        is_bot=user.flag("is_bot"),
        is_guest=user.flag("is_restricted") or user.flag("is_ultra_restricted"),
        is_stranger=user.flag("is_stranger"),
        updated=updated,
    )
