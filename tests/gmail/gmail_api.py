"""What the Gmail API's methods do, each on the caller's mailbox."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.gmail import resources
from tests.gmail.errors import ApiError
from tests.gmail.mailbox import SYSTEM_LABELS, Kind, Mailbox
from tests.gmail.mails import StoredMail
from tests.gmail.post_office import PostOffice
from tests.gmail.pubsub import PubSub
from tests.gmail.searching import matcher

Json = dict[str, Any]
MAX_MAIL_BYTES = 36_700_160
"""The discovery document's limit for `messages.send`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One request: path and query parameters, the JSON body, and uploaded bytes if there are."""

    path: dict[str, str]
    query: dict[str, list[str]]
    body: Json
    media: bytes | None = None

    def one(self, name: str) -> str | None:
        return self.query.get(name, [None])[-1]

    def many(self, name: str) -> list[str]:
        return self.query.get(name, [])

    def size(self, default: int, most: int) -> int:
        """Return how many results are wanted on a page."""
        text = self.one("maxResults") or str(default)
        if not text.isdecimal():
            raise ApiError.invalid(f"Invalid value at 'max_results' (TYPE_UINT32), {text!r}")
        return max(1, min(int(text), most))


class GmailApi:
    """The methods that this server has, by their short names."""

    def __init__(self, post_office: PostOffice, pubsub: PubSub) -> None:
        self._post_office = post_office
        self._pubsub = pubsub
        self.methods: dict[str, Callable[[Mailbox, Asked], Json | None]] = {
            "getProfile": self.profile,
            "watch": self.watch,
            "stop": self.stop,
            "history.list": self.history,
            "labels.list": self.labels,
            "messages.list": self.messages,
            "messages.get": self.message,
            "messages.send": self.send,
            "messages.modify": self.modify,
            "messages.trash": self.trash,
            "messages.untrash": self.untrash,
            "messages.delete": self.delete,
            "messages.attachments.get": self.attachment,
            "threads.get": self.thread,
        }

    def profile(self, mailbox: Mailbox, asked: Asked) -> Json:
        return {
            "emailAddress": mailbox.address,
            "messagesTotal": len(mailbox.mails),
            "threadsTotal": len({mail.thread_id for mail in mailbox.mails}),
            "historyId": str(mailbox.history_id),
        }

    def watch(self, mailbox: Mailbox, asked: Asked) -> Json:
        expires_at = self._pubsub.watch(mailbox, asked.body)
        return {"historyId": str(mailbox.history_id), "expiration": str(expires_at // 1_000)}

    def stop(self, mailbox: Mailbox, asked: Asked) -> None:
        self._pubsub.watches.pop(mailbox.address, None)

    def history(self, mailbox: Mailbox, asked: Asked) -> Json:
        start = asked.one("startHistoryId") or ""
        if not start.isdecimal():
            raise ApiError.invalid(f"Invalid startHistoryId: {start!r}")
        if int(start) < mailbox.oldest_cursor:
            raise ApiError.not_found()
        kinds = {_kind(text) for text in asked.many("historyTypes")} or set(Kind)
        label = asked.one("labelId")
        found = [
            change
            for change in mailbox.history
            if change.id > int(start)
            and change.kind in kinds
            and (label is None or label in change.labels_then | change.changed_labels)
        ]
        shown, following = resources.page(
            found, resources.change, size=asked.size(100, 500), token=asked.one("pageToken")
        )
        out: Json = {"historyId": str(mailbox.history_id)}
        if shown:
            out["history"] = shown
        return _paged(out, following)

    def labels(self, mailbox: Mailbox, asked: Asked) -> Json:
        return {"labels": [{"id": name, "name": name, "type": "system"} for name in SYSTEM_LABELS]}

    def messages(self, mailbox: Mailbox, asked: Asked) -> Json:
        hidden = asked.one("includeSpamTrash") == "true"
        labels = set(asked.many("labelIds"))
        now = self._post_office.clock.now()
        matches = matcher(
            asked.one("q") or "", now=now, include_hidden=hidden or bool(labels & {"SPAM", "TRASH"})
        )
        found = [m for m in mailbox.newest_first if labels <= m.labels and matches(m)]
        shown, following = resources.page(
            found, resources.reference, size=asked.size(100, 500), token=asked.one("pageToken")
        )
        out: Json = {"resultSizeEstimate": len(found)}
        if shown:
            out["messages"] = shown
        return _paged(out, following)

    def message(self, mailbox: Mailbox, asked: Asked) -> Json:
        mail = mailbox.mail(asked.path["id"])
        return resources.message(mail, asked.one("format") or "full", asked.many("metadataHeaders"))

    def attachment(self, mailbox: Mailbox, asked: Asked) -> Json:
        return resources.attachment(mailbox.mail(asked.path["messageId"]), asked.path["id"])

    def thread(self, mailbox: Mailbox, asked: Asked) -> Json:
        return resources.thread(
            mailbox.thread(asked.path["id"]),
            asked.one("format") or "full",
            asked.many("metadataHeaders"),
        )

    def send(self, mailbox: Mailbox, asked: Asked) -> Json:
        raw = asked.media
        if raw is None:
            try:
                raw = resources.unb64(asked.body["raw"])
            except KeyError:
                raise ApiError.invalid("'raw' RFC822 payload message string or uploading "
                                       "message via /upload/* URL required") from None  # fmt: skip
            except (TypeError, ValueError):
                raise ApiError.invalid(
                    "Invalid value at 'message.raw' (TYPE_BYTES), Base64 decoding failed"
                ) from None
        if len(raw) > MAX_MAIL_BYTES:
            raise ApiError(
                413, "Request Entity Too Large", reason="uploadTooLarge", status="INVALID_ARGUMENT"
            )
        thread_id = asked.body.get("threadId")
        posting = self._post_office.send(mailbox, raw, thread_id)
        assert posting.sent is not None
        return _labelled(posting.sent)

    def modify(self, mailbox: Mailbox, asked: Asked) -> Json:
        mail = mailbox.mail(asked.path["id"])
        add = asked.body.get("addLabelIds", [])
        remove = asked.body.get("removeLabelIds", [])
        if not add and not remove:
            raise ApiError.invalid("No label add or removes specified")
        mailbox.modify(mail, add=add, remove=remove)
        return _labelled(mail)

    def trash(self, mailbox: Mailbox, asked: Asked) -> Json:
        mail = mailbox.mail(asked.path["id"])
        mailbox.modify(mail, add=["TRASH"], remove=["INBOX"])
        return _labelled(mail)

    def untrash(self, mailbox: Mailbox, asked: Asked) -> Json:
        mail = mailbox.mail(asked.path["id"])
        mailbox.modify(mail, remove=["TRASH"])
        return _labelled(mail)

    def delete(self, mailbox: Mailbox, asked: Asked) -> None:
        mailbox.delete(mailbox.mail(asked.path["id"]))


def _labelled(mail: StoredMail) -> Json:
    return {**resources.reference(mail), "labelIds": sorted(mail.labels)}


def _paged(out: Json, following: str | None) -> Json:
    return out if following is None else {**out, "nextPageToken": following}


def _kind(text: str) -> Kind:
    try:
        return Kind(text)
    except ValueError:
        raise ApiError.invalid(f"Invalid value at 'history_types' (TYPE_ENUM), {text!r}") from None
