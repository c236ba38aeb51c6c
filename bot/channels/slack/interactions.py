"""From an interaction or a slash command to what somebody did; pure, and strict about shapes.

(docs.slack.dev, "Interaction payloads" and "Slash commands".)
"""

from __future__ import annotations

import hashlib
import json

from bot.channels.slack.facts import (
    Clicked,
    Closed,
    Commanded,
    Fact,
    Ignored,
    Pointed,
    Submitted,
    Value,
)
from bot.channels.slack.shape import Malformed, Shape, micros_of

_SELECTED = (
    "selected_user",
    "selected_date",
    "selected_time",
    "selected_channel",
    "selected_conversation",
)

_SEVERAL = ("selected_users", "selected_conversations", "selected_channels")


def read_interaction(payload: object) -> Fact | Ignored:
    """Return what somebody did with a button, a modal or a shortcut; `Malformed` otherwise."""
    body = Shape(payload)
    match body.text("type"):
        case "block_actions":
            return _clicked(body)
        case "view_submission":
            return _submitted(body)
        case "view_closed":
            return _closed(body)
        case "message_action" | "shortcut":
            return _pointed(body)
        case _:
            return Ignored(reason="an interaction of another kind")


def read_command(payload: object) -> Commanded:
    """Return what a slash command's form says; `Malformed` when it is none."""
    form = Shape(payload)
    team, user, trigger = form.id("team_id"), form.id("user_id"), form.text("trigger_id", limit=255)
    return Commanded(
        key=_key(team, "command", user, trigger),
        team=team,
        user=user,
        channel=form.id("channel_id"),
        command=form.text("command"),
        text=form.text_or("text"),
        trigger_id=trigger,
        response_url=form.text_or("response_url"),
    )


def interaction_team(payload: object) -> str:
    """Return the team in whose installation an interaction happened; `Malformed` for none."""
    return _who(Shape(payload))[0]


def _key(*parts: str) -> str:
    return "slack:" + ":".join(parts)


def _who(body: Shape) -> tuple[str, str, str]:
    """Return the installation's team, the user, and the user's own team."""
    user = body.child("user")
    team = body.child_or_none("team")
    view = body.child_or_none("view")
    own = user.id_or_none("team_id")
    # In a channel shared by several, `team` is the user's; the view knows where the app lives.
    installed = view.id_or_none("app_installed_team_id") if view is not None else None
    there = installed or (team.id("id") if team is not None else own)
    if there is None:
        raise Malformed("payload.team is not an object.")
    return there, user.id("id"), own or there


def _clicked(body: Shape) -> Clicked | Ignored:
    team, user, user_team = _who(body)
    acts = body.children("actions")
    if not acts:
        raise Malformed("payload.actions is empty.")
    act = acts[0]
    spot = body.child_or_none("container") or Shape({})
    message, view = body.child_or_none("message"), body.child_or_none("view")
    channel = body.child_or_none("channel")
    message_ts = spot.ts_or_none("message_ts") or (message.ts_or_none("ts") if message else None)
    view_id = view.text("id", limit=64) if view is not None else None
    action_ts = act.ts("action_ts")
    value, picked = _value(act)
    where = message_ts or view_id
    if where is None:
        raise Malformed("payload.container names neither a message nor a view.")
    return Clicked(
        key=_key(team, "click", where, action_ts, user),
        team=team,
        user=user,
        user_team=user_team,
        action_id=act.text("action_id", limit=255),
        block_id=act.text_or("block_id"),
        value=value,
        picked=picked,
        inputs=_inputs(body, by_block=False),
        channel=spot.id_or_none("channel_id") or (channel.id("id") if channel else None),
        message_ts=message_ts,
        thread_ts=spot.ts_or_none("thread_ts")
        or (message.ts_or_none("thread_ts") if message else None),
        view_id=view_id,
        is_home=view is not None and view.text_or("type") == "home",
        ephemeral=spot.flag("is_ephemeral"),
        trigger_id=body.text_or("trigger_id"),
        response_url=body.text_or("response_url") or None,
        at=micros_of(action_ts),
    )


def _submitted(body: Shape) -> Submitted:
    team, user, user_team = _who(body)
    view = body.child("view")
    view.text("type", limit=32)  # Bolt breaks on a view without
    view_id = view.text("id", limit=64)
    inputs = _inputs(view, by_block=True)
    # The same modal may be sent again once a mistake in it is mended: what it says counts too.
    said = json.dumps(inputs, ensure_ascii=True).encode()
    return Submitted(
        key=_key(team, "view", view_id, hashlib.blake2b(said, digest_size=12).hexdigest(), user),
        team=team,
        user=user,
        user_team=user_team,
        callback_id=view.text("callback_id", limit=255),
        private_metadata=view.text_or("private_metadata"),
        view_id=view_id,
        inputs=inputs,
        trigger_id=body.text_or("trigger_id"),
    )


def _closed(body: Shape) -> Closed:
    team, user, _ = _who(body)
    view = body.child("view")
    view_id = view.text("id", limit=64)
    return Closed(
        key=_key(team, "view", view_id, "closed", user),
        team=team,
        user=user,
        callback_id=view.text("callback_id", limit=255),
        private_metadata=view.text_or("private_metadata"),
        view_id=view_id,
    )


def _pointed(body: Shape) -> Pointed:
    team, user, user_team = _who(body)
    message, channel = body.child_or_none("message"), body.child_or_none("channel")
    action_ts = body.ts("action_ts")
    if body.text("type") == "message_action" and message is None:
        raise Malformed("payload.message is not an object.")
    return Pointed(
        key=_key(team, "shortcut", action_ts, user),
        team=team,
        user=user,
        user_team=user_team,
        callback_id=body.text("callback_id", limit=255),
        trigger_id=body.text("trigger_id", limit=255),
        response_url=body.text_or("response_url") or None,
        channel=channel.id("id") if channel is not None else None,
        message_ts=message.ts("ts") if message is not None else None,
        thread_ts=message.ts_or_none("thread_ts") if message is not None else None,
        text=message.text_or("text") if message is not None else "",
        author=message.id_or_none("user") if message is not None else None,
    )


def _inputs(holder: Shape, *, by_block: bool) -> tuple[tuple[str, Value], ...]:
    """Return what stands in the inputs of a view or a message; empty ones are left out.

    Each of our views' blocks has one input, and each of our messages' inputs its own action id.
    """
    state = holder.child_or_none("state")
    values = state.child_or_none("values") if state is not None else None
    if values is None:
        return ()
    found: list[tuple[str, Value]] = []
    for block_id, block in values.named_children():
        for action_id, element in block.named_children():
            one, several = _value(element)
            if one or several:
                found.append((block_id if by_block else action_id, several or one))
    return tuple(found)


def _value(element: Shape) -> tuple[str, tuple[str, ...]]:
    """Return what a button, an input or a select holds: one value, or several."""
    if element.has("value"):
        return element.text("value"), ()
    chosen = element.child_or_none("selected_option")
    if chosen is not None:
        return chosen.text_or("value"), ()
    if element.has("selected_options"):
        return "", tuple(one.text("value") for one in element.children("selected_options"))
    for name in _SEVERAL:
        if element.has(name):
            return "", element.texts(name)
    for name in _SELECTED:
        if element.has(name):
            return element.text(name), ()
    return "", ()
