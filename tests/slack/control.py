"""The control API: people's acts and the simulator's switches as JSON over HTTP.

`GET /control/state` tells everything; `GET /control/calls?method=` what the app called;
`POST /control/act/<name>` carries out the act of that name with the body as its arguments.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.slack.delivery import Delivery
from tests.slack.failures import NotOnScreen, SlackRefusal
from tests.slack.records import Channel, Json, Message, View
from tests.slack.wire import channel_json, message_json, user_json, view_json

if TYPE_CHECKING:
    from tests.slack.server import Slack

ACTS = {
    "add_channel",
    "add_user",
    "approve",
    "archive",
    "change_user",
    "click",
    "click_in_home",
    "click_in_view",
    "close_view",
    "delete_as",
    "delete_thread",
    "edit_as",
    "end_stream",
    "fail",
    "fill",
    "forge",
    "forge_click",
    "invite",
    "leave",
    "look_at",
    "mention",
    "message_shortcut",
    "open_assistant",
    "open_home",
    "post_as",
    "react_as",
    "share_link",
    "shortcut",
    "slash",
    "stop_session",
    "submit",
    "suggest",
    "verify_url",
}
SWITCHES = {"ack_timeout", "copies", "backwards", "holding", "retry_at_once"}


class Control:
    """Serves `/control/…`."""

    def __init__(self, slack: Slack) -> None:
        self.slack = slack

    def add_routes(self, app: web.Application) -> None:
        """Add the routes of the control API."""
        app.router.add_get("/control/state", self.state)
        app.router.add_get("/control/calls", self.calls)
        app.router.add_get("/control/deliveries", self.deliveries)
        app.router.add_post("/control/act/{act}", self.act)
        app.router.add_post("/control/point", self.point)
        app.router.add_post("/control/clock", self.advance)
        app.router.add_post("/control/delivery", self.switch)
        app.router.add_post("/control/release", self.release)
        app.router.add_post("/control/retry", self.retry)
        app.router.add_post("/control/uninstall", self.uninstall)
        app.router.add_post("/control/disconnect", self.disconnect)

    async def act(self, request: web.Request) -> web.Response:
        """Carry out one act; 409 when the person could not do that, 400 for wrong arguments."""
        name = request.match_info["act"]
        if name not in ACTS:
            raise web.HTTPNotFound(text=f"no act {name}; there are {', '.join(sorted(ACTS))}")
        method: Callable[..., Any] = getattr(self.slack, name)
        args = await _body(request)
        try:
            positional = args.pop("people", []) if name == "add_channel" else []
            if positional:
                bound = inspect.signature(method).bind(args.pop("name"), *positional, **args)
            else:
                bound = inspect.signature(method).bind(**args)
            result = method(*bound.args, **bound.kwargs)
            if inspect.isawaitable(result):
                result = await result
        except NotOnScreen as refused:
            return web.json_response({"error": str(refused)}, status=409)
        except (LookupError, StopIteration, TypeError, SlackRefusal) as wrong:
            return web.json_response({"error": str(wrong)}, status=400)
        return web.json_response({"result": self._shown(result)})

    def _shown(self, value: Any) -> Any:
        """Write whatever an act returns as JSON."""
        workspace = self.slack.workspace
        if isinstance(value, Message):
            return message_json(workspace, value) | {"channel": value.channel_id}
        if isinstance(value, View):
            return view_json(workspace, value)
        if isinstance(value, Delivery):
            shown = {"ok": value.ok, "status": value.status, "answer": value.text}
            return shown | {"attempts": len(value.attempts), "faults": value.faults}
        if isinstance(value, (list, tuple)):
            return [self._shown(item) for item in value]
        if isinstance(value, Channel):
            return {"id": value.id, "name": value.name}
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = (field.name for field in dataclasses.fields(value))
            return {name: _plain(getattr(value, name)) for name in fields}
        return _plain(value)

    async def state(self, request: web.Request) -> web.Response:
        """Tell all that a face needs to show."""
        slack = self.slack
        workspace = slack.workspace
        channels = [
            channel_json(channel, "")
            | {
                "kind": channel.kind,
                "name": channel.name,
                "members": channel.members,
                "messages": [message_json(workspace, m) for m in channel.messages.values()],
                "ephemerals": [
                    message_json(workspace, m) | {"to": m.ephemeral_to} for m in channel.ephemerals
                ],
            }
            for channel in workspace.channels.values()
        ]
        views = [
            view_json(workspace, view) | {"user": view.user_id, "errors": view.errors}
            for view in workspace.views.values()
            if view.open
        ]
        body = {
            "now": slack.clock.now(),
            "app": {"id": slack.app.id, "name": slack.app.name, "url": slack.app.events_url},
            "teams": [dataclasses.asdict(team) for team in workspace.teams.values()],
            "users": [user_json(user, with_email=True) for user in workspace.users.values()],
            "installs": [
                {"team_id": i.team_id, "bot_user_id": i.bot_user_id, "active": i.active}
                for i in workspace.installs.values()
            ],
            "channels": channels,
            "views": views,
            "statuses": [_keyed(key, value) for key, value in workspace.statuses.items()],
            "titles": [_keyed(key, {"title": t}) for key, t in workspace.titles.items()],
            "prompts": [_keyed(key, value) for key, value in workspace.prompts.items()],
            "sessions": [_keyed(key, value) for key, value in workspace.sessions.items()],
            "mass_mentions": [dataclasses.asdict(m) for m in workspace.mass_mentions],
            "connections": slack.sockets.connected,
            "held": len(slack.post.held),
            "retries": len(slack.post.retries),
            "lost": len(slack.post.lost),
        }
        return web.json_response(body)

    async def calls(self, request: web.Request) -> web.Response:
        """Tell which methods the app called; tokens are left out."""
        calls = self.slack.calls(request.query.get("method"))
        shown = [dataclasses.asdict(call) for call in calls]
        for call in shown:
            del call["token"]
            if call["method"].startswith(("oauth.", "openid.", "apps.connections")):
                call["response"], call["args"] = None, {}
        return web.json_response({"calls": shown}, dumps=_dump)

    async def deliveries(self, request: web.Request) -> web.Response:
        """Tell what was sent to the app and what it answered."""
        shown = [
            self._shown(d) | {"kind": d.parcel.kind, "type": _type(d.parcel.body)}
            for d in self.slack.post.deliveries
        ]
        return web.json_response({"deliveries": shown})

    async def point(self, request: web.Request) -> web.Response:
        """Set the app's Request URL."""
        self.slack.app.point_at(str((await _body(request))["url"]))
        return web.json_response({"ok": True})

    async def advance(self, request: web.Request) -> web.Response:
        """Move the clock forward, and send again what has become due."""
        self.slack.clock.advance(float((await _body(request))["seconds"]))
        again = await self.slack.post.retry_due()
        return web.json_response({"now": self.slack.clock.now(), "retried": len(again)})

    async def switch(self, request: web.Request) -> web.Response:
        """Change how things are delivered."""
        wanted = await _body(request)
        unknown = set(wanted) - SWITCHES
        if unknown:
            raise web.HTTPBadRequest(text=f"unknown: {', '.join(sorted(unknown))}")
        for name, value in wanted.items():
            setattr(self.slack.post, name, value)
        return web.json_response({name: getattr(self.slack.post, name) for name in SWITCHES})

    async def release(self, request: web.Request) -> web.Response:
        """Send what was held back, in a given order."""
        order = (await _body(request)).get("order")
        sent = await self.slack.post.release(order)
        return web.json_response({"result": self._shown(sent)})

    async def retry(self, request: web.Request) -> web.Response:
        """Send again everything that failed, whatever the clock says."""
        return web.json_response(
            {"result": self._shown(await self.slack.post.retry_due(all_=True))}
        )

    async def uninstall(self, request: web.Request) -> web.Response:
        """Take the app out of a team, or of the only one."""
        team_id = (await _body(request)).get("team_id")
        await self.slack.uninstall(self.slack.workspace.teams[team_id] if team_id else None)
        return web.json_response({"ok": True})

    async def disconnect(self, request: web.Request) -> web.Response:
        """Tell the first connected client to leave."""
        reason = (await _body(request)).get("reason", "refresh_requested")
        await self.slack.sockets.disconnect(str(reason))
        return web.json_response({"ok": True})


async def _body(request: web.Request) -> Json:
    text = await request.text()
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        raise web.HTTPBadRequest(text="the body is not JSON") from None
    if not isinstance(found, dict):
        raise web.HTTPBadRequest(text="the body is not an object")
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, (frozenset, set)):
        return sorted(value)
    if value is None or isinstance(value, (str, int, float, bool, list, dict)):
        return value
    return str(value)


def _dump(value: Any) -> str:
    return json.dumps(value, default=str)


def _keyed(key: tuple[str, str | None], value: Json) -> Json:
    return {"channel_id": key[0], "thread_ts": key[1], **value}


def _type(body: Json) -> str:
    inner = body.get("event", {}).get("type")
    return str(inner or body.get("type") or body.get("command") or "")
