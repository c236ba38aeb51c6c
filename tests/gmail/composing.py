"""Mails as people's mail programs write them: new ones, replies with a quotation, absence notes."""

from __future__ import annotations

import html as markup
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, parseaddr

from bot.domain.instants import Micros, from_micros
from tests.gmail.addresses import bare, domain, named
from tests.gmail.headers import topped, without
from tests.gmail.mails import StoredMail

Headers = Mapping[str, str | Sequence[str]]
STYLES = ("gmail", "apple", "phone", "outlook")


@dataclass(frozen=True, kw_only=True, slots=True)
class Writer:
    """Who writes, and when."""

    address: str
    name: str
    at: Micros

    @property
    def shown(self) -> str:
        return formataddr((self.name, self.address))


def compose(
    writer: Writer,
    *,
    to: Iterable[str],
    subject: str,
    text: str | None,
    html: str | None = None,
    cc: Iterable[str] = (),
    headers: Headers | None = None,
    attachments: Iterable[tuple[str, str, bytes]] = (),
) -> bytes:
    """Return a mail; `headers` replace those of the same name, and may say anything at all.

    An attachment is its file name, its MIME type and its content.
    """
    mail = EmailMessage(policy=policy.SMTP)
    if text is not None or html is None:
        mail.set_content(text or "")
        if html is not None:
            mail.add_alternative(html, subtype="html")
    else:
        mail.set_content(html, subtype="html")
    for name, mime_type, content in attachments:
        main, _, sub = mime_type.partition("/")
        mail.add_attachment(content, maintype=main, subtype=sub, filename=name)
    own = {
        "From": writer.shown,
        "To": ", ".join(to),
        "Cc": ", ".join(cc),
        "Subject": " ".join(subject.split()),
        "Date": format_datetime(from_micros(writer.at)),
        "Message-ID": f"<{uuid.uuid4()}@{domain(writer.address)}>",
    }
    extra = [
        (name, value)
        for name, values in (headers or {}).items()
        for value in ([values] if isinstance(values, str) else values)
    ]
    replaced = {name.lower() for name, _ in extra}
    kept = [(name, value) for name, value in own.items() if value and name.lower() not in replaced]
    return topped(without(mail.as_bytes(), replaced), [*kept, *extra])


def reply(
    writer: Writer,
    original: StoredMail,
    text: str,
    *,
    quote: bool = True,
    style: str = "gmail",
    to_all: bool = False,
    attribution: str | None = None,
    subject: str | None = None,
    to: Iterable[str] | None = None,
    cc: Iterable[str] = (),
    html: bool = True,
    headers: Headers | None = None,
) -> bytes:
    """Return a reply as a mail program writes it; `attribution` is the line above the quote."""
    if style not in STYLES:
        raise ValueError(f"style is one of {', '.join(STYLES)}")
    target = original.header("Reply-To") or original.header("From")
    everybody = named(original.parsed, "To", "Cc") if to_all else []
    others = [one for one in everybody if one not in {writer.address, bare(target)}]
    said = f"{text}\n\nSent from my iPhone" if style == "phone" else text
    own_html = f'<div dir="auto">{_as_html(said)}</div>'
    if quote:
        above, quoted, quoted_html = _quotation(original, style, attribution)
        said = f"{said}\n\n{above}\n\n{quoted}\n"
        own_html += quoted_html
    return compose(
        writer,
        to=[target] if to is None else to,
        cc=[*others, *cc],
        subject=_answering(original.subject, "Re") if subject is None else subject,
        text=said,
        html=own_html if html else None,
        headers={**_threading(original), **(headers or {})},
    )


def forward(
    writer: Writer, original: StoredMail, to: Iterable[str], text: str, *, html: bool = True
) -> bytes:
    """Return a mail that hands another one on, with its links as they are."""
    fields = ("From", "Date", "Subject", "To")
    lines = [f"{name}: {original.header(name)}" for name in fields]
    above = "\n".join(["---------- Forwarded message ---------", *lines])
    inner = original.html or f"<p>{_as_html(original.text)}</p>"
    return compose(
        writer,
        to=to,
        subject=_answering(original.subject, "Fwd"),
        text=f"{text}\n\n{above}\n\n{original.text}",
        html=f"<div>{_as_html(text)}</div><br>{_as_html(above)}<br><br>{inner}" if html else None,
        headers=_threading(original),
    )


def absence_note(
    writer: Writer, original: StoredMail, text: str, *, subject: str | None, headers: Headers | None
) -> bytes:
    """Return an automatic reply, to the envelope's sender and not to Reply-To (RFC 3834)."""
    envelope = bare(original.header("Return-Path")) or bare(original.header("From"))
    own = {
        "Auto-Submitted": "auto-replied",
        "X-Autoreply": "yes",
        "Precedence": "bulk",
        "X-Auto-Response-Suppress": "All",
    }
    return compose(
        writer,
        to=[envelope],
        subject=subject or f"Automatic reply: {original.subject}",
        text=text,
        headers={**_threading(original), **own, **(headers or {})},
    )


def _threading(original: StoredMail) -> dict[str, str]:
    """Return the headers that tie an answer to a mail: RFC 5322, section 3.6.4."""
    chain = [one for one in original.references if one != original.message_id]
    references = " ".join(dict.fromkeys([*chain, original.message_id]))
    return {"In-Reply-To": original.message_id, "References": references}


def _answering(subject: str, mark: str) -> str:
    return subject if subject.lower().startswith(f"{mark.lower()}:") else f"{mark}: {subject}"


def _as_html(text: str) -> str:
    return markup.escape(text).replace("\n", "<br>\n")


def _quotation(original: StoredMail, style: str, attribution: str | None) -> tuple[str, str, str]:
    """Return the line above, the quoted text, and both as HTML."""
    name, address = parseaddr(original.header("From"))
    sent = from_micros(original.received_at)
    day = f"{sent:%b} {sent.day}, {sent.year}"
    clock = f"{sent:%I:%M}".lstrip("0")
    inner = original.html or f"<p>{_as_html(original.text)}</p>"
    plain = original.text.rstrip()
    if style == "outlook":
        fields = [
            ("From", f"{name} <{address}>"),
            ("Sent", f"{sent:%A}, {sent:%B} {sent.day}, {sent.year} {clock} {sent:%p}"),
            ("To", original.header("To")),
            ("Subject", original.subject),
        ]
        above = attribution or "_" * 32
        lines = "\n".join(f"{label}: {value}" for label, value in fields)
        rows = "<br>".join(f"<b>{label}:</b> {markup.escape(value)}" for label, value in fields)
        head = f'<hr style="display:inline-block;width:98%"><div id="divRplyFwdMsg">{rows}</div>'
        return above, f"{lines}\n\n{plain}", head + inner
    quoted = "\n".join(f"> {one}".rstrip() for one in plain.split("\n"))
    if style == "gmail":
        above = attribution or (
            f"On {sent:%a}, {day} at {clock}\u202f{sent:%p} {name} <{address}> wrote:"
        )
        head = f'<div dir="ltr" class="gmail_attr">{markup.escape(above)}<br></div>'
        style = "margin:0 0 0 .8ex;border-left:1px #ccc solid;padding-left:1ex"
        block = f'<blockquote class="gmail_quote" style="{style}">{inner}</blockquote>'
        outer = f'<br><div class="gmail_quote gmail_quote_container">{head}{block}</div>'
        return above, quoted, outer
    above = attribution or f"On {day}, at {clock} {sent:%p}, {name} <{address}> wrote:"
    head = f'<br><div dir="ltr">{markup.escape(above)}</div>'
    return above, quoted, f'{head}<blockquote type="cite">{inner}</blockquote>'
