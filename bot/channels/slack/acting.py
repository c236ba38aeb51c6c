"""Clicks: decoded, checked against the card they were made on, decided in the fast lane."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.channels.slack.addresses import SLACK, spot
from bot.channels.slack.asides import Asides, Spot
from bot.channels.slack.belonging import belongs, repaint
from bot.channels.slack.blocks import Block
from bot.channels.slack.clicks import PREFIX, Act, Click, NotOurs, decode
from bot.channels.slack.facts import Clicked
from bot.channels.slack.homes import Homes, settings_of_person
from bot.channels.slack.maybe import KIND as SAID
from bot.channels.slack.maybe import Maybe
from bot.channels.slack.modals import (
    answer_modal,
    changes_modal,
    delegate_modal,
    note_modal,
)
from bot.channels.slack.offering import is_swap, read_swap
from bot.channels.slack.refusals import Refused
from bot.channels.slack.roster import Barred, Roster
from bot.channels.slack.settings_modal import Settings, settings_modal
from bot.channels.slack.submissions import picked
from bot.channels.slack.wholeness import refuse_unshown
from bot.domain.card import Card
from bot.domain.commands import (
    Actor,
    AnswerRequest,
    AskAgain,
    CancelRequest,
    ClaimRequest,
    CloseSession,
    Command,
    MarkSeen,
    Outcome,
    ReleaseRequest,
    ReopenWith,
    ResumeSession,
    SpeakAt,
)
from bot.domain.errors import Conflict, HandraiseError, NotFound, Unavailable
from bot.domain.feedback import FeedbackRequest, Part
from bot.domain.person import Person
from bot.service.outlet import Parts
from bot.service.ports.store import Transaction

OLD = "This card is old: the question has changed since. The card is brought up to date."
NOT_YOURS = "This question is not put to you."
_SLOW = "Slack took too long to open it. Please click once more."
_OPENS: dict[Act, Callable[..., Block]] = {
    Act.ANSWER: answer_modal,
    Act.NOTE: note_modal,
    Act.CHANGES: changes_modal,
    Act.DELEGATE: delegate_modal,
}
_APPROVING = {Act.APPROVE, Act.NOTE, Act.ANSWER, Act.CONFIRM}
"""What may approve: for that, all of a question must have been shown."""
_WITHOUT_QUESTION = {Act.END, Act.SETTINGS, Act.OPEN}
_DONE = {
    "asked": "The question is asked again.",
    "cancelled": "The question is taken back.",
    "ended": "The session has ended.",
    "started": "The session is running now.",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Look:
    person: Person
    request: FeedbackRequest | None
    card: Card | None
    settings: Settings
    belongs: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Acting:
    """Makes commands of clicks; what it returned from is decided and stored."""

    parts: Parts
    roster: Roster
    asides: Asides
    homes: Homes
    maybe: Maybe

    async def click(self, clicked: Clicked) -> None:
        """Take one click; whoever made it hears what came of it.

        Raises `UnknownUser` where Slack must be asked who clicked, and `Unavailable` when nothing
        was stored.
        """
        at = _spot(clicked)
        if clicked.action_id == PREFIX + Act.PICK.value and not clicked.value:
            return  # several can be picked; they count once they are sent
        try:
            if is_swap(clicked.action_id):
                await self._swap(clicked, at)
                return
            click = decode(clicked.action_id, clicked.value)
            if click.act is Act.OPEN:
                return
            look = await self._looked(clicked, click)
            if not look.belongs:
                raise NotOurs
            await self._act(clicked, click, look, at)
        except (Barred, HandraiseError) as refusal:
            if isinstance(refusal, Unavailable):
                raise
            self.asides.tell(at, refusal.message)

    async def _looked(self, clicked: Clicked, click: Click) -> _Look:
        person = await self._person(clicked)
        return await self.parts.store.read(self._look, clicked, click, person)

    async def _person(self, clicked: Clicked) -> Person:
        whose = (clicked.team, clicked.user, clicked.user_team)
        known = await self.parts.store.read(self.roster.known, *whose)
        if known is not None:
            return known
        now = self.parts.clock.now()
        return await self.parts.store.run(self.roster.met, *whose, now)

    def _look(self, tx: Transaction, clicked: Clicked, click: Click, person: Person) -> _Look:
        request = None
        if click.act not in _WITHOUT_QUESTION:
            request = tx.requests.get(click.subject)
        card = None
        if request is not None and click.act in _OPENS:
            card = self.parts.cards.card_for(tx, request, person.id, self.parts.clock.now())
        return _Look(
            person=person,
            request=request,
            card=card,
            settings=settings_of_person(tx, person),
            belongs=belongs(tx, clicked, click, person),
        )

    async def _act(self, clicked: Clicked, click: Click, look: _Look, at: Spot) -> None:
        actor = Actor(person_id=look.person.id, channel=SLACK)
        if click.act is Act.SETTINGS:
            view = settings_modal(look.settings, self.parts.intake.channels)
            self.asides.start(self._open(at, view, None))
            return
        if click.act is Act.END:
            await self._submit(
                CloseSession(external_key=clicked.key, actor=actor, session_id=click.subject),
                clicked, at,
            )  # fmt: skip
            return
        request = look.request
        if request is None:
            raise NotFound("That question is not here any more.")
        if click.act in _APPROVING:
            refuse_unshown(request, self.parts.public_url)
        if click.act in _OPENS:
            await self._open_modal(clicked, click, look, request, at)
            return
        if click.digest != request.digest:
            await self._old(request)
        if click.act in (Act.CONFIRM, Act.DENY):
            await self._clear_up(clicked, click, request, actor, at)
            return
        await self._submit(_command(clicked, click, request, actor), clicked, at)

    async def _open_modal(
        self, clicked: Clicked, click: Click, look: _Look, request: FeedbackRequest, at: Spot
    ) -> None:
        """Open what an answer is written in, for those who may answer, while it is open."""
        if click.digest != request.digest:
            await self._old(request)
        card = look.card
        asked = await self.parts.store.read(lambda tx: tx.requests.recipients(request.id))
        if card is None or look.person.canonical_id not in {r.canonical_id for r in asked}:
            raise NotFound(NOT_YOURS)
        if not request.is_open:
            await self.parts.store.run(repaint, request, self.parts.clock.now())
            raise Conflict(
                f"This question is over: it is {request.state.value}. Write under its card if you "
                "want to add something."
            )
        if card.part is not Part.DECIDER and click.act is not Act.CHANGES:
            raise NotFound(f"You were told of this question. It is for {', '.join(card.deciders)}.")
        view = _OPENS[click.act](card, origin=origin_of(clicked))
        seen = MarkSeen(
            external_key=f"{clicked.key}:seen",
            actor=Actor(person_id=look.person.id, channel=SLACK),
            request_id=request.id,
            version=request.version,
        )
        self.asides.start(self._open(at, view, seen))

    async def _open(self, at: Spot, view: Block, seen: MarkSeen | None) -> None:
        try:
            await self.asides.open_view(at, view)
        except Refused as refused:
            if refused.code in ("expired_trigger_id", "exchanged_trigger_id", "trigger_expired"):
                self.asides.tell(at, _SLOW)
            raise
        if seen is not None:
            await self.parts.intake.submit(seen)

    async def _old(self, request: FeedbackRequest) -> None:
        await self.parts.store.run(repaint, request, self.parts.clock.now())
        raise Conflict(OLD, code="digest_mismatch")

    async def _clear_up(
        self, clicked: Clicked, click: Click, request: FeedbackRequest, actor: Actor, at: Spot
    ) -> None:
        """Take words that were asked about: as the answer, or as the beginning of a session."""
        said = await self.parts.store.read(self.maybe.said, click.extra, actor.person_id)
        if said is None:
            raise NotFound("That is settled already. Answer on the question's card, please.")
        key = f"slack.said:{click.extra}"  # whichever button is clicked first, and however often
        command: Command
        if click.act is Act.CONFIRM:
            command = AnswerRequest(
                external_key=key,
                actor=actor,
                request_id=request.id,
                digest=click.digest,
                text=said.text,
                sent_at=said.at,
            )
        else:
            command = SpeakAt(
                external_key=key, actor=actor, place=said.place, text=said.text, opens=True
            )
        await self._submit(command, clicked, at)
        await self.parts.store.run(lambda tx: tx.vault.drop(SAID, click.extra))

    async def _swap(self, clicked: Clicked, at: Spot) -> None:
        """End one session and start the one that waits."""
        swap = read_swap(clicked.value)
        person = await self._person(clicked)
        command = ResumeSession(
            external_key=clicked.key,
            actor=Actor(person_id=person.id, channel=SLACK),
            session_id=swap.start,
            end=swap.end,
        )
        await self._submit(command, clicked, at)

    async def _submit(self, command: Command, clicked: Clicked, at: Spot) -> Outcome:
        outcome = await self.parts.intake.submit(command)
        if not outcome.replayed:
            self.asides.tell(at, outcome.text or _DONE.get(outcome.status, ""))
        self.homes.renew(clicked.team, clicked.user, command.actor.person_id)
        return outcome


def _command(clicked: Clicked, click: Click, request: FeedbackRequest, actor: Actor) -> Command:
    """Return what a button of a card asks for; `NotOurs` for an option that is not there."""
    key, id_ = clicked.key, request.id
    match click.act:
        case Act.APPROVE | Act.REJECT:
            return AnswerRequest(
                external_key=key,
                actor=actor,
                request_id=id_,
                digest=click.digest,
                approved=click.act is Act.APPROVE,
            )
        case Act.CHOOSE | Act.PICK:
            if click.option is None or click.option >= len(request.options):
                raise NotOurs
            chosen: tuple[str, ...] = (request.options[click.option],)
        case Act.SUBMIT:
            held = dict(clicked.inputs).get(PREFIX + Act.PICK.value, ())
            chosen = picked(request, (held,) if isinstance(held, str) else held)
            if not chosen:
                raise NotFound("Pick an option first, then send it.")
        case Act.CLAIM:
            return ClaimRequest(external_key=key, actor=actor, request_id=id_)
        case Act.RELEASE:
            return ReleaseRequest(external_key=key, actor=actor, request_id=id_)
        case Act.CANCEL:
            return CancelRequest(external_key=key, actor=actor, request_id=id_)
        case Act.AGAIN:
            return AskAgain(external_key=key, actor=actor, request_id=id_)
        case Act.REOPEN:
            return ReopenWith(
                external_key=key, actor=actor, request_id=id_, response_id=click.extra
            )
        case _:
            raise NotOurs
    return AnswerRequest(
        external_key=key, actor=actor, request_id=id_, digest=click.digest, choices=chosen
    )


def _spot(clicked: Clicked) -> Spot:
    return Spot(
        team=clicked.team,
        user=clicked.user,
        channel=clicked.channel,
        thread=clicked.thread_ts,
        trigger=clicked.trigger_id,
    )


def origin_of(clicked: Clicked) -> str:
    """Return where a modal was opened from, as it carries it: channel, card, and its thread."""
    if clicked.channel is None or clicked.message_ts is None:
        return ""
    return ":".join(filter(None, (clicked.channel, clicked.message_ts, clicked.thread_ts)))


def card_of(origin: str, team: str) -> str | None:
    """Return the spot of the card that a modal was opened from: questions back go there."""
    channel, _, rest = origin.partition(":")
    card, _, thread = rest.partition(":")
    return spot(team, channel, thread or card) if card else None


def spot_of(origin: str, team: str, user: str) -> Spot:
    """Return where a modal was opened from."""
    channel, _, rest = origin.partition(":")
    thread = rest.partition(":")[2]
    return Spot(team=team, user=user, channel=channel or None, thread=thread or None)
