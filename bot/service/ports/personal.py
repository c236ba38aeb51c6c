"""What a transaction can do with one person's data, and with what grew old: show it, erase it.

Erasing leaves rows where they are: ids, times and states stay, words go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.domain.feedback import FeedbackRequest, FeedbackResponse
from bot.domain.instants import Micros
from bot.domain.journal import Entry
from bot.domain.session import Message, Session
from bot.service.ports.accounts import Account, TokenFamily

ERASED = "(erased)"
"""What stands where words were."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Range:
    """A part of the sessions, in the order of their ids: beyond `after`, up to `upto`."""

    after: str
    upto: str


class PersonalTable(Protocol):
    """One person's data; a person here is the canonical one, with all their aliases."""

    def aliases(self, person_id: str) -> Sequence[str]:
        """Return the ids of a person and of everybody merged into them."""
        ...

    def accounts(self, person_id: str) -> Sequence[Account]: ...
    def families(self, account_id: str) -> Sequence[TokenFamily]: ...

    def sessions(self, after: str, limit: int) -> Sequence[Session]:
        """Return sessions by id, everybody's, those beyond `after`."""
        ...

    def messages(self, person_id: str, part: Range, limit: int) -> Sequence[Message]:
        """Return what a person said in these sessions."""
        ...

    def asked(self, person_id: str, part: Range) -> Sequence[FeedbackRequest]:
        """Return what a person's sessions asked in these sessions."""
        ...

    def responses(self, person_id: str, part: Range) -> Sequence[FeedbackResponse]: ...
    def entries(self, person_id: str, after: int, upto: int) -> Sequence[Entry]:
        """Return a person's entries of the journal between two positions."""
        ...

    def last_entry(self) -> int:
        """Return the position of the newest entry of the journal, 0 when there is none."""
        ...

    def erase_person(self, person_id: str, addresses: Sequence[str]) -> None:
        """Take a person's name, profile, accounts, sign-ins, identities, links and notices."""
        ...

    def erase_words(self, person_id: str, part: Range, addresses: Sequence[str]) -> None:
        """Take a person's words, and their sessions' contents, out of these sessions."""
        ...

    def took_part(self, person_id: str, part: Range) -> Sequence[str]:
        """Return the sessions of others in which a person said something, or was asked, by id."""
        ...

    def retell(self, session_id: str, seq: int, text: str) -> None:
        """Let a message say something else."""
        ...

    def ask_otherwise(self, request_id: str, question: str, context: str) -> None:
        """Let a question say something else; its digest stays that of what was shown."""
        ...

    def erase_entries(self, person_id: str, after: int, upto: int) -> None:
        """Erase the content of a person's entries of the journal; the chains still verify."""
        ...

    def erase_session(self, session_id: str) -> None:
        """Take every word out of a session: messages, questions, answers, title and summary."""
        ...

    def erase_entries_before(self, after: int, upto: int, before: Micros) -> bool:
        """Erase the content of everybody's entries that are older; False at the first younger."""
        ...

    def drop_received(self, before: Micros, limit: int) -> int:
        """Forget what was set aside and received before then; return how many went."""
        ...

    def drop_notices(self, before: Micros, after: str, limit: int) -> str | None:
        """Empty notices made before then, beyond the id `after`; return the last id looked at."""
        ...
