"""App Home: read in one transaction, published when somebody opens it or has done something."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from bot.channels.slack.addresses import SLACK, NoAddress, permalink, place_room, read_landed
from bot.channels.slack.asides import Asides
from bot.channels.slack.calls import Calls
from bot.channels.slack.home import Asked, HomeView, Living, Waiting, home
from bot.channels.slack.settings_modal import Settings
from bot.domain.feedback import FeedbackRequest, Part, State
from bot.domain.instants import Micros
from bot.domain.person import Person
from bot.domain.session import Session
from bot.service.outlet import Parts
from bot.service.ports.store import Transaction
from bot.service.ports.tables import Recipient

READ = 30
"""Rows of each list that are read; beyond, the page has them."""
OVER = 5
"""Questions that came to nothing, shown so that they can be asked again."""


@dataclass(kw_only=True, slots=True)
class Homes:
    """Publishes Homes; of one person only one at a time, the newest last."""

    parts: Parts
    calls: Calls
    asides: Asides
    _wanted: dict[tuple[str, str], str] = field(default_factory=dict)

    def renew(self, team: str, user: str, person_id: str) -> None:
        """Publish somebody's Home anew, soon; best effort."""
        waits = (team, user) in self._wanted
        self._wanted[team, user] = person_id
        if not waits:
            self.asides.start(self._publish(team, user))

    async def _publish(self, team: str, user: str) -> None:
        person_id = self._wanted[team, user]
        try:
            us = await self.calls.team(team)
        finally:
            self._wanted.pop((team, user), None)
        shown = await self.parts.store.read(self._view, person_id, us.url)
        if shown is None:
            return
        view = home(shown)
        await self.calls.call(team, lambda client: client.views_publish(user_id=user, view=view))

    def _view(self, tx: Transaction, person_id: str, base: str) -> HomeView | None:
        now = self.parts.clock.now()
        person = tx.people.get(person_id)
        if person is not None and person.merged_into is not None:
            person = tx.people.get(person.merged_into)
        if person is None:
            return None
        waiting = tx.requests.of_recipient(person.id, True, None, READ)
        asked = [
            *tx.requests.of_asker(person.id, True, None, READ),
            *(
                request
                for request in tx.requests.of_asker(person.id, False, None, OVER)
                if request.state is State.EXPIRED
            ),
        ]
        sessions = [
            *tx.sessions.of_owner(person.id, "active", None, READ),
            *tx.sessions.of_owner(person.id, "held", None, READ),
        ]
        return HomeView(
            waiting=tuple(self._waiting(tx, each, person, base, now) for each in waiting[:8]),
            waiting_count=len(waiting),
            asked=tuple(self._asked(tx, each, base) for each in asked[:8]),
            asked_count=len(asked),
            sessions=tuple(self._living(each, base, now) for each in sessions[:8]),
            sessions_count=len(sessions),
            settings=settings_of_person(tx, person),
            now=now,
            url=f"{self.parts.public_url}/",
        )

    def _waiting(
        self, tx: Transaction, request: FeedbackRequest, person: Person, base: str, now: Micros
    ) -> Waiting:
        card = self.parts.cards.card_for(tx, request, person.id, now)
        url = card.url
        for surface in tx.surfaces.of_request(request.id):
            owner = tx.people.get(surface.person_id)
            if surface.channel != SLACK or owner is None or owner.canonical_id != person.id:
                continue
            landed = read_landed(surface.landed)
            if landed is not None:
                url = permalink(base, landed.channel, landed.ts) or url
        return Waiting(card=card, url=url)

    def _asked(self, tx: Transaction, request: FeedbackRequest, base: str) -> Asked:
        recipients = [r for r in tx.requests.recipients(request.id) if r.part is Part.DECIDER]
        responses = tx.requests.responses(request.id)
        said = {_canonical(tx, r.person_id) for r in responses if r.answer is not None}
        late = {_canonical(tx, r.person_id) for r in responses if r.standing.value == "late"}
        reached = {
            _canonical(tx, surface.person_id)
            for surface in tx.surfaces.of_request(request.id)
            if surface.shown_version
        }
        return Asked(
            request_id=request.id,
            digest=request.digest,
            question=request.question,
            deadline=request.deadline,
            url=self._url(request.place, base, f"questions/{request.id}"),
            reached=_names(recipients, reached),
            silent=_names(recipients, {r.canonical_id for r in recipients} - said),
            late=_names(recipients, late),
            is_open=request.is_open,
            may_ask_again=request.state in (State.EXPIRED, State.CANCELLED),
        )

    def _living(self, session: Session, base: str, now: Micros) -> Living:
        held = session.state.value == "held"
        return Living(
            session_id=session.id,
            title=session.title,
            state="held" if held else session.status(now).value,
            url=self._url(session.place, base, f"sessions/{session.id}"),
        )

    def _url(self, place: str | None, base: str, page: str) -> str:
        """Return where something is: its thread, else its page."""
        try:
            room = place_room(place or "")
            link = permalink(base, room.channel, room.thread or "") if room.thread else None
        except NoAddress:
            link = None
        return link or f"{self.parts.public_url}/#/{page}"


def settings_of_person(tx: Transaction, person: Person) -> Settings:
    """Return how somebody can be reached, as it is shown and changed in Slack."""
    stand_in = ""
    if person.delegate_id is not None:
        keys = tx.people.identities(person.delegate_id)
        stand_in = next((one.key for one in keys if one.kind == "email"), "")
        if not stand_in:
            other = tx.people.get(person.delegate_id)
            stand_in = other.name if other else ""
    away = None
    if person.away_until is not None:
        away = (person.away_from or 0, person.away_until)
    return Settings(
        zone=person.zone,
        working_hours=json.loads(person.working_hours) if person.working_hours else None,
        away=away,
        stand_in=stand_in,
        channel=person.preferred_channel,
    )


def _names(recipients: list[Recipient], wanted: set[str]) -> tuple[str, ...]:
    return tuple(r.name for r in recipients if r.canonical_id in wanted)


def _canonical(tx: Transaction, person_id: str) -> str:
    person = tx.people.get(person_id)
    return person.canonical_id if person else person_id
