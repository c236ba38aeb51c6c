"""Everything that is kept about one person, as records a few at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.errors import NotFound
from bot.domain.feedback import Answer, FeedbackRequest, FeedbackResponse
from bot.domain.instants import Micros, iso
from bot.domain.journal import Entry
from bot.domain.session import Message, Session
from bot.service.ports.personal import Range
from bot.service.ports.store import Transaction

Record = Mapping[str, object]
SESSIONS = 100
MESSAGES = 10_000
ENTRIES = 2_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Cursor:
    """Where an export goes on: the last session and the last journal entry that were looked at."""

    begun: bool = False
    session: str = ""
    entry: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Some records, and where to go on; None at the end."""

    records: Sequence[Record]
    next: Cursor | None


def export(tx: Transaction, person_id: str, cursor: Cursor) -> Page:
    """Return the next records about a person; `NotFound` when there is nobody.

    The person first, then the sessions with what they said, asked and answered in each order of
    time, then their entries of the journal.
    """
    if not cursor.begun:
        return Page(records=_person(tx, person_id), next=Cursor(begun=True))
    found = tx.personal.sessions(cursor.session, SESSIONS)
    if found:
        part = Range(after=cursor.session, upto=found[-1].id)
        records = _said(tx, person_id, part, found)
        return Page(records=records, next=Cursor(begun=True, session=part.upto))
    last = tx.personal.last_entry()
    upto = min(cursor.entry + ENTRIES, last)
    entries = [_entry(each) for each in tx.personal.entries(person_id, cursor.entry, upto)]
    more = Cursor(begun=True, session=cursor.session, entry=upto)
    return Page(records=entries, next=more if upto < last else None)


def _person(tx: Transaction, person_id: str) -> list[Record]:
    person = tx.people.get(person_id)
    if person is None:
        raise NotFound("There is no such person.")
    records: list[Record] = [
        {
            "record": "person",
            "id": person.id,
            "also": [each for each in tx.personal.aliases(person.id) if each != person.id],
            "name": person.name,
            "zone": person.zone,
            "working_hours": person.working_hours,
            "away_from": _at(person.away_from),
            "away_until": _at(person.away_until),
            "delegate": person.delegate_id,
            "preferred_channel": person.preferred_channel,
            "last_channel": person.last_channel,
            "created_at": iso(person.created_at),
        }
    ]
    records += [
        {"record": "identity", "channel": each.kind, "address": each.key}
        for each in tx.people.identities(person.id)
    ]
    for account in tx.personal.accounts(person.id):
        records.append(
            {
                "record": "account",
                "id": account.id,
                "username": account.username,
                "email": account.email,
                "verified_at": _at(account.verified_at),
                "disabled_at": _at(account.disabled_at),
                "created_at": iso(account.created_at),
            }
        )
        records += [
            {
                "record": "sign_in",
                "account": account.id,
                "created_at": iso(each.created_at),
                "ended_at": _at(each.revoked_at),
                "user_agent": each.user_agent,
            }
            for each in tx.personal.families(account.id)
        ]
    return records


def _said(
    tx: Transaction, person_id: str, part: Range, sessions: Sequence[Session]
) -> list[Record]:
    them = set(tx.personal.aliases(person_id))
    records: list[Record] = [_session(each) for each in sessions if each.owner_id in them]
    records += [_message(each) for each in tx.personal.messages(person_id, part, MESSAGES)]
    records += [_question(each) for each in tx.personal.asked(person_id, part)]
    records += [_response(tx, each) for each in tx.personal.responses(person_id, part)]
    return records


def _session(session: Session) -> Record:
    return {
        "record": "session",
        "id": session.id,
        "title": session.title,
        "state": session.state.value,
        "summary": session.summary,
        "created_at": iso(session.created_at),
        "last_active_at": iso(session.last_active_at),
    }


def _message(message: Message) -> Record:
    return {
        "record": "message",
        "session": message.session_id,
        "number": message.seq,
        "at": iso(message.at),
        "channel": message.channel,
        "text": message.text,
    }


def _question(request: FeedbackRequest) -> Record:
    return {
        "record": "question",
        "id": request.id,
        "session": request.session_id,
        "asked_at": iso(request.asked_at),
        "question": request.question,
        "context": request.context,
        "options": list(request.options),
        "state": request.state.value,
        "outcome": _answer(request.outcome),
    }


def _response(tx: Transaction, response: FeedbackResponse) -> Record:
    request = tx.requests.get(response.request_id)
    return {
        "record": "answer",
        "id": response.id,
        "question": {
            "id": response.request_id,
            "text": "" if request is None else request.question,
        },
        "at": iso(response.created_at),
        "channel": response.channel,
        "standing": response.standing.value,
        "words": response.raw_text,
        "read_as": _answer(response.answer),
    }


def _entry(entry: Entry) -> Record:
    return {
        "record": "journal",
        "kind": entry.kind,
        "at": iso(entry.at),
        "session": entry.session_id,
        "question": entry.request_id,
        "channel": entry.channel,
        "data": dict(entry.data),
    }


def _answer(answer: Answer | None) -> Record | None:
    if answer is None:
        return None
    return {
        "approved": answer.approved,
        "choices": list(answer.choices),
        "values": dict(answer.values),
        "text": answer.text,
    }


def _at(moment: Micros | None) -> str | None:
    return None if moment is None else iso(moment)
