"""The frame of every REST endpoint: its declaration, and one request through it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel

from bot.domain.errors import HandraiseError, Invalid, NotAllowed, NotFound
from bot.service.identifiers import new_id
from web.api.payload import read_form, read_json, read_query
from web.auth.principal import Principal, principal_of

Answer = BaseModel | web.StreamResponse | None
"""What a handler returns: a model for its declared status, a response of its own, or nothing."""

_KEY = re.compile(r"[A-Za-z0-9._-]{1,64}")
_MAX_PATH_PARAMETER = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One request, checked against its endpoint's declaration."""

    request: web.Request
    caller: Principal | None
    body: Any = None
    """An instance of the declared `body` or `form`."""
    query: Any = None
    path: Mapping[str, str]

    @property
    def app(self) -> web.Application:
        """Return the application, whose keys are in `web.keys`."""
        return self.request.app

    @property
    def principal(self) -> Principal:
        """Return who is signed in; only where the endpoint says `signed_in`."""
        if self.caller is None:
            raise RuntimeError("this endpoint does not ask for a sign-in")
        return self.caller

    @property
    def idempotency_key(self) -> str:
        """Return the header `Idempotency-Key`, or a new key when there is none."""
        key = self.request.headers.get("Idempotency-Key")
        if key is None:
            return new_id()
        if not _KEY.fullmatch(key):
            sentence = "Use 1 to 64 letters, digits, `-`, `_` and `.`."
            raise Invalid(
                f"Idempotency-Key: {sentence}", details={"fields": {"Idempotency-Key": sentence}}
            )
        return key

    @property
    def external_key(self) -> str:
        """Return this act's external key; ask once, since without a header each is new."""
        return external_key(self.principal, self.idempotency_key)


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """One endpoint as it is served and as `/openapi.json` tells it."""

    method: str
    path: str
    handler: Callable[[Call], Awaitable[Answer]]
    summary: str
    tag: str
    body: type[BaseModel] | None = None
    form: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    answer: type[BaseModel] | None = None
    media: str | None = None
    """The content type of an answer that is no JSON."""
    status: int = 200
    signed_in: bool = True
    admin_only: bool = False
    """Whether only administrators may."""
    unconfirmed_too: bool = False
    """Whether it serves those whose address must be confirmed before anything else."""
    idempotent: bool = False
    """Whether it takes the header `Idempotency-Key`."""
    needs_store: bool = True
    errors: tuple[type[HandraiseError], ...] = field(default=())
    """What it may refuse with, besides what the frame itself refuses."""

    @property
    def name(self) -> str:
        """Return the operation's id."""
        return getattr(self.handler, "__name__", "operation")

    @property
    def parameters(self) -> tuple[str, ...]:
        """Return the names of the path's parameters, in order."""
        return tuple(re.findall(r"{(\w+)}", self.path))

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Check `request`, let the handler answer it, and write its answer as JSON."""
        caller: Principal | None = None
        if self.signed_in:
            caller = await principal_of(request, unconfirmed_too=self.unconfirmed_too)
            if self.admin_only and not caller.is_admin:
                raise NotAllowed("Only an administrator can do this.", code="admin_only")
        body: BaseModel | None = None
        if self.body is not None:
            body = await read_json(request, self.body)
        elif self.form is not None:
            body = await read_form(request, self.form)
        query = None if self.query is None else read_query(request, self.query)
        path = {name: _path_parameter(request, name) for name in self.parameters}
        result = await self.handler(
            Call(request=request, caller=caller, body=body, query=query, path=path)
        )
        if isinstance(result, web.StreamResponse):
            return result
        return answer_json(result, self.status)


ENDPOINTS: web.AppKey[list[Endpoint]] = web.AppKey("endpoints")


def endpoint(
    method: str, path: str, **declared: Any
) -> Callable[[Callable[[Call], Awaitable[Answer]]], Endpoint]:
    """Declare the decorated handler as an endpoint; the rest are `Endpoint`'s own fields."""

    def declare(handler: Callable[[Call], Awaitable[Answer]]) -> Endpoint:
        return Endpoint(method=method, path=path, handler=handler, **declared)

    return declare


def mount(app: web.Application, endpoints: Iterable[Endpoint]) -> None:
    """Serve `endpoints`, and remember them for `/openapi.json`."""
    known = app.setdefault(ENDPOINTS, [])
    for each in endpoints:
        serve: Handler = each.serve
        if each.method == "GET":
            app.router.add_get(each.path, serve)
        else:
            app.router.add_route(each.method, each.path, serve)
        known.append(each)


def answer_json(answer: BaseModel | None, status: int = 200) -> web.Response:
    """Return a response with `answer` as JSON; an empty one without."""
    response = web.Response(status=status, headers={"Cache-Control": "no-store"})
    if answer is not None:
        response.content_type = "application/json"
        response.body = answer.model_dump_json().encode()
    return response


def external_key(principal: Principal, key: str) -> str:
    """Return the external key of an account's own key, the same for REST and the socket."""
    return f"web:{principal.account_id}:{key}"


def _path_parameter(request: web.Request, name: str) -> str:
    value = request.match_info[name]
    if len(value) > _MAX_PATH_PARAMETER or not value.isprintable():
        raise NotFound("There is nothing with this id.")
    return value
