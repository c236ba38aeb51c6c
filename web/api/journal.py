"""A question's story over REST: all of it for its asker, for others what concerns them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from bot.domain.chain import FIRST_KIND
from bot.domain.errors import NotFound
from bot.domain.feedback import State
from bot.domain.instants import iso
from bot.domain.journal import Entry
from bot.service.ports.store import Transaction
from web.api import models
from web.api.endpoint import Call, endpoint
from web.keys import STORE
from web.views.people import People
from web.views.questions import question_for

TAG = "questions"

_EVERYBODYS = frozenset(
    {FIRST_KIND, *(f"request.{state.value}" for state in State if state is not State.PENDING)}
)
"""That it was asked and how it ended, which a question's card says too."""
_SHOWN_OF_THESE = frozenset({"digest", "version"})


class JournalEntry(BaseModel):
    """One transition: what, when, by or about whom, over which channel."""

    kind: str
    at: models.Instant
    person: models.Named | None
    channel: str | None
    data: dict[str, Any]


class Journal(BaseModel):
    """A question's story, oldest first; `verified` says that all of it is as it was written."""

    entries: list[JournalEntry]
    verified: bool


@endpoint(
    "GET",
    "/api/questions/{id}/journal",
    summary="Read a question's story",
    tag=TAG,
    answer=Journal,
    errors=(NotFound,),
)
async def read_journal(call: Call) -> Journal:
    """Return what happened to a question, as far as the caller may know."""
    journal: Journal = await call.app[STORE].read(
        _journal_for, call.path["id"], call.principal.person_id
    )
    return journal


def _journal_for(tx: Transaction, request_id: str, viewer_id: str) -> Journal:
    mine = question_for(tx, request_id, viewer_id).mine
    people = People(tx)
    shown = []
    for record in tx.journal.chain_of(request_id).records:
        entry = record.entry
        own = entry.person_id is not None and people.canonical(entry.person_id) == viewer_id
        if mine or own:
            shown.append(_entry(entry, people, dict(entry.data)))
        elif entry.kind in _EVERYBODYS:
            data = {name: entry.data[name] for name in _SHOWN_OF_THESE & entry.data.keys()}
            shown.append(_entry(entry, people, data))
    return Journal(entries=shown, verified=tx.journal.verify(request_id).fault is None)


def _entry(entry: Entry, people: People, data: dict[str, Any]) -> JournalEntry:
    return JournalEntry(
        kind=entry.kind,
        at=iso(entry.at),
        person=None if entry.person_id is None else people.named(entry.person_id),
        channel=entry.channel,
        data=data,
    )


ENDPOINTS = (read_journal,)
