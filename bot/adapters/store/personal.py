"""One person's data, and what grew old, in the database: shown, and erased where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from bot.adapters.store import aging_statements as aging
from bot.adapters.store import argument_statements as arguments
from bot.adapters.store import personal_statements as statements
from bot.adapters.store.contents import action_from, action_text, answer_of, answer_text
from bot.adapters.store.journal import Journal, entry_of
from bot.adapters.store.messages import message_of
from bot.adapters.store.outer_words import without_address, without_subject
from bot.adapters.store.requests import request_of
from bot.adapters.store.responses import response_of
from bot.adapters.store.runner import Runner
from bot.adapters.store.sessions import session_of
from bot.domain.chain import ERASED as NO_CONTENT
from bot.domain.commands import CHAT
from bot.domain.feedback import Answer, FeedbackRequest, FeedbackResponse
from bot.domain.instants import Micros
from bot.domain.journal import Entry
from bot.domain.post import PostState
from bot.domain.session import Message, Session
from bot.service.ports.accounts import Account, TokenFamily
from bot.service.ports.personal import ERASED, Range

_PLACE = "erased:"
EMPTIED = "{}"
"""Arguments of an action that nobody is told any more."""


class Personal:
    """Implements the port `PersonalTable`."""

    def __init__(self, runner: Runner, journal: Journal) -> None:
        self._db = runner
        self._journal = journal

    def aliases(self, person_id: str) -> Sequence[str]:
        """Return the ids of a person and of everybody merged into them."""
        return [row[0] for row in self._db.all(statements.ALIASES, {"person": person_id})]

    def accounts(self, person_id: str) -> Sequence[Account]:
        """Return a person's accounts."""
        rows = self._db.all(statements.ACCOUNTS, {"person": person_id})
        return [Account(**dict(zip(statements.ACCOUNT_FIELDS, row, strict=True))) for row in rows]

    def families(self, account_id: str) -> Sequence[TokenFamily]:
        """Return an account's sign-ins, the oldest first."""
        rows = self._db.all(statements.FAMILIES, {"account": account_id})
        return [
            TokenFamily(**dict(zip(statements.FAMILY_FIELDS, row, strict=True))) for row in rows
        ]

    def sessions(self, after: str, limit: int) -> Sequence[Session]:
        """Return sessions by id, everybody's, those beyond `after`."""
        rows = self._db.all(statements.SESSIONS, {"after": after, "limit": limit})
        return [session_of(row) for row in rows]

    def messages(self, person_id: str, part: Range, limit: int) -> Sequence[Message]:
        """Return what a person said in these sessions."""
        rows = self._db.all(statements.MESSAGES, {**_of(person_id, part), "limit": limit})
        return [message_of(row) for row in rows]

    def asked(self, person_id: str, part: Range) -> Sequence[FeedbackRequest]:
        """Return what a person's sessions asked in these sessions."""
        return [request_of(row) for row in self._db.all(statements.ASKED, _of(person_id, part))]

    def responses(self, person_id: str, part: Range) -> Sequence[FeedbackResponse]:
        """Return what a person answered to questions of these sessions."""
        rows = self._db.all(statements.RESPONSES, _of(person_id, part))
        return [response_of(row) for row in rows]

    def entries(self, person_id: str, after: int, upto: int) -> Sequence[Entry]:
        """Return a person's entries of the journal between two positions."""
        values = {"person": person_id, "from_number": after, "to_number": upto}
        return [entry_of(row) for row in self._db.all(statements.ENTRIES, values)]

    def last_entry(self) -> int:
        """Return the position of the newest entry of the journal, 0 when there is none."""
        row = self._db.one(statements.LAST_ENTRY, {})
        return int(row[0]) if row and row[0] is not None else 0

    def erase_person(self, person_id: str, addresses: Sequence[str]) -> None:
        """Take a person's name, profile, accounts, sign-ins, identities, links and notices."""
        them = {"person": person_id}
        self._db.run(statements.FORGET_TOKENS, them)
        for statement in statements.FORGET_OF_ACCOUNTS:
            self._db.run(statement, them)
        self._db.run(statements.FORGET_ACCOUNTS, them)
        self._db.run(statements.FORGET_DIRECTORY, them)
        self._db.run(statements.FORGET_IDENTITIES, them)
        self._db.run(statements.FORGET_LINKS, them)
        dead = {"nothing": "{}", "state": PostState.DEAD.value, "place": _PLACE}
        self._db.run(statements.FORGET_NOTICES, them | dead)
        self._db.run(statements.FORGET_AS_DELEGATE, them)
        self._db.run(statements.FORGET_PROFILE, them | {"name": ERASED, "zone": "UTC"})
        for address in addresses:
            if "@" in address:
                self._db.run(statements.FORGET_ASIDE, {"holding": _within(address)})

    def erase_words(self, person_id: str, part: Range, addresses: Sequence[str]) -> None:
        """Take a person's words, and their sessions' contents, out of these sessions."""
        them = _of(person_id, part)
        erased, nothing = {"erased": ERASED}, {"nothing": ""}
        self._db.run(statements.ERASE_SUMMARIES, them | nothing | {"from_the_start": 0})
        self._db.run(statements.ERASE_TITLES, them | erased)
        self._db.run(statements.ERASE_SAID, them | erased)
        self._db.run(statements.ERASE_TOLD, them | erased)
        self._db.run(statements.ERASE_ASKED, them | erased | nothing)
        self._wordless_outcomes(self._db.all(statements.OUTCOMES, them))
        given = self.responses(person_id, part)
        self._wordless_responses((each.id, each.answer) for each in given)
        self._db.run(statements.ERASE_SURFACES, them | {"place": _PLACE, "chat": CHAT})
        self._db.run(statements.FORGET_BINDINGS, them)
        self._argumentless(self._db.all(arguments.PROPOSED_BY_ASKED, them))
        # Their own sessions' threads are named after their words, and so is what those asked.
        self._subjectless(self._db.all(statements.LANDED_OF_ASKED, them))
        for address in addresses:
            if "@" in address:
                values = {"after": part.after, "upto": part.upto}
                rows = self._db.all(statements.HEADS_IN, values | {"holding": _within(address)})
                self._heads((place, without_address(head, address)) for place, head in rows)

    def took_part(self, person_id: str, part: Range) -> Sequence[str]:
        """Return the sessions of others in which a person said something, or was asked."""
        return [row[0] for row in self._db.all(statements.TOOK_PART, _of(person_id, part))]

    def retell(self, session_id: str, seq: int, text: str) -> None:
        """Let a message say something else."""
        self._db.run(statements.RETELL, {"session": session_id, "of_seq": seq, "words": text})

    def ask_otherwise(self, request_id: str, question: str, context: str) -> None:
        """Let a question say something else; its digest stays that of what was shown."""
        values = {"of_request": request_id, "words": question, "around": context}
        self._db.run(statements.ASK_OTHERWISE, values)
        self._subjectless(self._db.all(statements.LANDED_OF_REQUEST, {"of_request": request_id}))

    def erase_entries(self, person_id: str, after: int, upto: int) -> None:
        """Erase the content of a person's entries of the journal; the chains still verify."""
        values = {"person": person_id, "from_number": after, "to_number": upto}
        rows = self._db.all(statements.THEIR_ENTRIES, values | {"nothing": NO_CONTENT})
        self._erase_entries([(row[0], row[1], row[2]) for row in rows])

    def erase_session(self, session_id: str) -> None:
        """Take every word out of a session: messages, questions, answers, title and summary."""
        of, erased, nothing = {"session": session_id}, {"erased": ERASED}, {"nothing": ""}
        self._db.run(aging.ERASE_MESSAGES_OF, of | erased)
        self._db.run(aging.ERASE_REQUESTS_OF, of | erased | nothing)
        self._wordless_outcomes(self._db.all(aging.OUTCOMES_OF, of))
        rows = self._db.all(aging.ANSWERS_OF, of)
        self._wordless_responses((row[0], answer_of(row[1])) for row in rows)
        self._db.run(aging.ERASE_SESSION, of | erased | nothing)
        self._argumentless(self._db.all(arguments.PROPOSED_IN_SESSION, of))
        self._subjectless(self._db.all(aging.LANDED_OF_SESSION, of))
        rows = self._db.all(aging.HEADS_OF_SESSION, of)
        self._heads((place, without_subject(head)) for place, head in rows)

    def erase_entries_before(self, after: int, upto: int, before: Micros) -> bool:
        """Erase the content of everybody's entries that are older; False at the first younger."""
        rows = self._db.all(aging.OLD_ENTRIES, {"from_number": after, "to_number": upto})
        old = [(row[0], row[1], row[2]) for row in rows if row[3] < before]
        self._erase_entries(old)
        return len(old) == len(rows)

    def drop_received(self, before: Micros, limit: int) -> int:
        """Forget what was set aside and received before then; return how many went."""
        return self._db.run(aging.DROP_RECEIVED, {"before": before, "limit": limit})

    def drop_notices(self, before: Micros, after: str, limit: int) -> str | None:
        """Empty notices made before then, beyond the id `after`; return the last id looked at."""
        rows = self._db.all(aging.NOTICES, {"after": after, "limit": limit})
        if not rows or rows[-1][1] >= before:
            upto = next((row[0] for row in reversed(rows) if row[1] < before), None)
        else:
            upto = rows[-1][0]
        if upto is not None:
            values = {"after": after, "upto": upto, "before": before, "nothing": "{}"}
            self._db.run(aging.EMPTY_NOTICES, values)
        return upto if len(rows) == limit else None

    def _erase_entries(self, found: Sequence[tuple[int, str | None, int | None]]) -> None:
        chained = sorted((of, nr) for _, of, nr in found if of is not None and nr is not None)
        for request_id, numbers in groupby(chained, key=lambda each: each[0]):
            self._journal.erase(request_id, [number for _, number in numbers])
        for number, _, chain_number in found:
            if chain_number is None:
                values = {"of_number": number, "nothing": NO_CONTENT}
                self._db.run(statements.EMPTY_ENTRY, values)

    def _argumentless(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Leave which tool, and the digests; what was not run yet is not what was approved now."""
        for id_, text in list(rows):
            action = action_from(text)
            if action is not None and action.arguments != EMPTIED:
                left = action_text(replace(action, arguments=EMPTIED))
                self._db.run(arguments.SAVE_PROPOSED, {"of_id": id_, "words": left})
                values = {"of_id": id_, "emptied": EMPTIED, "nothing": ""}
                self._db.run(arguments.EMPTY_RUN, values)

    def _subjectless(self, rows: Iterable[tuple[Any, ...]]) -> None:
        for id_, landed in list(rows):
            left = without_subject(landed)
            if left != landed:
                self._db.run(statements.SAVE_LANDED, {"of_id": id_, "words": left})

    def _heads(self, found: Iterable[tuple[str, str]]) -> None:
        for place, head in list(found):
            self._db.run(statements.SAVE_HEAD, {"of_place": place, "words": head})

    def _wordless_outcomes(self, rows: Iterable[tuple[Any, ...]]) -> None:
        for id_, answer in rows:
            values = {"of_id": id_, "answer": answer_text(_wordless(answer_of(answer)))}
            self._db.run(statements.SAVE_OUTCOME, values)

    def _wordless_responses(self, found: Iterable[tuple[str, Answer | None]]) -> None:
        for id_, answer in list(found):
            values = {"of_id": id_, "answer": answer_text(_wordless(answer)), "nothing": ""}
            self._db.run(statements.SAVE_RESPONSE, values)


def _wordless(answer: Answer | None) -> Answer | None:
    """Return what was decided, without a word of whoever decided it."""
    if answer is None:
        return None
    return Answer(approved=answer.approved, choices=answer.choices)


def _within(address: str) -> str:
    """Return the pattern of texts with an address in them, as the statements write it."""
    written = address.lower()
    for special in "!%_":
        written = written.replace(special, f"!{special}")
    return f"%{written}%"


def _of(person_id: str, part: Range) -> dict[str, str]:
    return {"person": person_id, "after": part.after, "upto": part.upto}
