"""The Web API's HTTP front: reads a call, checks its token, lets it fail on demand, answers it."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

from tests.slack import (
    methods_assistant,
    methods_auth,
    methods_chat,
    methods_conversations,
    methods_people,
    methods_stream,
    methods_views,
)
from tests.slack.calling import Anonymous, Backend, Caller, Method
from tests.slack.failures import RateLimited, SlackRefusal
from tests.slack.faults import Fault, Faults
from tests.slack.rates import Rates
from tests.slack.records import Call, Json, User
from tests.slack.scopes import RULES

METHODS: dict[str, Method] = {
    **methods_assistant.METHODS,
    **methods_auth.METHODS,
    **methods_chat.METHODS,
    **methods_conversations.METHODS,
    **methods_people.METHODS,
    **methods_stream.METHODS,
    **methods_views.METHODS,
}
ANONYMOUS: dict[str, Anonymous] = {**methods_auth.ANONYMOUS}
STRUCTURED = {"blocks", "attachments", "metadata", "view", "prompts", "chunks", "unfurls"}
STRUCTURED |= {"loading_messages"}
NOBODY = User(id="", team_id="", name="", real_name="")


class WebApi:
    """Answers `/api/<method>` and records every call."""

    def __init__(
        self, backend: Backend, faults: Faults, rates: Rates, flush: Callable[[], None]
    ) -> None:
        self.backend = backend
        self.faults = faults
        self.rates = rates
        self.flush = flush
        self.calls: list[Call] = []
        self.called = asyncio.Condition()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one HTTP request."""
        method = request.match_info["method"]
        token: str | None = None
        args: Json = {}
        fault: Fault | None = None
        headers: dict[str, str] = {}
        try:
            token, args = await self._read(request, method)
            fault = self.faults.match(method, args)
            if fault is not None and not fault.after_effect:
                await self._strike_first(fault, request)
            status, body = 200, self._answer(method, token, args)
            if fault is not None and fault.after_effect:
                self.flush()
                await self._strike_first(fault, request)
        except SlackRefusal as refusal:
            status, body = 200, refusal.body()
        except RateLimited as limited:
            status, headers = 429, {"Retry-After": str(limited.retry_after)}
            body = {"ok": False, "error": "ratelimited"}
        except _Broken as broken:
            status, body = broken.status, None
        await self._record(method, token, args, status, body, fault)
        self.flush()
        if status == 0:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        if body is None:
            return web.Response(status=status, text="upstream request failed")
        return web.json_response(body, status=status, headers=headers)

    async def _strike_first(self, fault: Fault, request: web.Request) -> None:
        """Let a fault strike; one of kind `gate` only holds the call up."""
        fault.reached.set()
        if fault.kind == "gate":
            await fault.release.wait()
        elif fault.kind == "error":
            raise SlackRefusal(fault.error)
        elif fault.kind == "ratelimited":
            raise RateLimited(fault.retry_after)
        elif fault.kind == "status":
            raise _Broken(fault.status)
        elif fault.kind == "drop":
            raise _Broken(0)
        else:
            try:
                await asyncio.wait_for(fault.release.wait(), fault.seconds)
            except TimeoutError:
                raise _Broken(504) from None

    async def _read(self, request: web.Request, method: str) -> tuple[str | None, Json]:
        args: Json = dict(request.query)
        header = request.headers.get("Authorization", "")
        token = header[7:].strip() if header.lower().startswith("bearer ") else None
        if request.content_type == "application/json" and request.method == "POST":
            try:
                body = json.loads(await request.text())
            except ValueError:
                raise SlackRefusal("invalid_json") from None
            if not isinstance(body, dict):
                raise SlackRefusal("json_not_object")
            args |= body
            args.pop("token", None)  # a token counts only in the header of a JSON call
        elif request.method == "POST":
            args |= dict((await request.post()).items())
        if header.lower().startswith("basic "):
            args |= _basic(header[6:])
        in_body = args.pop("token", None)
        token = token or (str(in_body) if in_body else None)
        if method == "oauth.v2.exchange":
            args["token"] = token  # here it is what is exchanged, wherever it stood
        return token, {key: _structured(key, value) for key, value in args.items()}

    def _answer(self, method: str, token: str | None, args: Json) -> Json:
        if method in ANONYMOUS:
            return {"ok": True, **ANONYMOUS[method](self.backend, args)}
        if method not in METHODS:
            raise SlackRefusal("unknown_method", req_method=method)
        rule = RULES[method]
        found = self.backend.tokens.check(token, rule)
        self.rates.check(method, rule.tier, found.team_id, args)
        user = self.backend.workspace.users.get(found.user_id, NOBODY)
        caller = Caller(token=found, user=user)
        return {"ok": True, **METHODS[method](self.backend, caller, args)}

    async def _record(
        self,
        method: str,
        token: str | None,
        args: Json,
        status: int,
        body: Json | None,
        fault: Fault | None,
    ) -> None:
        known = self.backend.tokens.by_value.get(token or "")
        self.calls.append(
            Call(
                method=method,
                args=args,
                at=self.backend.workspace.clock.now(),
                team_id=known.team_id if known else None,
                token=token,
                status=status,
                response=body,
                fault=fault.kind if fault else None,
            )
        )
        async with self.called:
            self.called.notify_all()


class _Broken(Exception):
    """The answer is no answer of Slack's: a bare status, or 0 for a lost connection."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


def _basic(encoded: str) -> Json:
    try:
        name, _, secret = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return {}
    return {"client_id": name, "client_secret": secret}


def _structured(key: str, value: Any) -> Any:
    """Read what a form carries as JSON text."""
    if key not in STRUCTURED or not isinstance(value, str) or not value:
        return value
    try:
        return json.loads(value)
    except ValueError:
        code = "invalid_metadata_format" if key == "metadata" else f"invalid_{key}_format"
        raise SlackRefusal(code if key != "view" else "invalid_arguments") from None
