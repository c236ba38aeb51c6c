"""One HTTP connection for one call: httplib2 is not safe among threads, nor careful with POST."""

from __future__ import annotations

import http.client
from typing import Any

import httplib2

TIMEOUT = 10.0
"""Seconds that a socket may keep silent; a third of what an attempt may take."""


class _Once:
    """Turns a connection that was closed without an answer into an error.

    httplib2 asks again by itself, and so would send the same mail twice.
    """

    def getresponse(self) -> Any:
        try:
            return super().getresponse()  # type: ignore[misc]
        except (http.client.BadStatusLine, http.client.ResponseNotReady) as error:
            raise ConnectionError("closed without an answer") from error


class _PlainOnce(_Once, httplib2.HTTPConnectionWithTimeout):  # type: ignore[misc]
    pass


class _SecureOnce(_Once, httplib2.HTTPSConnectionWithTimeout):  # type: ignore[misc]
    pass


class CarefulHttp(httplib2.Http):  # type: ignore[misc]
    """An `Http` that sends once, follows no redirect, and gives up in time."""

    def __init__(self) -> None:
        super().__init__(timeout=TIMEOUT)
        self.follow_redirects = False

    def request(self, uri: str, *args: Any, **kwargs: Any) -> Any:
        """Ask once."""
        kwargs["connection_type"] = _SecureOnce if uri.startswith("https:") else _PlainOnce
        return super().request(uri, *args, **kwargs)
