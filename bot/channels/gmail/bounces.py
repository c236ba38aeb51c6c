"""What a delivery report says: which address failed, and whether for good (RFC 3464, RFC 3463)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.channels.gmail.addresses import parsed
from bot.channels.gmail.headers import message_ids, unfolded
from bot.channels.gmail.mail import Mail

_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_REPLY = re.compile(r"(?<![\d.])([45])\d\d[ -](?!\d)")
_ADDRESS = re.compile(
    r"[^\s<>()\[\],;:\"']{1,64}@[^\s<>()\[\],;:\"']{1,253}\.[^\s<>()\[\],;:\"'.]+"
)
_LATER = re.compile(
    r"will be retried|still trying|delivery (?:is|has been) delayed|temporar|mailbox (?:is )?full"
    r"|over (?:its )?quota|try again|noch nicht zugestellt",
    re.IGNORECASE,
)
_TEXT = 20_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounce:
    """One mail that did not arrive; `permanent` is None where the report does not tell.

    `address` is "" and `status` (as "5.1.1") too where nothing names them; `returned` is the
    Message-ID of the mail that came back.
    """

    address: str
    status: str
    permanent: bool | None
    returned: str


def bounce_of(mail: Mail) -> Bounce:
    """Return what `mail`, a delivery report of whatever server, says about its first failure."""
    report = mail.report
    returned = _returned(mail, report.returned_headers if report else "")
    for group in _groups(report.status if report else ""):
        recipient = group.get("final-recipient", "") or group.get("original-recipient", "")
        action = group.get("action", "").strip().lower()
        if not recipient or action in {"delivered", "relayed", "expanded"}:
            continue
        original = group.get("original-recipient", "")
        address = _address(original) or _address(recipient)
        found = _STATUS.search(group.get("status", "")) or _STATUS.search(
            group.get("diagnostic-code", "")
        )
        permanent = _permanent(action, found[1] if found else "")
        return Bounce(
            address=address, status=found[0] if found else "", permanent=permanent,
            returned=returned,
        )  # fmt: skip
    return _from_words(mail, returned)


def _from_words(mail: Mail, returned: str) -> Bounce:
    """Read a report in words only, as qmail, Exim and old Exchange write them."""
    failed = mail.first("X-Failed-Recipients")
    text = mail.text[:_TEXT]
    address = _address(failed or "")
    own = {person.folded for person in (*mail.to, *mail.delivered_to, *mail.from_.found)}
    for found in _ADDRESS.findall(text):
        if address:
            break
        candidate = _address(found)
        if candidate.casefold() not in own and "mailer-daemon" not in candidate.casefold():
            address = candidate
    status = _STATUS.search(text)
    reply = _REPLY.search(text)
    kind = status[1] if status else reply[1] if reply else ""
    permanent = kind == "5" if kind else None
    if _LATER.search(text) and kind != "5":
        permanent = False
    return Bounce(
        address=address, status=status[0] if status else "", permanent=permanent, returned=returned
    )


def _permanent(action: str, kind: str) -> bool | None:
    if action == "delayed" or kind == "4":
        return False
    if kind == "5":
        return True
    return True if action == "failed" else None


def _groups(status: str) -> list[dict[str, str]]:
    groups: list[dict[str, str]] = []
    for block in re.split(r"\n[ \t]*\n", status[: _TEXT * 3]):
        fields: dict[str, str] = {}
        for line in re.sub(r"\n[ \t]+", " ", block).split("\n"):
            name, colon, value = line.partition(":")
            if colon:
                fields.setdefault(name.strip().lower(), unfolded(value))
        groups.append(fields)
    return groups


def _address(value: str) -> str:
    """Return the address of "rfc822; name@host", "" where there is none."""
    spec = value.rpartition(";")[2].split(",")[0]
    found = parsed(spec.strip().strip("."))
    if found.found:
        return found.found[0].email
    # Exchange and others wrap theirs ("IMCEAEX-…", "<a@b> (reason)").
    inside = _ADDRESS.search(spec)
    return inside[0] if inside else ""


def _returned(mail: Mail, headers: str) -> str:
    found = re.search(r"^message-id:\s*(<[^<>\s]{1,512}>)", headers, re.IGNORECASE | re.MULTILINE)
    if not found:
        found = re.search(
            r"^[> \t]*message-id:\s*(<[^<>\s]{1,512}>)",
            mail.text[:_TEXT],
            re.IGNORECASE | re.MULTILINE,
        )
    if found:
        return next(iter(message_ids(found[1])), "")
    return (*mail.in_reply_to, *mail.references[-1:], "")[0]
