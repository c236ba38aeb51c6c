"""An automatic reply to a question: its person is away, and the question moves on.

To the delegate whom they chose themselves, or to the next who are asked; never to anybody that the
note names. Only a note that is certainly theirs counts, and only on a question's own mail.
"""

from __future__ import annotations

from datetime import date, datetime, time
from functools import partial

from bot.channels.gmail.incoming import EMAIL, Asked, Incoming
from bot.domain.commands import Actor, AskNext, ChangeProfile, Command, Delegate
from bot.domain.errors import HandraiseError, RateLimited, Unavailable
from bot.domain.instants import Micros
from bot.domain.person import Person
from bot.domain.zones import instant_of
from bot.service.outlet import Parts
from bot.service.ports.store import Transaction


class Absences:
    """Takes authenticated absence notes."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def take(self, mail: Incoming, asked: Asked) -> str:
        """Mark a person away, where a day is named, and move the question on."""
        person = mail.known.person
        if person is None or person.id != asked.person_id:
            return "not_for_them"
        actor = Actor(person_id=person.id, channel=EMAIL)
        back = mail.reading.back_on
        if back is not None:
            until = _morning(back, person.zone)
            now = self._parts.clock.now()
            # What they set themselves, for longer, is better known to them.
            if until > now and until > (person.away_until or 0):
                await self._try(
                    ChangeProfile(
                        external_key=f"{mail.key}:away", actor=actor, away=(mail.at, until)
                    )
                )
        stand_in = await self._parts.store.read(partial(_delegate, person=person))
        if stand_in is not None:
            handed = Delegate(
                external_key=f"{mail.key}:delegate",
                actor=actor,
                request_id=asked.request_id,
                to=stand_in,
            )
            if await self._try(handed):
                return "delegated"
        next_ = AskNext(external_key=f"{mail.key}:next", actor=actor, request_id=asked.request_id)
        return "passed_on" if await self._try(next_) else "away"

    async def _try(self, command: Command) -> bool:
        """Submit; what is refused (an older note, a question that has ended) is left as it is."""
        try:
            await self._parts.intake.submit(command)
        except (Unavailable, RateLimited):
            raise
        except HandraiseError:
            return False
        return True


def _delegate(tx: Transaction, *, person: Person) -> str | None:
    """Return the address of the delegate that somebody has chosen."""
    if person.delegate_id is None:
        return None
    return next(iter(tx.people.identities_of_kind(person.delegate_id, EMAIL)), None)


def _morning(day: date, zone: str) -> Micros:
    return instant_of(datetime.combine(day, time()), zone)
