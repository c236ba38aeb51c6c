"""Cards: what one reader sees of a question on one channel, read in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from bot.domain.card import Card, Said
from bot.domain.deciding import needed
from bot.domain.feedback import (
    Answer,
    FeedbackRequest,
    FeedbackResponse,
    Kind,
    Part,
    Route,
    Standing,
)
from bot.domain.held_step import asks_for_contact
from bot.domain.instants import Micros
from bot.domain.surface import Surface
from bot.service.links import Links, Purpose
from bot.service.ports.store import Transaction
from bot.service.ports.tables import Recipient

AGENT_NAME = "Handraise"


@dataclass(frozen=True, kw_only=True, slots=True)
class Cards:
    """Makes cards; `public_url` is where this deployment's pages are."""

    public_url: str
    links: Links | None = None
    linked: tuple[str, ...] = ("email",)
    """The channels whose cards carry a one-use link of the reader's own."""

    def card(
        self, tx: Transaction, request: FeedbackRequest, surface: Surface, now: Micros
    ) -> Card:
        """Return the card of a surface."""
        card = self.card_for(tx, request, surface.person_id, now)
        if self.links is None or surface.channel not in self.linked:
            return card
        offer = partial(self.links.offer, tx, request, surface.person_id, surface.address, now)
        return replace(card, link=offer(Purpose.CLICK), reply=offer(Purpose.REPLY))

    def card_for(
        self, tx: Transaction, request: FeedbackRequest, person_id: str, now: Micros
    ) -> Card:
        """Return what a person sees of a question, whether they are asked or asked it."""
        person = tx.people.get(person_id)
        reader_id = person.canonical_id if person else person_id
        reader = person if person is None or person.id == reader_id else tx.people.get(reader_id)
        recipients = tx.requests.recipients(request.id)
        responses = tx.requests.responses(request.id)
        mine = _of(recipients, reader_id)
        counted = _counted(tx, responses)
        session = tx.sessions.get(request.session_id)
        holder = _canonical(tx, request.claimed_by)
        is_asker = _canonical(tx, request.asker_id) == reader_id
        return Card(
            request=request,
            now=now,
            reader_id=reader_id,
            reader=reader.name if reader else "somebody",
            zone=reader.zone if reader else "UTC",
            part=mine.part if mine else Part.NOTIFIED,
            route=mine.route if mine else Route.ASKED,
            by=_name(tx, mine.by_id) if mine and mine.by_id else None,
            asker=_asker(tx, request),
            deciders=tuple(r.name for r in recipients if r.part is Part.DECIDER),
            told=tuple(r.name for r in recipients if r.part is Part.NOTIFIED),
            needed=_missing(request, recipients, counted.values()),
            answered=tuple(_name(tx, id_) or "somebody" for id_ in counted),
            claimed_by=_name(tx, request.claimed_by),
            claimed_by_reader=holder is not None and holder == reader_id,
            decided_by=_name(tx, request.decided_by),
            session_title=session.title if session and is_asker else "",
            place=request.place,
            url=f"{self.public_url}/#/questions/{request.id}",
            own=counted.get(reader_id),
            late=_late(tx, request, responses) if is_asker else (),
        )


def _asker(tx: Transaction, request: FeedbackRequest) -> str:
    if asks_for_contact(request):
        return AGENT_NAME  # else its owner would read that they ask themselves
    return _name(tx, request.asker_id) or "Somebody"


def _of(recipients: Sequence[Recipient], person_id: str) -> Recipient | None:
    """Return what a person has to do with a question: being asked prevails."""
    mine = [r for r in recipients if r.canonical_id == person_id]
    return min(mine, key=lambda r: r.part is not Part.DECIDER) if mine else None


def _counted(tx: Transaction, responses: Sequence[FeedbackResponse]) -> dict[str, Answer]:
    """Return the answers that count, by canonical person, each person's newest."""
    counts = (Standing.COUNTED, Standing.DECIDED)
    return {
        _canonical(tx, r.person_id) or r.person_id: r.answer
        for r in responses
        if r.standing in counts and r.answer is not None
    }


def _missing(
    request: FeedbackRequest, recipients: Sequence[Recipient], votes: Iterable[Answer]
) -> int:
    """Return how many answers are still needed; of several that differ, the most that agree."""
    if not request.is_open:
        return 0
    deciders = [r for r in recipients if r.part is Part.DECIDER]
    stand_ins = sum(r.route is Route.ESCALATED for r in deciders)
    wanted = needed(request, len(deciders), stand_ins)
    if request.kind is Kind.APPROVAL:
        votes = [vote for vote in votes if vote.approved]
    same = Counter(vote.key for vote in votes)
    return max(1, wanted - max(same.values(), default=0))


def _late(
    tx: Transaction, request: FeedbackRequest, responses: Sequence[FeedbackResponse]
) -> tuple[Said, ...]:
    return tuple(
        Said(
            response_id=r.id,
            name=_name(tx, r.person_id) or "somebody",
            words=r.answer.words() if r.answer is not None else r.raw_text.strip(),
            standing=r.standing.value,
            agrees=r.agrees,
            channel=r.channel,
            at=r.created_at,
            in_time=r.answer is not None and r.sent_at <= request.deadline,
        )
        for r in responses
        if r.standing is Standing.LATE
    )


def _canonical(tx: Transaction, person_id: str | None) -> str | None:
    if person_id is None:
        return None
    person = tx.people.get(person_id)
    return person.canonical_id if person else person_id


def _name(tx: Transaction, person_id: str | None) -> str | None:
    person = tx.people.get(_canonical(tx, person_id) or "")
    return person.name if person else None
