"""How Slack writes its objects as JSON: users, channels, messages, files, views."""

from __future__ import annotations

import hashlib

from tests.slack.records import Channel, File, Json, Message, User, View
from tests.slack.workspace import Workspace


def user_json(user: User, *, with_email: bool) -> Json:
    """Write a user, with the address only for those who may read it."""
    avatar = hashlib.md5(user.id.encode(), usedforsecurity=False).hexdigest()
    profile: Json = {
        "real_name": user.real_name,
        "display_name": "" if user.is_bot else user.name,
        "real_name_normalized": user.real_name,
        "display_name_normalized": "" if user.is_bot else user.name,
        "avatar_hash": avatar[:12],
        "image_48": f"https://avatars.example.org/{avatar}/48.png",
        "team": user.team_id,
        "status_text": "",
        "status_emoji": "",
    }
    if user.is_bot:
        profile |= {"api_app_id": user.app_id or "", "bot_id": user.bot_id or ""}
    elif with_email and user.email is not None and not user.is_stranger:
        profile["email"] = user.email
    shown: Json = {
        "id": user.id,
        "team_id": user.team_id,
        "name": user.name,
        "deleted": user.deleted,
        "profile": profile,
        "is_bot": user.is_bot,
        "is_app_user": False,
        "updated": user.updated,
    }
    if user.deleted:
        return shown
    shown |= {
        "real_name": user.real_name,
        "tz": user.tz,
        "tz_label": user.tz_label,
        "tz_offset": user.tz_offset,
        "locale": user.locale,
        "is_admin": user.is_admin,
        "is_owner": user.is_owner,
        "is_primary_owner": False,
        "is_restricted": user.is_restricted,
        "is_ultra_restricted": user.is_ultra_restricted,
        "is_email_confirmed": user.is_email_confirmed and user.email is not None,
        "who_can_share_contact_card": "EVERYONE",
    }
    return shown | ({"is_stranger": True} if user.is_stranger else {})


def channel_json(channel: Channel, me: str) -> Json:
    """Write a conversation as the user `me` sees it."""
    shown: Json = {
        "id": channel.id,
        "created": channel.created,
        "is_archived": channel.is_archived,
        "is_im": channel.kind == "im",
        "is_mpim": channel.kind == "mpim",
        "is_channel": channel.kind == "channel",
        "is_group": channel.kind == "group",
        "is_private": channel.kind != "channel",
        "is_org_shared": False,
        "is_ext_shared": channel.is_ext_shared,
        "is_shared": channel.is_ext_shared,
        "context_team_id": channel.team_id,
        "updated": channel.created * 1000,
    }
    if channel.kind == "im":
        other = next((m for m in channel.members if m != me), me)
        return shown | {"user": other, "is_user_deleted": False, "is_open": True, "priority": 0}
    return shown | {
        "name": channel.name,
        "name_normalized": channel.name,
        "is_general": False,
        "is_member": me in channel.members,
        "shared_team_ids": [channel.team_id, *channel.shared_with],
        "creator": channel.members[0] if channel.members else "",
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "num_members": len(channel.members),
    }


def file_json(file: File, base: str) -> Json:
    """Write a file; its bytes lie at `url_private`, for a token that may read files."""
    url = f"{base}/files-pri/{file.team_id}-{file.id}/{file.name}"
    return {
        "id": file.id,
        "created": file.created,
        "timestamp": file.created,
        "name": file.name,
        "title": file.name,
        "mimetype": file.mimetype,
        "filetype": file.name.rsplit(".", 1)[-1],
        "user": file.user,
        "user_team": file.team_id,
        "size": len(file.content),
        "mode": "hosted",
        "is_external": False,
        "is_public": False,
        "file_access": "visible",
        "url_private": url,
        "url_private_download": url,
        "channels": list(file.channels),
    }


def message_json(workspace: Workspace, message: Message, *, metadata: bool = True) -> Json:
    """Write a message, with its thread's counts if it has one."""
    if message.tombstone:
        shown: Json = {
            "type": "message",
            "subtype": "tombstone",
            "text": "This message was deleted.",
            "user": "USLACKBOT",
            "hidden": True,
            "ts": message.ts,
            "thread_ts": message.ts,
        }
    else:
        shown = {"type": "message", "user": message.user, "ts": message.ts, "text": message.text}
        shown["team"] = workspace.users[message.user].team_id
        optional = {
            "subtype": message.subtype,
            "client_msg_id": message.client_msg_id,
            "bot_id": message.bot_id,
            "app_id": message.app_id,
            "username": message.username,
            "thread_ts": message.thread_ts,
            "edited": message.edited,
            "metadata": message.metadata if metadata else None,
            "streaming_state": _streaming_state(message),
        }
        shown |= {key: value for key, value in optional.items() if value is not None}
        for key in ("blocks", "attachments", "files"):
            if value := getattr(message, key):
                shown[key] = value
        if message.bot_id is not None:
            shown["bot_profile"] = _bot_profile(workspace, message)
        if message.reactions:
            shown["reactions"] = [
                {"name": name, "users": users, "count": len(users)}
                for name, users in message.reactions.items()
            ]
    channel = workspace.channels[message.channel_id]
    if message.is_reply and message.thread_ts in channel.messages:
        shown["parent_user_id"] = channel.messages[message.thread_ts].user
        return shown
    replies = [m for m in workspace.thread(channel, message.ts) if m.ts != message.ts]
    if replies:
        shown |= {
            "thread_ts": message.ts,
            "reply_count": len(replies),
            "reply_users": list(dict.fromkeys(m.user for m in replies)),
            "reply_users_count": len({m.user for m in replies}),
            "latest_reply": replies[-1].ts,
        }
    return shown


def _streaming_state(message: Message) -> str | None:
    if message.stream is None:
        return None
    return "in_progress" if message.stream.open else "completed"


def _bot_profile(workspace: Workspace, message: Message) -> Json:
    bot = workspace.users[message.user]
    return {
        "id": message.bot_id,
        "app_id": message.app_id or "",
        "user_id": bot.id,
        "name": message.username or bot.name,
        "icons": {},
        "deleted": bot.deleted,
        "updated": bot.updated,
        "team_id": bot.team_id,
    }


def view_json(workspace: Workspace, view: View) -> Json:
    """Write a view with what its user has entered so far."""
    install = workspace.installs[view.team_id]
    content = view.content
    shown: Json = {
        "id": view.id,
        "team_id": view.team_id,
        "type": view.type,
        "blocks": content["blocks"],
        "private_metadata": content.get("private_metadata", ""),
        "callback_id": content.get("callback_id", ""),
        "state": {"values": workspace.states.get((view.id, view.user_id), {})},
        "hash": view.hash,
        "clear_on_close": bool(content.get("clear_on_close")),
        "notify_on_close": bool(content.get("notify_on_close")),
        "root_view_id": view.root_view_id,
        "previous_view_id": view.previous_view_id,
        "app_id": workspace.app.id,
        "external_id": view.external_id,
        "app_installed_team_id": view.team_id,
        "bot_id": install.bot_id,
    }
    if view.type == "modal":
        shown |= {key: content.get(key) for key in ("title", "close", "submit")}
        shown["submit_disabled"] = False
    return shown
