"""What came of attempts: retried, given up, the next channel tried, and at last the asker told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.domain.card import Card
from bot.domain.commands import CHAT, SYSTEM_CHANNEL
from bot.domain.feedback import FeedbackRequest, Part, Standing
from bot.domain.instants import SECOND, Micros
from bot.domain.journal import Entry
from bot.domain.planning import Role
from bot.domain.routing import Routing
from bot.domain.surface import MAX_ATTEMPTS, Surface, SurfaceState, retry_delay
from bot.service.cards import Cards
from bot.service.conversation import Conversation
from bot.service.desk import Postponed
from bot.service.ports.channel import Channel, Delivery, Fate
from bot.service.ports.places import Landing
from bot.service.ports.store import Topic, Transaction
from bot.service.ports.surfaces import Attempt, Recorded
from bot.service.reaching import give_time, try_next
from bot.service.rooms import is_in_room, room_of, tell_room_is_lost

UNREACHABLE = "recipient.unreachable"
_ANSWERS = (Standing.COUNTED, Standing.DECIDED, Standing.CHANGES)


@dataclass(frozen=True, kw_only=True, slots=True)
class Errand:
    """A claimed surface with the request as it stood at the claim."""

    surface: Surface
    request: FeedbackRequest
    card: Card | None = None
    needless: str = ""
    """Why it need not be sent after all."""

    @property
    def key(self) -> str:
        """Return the request, which is what is announced."""
        return self.request.id

    @property
    def channel(self) -> str:
        """Return the channel it goes out on."""
        return self.surface.channel

    @property
    def lane(self) -> str:
        """Return its lane."""
        return self.surface.lane

    @property
    def claim_until(self) -> Micros | None:
        """Return until when its claim holds."""
        return self.surface.claim_until


Result = tuple[Errand, Delivery | Postponed]
Lost = tuple[FeedbackRequest, Surface]
"""A surface that could not be shown, and of whose person nothing else may be left to try."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Deliveries:
    """The courier's desk for questions: reads what attempts need, and records their results."""

    routing: Routing
    session_timeout: Micros
    channels: Mapping[str, Channel] = field(default_factory=dict)
    cards: Cards | None = None
    """None where chat is the only channel, whose page asks for what it shows."""
    topic: Topic = Topic.SURFACE

    def claim_due(
        self, tx: Transaction, owner: str, now: Micros, until: Micros, limit: int
    ) -> Sequence[Errand]:
        """Claim surfaces that are due."""
        return self.errands(tx, tx.surfaces.claim_due(owner, now, until, limit), now)

    def claim_of(
        self, tx: Transaction, key: str, owner: str, now: Micros, until: Micros
    ) -> Sequence[Errand]:
        """Claim a request's surfaces that are due."""
        return self.errands(tx, tx.surfaces.claim_of(key, owner, now, until), now)

    def next_due(self, tx: Transaction) -> Micros | None:
        """Return when the next surface can be claimed."""
        return tx.surfaces.next_due()

    async def attempt(self, errand: Errand) -> Delivery:
        """Have the errand's channel show it."""
        channel = self.channels[errand.channel]
        return await channel.deliver(errand.surface, errand.request, errand.card)

    def errands(
        self, tx: Transaction, surfaces: Sequence[Surface], now: Micros
    ) -> Sequence[Errand]:
        """Return claimed surfaces with their requests."""
        errands = []
        requests: dict[str, FeedbackRequest | None] = {}
        for surface in surfaces:
            if surface.request_id not in requests:
                requests[surface.request_id] = tx.requests.get(surface.request_id)
            request = requests[surface.request_id]
            if request is None:
                continue
            needless = _needless(tx, surface, request)
            card = None
            if self.cards is not None and not needless and surface.channel != CHAT:
                card = self.cards.card(tx, request, surface, now)
            errands.append(Errand(surface=surface, request=request, card=card, needless=needless))
        return errands

    def record(self, tx: Transaction, results: Sequence[Result], now: Micros) -> None:
        """Record results; those whose claim was lost meanwhile change nothing."""
        lost: list[Lost] = []
        # Whoever waits for a surface holds its question, and questions are held in one order before
        # anything else: a vote, a sweep and two servers' records cannot wait for each other.
        for request_id in sorted({errand.request.id for errand, _ in results}):
            tx.requests.lock(request_id)
        for errand, result in sorted(results, key=lambda r: r[0].request.id):
            surface = errand.surface
            if isinstance(result, Postponed):
                recorded = tx.surfaces.release(_attempt(errand, "postponed", "", now), result.until)
            else:
                recorded = self._ended(tx, errand, result, now, lost)
            if recorded.due_at is not None:
                # A newer version was wanted while this one was on its way, or it must be retried.
                tx.announce(Topic.SURFACE, surface.request_id)
        # Sessions are held once all requests are, and they in one order, too.
        for request, surface in sorted(lost, key=lambda each: each[0].session_id):
            if is_in_room(surface):
                tell_room_is_lost(tx, request, surface, now, self.session_timeout)
            else:
                self._tell_if_unreachable(tx, request, surface, now)

    def _ended(
        self, tx: Transaction, errand: Errand, delivery: Delivery, now: Micros, lost: list[Lost]
    ) -> Recorded:
        surface = errand.surface
        first = surface.state is not SurfaceState.SENT
        attempt = _attempt(errand, delivery.fate.value, delivery.detail, now)
        match delivery.fate:
            case Fate.PARKED:
                recorded = tx.surfaces.release(attempt, None)
                if recorded.written and errand.request.is_open and self._may_be_lost(errand):
                    request = tx.requests.lock(surface.request_id) or errand.request
                    lost.append((request, surface))
                return recorded
            case Fate.SHOWN if not first:
                recorded = tx.surfaces.record(attempt, True, None, landed=delivery.landed)
                _land(tx, surface, delivery, recorded, now)
                return recorded
        # Entries of a request are written under its row's lock.
        request = tx.requests.lock(surface.request_id) or errand.request
        if delivery.fate is Fate.SHOWN:
            recorded = tx.surfaces.record(attempt, True, None, landed=delivery.landed)
            _land(tx, surface, delivery, recorded, now)
            if recorded.written:
                _journal(tx, request, surface, "surface.delivered", delivery.detail, now)
                if surface.channel != CHAT:  # where only being seen counts
                    give_time(tx, request, surface.person_id, now, self.routing)
            return recorded
        dead = delivery.fate is Fate.FAILED or surface.attempts >= MAX_ATTEMPTS
        if delivery.retry_after is not None and delivery.fate is Fate.RETRY:
            # Being asked to come again later costs no try: it says nothing of the address.
            dead = False
            recorded = tx.surfaces.release(attempt, now + _wait(surface, delivery))
        else:
            recorded = tx.surfaces.record(
                attempt,
                False,
                None if dead else now + _wait(surface, delivery),
                certain=delivery.fate is not Fate.UNKNOWN,
                dead=dead,
            )
        if recorded.written:
            kind = "surface.dead" if dead else "surface.failed"
            _journal(tx, request, surface, kind, delivery.detail, now)
            if dead and request.is_open and not self._try_next(tx, request, surface, now):
                lost.append((request, surface))
        return recorded

    def _try_next(
        self, tx: Transaction, request: FeedbackRequest, surface: Surface, now: Micros
    ) -> bool:
        """Have the next channels tried at once; False when somebody must be told all the same."""
        if not is_in_room(surface):
            return try_next(tx, request, surface.person_id, now, self.routing)
        for recipient in tx.requests.recipients(request.id):
            if recipient.part is Part.DECIDER:
                try_next(tx, request, recipient.canonical_id, now, self.routing)
        return False

    def _may_be_lost(self, errand: Errand) -> bool:
        return self.routing.order != (CHAT,) and not errand.needless

    def _tell_if_unreachable(
        self, tx: Transaction, request: FeedbackRequest, surface: Surface, now: Micros
    ) -> None:
        """Tell the asker, once, that no channel of a person is left."""
        mine = [s for s in tx.surfaces.of_request(request.id) if s.person_id == surface.person_id]
        dead = [s for s in mine if s.state is SurfaceState.DEAD]
        if not dead or any(_is_hopeful(s) for s in mine):
            return
        locked = tx.requests.lock(request.id)
        if locked is None or not locked.is_open:
            return
        told = any(
            entry.kind == UNREACHABLE and entry.person_id == surface.person_id
            for entry in tx.journal.of_request(request.id)
        )
        session = None if told else tx.sessions.lock(request.session_id)
        if session is None:
            return
        person = tx.people.get(surface.person_id)
        name = person.name if person else "Somebody"
        tried = "; ".join(f"{s.channel}: {s.last_error or 'no reason given'}" for s in dead)
        conversation = Conversation(tx, session, now, self.session_timeout)
        conversation.place = request.place
        conversation.say(
            Role.SYSTEM,
            f"I could not reach {name} about “{request.question}” ({tried}). It waits in their "
            "inbox on the web. You can have it tried again, or ask somebody else.",
            channel=SYSTEM_CHANNEL,
            request_id=request.id,
            stirs=False,
        )
        conversation.save()
        tx.journal.add(
            Entry(
                kind=UNREACHABLE,
                at=now,
                session_id=request.session_id,
                request_id=request.id,
                person_id=surface.person_id,
                data={"channels": [s.channel for s in dead]},
            )
        )


def _needless(tx: Transaction, surface: Surface, request: FeedbackRequest) -> str:
    """Say why a further channel need not be tried; a person who answered is not asked again."""
    if surface.may_be_there:
        return ""
    if not request.is_open:
        return "settled before it was sent"
    if surface.position == 0 and surface.channel == CHAT:
        return ""  # the first of all, and nothing is pushed there
    if is_in_room(surface):
        return ""  # whatever one of them has done, the others read it there
    recipients = tx.requests.recipients(request.id)
    recipient = next(
        (r for r in recipients if surface.person_id in (r.person_id, r.canonical_id)), None
    )
    if recipient is None:
        return ""
    if (
        recipient.part is Part.DECIDER
        and request.claimed_by is not None
        # What a room's card comes before is a further channel, too.
        and (surface.position or room_of(tx, request) is not None)
    ):
        on_it = next(
            (r.canonical_id for r in recipients if r.person_id == request.claimed_by),
            request.claimed_by,
        )
        if on_it != recipient.canonical_id:
            return "somebody is on it"  # a release makes it due once more
    ids = (recipient.person_id, recipient.canonical_id)
    if any(
        response.person_id in ids and response.standing in _ANSWERS
        for response in tx.requests.responses(request.id)
    ):
        return "answered already"
    if recipient.part is Part.NOTIFIED and any(
        s.person_id == surface.person_id and _has_arrived(s)
        for s in tx.surfaces.of_request(request.id)
    ):
        return "told already"
    return ""


def _has_arrived(surface: Surface) -> bool:
    """Tell whether a person got it there; an open page that nobody looks at does not count."""
    return surface.seen_version > 0 or (surface.channel != CHAT and surface.shown_version > 0)


def _is_hopeful(surface: Surface) -> bool:
    """Tell whether a person got it there, or still may by what we do."""
    return _has_arrived(surface) or (
        surface.state is not SurfaceState.DEAD and surface.due_at is not None
    )


def _wait(surface: Surface, delivery: Delivery) -> Micros:
    asked = 0 if delivery.retry_after is None else round(delivery.retry_after * SECOND)
    return max(retry_delay(surface.attempts), asked)


def _land(
    tx: Transaction, surface: Surface, delivery: Delivery, recorded: Recorded, now: Micros
) -> None:
    """Keep where a card stands, so that what is said there is understood as about it."""
    if not recorded.written:
        return
    for spot in delivery.spots:
        tx.landings.add(
            Landing(
                channel=surface.channel,
                key=spot,
                request_id=surface.request_id,
                person_id=surface.person_id,
                surface_id=surface.id,
                at=now,
            )
        )


def _attempt(errand: Errand, outcome: str, detail: str, now: Micros) -> Attempt:
    return Attempt(
        surface_id=errand.surface.id,
        claim_number=errand.surface.claim_number,
        version=errand.request.version,
        outcome=outcome,
        detail=detail,
        at=now,
    )


def _journal(
    tx: Transaction,
    request: FeedbackRequest,
    surface: Surface,
    kind: str,
    detail: str,
    now: Micros,
) -> None:
    tx.journal.add(
        Entry(
            kind=kind,
            at=now,
            session_id=request.session_id,
            request_id=request.id,
            person_id=surface.person_id,
            channel=surface.channel,
            data={"surface": surface.id, "attempt": surface.attempts, "detail": detail},
        )
    )
