"""The Gmail API's routes: who calls, whether they may, and which method it is."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from email import message_from_bytes
from typing import Any

from aiohttp import web

from tests.gmail.calls import Call
from tests.gmail.consent import AccessToken, Consent
from tests.gmail.discovery import METADATA_SCOPE, Method, methods
from tests.gmail.edge import Edge
from tests.gmail.errors import ApiError
from tests.gmail.gmail_api import Asked, GmailApi
from tests.gmail.post_office import PostOffice

_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def routes(edge: Edge, api: GmailApi, consent: Consent, post_office: PostOffice) -> list[Any]:
    """Return a route for every method that this server has."""
    found = []
    for name in api.methods:
        method = methods()[name]
        handler = _handler(method, edge, api, consent, post_office)
        found.append(web.route(method.verb, method.path, handler))
        if method.upload_path and name == "messages.send":
            found.append(web.route(method.verb, method.upload_path, handler))
    return found


def _handler(
    method: Method, edge: Edge, api: GmailApi, consent: Consent, post_office: PostOffice
) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        call = edge.begin(method.name, request)
        media: bytes | None = None

        async def check() -> None:
            nonlocal media
            access = _authorised(request, consent)
            # Whose token it is decides; the path must only not say otherwise.
            mailbox = access.grant.email
            if not access.scopes & method.scopes:
                raise ApiError.insufficient_scope(method.id.replace("gmail.users", "caribou.api"))
            if call.path["userId"] not in {"me", mailbox}:
                raise ApiError.forbidden(f"Delegation denied for {mailbox}")
            if mailbox not in post_office.mailboxes:
                raise ApiError(
                    400, "Mail service not enabled", reason="failedPrecondition",
                    status="FAILED_PRECONDITION",
                )  # fmt: skip
            call.mailbox = mailbox
            call.body, media = await _content(request)
            _check_metadata_scope(access, call)

        def work() -> Any:
            asked = Asked(path=call.path, query=call.query, body=call.body, media=media)
            return api.methods[method.name](post_office.mailboxes[str(call.mailbox)], asked)

        return await edge.answer(call, request, check, work)

    return handle


def _authorised(request: web.Request, consent: Consent) -> AccessToken:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    access = consent.access(token.strip()) if scheme.lower() == "bearer" else None
    if access is None:
        raise ApiError.unauthenticated()
    return access


def _check_metadata_scope(access: AccessToken, call: Call) -> None:
    """Refuse what the metadata scope does not show."""
    relevant = {scope for scope in access.scopes if "gmail" in scope or "mail.google" in scope}
    if relevant != {METADATA_SCOPE}:
        return
    if call.method in {"messages.get", "threads.get"} and call.query.get("format", ["full"])[
        -1
    ] in {"full", "raw"}:
        raise ApiError.forbidden("Metadata scope doesn't allow format FULL")
    if call.method == "messages.list" and "q" in call.query:
        raise ApiError.forbidden("Metadata scope does not support 'q' parameter")


async def _content(request: web.Request) -> tuple[dict[str, Any], bytes | None]:
    """Return the JSON body and uploaded bytes, whichever way they came."""
    content = await request.read()
    if request.path.startswith("/upload/"):
        if request.query.get("uploadType") == "resumable":
            raise ApiError.invalid("This server takes no resumable uploads.")
        if request.content_type.startswith("multipart/"):
            return _two_parts(request.headers["Content-Type"], content)
        return {}, content
    if not content:
        return {}, None
    try:
        body = json.loads(content)
    except ValueError:
        raise ApiError.invalid("Invalid JSON payload received.") from None
    if not isinstance(body, dict):
        raise ApiError.invalid("Invalid JSON payload received. Root element must be a message.")
    return body, None


def _two_parts(content_type: str, content: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the JSON and the mail of a multipart upload, the mail's bytes untouched."""
    boundary = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode()).get_boundary()
    parts = (b"\n" + content).split(f"\n--{boundary}".encode())[1:]
    if len(parts) != 3:
        raise ApiError.invalid("A multipart upload has two parts.")
    bodies = [part.replace(b"\r\n", b"\n", 1).split(b"\n", 1)[1] for part in parts[:2]]
    first, second = (_END_OF_HEADERS.split(body, maxsplit=1)[-1] for body in bodies)
    return json.loads(first), second
