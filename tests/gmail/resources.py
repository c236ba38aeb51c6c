"""Mails, threads and history as the API's JSON resources."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Collection, Sequence
from email.message import Message
from typing import Any

from tests.gmail.addresses import decoded
from tests.gmail.errors import ApiError
from tests.gmail.mailbox import Change, Kind
from tests.gmail.mails import StoredMail, text_of

Json = dict[str, Any]
FORMATS = ("full", "raw", "metadata", "minimal")
_INLINE_BYTES = 128 * 1024
"""A part longer than this comes by its attachment id."""


def b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode()


def unb64(text: str) -> bytes:
    """Return the bytes of base64url with or without padding; ValueError when it is neither."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def reference(mail: StoredMail) -> Json:
    return {"id": mail.id, "threadId": mail.thread_id}


def message(mail: StoredMail, form: str = "full", headers: Collection[str] = ()) -> Json:
    """Return a mail in one of the `FORMATS`; `headers` narrows those of "metadata"."""
    if form not in FORMATS:
        raise ApiError.invalid(f"Invalid value at 'format' (TYPE_ENUM), {form!r}")
    out: Json = {
        **reference(mail),
        "labelIds": sorted(mail.labels),
        "snippet": mail.snippet,
        "sizeEstimate": len(mail.raw),
        "historyId": str(mail.history_id),
        "internalDate": str(mail.received_at // 1_000),
    }
    if form == "raw":
        out["raw"] = b64(mail.raw)
    elif form == "full":
        out["payload"] = _part(mail, mail.parsed, "")
    elif form == "metadata":
        wanted = {name.lower() for name in headers}
        listed = _headers(mail.parsed)
        out["payload"] = {
            "mimeType": mail.parsed.get_content_type(),
            "headers": [one for one in listed if not wanted or one["name"].lower() in wanted],
        }
    return out


def attachment(mail: StoredMail, attachment_id: str) -> Json:
    """Return the bytes of the part that an id given out for this mail names."""
    try:
        mail_id, number, _ = unb64(attachment_id).decode().split(":")
        part = _walk(mail.parsed, "")[number]
    except (KeyError, ValueError):
        raise ApiError.invalid("Invalid attachment token") from None
    if mail_id != mail.id:
        raise ApiError.invalid("Invalid attachment token")
    content = _content(part)
    return {"size": len(content), "data": b64(content)}


def thread(mails: Sequence[StoredMail], form: str, headers: Collection[str]) -> Json:
    return {
        "id": mails[0].thread_id,
        "historyId": str(max(mail.history_id for mail in mails)),
        "messages": [message(mail, form, headers) for mail in mails],
    }


def change(record: Change) -> Json:
    """Return one history record."""
    ids: Json = {"id": record.message_id, "threadId": record.thread_id}
    labelled: Json = {**ids, "labelIds": sorted(record.labels_then)}
    labels = sorted(record.changed_labels)
    fields: dict[Kind, Json] = {
        Kind.ADDED: {"messagesAdded": [{"message": labelled}]},
        Kind.DELETED: {"messagesDeleted": [{"message": labelled}]},
        Kind.LABELS_ADDED: {"labelsAdded": [{"message": labelled, "labelIds": labels}]},
        Kind.LABELS_REMOVED: {"labelsRemoved": [{"message": labelled, "labelIds": labels}]},
    }
    return {"id": str(record.id), "messages": [ids], **fields[record.kind]}


def page(
    items: Sequence[Any], shown: Callable[[Any], Json], *, size: int, token: str | None
) -> tuple[list[Json], str | None]:
    """Return one page of `items` and the token of the next; a 400 for a token of nobody's."""
    start = 0
    if token:
        try:
            start = int(unb64(token).decode().removeprefix("page:"))
        except ValueError:
            raise ApiError.invalid("Invalid pageToken") from None
    end = start + size
    following = b64(f"page:{end}".encode()) if end < len(items) else None
    return [shown(item) for item in items[start:end]], following


def _headers(part: Message) -> list[Json]:
    return [{"name": name, "value": decoded(value)} for name, value in part.items()]


def _children(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []


def _numbered(part: Message, number: str) -> list[tuple[str, Message]]:
    prefix = f"{number}." if number else ""
    return [(f"{prefix}{index}", child) for index, child in enumerate(_children(part))]


def _walk(part: Message, number: str) -> dict[str, Message]:
    found = {number: part}
    for child_number, child in _numbered(part, number):
        found.update(_walk(child, child_number))
    return found


def _content(part: Message) -> bytes:
    if part.get_content_type() == "message/rfc822" and _children(part):
        nested = _children(part)[0]
        try:
            return nested.as_bytes()
        except UnicodeError:
            # Headers that are no mail's, with bytes that are no text.
            return nested.as_string().encode("utf-8", "replace")
    content = part.get_payload(decode=True)
    body = content if isinstance(content, bytes) else b""
    # Text comes in UTF-8 whatever its Content-Type says; attached files come as they are.
    if part.get_content_maintype() == "text" and not part.get_filename():
        return text_of(part).encode()
    return body


def _part(mail: StoredMail, part: Message, number: str) -> Json:
    name = decoded(part.get_filename() or "")
    children = _numbered(part, number)
    content = b"" if children and not name else _content(part)
    body: Json = {"size": len(content)}
    if name or len(content) > _INLINE_BYTES:
        # Gmail's ids of one attachment differ from call to call.
        body["attachmentId"] = b64(f"{mail.id}:{number}:{secrets.token_hex(24)}".encode())
    elif content:
        body["data"] = b64(content)
    out: Json = {
        "partId": number,
        "mimeType": part.get_content_type(),
        "filename": name,
        "headers": _headers(part),
        "body": body,
    }
    if children:
        out["parts"] = [_part(mail, child, child_number) for child_number, child in children]
    return out
