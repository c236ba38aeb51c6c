"""The bot's mailbox over Google's own client: each call in a thread, with an `Http` of its own."""

from __future__ import annotations

import asyncio
import base64
import binascii
import http.client
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import google_auth_httplib2
import httplib2
from google.auth.exceptions import RefreshError, TransportError
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import Error, HttpError

from bot.channels.gmail.credentials import Keyring, refresh_refusal
from bot.channels.gmail.http import CarefulHttp
from bot.channels.gmail.letters import OWN_HEADER
from bot.channels.gmail.refusals import Broken, Lost, lost, refusal_of
from bot.domain.errors import HandraiseError
from bot.domain.instants import Micros

THREADS = 4
PAGE = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """Whose mailbox it is, and where its history stands."""

    address: str
    history_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Mails that were found, by Gmail's ids, and how to go on."""

    ids: tuple[str, ...]
    next_page: str | None
    history_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Raw:
    """One mail as it came; `received` is Gmail's own time."""

    id: str
    thread: str
    received: Micros
    labels: frozenset[str]
    content: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """One mail of ours as Gmail has it; ids of mails are without brackets."""

    id: str
    thread: str
    message_id: str = ""
    own_id: str = ""


class Mailbox:
    """Speaks with Gmail; errors are those of `refusals`."""

    def __init__(self, *, api_url: str, keyring: Keyring) -> None:
        self.keyring = keyring
        self.address = ""
        """Whose it is, once that is known."""
        self._api_url = api_url
        self._pool = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="gmail")
        self._service: Any = None

    def close(self) -> None:
        """Let the threads go; a call under way ends by its socket's time-out."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._service is not None:
            self._service.close()

    async def profile(self) -> Profile:
        """Return whose mailbox it is."""
        found = await self._call(lambda users: users.getProfile(userId="me"))
        return Profile(address=str(found["emailAddress"]), history_id=str(found["historyId"]))

    async def history(self, since: str, page: str | None) -> Page:
        """Return what arrived since a cursor; `Gone` when that is too old."""
        found = await self._call(
            lambda users: users.history().list(
                userId="me",
                startHistoryId=since,
                historyTypes=["messageAdded", "labelAdded"],
                maxResults=PAGE,
                pageToken=page,
            )
        )
        ids: dict[str, None] = {}
        for change in found.get("history", ()):
            for added in change.get("messagesAdded", ()):
                if _is_incoming(added["message"].get("labelIds", ())):
                    ids[added["message"]["id"]] = None
            for labelled in change.get("labelsAdded", ()):
                # Somebody took it out of the spam, or it was sent to oneself.
                if "INBOX" in labelled.get("labelIds", ()):
                    ids[labelled["message"]["id"]] = None
        return Page(
            ids=tuple(ids),
            next_page=found.get("nextPageToken"),
            history_id=str(found.get("historyId", since)),
        )

    async def search(self, query: str, page: str | None = None, *, size: int = PAGE) -> Page:
        """Return mails that a search finds, newest first."""
        found = await self._call(
            lambda users: users.messages().list(
                userId="me", q=query, maxResults=size, pageToken=page
            )
        )
        ids = tuple(each["id"] for each in found.get("messages", ()))
        return Page(ids=ids, next_page=found.get("nextPageToken"))

    async def raw(self, mail_id: str) -> Raw:
        """Return a mail; `Gone` when it was deleted."""
        found = await self._call(
            lambda users: users.messages().get(userId="me", id=mail_id, format="raw")
        )
        try:
            content = base64.urlsafe_b64decode(str(found["raw"]) + "==")
        except (binascii.Error, ValueError):
            content = b""
        return Raw(
            id=str(found["id"]),
            thread=str(found["threadId"]),
            received=int(found["internalDate"]) * 1_000,
            labels=frozenset(found.get("labelIds", ())),
            content=content,
        )

    async def sent(self, mail_id: str) -> Sent:
        """Return what Gmail made of a mail that was sent."""
        found = await self._call(
            lambda users: users.messages().get(
                userId="me",
                id=mail_id,
                format="metadata",
                metadataHeaders=["Message-ID", OWN_HEADER],
            )
        )
        headers = {
            str(each["name"]).lower(): str(each["value"]).strip().strip("<>")
            for each in found.get("payload", {}).get("headers", ())
        }
        return Sent(
            id=str(found["id"]),
            thread=str(found["threadId"]),
            message_id=headers.get("message-id", ""),
            own_id=headers.get(OWN_HEADER.lower(), ""),
        )

    async def send(self, content: bytes, thread: str | None) -> Sent:
        """Send a mail, in a thread if there is one; `Lost` when it may have been sent."""
        body = {"raw": base64.urlsafe_b64encode(content).decode()}
        if thread:
            body["threadId"] = thread
        found = await self._call(lambda users: users.messages().send(userId="me", body=body))
        return Sent(id=str(found["id"]), thread=str(found["threadId"]))

    async def find_sent(self, own_id: str, to: str, since: Micros) -> Sent | None:
        """Return the mail that was sent under `own_id`, also where Gmail named it otherwise."""
        for mail_id in (await self.search(f"in:sent rfc822msgid:{own_id}", size=5)).ids:
            found = await self.sent(mail_id)
            if own_id in (found.message_id, found.own_id):
                return found
        query = f"in:sent to:{to} after:{since // 1_000_000}"
        for mail_id in (await self.search(query, size=20)).ids:
            found = await self.sent(mail_id)
            if found.own_id == own_id:
                return found
        return None

    async def watch(self, topic: str) -> None:
        """Have changes announced to a topic, for seven days."""
        body = {"topicName": topic, "labelIds": ["SENT", "DRAFT"], "labelFilterBehavior": "exclude"}
        await self._call(lambda users: users.watch(userId="me", body=body))

    async def aside(self, work: Callable[[], Any]) -> Any:
        """Run what blocks or takes long in one of the threads."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    async def _call(self, ask: Callable[[Any], Any]) -> dict[str, Any]:
        credentials = self.keyring.current()
        try:
            found: dict[str, Any] = await self.aside(partial(self._ask, credentials, ask))
        except _RefreshFailed as failed:
            if failed.void:
                await self.keyring.close(credentials)
            raise failed.refusal from None
        await self.keyring.after_call(credentials)
        return found

    def _ask(self, credentials: Credentials, ask: Callable[[Any], Any]) -> dict[str, Any]:
        """Execute a call; runs in a thread."""
        plain = CarefulHttp()
        signed = google_auth_httplib2.AuthorizedHttp(credentials, http=plain)
        try:
            found = ask(self._users()).execute(http=signed, num_retries=0)
            if not isinstance(found, dict):
                return {}
            return found
        except HttpError as error:
            raise refusal_of(error.resp.status, error.content, error.resp) from None
        except (RefreshError, TransportError) as error:
            raise _RefreshFailed(*refresh_refusal(error)) from None
        except httplib2.ServerNotFoundError:
            raise Broken("Gmail cannot be reached.") from None
        except (OSError, http.client.HTTPException, httplib2.HttpLib2Error) as error:
            raise lost(error) from None
        except (Error, ValueError, UnicodeError):
            # The answer's JSON was cut off: it may have been done.
            raise Lost("Gmail's answer cannot be read.") from None
        finally:
            plain.close()

    def _users(self) -> Any:
        if self._service is None:
            self._service = build(
                "gmail",
                "v1",
                http=CarefulHttp(),
                client_options={"api_endpoint": self._api_url.rstrip("/") + "/"},
                static_discovery=True,
                cache_discovery=False,
            )
        return self._service.users()


class _RefreshFailed(Exception):
    def __init__(self, refusal: HandraiseError, void: bool) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal
        self.void = void


def _is_incoming(labels: Sequence[str]) -> bool:
    """Tell whether a mail came in: what Gmail holds for spam, nobody reads."""
    if "INBOX" in labels:
        return True
    return not {"SENT", "DRAFT", "CHAT", "SPAM", "TRASH"} & set(labels)
