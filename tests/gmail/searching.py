"""Gmail's search words, the part of them that `q` understands here."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from datetime import UTC, datetime

from bot.domain.instants import DAY, SECOND, Micros, to_micros
from tests.gmail.addresses import named
from tests.gmail.errors import ApiError
from tests.gmail.mails import StoredMail

Test = Callable[[StoredMail], bool]
_IN = {"inbox": "INBOX", "sent": "SENT", "spam": "SPAM", "trash": "TRASH", "drafts": "DRAFT"}
_IS = {"unread": "UNREAD", "starred": "STARRED", "important": "IMPORTANT"}
_HIDDEN = {"SPAM", "TRASH"}


def matcher(query: str, *, now: Micros, include_hidden: bool = False) -> Test:
    """Return a test for mails; a 400 for words that this server does not know.

    The words: https://support.google.com/mail/answer/7190
    """
    try:
        terms = shlex.split(query.replace("'", r"\'"))
    except ValueError:
        terms = query.split()
    tests = [_term(term, now) for term in terms]
    told_where = any(re.match(r"-?in:(anywhere|spam|trash)$", term.lower()) for term in terms)
    if not include_hidden and not told_where:
        tests.append(lambda mail: not mail.labels & _HIDDEN)
    return lambda mail: all(test(mail) for test in tests)


def _term(term: str, now: Micros) -> Test:
    if term.startswith("-") and len(term) > 1:
        inner = _term(term[1:], now)
        return lambda mail: not inner(mail)
    word, colon, value = term.partition(":")
    if not colon or not word.isalnum():
        return lambda mail: term.casefold() in f"{mail.subject}\n{mail.text}".casefold()
    wanted = value.casefold()
    match word.lower():
        case "after" | "newer":
            start = _moment(value)
            return lambda mail: mail.received_at >= start
        case "before" | "older":
            end = _moment(value)
            return lambda mail: mail.received_at < end
        case "newer_than":
            span = _span(value)
            return lambda mail: mail.received_at >= now - span
        case "older_than":
            span = _span(value)
            return lambda mail: mail.received_at < now - span
        case "rfc822msgid":
            message_id = value.strip("<>")
            return lambda mail: mail.message_id.strip("<>") == message_id
        case "from":
            return lambda mail: wanted in mail.header("From").casefold()
        case "to" | "cc" | "bcc":
            return lambda mail: any(
                wanted in address for address in named(mail.parsed, "To", "Cc", "Bcc")
            )
        case "deliveredto":
            return lambda mail: mail.header("Delivered-To").casefold() == wanted
        case "subject":
            return lambda mail: wanted in mail.subject.casefold()
        case "in" if wanted == "anywhere":
            return lambda mail: True
        case "in" if wanted in _IN:
            return lambda mail: _IN[wanted] in mail.labels
        case "is" if wanted in _IS:
            return lambda mail: _IS[wanted] in mail.labels
        case "is" if wanted == "read":
            return lambda mail: "UNREAD" not in mail.labels
        case "label":
            return lambda mail: value.upper() in mail.labels
        case "has" if wanted == "attachment":
            return lambda mail: any(part.get_filename() for part in mail.parsed.walk())
    # Gmail would look for it as text; here a word that is not understood must not pass unseen.
    raise ApiError.invalid(f"This server does not know the search word {term!r}.")


def _moment(value: str) -> Micros:
    """Return a time in epoch seconds or as a date (Gmail means the user's zone, this UTC)."""
    if value.isdecimal() and len(value) > 4:
        return int(value) * SECOND
    try:
        year, month, day = (int(part) for part in re.split("[/-]", value))
        return to_micros(datetime(year, month, day, tzinfo=UTC))
    except ValueError:
        raise ApiError.invalid(f"Not a time: {value!r}.") from None


def _span(value: str) -> Micros:
    found = re.fullmatch(r"(\d+)([dmy])", value.lower())
    if found is None:
        raise ApiError.invalid(f"Not a span: {value!r}.")
    return int(found[1]) * DAY * {"d": 1, "m": 30, "y": 365}[found[2]]
