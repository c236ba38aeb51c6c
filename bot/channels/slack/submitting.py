"""Modals that were sent: answers, notes, wishes, hand-ons and settings; mistakes beside fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.channels.slack import bindings
from bot.channels.slack.acting import OLD, card_of, spot_of
from bot.channels.slack.addresses import SLACK
from bot.channels.slack.asides import Asides, Spot
from bot.channels.slack.belonging import repaint
from bot.channels.slack.clicks import Act, NotOurs
from bot.channels.slack.facts import Submitted
from bot.channels.slack.homes import Homes
from bot.channels.slack.modals import PERSON, PICKED, USER, WORDS, refused
from bot.channels.slack.roster import Barred, Roster
from bot.channels.slack.settings_modal import CALLBACK as SETTINGS
from bot.channels.slack.settings_modal import STAND_IN, settings_of
from bot.channels.slack.submissions import (
    Mistakes,
    choice_of,
    errors_response,
    form_of,
    person_of,
    update_response,
    words_of,
)
from bot.channels.slack.wholeness import refuse_unshown
from bot.domain.commands import (
    Actor,
    AnswerRequest,
    ChangeProfile,
    Command,
    CommentOn,
    Delegate,
)
from bot.domain.errors import Conflict, HandraiseError, Invalid, NotFound, Unavailable
from bot.domain.feedback import FeedbackRequest, Kind
from bot.service.outlet import Parts

Ack = dict[str, Any] | None
"""What a modal is answered with; None closes it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Submitting:
    """Makes commands of modals; what it answered is decided and stored."""

    parts: Parts
    roster: Roster
    asides: Asides
    homes: Homes

    async def submit(self, submitted: Submitted) -> Ack:
        """Take one modal and return how Slack should go on with it.

        Raises `UnknownUser` where Slack must be asked who sent it, and `Unavailable` when nothing
        was stored.
        """
        try:
            actor = await self._actor(submitted)
            if submitted.callback_id == SETTINGS:
                return await self._settings(submitted, actor)
            return await self._answer(submitted, actor)
        except Mistakes as mistakes:
            return errors_response(mistakes.by_block)
        except Unavailable:
            raise
        except Barred as barred:
            return update_response(refused(barred.message or "That is not possible."))
        except HandraiseError as refusal:
            return update_response(refused(refusal.message))

    async def _actor(self, submitted: Submitted) -> Actor:
        whose = (submitted.team, submitted.user, submitted.user_team)
        person = await self.parts.store.read(self.roster.known, *whose)
        if person is None:
            now = self.parts.clock.now()
            person = await self.parts.store.run(self.roster.met, *whose, now)
        return Actor(person_id=person.id, channel=SLACK)

    async def _settings(self, submitted: Submitted, actor: Actor) -> Ack:
        wanted = settings_of(submitted, self.parts.intake.channels)
        try:
            await self.parts.intake.submit(
                ChangeProfile(
                    external_key=submitted.key,
                    actor=actor,
                    zone=wanted.zone,
                    working_hours=wanted.working_hours,
                    away=wanted.away,
                    delegate=wanted.stand_in or None,
                    preferred_channel=wanted.channel,
                )
            )
        except Invalid as wrong:
            return errors_response({STAND_IN: wrong.message})
        self.homes.renew(submitted.team, submitted.user, actor.person_id)
        return None

    async def _answer(self, submitted: Submitted, actor: Actor) -> Ack:
        bound = bindings.read(submitted.callback_id, submitted.private_metadata)
        click = bound.click
        request = await self.parts.store.read(lambda tx: tx.requests.get(click.subject))
        if request is None:
            raise NotFound("That question is not here any more.")
        if click.digest != request.digest:
            await self.parts.store.run(repaint, request, self.parts.clock.now())
            raise Conflict(OLD, code="digest_mismatch")
        if click.act in (Act.NOTE, Act.ANSWER):
            refuse_unshown(request, self.parts.public_url)
        command, field = await self._command(submitted, bound, request, actor)
        try:
            outcome = await self.parts.intake.submit(command)
        except Invalid as wrong:
            if field is None:
                raise
            return errors_response({field: wrong.message})
        at = spot_of(bound.origin, submitted.team, submitted.user)
        at.trigger = submitted.trigger_id
        self.homes.renew(submitted.team, submitted.user, actor.person_id)
        if outcome.status == "unclear" and field is not None:
            return errors_response({field: outcome.text})
        return self._told(at, outcome.text)

    def _told(self, at: Spot, text: str) -> Ack:
        """Tell what came of it: where the modal was opened, or in its place."""
        if at.channel is None:
            return update_response(refused(text, "Handraise")) if text else None
        self.asides.tell(at, text)
        return None

    async def _command(
        self,
        submitted: Submitted,
        bound: bindings.Bound,
        request: FeedbackRequest,
        actor: Actor,
    ) -> tuple[Command, str | None]:
        """Return what a modal asks for, and the block that a mistake in it belongs to."""
        key, id_, digest = submitted.key, request.id, request.digest
        match bound.click.act:
            case Act.NOTE:
                note = AnswerRequest(
                    external_key=key,
                    actor=actor,
                    request_id=id_,
                    digest=digest,
                    approved=True,
                    text=words_of(submitted),
                )
                return note, WORDS
            case Act.CHANGES:
                words = words_of(submitted)
                wish = CommentOn(
                    external_key=key, actor=actor, request_id=id_, text=words, changes=True
                )
                return wish, WORDS
            case Act.DELEGATE:
                to, field = await self._named(submitted)
                return Delegate(external_key=key, actor=actor, request_id=id_, to=to), field
            case Act.ANSWER:
                card = card_of(bound.origin, submitted.team)
                return self._answered(submitted, request, actor, card)
            case _:
                raise NotOurs

    def _answered(
        self, submitted: Submitted, request: FeedbackRequest, actor: Actor, card: str | None
    ) -> tuple[Command, str | None]:
        text, field = "", None
        choices: tuple[str, ...] = ()
        values: tuple[tuple[str, str], ...] | None = None
        match request.kind:
            case Kind.FORM:
                values = form_of(request.fields, submitted)
            case Kind.CHOICE:
                choices, text = choice_of(request, submitted)
                field = WORDS if text else PICKED
            case _:
                text, field = words_of(submitted), WORDS
        answer = AnswerRequest(
            external_key=submitted.key,
            actor=actor,
            request_id=request.id,
            digest=request.digest,
            choices=choices,
            values=values,
            text=text,
            spot=card,
        )
        return answer, field

    async def _named(self, submitted: Submitted) -> tuple[str, str]:
        """Return by what name somebody who was picked is found, and the block they stand in."""
        hand = person_of(submitted)
        if hand.user is None:
            return hand.name or "", PERSON
        name = await self.roster.name_of(submitted.team, hand.user)
        if name is None:
            raise Mistakes({USER: "They cannot be asked here: no full member of this workspace."})
        return name, USER
