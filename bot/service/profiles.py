"""How a person can be reached: their zone, hours, absence, stand-in and channel."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from bot.domain.commands import UNCHANGED, ChangeProfile, Outcome
from bot.domain.errors import Invalid, NotFound
from bot.domain.feedback import FeedbackRequest
from bot.domain.instants import Micros
from bot.domain.journal import Entry
from bot.domain.routing import Routing
from bot.domain.working_hours import hours_json, read_hours
from bot.domain.zones import zone_of
from bot.service.ports.store import Transaction
from bot.service.reaching import CHAT_ONLY, reorder

MOVED_AT_ONCE = 100
"""Open questions, the newest, that a new preference moves."""


@contextmanager
def _about(name: str) -> Iterator[None]:
    """Say of a refusal which field it is about."""
    try:
        yield
    except Invalid as wrong:
        details = {**wrong.details, "fields": {name: wrong.message}}
        raise Invalid(wrong.message, code=wrong.code, details=details) from None


@dataclass(frozen=True, kw_only=True, slots=True)
class Profiles:
    """The handler of changes to profiles."""

    channels: tuple[str, ...]
    routing: Routing = CHAT_ONLY

    def change(self, tx: Transaction, command: ChangeProfile, now: Micros) -> Outcome:
        """Change what is given; `Invalid` leaves everything as it was."""
        pending = self._pending(tx, command)
        person = tx.people.lock(command.actor.person_id)
        if person is None:
            raise NotFound("There is no such person.")
        if command.zone is not None:
            with _about("zone"):
                zone_of(command.zone)
            person = replace(person, zone=command.zone)
        if command.working_hours is None:
            person = replace(person, working_hours=None)
        elif command.working_hours is not UNCHANGED:
            with _about("working_hours"):
                hours = hours_json(read_hours(command.working_hours))
            person = replace(person, working_hours=json.dumps(hours))
        if command.away is None:
            person = replace(person, away_from=None, away_until=None)
        elif isinstance(command.away, tuple):
            from_, until = command.away
            if until <= from_ or until <= now:
                wrong = "The end of the absence must be after its start, and still to come."
                raise Invalid(wrong, details={"fields": {"away.until": wrong}})
            person = replace(person, away_from=from_, away_until=until)
        if command.delegate is None:
            person = replace(person, delegate_id=None)
        elif isinstance(command.delegate, str):
            with _about("delegate"):
                delegate_id = self._delegate(tx, person.id, command.delegate)
            person = replace(person, delegate_id=delegate_id)
        if command.preferred_channel is None:
            person = replace(person, preferred_channel=None)
        elif isinstance(command.preferred_channel, str):
            if command.preferred_channel not in self.channels:
                listed = ", ".join(self.channels)
                wrong = f"That is not a channel of this deployment. Choose one of: {listed}."
                raise Invalid(wrong, details={"fields": {"preferred_channel": wrong}})
            person = replace(person, preferred_channel=command.preferred_channel)
        tx.people.save(person)
        for request in pending:
            reorder(tx, request, person, self.routing)
        tx.journal.add(
            Entry(
                kind="profile.changed",
                at=now,
                person_id=person.id,
                channel=command.actor.channel,
            )
        )
        return Outcome(status="changed")

    def _pending(self, tx: Transaction, command: ChangeProfile) -> list[FeedbackRequest]:
        """Hold the open questions that a new preference moves, before their person."""
        if command.preferred_channel is UNCHANGED:
            return []
        listed = tx.requests.of_recipient(command.actor.person_id, True, None, MOVED_AT_ONCE)
        held = [tx.requests.lock(id_) for id_ in sorted(request.id for request in listed)]
        return [request for request in held if request is not None and request.is_open]

    def _delegate(self, tx: Transaction, person_id: str, name: str) -> str:
        bare = name.strip().lstrip("@")
        found = tx.people.find(bare) if bare else None
        if found is None:
            raise Invalid(f"I do not know anybody called “{bare}” with a verified address.")
        if found.id == person_id:
            raise Invalid("You cannot stand in for yourself.")
        return found.id
