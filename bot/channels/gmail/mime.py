"""Raw bytes of a mail (RFC 5322) to a `Mail`: its text is read, attachments are only listed."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC
from email.message import Message
from email.utils import parsedate_to_datetime
from quopri import decodestring

from bot.channels.gmail.addresses import Address, Addresses, parsed
from bot.channels.gmail.charset import decoded, shown
from bot.channels.gmail.flowed import unflowed
from bot.channels.gmail.headers import message_ids, unfolded, words
from bot.channels.gmail.html_text import text_of_html
from bot.channels.gmail.mail import TEXT_BYTES, Attachment, Mail, Report
from bot.channels.gmail.parts import DEPTH, PARTS, Part, part
from bot.domain.instants import Micros, to_micros

# Marked-up text is longer than what it says; a letter may take four bytes, and in base64 more.
HTML_BYTES = 1024 * 1024
REPORT_BYTES = 64 * 1024
_HEADER_LINES = 2_000
_HEADER_VALUE = 64 * 1024
_DELIVERED = ("Delivered-To", "X-Original-To", "X-Gm-Original-To", "X-Delivered-To",
              "X-Forwarded-To", "Envelope-To")  # fmt: skip
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
# What the plain part of a mail says whose writer thinks that nobody reads plain parts.
_PLACEHOLDER = re.compile(
    r"\bhtml\b.{0,80}\b(?:e-?mail|message|mail|view|client|version|nachricht|courriel|correo)"
    r"|(?:e-?mail|message|client|view|nachricht|courriel|correo)\b.{0,120}\bhtml\b",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(kw_only=True, slots=True)
class _Found:
    """What has been read so far on the walk through the parts."""

    left: int = PARTS
    attachments: list[Attachment] = field(default_factory=list)
    status: str = ""
    returned: str = ""
    truncated: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class _Text:
    text: str
    html: bool


def read_mail(raw: bytes) -> Mail:
    """Return `raw` (as Gmail's format=raw gives it, decoded) as a `Mail`; never raises.

    At most 256 KiB of text are kept, and no attachment, attached mail or archive is opened.
    """
    root = part(memoryview(raw))
    found = _Found()
    texts = [text for text in _texts(root, found, 0) if text.text.strip()]
    text = shown("\n\n".join(text.text.strip("\n") for text in texts)).strip("\n")
    data = text.encode("utf-8")
    if len(data) > TEXT_BYTES:
        found.truncated = True
        text = data[:TEXT_BYTES].decode("utf-8", errors="ignore")
    headers = _headers(root.fields)
    report = Report(status=found.status, returned_headers=found.returned)
    return _mail(
        headers,
        root,
        text=text,
        html_only=bool(texts) and all(text.html for text in texts),
        truncated=found.truncated,
        attachments=tuple(found.attachments),
        report=report if report != Report() or root.type == "multipart/report" else None,
    )


def _mail(
    headers: tuple[tuple[str, str], ...],
    root: Part,
    *,
    text: str,
    html_only: bool,
    truncated: bool,
    attachments: tuple[Attachment, ...],
    report: Report | None,
) -> Mail:
    def every(*names: str) -> list[str]:
        wanted = {name.lower() for name in names}
        return [value for name, value in headers if name.lower() in wanted]

    def people(*names: str) -> tuple[Address, ...]:
        return tuple(dict.fromkeys(a for value in every(*names) for a in parsed(value).found))

    def ids(name: str) -> tuple[str, ...]:
        return message_ids(" ".join(every(name)))

    senders = [parsed(value) for value in every("From")]
    return Mail(
        message_id=next(iter(ids("Message-ID")), ""),
        subject=words(next(iter(every("Subject")), ""))[:1000].strip(),
        from_=Addresses(
            found=tuple(address for sender in senders for address in sender.found),
            odd=any(sender.odd for sender in senders),
        ),
        to=people("To"),
        cc=people("Cc"),
        reply_to=people("Reply-To"),
        delivered_to=people(*_DELIVERED),
        date=_date(next(iter(every("Date")), "")),
        references=ids("References"),
        in_reply_to=ids("In-Reply-To"),
        content_type=root.type,
        report_type=root.parameter("report-type").lower(),
        headers=headers,
        text=text,
        html_only=html_only,
        truncated=truncated,
        attachments=attachments,
        report=report,
    )


def _headers(fields: Message) -> tuple[tuple[str, str], ...]:
    return tuple(
        (str(name), unfolded(str(value)[:_HEADER_VALUE]))
        for name, value in list(fields.raw_items())[:_HEADER_LINES]
    )


def _date(value: str) -> Micros | None:
    try:
        moment = parsedate_to_datetime(value[:200])
        return to_micros(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None


def _texts(one: Part, found: _Found, depth: int) -> Iterator[_Text]:
    """Yield the texts of `one` in their order, as a reader would see them."""
    found.left -= 1
    if found.left < 0 or depth > DEPTH:
        found.truncated = True
        return
    if one.type.startswith("multipart/"):
        children = list(one.children())
        if not children:
            if one.body.nbytes:  # no boundary, or none found: all that is left is text
                yield from _plain(one, found)
        elif one.type == "multipart/alternative":
            yield from _alternative(children, found, depth)
        else:
            for child in children:
                yield from _texts(child, found, depth + 1)
        return
    if one.type == "message/delivery-status" or one.type == "message/global-delivery-status":
        found.status = found.status or _bytes_text(one, REPORT_BYTES)
    elif one.type in {"message/rfc822", "message/global", "message/rfc822-headers",
                      "text/rfc822-headers", "message/global-headers"}:  # fmt: skip
        _list(one, found)
        returned = re.split(r"\n[ \t]*\n", _bytes_text(one, REPORT_BYTES).lstrip("\n"))[0]
        found.returned = found.returned or returned
    elif (
        one.disposition == "attachment"
        or one.type not in {"text/plain", "text/html"}
        or (one.disposition != "inline" and one.filename)
    ):
        _list(one, found)
    elif one.type == "text/html":
        yield _html(one, found)
    else:
        yield from _plain(one, found)


def _alternative(children: list[Part], found: _Found, depth: int) -> Iterator[_Text]:
    """Yield one of the versions of the same text: the plain one, if it says anything."""
    versions = [list(_texts(child, found, depth + 1)) for child in children]
    said = [version for version in versions if any(text.text.strip() for text in version)]
    plain = [version for version in said if not any(text.html for text in version)]
    marked = [version for version in said if any(text.html for text in version)]
    chosen = plain[0] if plain else marked[-1] if marked else []
    if plain and marked:
        words_only = " ".join(text.text for text in plain[0]).strip()
        if len(words_only) < 300 and _PLACEHOLDER.search(words_only):
            chosen = marked[-1]
    yield from chosen


def _plain(one: Part, found: _Found) -> Iterator[_Text]:
    text = shown(_decoded(one, TEXT_BYTES * 4, found))
    if one.parameter("format").lower() == "flowed":
        text = unflowed(text, delsp=one.parameter("delsp").lower() == "yes")
    yield _Text(text=text, html=False)


def _html(one: Part, found: _Found) -> _Text:
    return _Text(text=text_of_html(shown(_decoded(one, HTML_BYTES, found))), html=True)


def _decoded(one: Part, limit: int, found: _Found) -> str:
    data = _data(one, limit)
    if len(data) > limit:
        found.truncated = True
    return decoded(data[:limit], one.parameter("charset") or None)


def _bytes_text(one: Part, limit: int) -> str:
    return shown(decoded(_data(one, limit)[:limit], one.parameter("charset") or None))


def _data(one: Part, limit: int) -> bytes:
    """Return the bytes of a text part, decoded as far as `limit` needs and a little further."""
    if one.encoding == "base64":
        kept = _NOT_BASE64.sub(b"", bytes(one.body[: limit * 3 // 2 + 1024]))
        # Rests of a broken end: one character alone holds no byte.
        kept = kept[: len(kept) - (len(kept) % 4 == 1)]
        try:
            return base64.b64decode(kept + b"=" * (-len(kept) % 4))
        except (binascii.Error, ValueError):
            return kept
    if one.encoding == "quoted-printable":
        return decodestring(bytes(one.body[: limit * 3 + 1024]))
    return bytes(one.body[: limit + 1024])


def _list(one: Part, found: _Found) -> None:
    size = one.body.nbytes
    if one.encoding == "base64":
        size = size * 3 // 4 if size < 76 else size * 57 // 78
    found.attachments.append(Attachment(name=one.filename, type=one.type[:160], size=size))
