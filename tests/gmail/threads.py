"""Which thread a mail belongs to, as Gmail decides: by what it refers to, and by its subject."""

from __future__ import annotations

import re

from tests.gmail.mails import StoredMail

_PREFIX = re.compile(
    r"^\s*(?:re|fwd?|aw|antw|wg|sv|vs|tr|rif|rv|enc|odp)\s*(?:\[\d+\])?\s*:\s*", re.IGNORECASE
)


def subject_key(subject: str) -> str:
    """Return a subject without the marks of replies and forwards, for comparing."""
    text = subject
    while (shorter := _PREFIX.sub("", text, count=1)) != text:
        text = shorter
    return " ".join(text.casefold().split())


class Threads:
    """One mailbox's mails by every Message-ID that they have or refer to."""

    def __init__(self) -> None:
        self._by_id: dict[str, list[StoredMail]] = {}

    def add(self, mail: StoredMail) -> None:
        for message_id in _ids(mail):
            self._by_id.setdefault(message_id, []).append(mail)

    def remove(self, mail: StoredMail) -> None:
        for message_id in _ids(mail):
            self._by_id[message_id].remove(mail)

    def thread_of(self, mail: StoredMail, wanted: str | None = None) -> str | None:
        """Return the thread that a new mail continues, only `wanted` if given; None for its own."""
        key = subject_key(mail.subject)
        for message_id in reversed(_ids(mail)):
            for other in reversed(self._by_id.get(message_id, [])):
                if wanted in {None, other.thread_id} and subject_key(other.subject) == key:
                    return other.thread_id
        return None


def _ids(mail: StoredMail) -> list[str]:
    """Return what it is called and what it refers to; the last is what it answers most directly."""
    return [one for one in dict.fromkeys([mail.message_id, *mail.references]) if one]
