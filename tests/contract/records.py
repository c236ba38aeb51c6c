"""Records for the contract tests, with everything that does not matter filled in."""

from __future__ import annotations

from typing import Any

from bot.domain.feedback import (
    FeedbackRequest,
    FeedbackResponse,
    Kind,
    Part,
    Risk,
    Route,
    Rule,
    Standing,
    State,
)
from bot.domain.person import Person
from bot.domain.planning import Role
from bot.domain.session import Message, Session, SessionState
from bot.domain.surface import Surface
from bot.domain.timetable import Timetable
from bot.service.identifiers import new_id
from bot.service.ports.accounts import Account
from bot.service.ports.store import Transaction

NOW = 1_800_000_000_000_000


def a_person(name: str = "Ann", **changes: Any) -> Person:
    values = {
        "id": new_id(),
        "name": name,
        "zone": "UTC",
        "feed_seq": 0,
        "merged_into": None,
        "created_at": NOW,
    }
    return Person(**{**values, **changes})


def an_account(person: Person, username: str, **changes: Any) -> Account:
    values = {
        "id": new_id(),
        "person_id": person.id,
        "username": username,
        "email": f"{username}@Example.org",
        "password_hash": "x",
        "verified_at": NOW,
        "disabled_at": None,
        "created_at": NOW,
    }
    return Account(**{**values, **changes})


def a_session(owner: Person, **changes: Any) -> Session:
    values = {
        "id": new_id(),
        "owner_id": owner.id,
        "title": "Ship?",
        "state": SessionState.ACTIVE,
        "end_reason": None,
        "created_at": NOW,
        "last_active_at": NOW,
        "message_seq": 0,
        "feed_seq": 0,
        "wake_seq": 0,
        "planned_seq": 0,
        "summary": "",
        "summary_seq": 0,
        "open_questions": 0,
        "turn_due_at": None,
        "claim_owner": None,
        "claim_number": 0,
        "claim_until": None,
        "idle_at": None,
        "warned": False,
        "failures": 0,
    }
    return Session(**{**values, **changes})


def a_message(session: Session, seq: int, **changes: Any) -> Message:
    values = {
        "session_id": session.id,
        "seq": seq,
        "id": new_id(),
        "role": Role.USER,
        "person_id": session.owner_id,
        "channel": "chat",
        "text": f"message {seq}",
        "at": NOW,
    }
    return Message(**{**values, **changes})


def a_request(session: Session, **changes: Any) -> FeedbackRequest:
    asked_at, deadline = changes.get("asked_at", NOW), changes.get("deadline", NOW + 1_000)
    times = Timetable(asked_at=asked_at, deadline=deadline, reminders=(), escalations=())
    values = {
        "timetable": times,
        "next_at": deadline,
        "id": new_id(),
        "session_id": session.id,
        "asker_id": session.owner_id,
        "kind": Kind.CHOICE,
        "question": "Can we ship? 100% sure",
        "context": "ünïcode ✓",
        "options": ("yes", "no"),
        "rule": Rule.FIRST,
        "quorum": 1,
        "risk": Risk.NORMAL,
        "state": State.PENDING,
        "digest": "d",
        "asked_at": NOW,
        "deadline": NOW + 1_000,
        "version": 1,
    }
    return FeedbackRequest(**{**values, **changes})


def a_response(request: FeedbackRequest, person: Person, **changes: Any) -> FeedbackResponse:
    values = {
        "id": new_id(),
        "request_id": request.id,
        "person_id": person.id,
        "channel": "chat",
        "raw_text": "yes",
        "answer": None,
        "standing": Standing.COMMENT,
        "agrees": None,
        "sent_at": NOW,
        "created_at": NOW,
    }
    return FeedbackResponse(**{**values, **changes})


def a_surface(request: FeedbackRequest, person: Person, **changes: Any) -> Surface:
    values = {
        "id": new_id(),
        "request_id": request.id,
        "person_id": person.id,
        "channel": "chat",
        "address": person.id,
        "lane": person.id,
        "priority": 5,
        "wanted_version": 1,
        "shown_version": 0,
        "seen_version": 0,
        "due_at": NOW,
        "claim_owner": None,
        "claim_number": 0,
        "claim_until": None,
        "attempts": 0,
    }
    return Surface(**{**values, **changes})


def add_session(tx: Transaction, owner: Person, **changes: Any) -> Session:
    """Keep an owner and a session of theirs."""
    tx.people.add(owner)
    session = a_session(owner, **changes)
    tx.sessions.add(session)
    return session


def add_request(tx: Transaction, owner: Person, *people: Person, **changes: Any) -> FeedbackRequest:
    """Keep an owner, a session, people, and a question to them."""
    session = add_session(tx, owner)
    for person in people:
        tx.people.add(person)
    request = a_request(session, **changes)
    tx.requests.add(request)
    for position, person in enumerate(people):
        tx.requests.add_recipient(request.id, person.id, position, Part.DECIDER, Route.ASKED)
    return request
