"""What a link's reader sees of its question now, read in one transaction; it changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from bot.domain.card import Card
from bot.domain.feedback import FeedbackRequest, FeedbackResponse, Part, Risk, Standing
from bot.domain.instants import Micros
from bot.service.cards import Cards
from bot.service.directory import EMAIL
from bot.service.links import Purpose, hash_of
from bot.service.ports.store import Transaction
from bot.service.ports.tables import Recipient
from bot.service.ports.vault import Link

_LONGEST = 128
"""Characters of a token; no longer one was ever made."""


class Stage(Enum):
    """What the reader can do here."""

    OPEN = auto()
    ANSWERED = auto()
    """They answered, which counts and can still be changed."""
    SIGN_IN = auto()
    """A link alone is not enough."""
    TOLD = auto()
    """Others are asked now."""
    OVER = auto()
    """Its time has passed; that nobody answered is not certain yet."""
    SETTLED = auto()


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A question as the reader of one link sees it."""

    token: str
    link: Link
    card: Card
    stage: Stage
    own: tuple[FeedbackResponse, ...]
    """All that the reader said, oldest first."""
    handed_to: tuple[str, ...]
    """Names of those to whom the reader handed it on."""
    proven: bool
    """Whether the address that the link was sent to is still the reader's."""

    @property
    def request(self) -> FeedbackRequest:
        return self.card.request

    @property
    def has_answered(self) -> bool:
        """Tell whether an answer of the reader decided or counts."""
        decided = any(each.standing is Standing.DECIDED for each in self.own)
        return decided or self.card.own is not None


def look(tx: Transaction, token: str, cards: Cards, now: Micros) -> Shown | None:
    """Return what a token opens; None for one that is unknown, or over.

    A link to somebody who was since taken off the question opens nothing either.
    """
    if len(token) > _LONGEST:
        return None
    link = tx.links.find(hash_of(token, Purpose.CLICK))
    request = tx.requests.get(link.request_id) if link and link.expires_at > now else None
    if link is None or request is None:
        return None
    card = cards.card_for(tx, request, link.person_id, now)
    recipients = tx.requests.recipients(request.id)
    mine = {r.person_id for r in recipients if r.canonical_id == card.reader_id}
    if not mine and not card.is_asker:
        return None
    proven = _is_proven(tx, link, card.reader_id)
    return Shown(
        token=token,
        link=link,
        card=card,
        stage=_stage(card, now, proven=proven),
        own=tuple(
            each
            for each in tx.requests.responses(request.id)
            if _canonical(tx, each.person_id) == card.reader_id
        ),
        handed_to=_handed_to(recipients, mine),
        proven=proven,
    )


def _stage(card: Card, now: Micros, *, proven: bool) -> Stage:
    request = card.request
    if not request.is_open:
        return Stage.SETTLED
    if now > request.deadline:
        return Stage.OVER
    if card.part is not Part.DECIDER:
        return Stage.TOLD
    if request.risk is Risk.HIGH or not proven:
        return Stage.SIGN_IN
    return Stage.OPEN if card.own is None else Stage.ANSWERED


def _is_proven(tx: Transaction, link: Link, reader_id: str) -> bool:
    """Tell whether the address is still theirs, and their account not closed."""
    address = link.address.casefold()
    owner = tx.people.by_identity(EMAIL, address)
    account = tx.accounts.by_verified_email(address)
    open_ = account is None or account.disabled_at is None
    return owner is not None and owner.canonical_id == reader_id and open_


def _handed_to(recipients: Sequence[Recipient], mine: set[str]) -> tuple[str, ...]:
    return tuple(r.name for r in recipients if r.by_id in mine and r.person_id not in mine)


def _canonical(tx: Transaction, person_id: str) -> str:
    person = tx.people.get(person_id)
    return person.canonical_id if person else person_id
