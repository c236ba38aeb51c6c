"""Asking other services over HTTP, briefly, and what their clocks say."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp

SECONDS = 10.0
_READ = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What came back; `status` is 0 where nothing did, and `trouble` then says why."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    trouble: str = ""


@dataclass(slots=True)
class Probes:
    """One pool for all; remembers how far the other clocks are from ours, in seconds."""

    session: aiohttp.ClientSession
    skews: list[float] = field(default_factory=list)

    async def ask(self, method: str, url: str, **more: Any) -> Answer:
        """Ask once; whatever goes wrong is an answer too, without the address or what was sent."""
        try:
            async with self.session.request(
                method,
                url,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=SECONDS),
                **more,
            ) as response:
                self._note(response.headers.get("Date"))
                raw = await response.content.read(_READ)
                body = await _json(response, raw)
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Answer(status=response.status, body=body, headers=headers)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Answer(status=0, trouble=_why(error))

    def _note(self, date: str | None) -> None:
        try:
            theirs = parsedate_to_datetime(date or "").timestamp()
        except (TypeError, ValueError):
            return
        self.skews.append(time.time() - theirs)


async def _json(response: aiohttp.ClientResponse, raw: bytes) -> Any:
    import orjson

    if "json" not in response.content_type:
        return None
    try:
        return orjson.loads(raw)
    except ValueError:
        return None


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it does not answer in time"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its name is not known here"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "its certificate is not trusted here"
    return f"it cannot be reached ({type(error).__name__})"
