"""Which thread a mail belongs to, as Gmail decides: by what it refers to, and by its subject."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tests.gmail.mails import StoredMail

_PREFIX = re.compile(
    r"^\s*(?:(?:re|fwd?|aw|antw|wg|sv|vs|tr|rif|rv|enc|odp)\s*(?:\[\d+\])?\s*:)\s*", re.IGNORECASE
)


def subject_key(subject: str) -> str:
    """Return a subject without the marks of replies and forwards, for comparing."""
    text = subject
    while (shorter := _PREFIX.sub("", text, count=1)) != text:
        text = shorter
    return " ".join(text.casefold().split())


def thread_of(mail: StoredMail, mails: Iterable[StoredMail]) -> str | None:
    """Return the thread among `mails` that this one continues; None when it starts its own."""
    named = set(mail.references)
    key = subject_key(mail.subject)
    for other in reversed(list(mails)):
        if (other.message_id in named or mail.message_id in other.references) and subject_key(
            other.subject
        ) == key:
            return other.thread_id
    return None
