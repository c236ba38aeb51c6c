"""The built-in tool `http_request`: one request, one answer, no redirects, nothing kept."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from http import HTTPStatus
from types import SimpleNamespace

import aiohttp
from aiohttp.abc import AbstractResolver

from bot.channels.http.addresses import is_public
from bot.channels.http.arguments import HttpCall, read_call
from bot.channels.http.hosts import AllowedHost
from bot.domain.digests import canonical
from bot.domain.errors import Invalid, NotAllowed, Unavailable
from bot.domain.feedback import Action
from bot.domain.planning import ToolSummary
from bot.service.ports.tools import ResultUnknown, ToolFailed

HTTP_REQUEST = "http_request"
READ_BYTES = 64 * 1024

_TEXTUAL = ("application/json", "application/xml", "application/problem+json", "text/")
# The server, or one before it, says that somebody else may know.
_UNCERTAIN = {HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT}
_LATER = {HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}


class HttpTool:
    """Implements the port `Toolbox` with the one tool `http_request`.

    Each call has a connection of its own: one that was kept may be closed by the other side just
    as it is used again, and nobody would know whether the request arrived.
    """

    def __init__(
        self, hosts: Sequence[AllowedHost], *, resolver: AbstractResolver | None = None
    ) -> None:
        self._hosts = tuple(hosts)
        self._resolver = resolver

    @property
    def summaries(self) -> Sequence[ToolSummary]:
        """Return what there is, for planners."""
        return (ToolSummary(name=HTTP_REQUEST, description=_described(self._hosts)),)

    def check(self, tool: str, arguments: str) -> object:
        """Return the arguments as they will be shown and sent; `Invalid` says what is wrong."""
        return self._read(tool, arguments).plain()

    def is_repeatable(self, action: Action) -> bool:
        """Tell whether the request may be sent twice: by its method, or by its host's word."""
        try:
            return self._read(action.tool, action.arguments).is_repeatable
        except Invalid:
            return False

    async def run(self, action: Action, effect_key: str) -> str:
        """Send the request once, with `effect_key` as its `Idempotency-Key`."""
        call = self._read(action.tool, action.arguments)
        if canonical(call.plain()) != action.arguments:
            raise NotAllowed("It would not be sent as it was shown.")
        return await _Exchange(call, effect_key, self._resolver).result()

    def _read(self, tool: str, arguments: str) -> HttpCall:
        if tool != HTTP_REQUEST:
            raise Invalid(f"There is no such tool. The one there is, is {HTTP_REQUEST}.")
        return read_call(arguments, self._hosts)


def _described(hosts: Sequence[AllowedHost]) -> str:
    names = ", ".join(f"{host.scheme}://{host.host}:{host.port}" for host in hosts)
    return (
        "Send one HTTP request. Arguments: method (GET, HEAD, POST, PUT, PATCH or DELETE), url, "
        f"and if needed headers, body (JSON or text) and timeout. Hosts: {names}."
    )


class _Exchange:
    """One request on its way: knows whether it may have arrived."""

    def __init__(self, call: HttpCall, effect_key: str, resolver: AbstractResolver | None) -> None:
        self._call = call
        self._effect_key = effect_key
        self._resolver = resolver
        self._connected = False
        self._inside: str | None = None

    async def result(self) -> str:
        """Return the answer in words; the errors are those of the port `Toolbox.run`."""
        host = self._call.target.host
        connector = aiohttp.TCPConnector(
            resolver=self._resolver,
            use_dns_cache=False,
            force_close=True,
            socket_factory=self._socket,
        )
        trace = aiohttp.TraceConfig()
        trace.on_connection_create_end.append(self._note_connection)
        try:
            async with aiohttp.ClientSession(
                connector=connector,
                connector_owner=True,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                skip_auto_headers=("content-type",),  # nobody was shown it
                trace_configs=[trace],
                timeout=aiohttp.ClientTimeout(total=self._call.timeout),
            ) as session:
                return await self._exchange(session)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            if self._inside is not None and not self._connected:
                raise NotAllowed(
                    f"{host} stands for {self._inside}, an address inside a network, and is not "
                    "listed as internal."
                ) from None
            if not self._connected:
                raise Unavailable(f"{host} could not be reached, so nothing was sent.") from None
            if isinstance(error, TimeoutError):
                seconds = self._call.timeout
                raise ResultUnknown(f"{host} did not answer within {seconds} s.") from None
            raise ResultUnknown(f"{host} broke off before it had answered.") from None

    def _socket(
        self, info: tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int]]
    ) -> socket.socket:
        """Open the socket for an address, the very one that is connected to.

        A check of the name before would be of another look-up than the one that counts (DNS
        rebinding).
        """
        family, kind, protocol, _, address = info
        if self._connected:
            # aiohttp sends some requests again by itself when a connection breaks; whether to is
            # not its decision, and not once the result is unknown.
            raise ConnectionAbortedError("one connection for one request")
        if not self._call.target.internal and not is_public(address[0]):
            self._inside = address[0]
            raise PermissionError("an address inside a network")
        return socket.socket(family, kind, protocol)

    async def _note_connection(
        self,
        session: aiohttp.ClientSession,  # noqa: ARG002 - aiohttp's signature
        context: SimpleNamespace,  # noqa: ARG002
        params: aiohttp.TraceConnectionCreateEndParams,  # noqa: ARG002
    ) -> None:
        self._connected = True

    async def _exchange(self, session: aiohttp.ClientSession) -> str:
        call = self._call
        async with session.request(
            call.method,
            call.url,
            data=call.sent_body(),
            headers={
                "user-agent": "Handraise",
                **call.headers,
                "accept-encoding": "identity",
                "idempotency-key": self._effect_key,
            },
            allow_redirects=False,
        ) as answer:
            return self._judged(answer.status, await _text(answer))

    def _judged(self, status: int, text: str) -> str:
        host = self._call.target.host
        said = f"{host} answered {_named(status)}"
        if 200 <= status < 300:
            return f"{said}.\n\n{text}" if text else f"{said}."
        if status in _LATER:
            raise Unavailable(f"{said}.")
        if status in _UNCERTAIN or (status >= 500 and self._call.is_repeatable):
            raise ResultUnknown(f"{said}.")
        if 300 <= status < 400:
            raise ToolFailed(f"{said}; redirects are not followed.", output=text)
        raise ToolFailed(f"{said}.", output=text)


async def _text(answer: aiohttp.ClientResponse) -> str:
    """Return the beginning of an answer's text; what is no text is only described."""
    read = bytearray()
    cut = ""
    try:
        async for chunk in answer.content.iter_chunked(8_192):
            read += chunk
            if len(read) > READ_BYTES:
                cut = f"\n(cut off after {READ_BYTES // 1024} KiB)"
                break
    except (aiohttp.ClientError, TimeoutError, OSError, asyncio.IncompleteReadError):
        # It answered: what happened is known, even where the rest of the text is not.
        cut = "\n(the rest did not arrive)"
    if not read and not cut:
        return ""
    if not answer.content_type.startswith(_TEXTUAL) or "content-encoding" in answer.headers:
        return f"({len(read[:READ_BYTES])} bytes that are not text){cut}"
    return read[:READ_BYTES].decode(errors="replace") + cut


def _named(status: int) -> str:
    """Return a status with its standard phrase; the server's own wording is not ours."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
