"""Google's own client libraries, pointed at the server, as an app would use them."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any, TypeVar

import google_auth_httplib2
import httplib2
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build

from tests.gmail.server import GmailServer

T = TypeVar("T")
MODIFY = "https://www.googleapis.com/auth/gmail.modify"
_SOCKET_TIMEOUT = 5


def credentials(server: GmailServer, mailbox: str, *scopes: str) -> Credentials:
    """Return credentials that a mailbox's owner has given, without an access token yet."""
    return Credentials(
        token=None,
        refresh_token=server.grant(mailbox, server.client.id, scopes or (MODIFY,)),
        token_uri=server.urls.token,
        client_id=server.client.id,
        client_secret=server.client.secret,
    )


class Client:
    """`googleapiclient` for one mailbox; every call has a thread and a connection of its own."""

    def __init__(
        self, server: GmailServer, mailbox: str, *scopes: str, timeout: float = _SOCKET_TIMEOUT
    ) -> None:
        self.credentials = credentials(server, mailbox, *scopes)
        self._timeout = timeout
        self._endpoint = server.urls.root

    async def __call__(self, ask: Callable[[Any], Any]) -> dict[str, Any]:
        """Execute what `ask` makes of `service.users()`."""
        return await asyncio.to_thread(self._execute, ask)

    def _execute(self, ask: Callable[[Any], Any]) -> dict[str, Any]:
        http = httplib2.Http(timeout=self._timeout)
        service = build(
            "gmail",
            "v1",
            http=google_auth_httplib2.AuthorizedHttp(self.credentials, http=http),
            client_options={"api_endpoint": self._endpoint},
            static_discovery=True,
            cache_discovery=False,
        )
        try:
            found: dict[str, Any] = ask(service.users()).execute()
            return found
        finally:
            service.close()
            http.close()

    async def send(self, thread_id: str | None = None, **headers: str) -> dict[str, Any]:
        """Send a mail; `text` is its body, underscores in header names stand for hyphens."""
        mail = EmailMessage(policy=SMTP)
        mail.set_content(headers.pop("text", "Hello."))
        for name, value in headers.items():
            mail[name.replace("_", "-")] = value
        return await self.send_raw(mail.as_bytes(), thread_id)

    async def send_raw(self, raw: bytes, thread_id: str | None = None) -> dict[str, Any]:
        body = {"raw": base64.urlsafe_b64encode(raw).decode()}
        if thread_id is not None:
            body["threadId"] = thread_id
        return await self(lambda users: users.messages().send(userId="me", body=body))
