"""A mail of ours as bytes: its headers, each on lines of ours alone, and its two bodies."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from bot.channels.gmail import header_text
from bot.channels.gmail.threads import Thread
from bot.domain.instants import Micros, from_micros

OWN_HEADER = "X-Handraise-Id"
"""Names a mail of ours for us, also where Gmail gave it another Message-ID."""
NAME = "Handraise"
_LINE = 76
_LOCAL = 64
"""The longest local part of an address (RFC 5321, section 4.5.3.1.1)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """What is to be sent; `own_id` names it for ever, so that it is recognised and not sent twice.

    `tag` is what stands behind the plus sign of the address that takes replies.
    """

    to: tuple[tuple[str, str], ...]
    subject: str
    own_id: str
    text: str
    html: str
    thread: Thread = field(default_factory=Thread)
    tag: str = ""


def tagged(address: str, tag: str) -> str:
    """Return the bot's address with a tag; without it where the two are too long together."""
    local, _, domain = address.partition("@")
    return f"{local}+{tag}@{domain}" if tag and len(local) + len(tag) < _LOCAL else address


def own_id(kind: str, address: str) -> str:
    """Return the Message-ID of a mail of ours, without brackets."""
    return f"{kind}@{address.rpartition('@')[2]}"


def subject_of(letter: Letter) -> str:
    """Return the subject that keeps a letter in its thread."""
    thread = letter.thread
    if not thread.references and not thread.id:
        return header_text.one_line(letter.subject)
    return header_text.reply_subject(thread.subject or letter.subject)


def written(letter: Letter, *, sender: str, now: Micros) -> bytes:
    """Return the mail; ValueError when an address in it is not one plain address."""
    thread = letter.thread
    headers = [
        ("From", header_text.mailbox(NAME, sender)),
        ("To", ", ".join(header_text.mailbox(name, email) for email, name in letter.to)),
        ("Subject", header_text.encoded(subject_of(letter))),
        ("Date", format_datetime(from_micros(now))),
        ("Message-ID", header_text.ids(letter.own_id)),
    ]
    if thread.references:
        headers.append(("In-Reply-To", header_text.ids(thread.references[-1])))
        headers.append(("References", header_text.ids(*thread.references)))
    if letter.tag:
        headers.append(("Reply-To", header_text.mailbox(NAME, tagged(sender, letter.tag))))
    headers += [
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
        (OWN_HEADER, letter.own_id),
    ]
    lines = "".join(_folded(name, value) for name, value in headers if value)
    return lines.encode("ascii") + _bodies(letter)


def _folded(name: str, value: str) -> str:
    """Return a header with its line ends; folded at spaces only, so that no id is broken.

    Python's own folding makes encoded words of long ids.
    """
    lines = [f"{name}:"]
    for word in value.split():
        if len(lines[-1]) + 1 + len(word) > _LINE and lines[-1].strip():
            lines.append(" " + word)
        else:
            lines[-1] += " " + word
    return "\r\n".join(lines) + "\r\n"


def _bodies(letter: Letter) -> bytes:
    message = EmailMessage(policy=SMTP)
    message.set_content(letter.text, cte="quoted-printable")
    message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    return message.as_bytes()
