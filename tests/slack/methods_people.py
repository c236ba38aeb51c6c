"""The methods that tell of people, bots, teams and files."""

from __future__ import annotations

from tests.slack.calling import Backend, Caller, count, need
from tests.slack.failures import SlackRefusal
from tests.slack.records import Json, User
from tests.slack.wire import file_json, user_json


def _seen(backend: Backend, caller: Caller, user: User | None) -> User:
    """Another team's people are seen where a conversation is shared, or as strangers."""
    if user is None:
        raise SlackRefusal("user_not_found")
    if user.team_id == caller.team_id or user.is_stranger:
        return user
    for channel in backend.workspace.channels.values():
        shared = backend.workspace.visible_in(channel, caller.team_id)
        if shared and user.id in channel.members:
            return user
    raise SlackRefusal("user_not_visible")


def _shown(caller: Caller, user: User) -> Json:
    return user_json(user, with_email="users:read.email" in caller.token.scopes)


def info(backend: Backend, caller: Caller, args: Json) -> Json:
    """`users.info`."""
    (id_,) = need(args, "user")
    return {"user": _shown(caller, _seen(backend, caller, backend.workspace.users.get(id_)))}


def lookup_by_email(backend: Backend, caller: Caller, args: Json) -> Json:
    """`users.lookupByEmail`: only people of the team, and only those who are still there."""
    (email,) = need(args, "email")
    for user in backend.workspace.users.values():
        mine = user.team_id == caller.team_id and not user.deleted and not user.is_bot
        if mine and (user.email or "").casefold() == email.casefold():
            return {"user": _shown(caller, user)}
    raise SlackRefusal("users_not_found")


def list_(backend: Backend, caller: Caller, args: Json) -> Json:
    """`users.list`, by pages."""
    users = [u for u in backend.workspace.users.values() if u.team_id == caller.team_id]
    cursor = str(args.get("cursor") or "at-0")
    if not cursor.removeprefix("at-").isdigit():
        raise SlackRefusal("invalid_cursor")
    start, limit = int(cursor.removeprefix("at-")), count(args, "limit", 1000, 1000)
    more = start + limit < len(users)
    return {
        "members": [_shown(caller, user) for user in users[start : start + limit]],
        "cache_ts": int(backend.workspace.clock.now()),
        "response_metadata": {"next_cursor": f"at-{start + limit}" if more else ""},
    }


def bot_info(backend: Backend, caller: Caller, args: Json) -> Json:
    """`bots.info`."""
    (id_,) = need(args, "bot")
    for user in backend.workspace.users.values():
        if user.bot_id == id_:
            return {
                "bot": {
                    "id": id_,
                    "app_id": user.app_id or "",
                    "user_id": user.id,
                    "name": user.name,
                    "deleted": user.deleted,
                    "updated": user.updated,
                    "icons": {},
                }
            }
    raise SlackRefusal("bot_not_found")


def team_info(backend: Backend, caller: Caller, args: Json) -> Json:
    """`team.info`."""
    team = backend.workspace.teams.get(str(args.get("team") or caller.team_id))
    if team is None:
        raise SlackRefusal("team_not_found")
    url = f"https://{team.domain}.slack.com/"
    return {
        "team": {
            "id": team.id,
            "name": team.name,
            "domain": team.domain,
            "url": url,
            "email_domain": "",
            "icon": {"image_default": True},
        }
    }


def file_info(backend: Backend, caller: Caller, args: Json) -> Json:
    """`files.info`: a file is seen where it was shared."""
    (id_,) = need(args, "file")
    file = backend.workspace.files.get(id_)
    if file is None or file.team_id != caller.team_id:
        raise SlackRefusal("file_not_found")
    channels = [backend.workspace.channels[id_] for id_ in file.channels]
    if not any(caller.user.id in channel.members for channel in channels):
        raise SlackRefusal("file_not_found")
    return {"file": file_json(file, backend.base_url), "comments": []}


METHODS = {
    "users.info": info,
    "users.lookupByEmail": lookup_by_email,
    "users.list": list_,
    "bots.info": bot_info,
    "team.info": team_info,
    "files.info": file_info,
}
