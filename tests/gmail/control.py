"""The control API over HTTP: `POST /control/<act>` with its arguments as JSON."""

from __future__ import annotations

import base64
import dataclasses
import inspect
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from tests.gmail.acting import Acting
from tests.gmail.errors import ApiError
from tests.gmail.mailbox import Mailbox
from tests.gmail.mails import StoredMail
from tests.gmail.oauth_routes import Refused
from tests.gmail.post_office import Posting
from tests.gmail.pubsub import Notice

ACTS = (
    "add_mailbox", "inbox", "sent", "mail", "send_as", "reply_as", "forward_as", "out_of_office_as",
    "links_in", "scan_links", "calls", "fail", "stop_failing", "replace_message_ids",
    "delay_mail_to", "forget_history", "grant", "consented", "consent_as", "revoke_consent",
    "expire_access", "subscribe", "notify", "push", "notices", "release", "redeliver", "settled",
    "now", "advance", "set_time",
)  # fmt: skip
_BY_REF = {"links_in", "scan_links"}
_BYTES = {"raw", "data"}


def routes(acting: Acting) -> list[Any]:
    """Return the routes; `GET /control/` lists what can be asked."""

    async def listing(request: web.Request) -> web.Response:
        acts = {
            act: {
                "arguments": str(inspect.signature(getattr(acting, act))),
                "does": (inspect.getdoc(getattr(acting, act)) or "").partition("\n")[0],
            }
            for act in ACTS
        }
        mailboxes = [_json(box) for box in acting.post_office.mailboxes.values()]
        return web.json_response({"acts": acts, "mailboxes": mailboxes})

    async def act(request: web.Request) -> web.Response:
        name = request.match_info["act"]
        try:
            arguments = await request.json() if request.can_read_body else {}
            result = await _run(acting, name, _read(arguments))
        except ApiError as error:
            return web.json_response(error.body, status=error.code)
        except (KeyError, TypeError, ValueError, Refused) as error:
            return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400)
        return web.json_response(_json(result))

    return [web.get("/control/", listing), web.post("/control/{act}", act)]


async def _run(acting: Acting, name: str, arguments: dict[str, Any]) -> Any:
    if name not in ACTS:
        raise ValueError(f"there is no act {name!r}; GET /control/ lists them")
    if name in _BY_REF:
        arguments = {"message": acting.mail(arguments["mailbox"], arguments["message"])}
    result = getattr(acting, name)(**arguments)
    return await result if inspect.isawaitable(result) else result


def _read(arguments: Any) -> dict[str, Any]:
    """Return the arguments with bytes from base64, and attachments' contents too."""
    if not isinstance(arguments, dict):
        raise ValueError("the arguments are a JSON object")
    read: dict[str, Any] = {
        name: base64.b64decode(value) if name in _BYTES and value is not None else value
        for name, value in arguments.items()
    }
    if "attachments" in read:
        read["attachments"] = [
            (name, mime_type, base64.b64decode(content))
            for name, mime_type, content in read["attachments"]
        ]
    return read


def _json(value: Any) -> Any:
    """Return what an act gave, as JSON."""
    match value:
        case StoredMail():
            return _mail(value)
        case Mailbox():
            return {"address": value.address, "name": value.name, "mails": len(value.mails)}
        case Posting():
            return {
                "messageId": value.message_id,
                "sent": _json(value.sent),
                "copies": _json(value.copies),
                "failed": list(value.failed),
            }
        case Notice():
            return {**value.envelope(), "statuses": value.statuses}
        case bytes():
            return base64.b64encode(value).decode()
        case Mapping():
            return {str(key): _json(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_json(item) for item in value]
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return {f.name: _json(getattr(value, f.name)) for f in dataclasses.fields(value)}
        case _:
            return value


def _mail(mail: StoredMail) -> dict[str, Any]:
    names = ("From", "To", "Cc", "Reply-To", "Subject", "Date")
    return {
        "id": mail.id,
        "threadId": mail.thread_id,
        "mailbox": mail.mailbox,
        "messageId": mail.message_id,
        "labels": sorted(mail.labels),
        "receivedAt": mail.received_at,
        "headers": {name: mail.header(name) for name in names if mail.header(name)},
        "text": mail.text,
        "html": mail.html,
        "links": mail.links,
    }
