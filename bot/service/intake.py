"""The one way in: each command is applied once, under its external key, in one transaction."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from bot.domain.commands import (
    CHAT,
    SYSTEM_CHANNEL,
    AdvanceRequest,
    AnswerRequest,
    AskAgain,
    AskNext,
    BindSession,
    CancelRequest,
    ChangeProfile,
    ClaimRequest,
    CloseSession,
    Command,
    CommentOn,
    Delegate,
    MarkSeen,
    MergePeople,
    OpenPlace,
    Outcome,
    ReceiveMessage,
    RedriveSurface,
    ReleaseRequest,
    ReopenWith,
    ResumeSession,
    SpeakAt,
    StartSession,
    StopTurn,
    TimeOutSession,
    fingerprint,
)
from bot.domain.errors import (
    Conflict,
    HandraiseError,
    Invalid,
    NotAllowed,
    RateLimited,
    Unavailable,
)
from bot.domain.instants import HOUR, Micros
from bot.domain.record import changed
from bot.domain.routing import Routing
from bot.service.advancing import Advancing
from bot.service.answering import Answering
from bot.service.asking import Terms
from bot.service.ending import Ending
from bot.service.handing import Handing
from bot.service.handoff import Handoff
from bot.service.limits import RateLimits
from bot.service.merging import IsAdministrator, Merging, nobody
from bot.service.opening import Opening
from bot.service.owning import Owning
from bot.service.ports.clock import Clock
from bot.service.ports.moments import Moment
from bot.service.ports.observer import Observer, Unobserved
from bot.service.ports.store import Store, Transaction
from bot.service.profiles import Profiles
from bot.service.reaching import CHAT_ONLY
from bot.service.redriving import redrive_for_asker
from bot.service.talking import Talking
from bot.service.timing import take

Handler = Callable[[Transaction, Any, Micros], Outcome]

_KEY = re.compile(r"[\x21-\x7e]{1,200}")


class Intake:
    """Stores what every entrance brings; what it returned has been committed."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        limits: RateLimits,
        handoff: Handoff | None = None,
        observer: Observer | None = None,
        max_concurrent: int = 3,
        session_timeout: Micros = 24 * HOUR,
        feedback_timeout: Micros = 48 * HOUR,
        self_approval: bool = False,
        has_reader: bool = False,
        channels: tuple[str, ...] = (CHAT,),
        routing: Routing = CHAT_ONLY,
        is_administrator: IsAdministrator = nobody,
        terms: Terms | None = None,
    ) -> None:
        self.channels = channels
        """Those of this deployment; nobody can prefer another."""
        self._handoff = handoff or Handoff(store)
        self._clock = clock
        self._limits = limits
        self._observer = observer or Unobserved()
        ending = Ending(session_timeout=session_timeout)
        talking = Talking(session_timeout=session_timeout, max_concurrent=max_concurrent)
        terms = terms or Terms(
            feedback_timeout=feedback_timeout, self_approval=self_approval, routing=routing
        )
        answering = Answering(
            session_timeout=session_timeout,
            self_approval=self_approval,
            has_reader=has_reader,
            terms=terms,
        )
        handing = Handing(
            session_timeout=session_timeout, self_approval=self_approval, routing=routing
        )
        owning = Owning(
            session_timeout=session_timeout,
            feedback_timeout=feedback_timeout,
            self_approval=self_approval,
            routing=routing,
            budget=terms.budget,
        )
        advancing = Advancing(
            session_timeout=session_timeout, self_approval=self_approval, routing=routing
        )
        merging = Merging(
            session_timeout=session_timeout,
            self_approval=self_approval,
            is_administrator=is_administrator,
        )
        opening = Opening(session_timeout=session_timeout, channels=channels)
        profiles = Profiles(channels=channels, routing=routing)
        self._handlers: dict[type[Command], Handler] = {
            AdvanceRequest: advancing.advance,
            AnswerRequest: answering.answer,
            AskAgain: owning.ask_again,
            AskNext: advancing.ask_next,
            BindSession: talking.bind,
            CancelRequest: owning.cancel,
            ChangeProfile: profiles.change,
            ClaimRequest: handing.claim,
            CloseSession: ending.close,
            CommentOn: answering.comment,
            Delegate: handing.delegate,
            MarkSeen: handing.seen,
            MergePeople: merging.merge,
            OpenPlace: opening.open,
            ReceiveMessage: talking.receive,
            RedriveSurface: redrive_for_asker,
            ReleaseRequest: handing.release,
            ReopenWith: owning.reopen_with,
            ResumeSession: talking.resume,
            SpeakAt: talking.speak_at,
            StartSession: talking.start,
            StopTurn: ending.stop,
            TimeOutSession: ending.time_out,
        }

    async def submit(self, command: Command) -> Outcome:
        """Apply a command and return its outcome after the commit; a repeated one changes nothing.

        Raises a `HandraiseError` when it is refused; then nothing of it was stored.
        """
        name = type(command).__name__
        if not _KEY.fullmatch(command.external_key):
            raise Invalid("The key of this request is not 1 to 200 visible ASCII characters.")
        try:
            outcome = await self._handoff.run(self._clock.now, self._apply, command)
        except HandraiseError as refusal:
            copy = await self._applied_meanwhile(command, refusal)
            if copy is None:
                self._observer.command(name, refusal.code)
                raise
            outcome = copy
        self._observer.command(name, "replayed" if outcome.replayed else outcome.status)
        return outcome

    async def enter(self, limit: int) -> int:
        """Store what time has made due, found by index, at most `limit` questions and sessions.

        Each is kept once until it is applied; returns how many are new.
        """
        return await self._handoff.run_apart(_enter, self._clock.now(), limit)

    async def apply(self, moments: Sequence[Moment]) -> list[Outcome]:
        """Apply what was entered, in one transaction: all of it, or nothing when one breaks.

        What another server has in hand is left out. Raises what `submit` raises; then each is to
        be applied by itself.
        """
        applied = await self._handoff.run_apart(self._apply_all, moments)
        for command, outcome in applied:
            status = "replayed" if outcome.replayed else outcome.status
            self._observer.command(type(command).__name__, status)
        return [outcome for _, outcome in applied]

    def _apply_all(
        self, tx: Transaction, moments: Sequence[Moment]
    ) -> list[tuple[Command, Outcome]]:
        commands = take(tx, moments, self._clock.now())
        return [(command, self._apply(tx, command)) for command in commands]

    async def _applied_meanwhile(self, command: Command, refusal: HandraiseError) -> Outcome | None:
        """Return what a copy of a refused command led to, if that was under way and came first.

        A line that breaks sends its act again: "already cancelled" is no answer to who cancelled.
        """
        if isinstance(refusal, RateLimited | Unavailable):
            return None  # it is sent again, and finds the receipt then
        with suppress(HandraiseError):
            earlier = await self._handoff.read(_receipt_of, command.external_key)
            if earlier is not None and earlier.of == fingerprint(command):
                return replace(earlier, of="")
        return None

    def _apply(self, tx: Transaction, command: Command) -> Outcome:
        earlier = tx.receipts.find(command.external_key)
        asked = fingerprint(command)
        if earlier is not None:
            if earlier.of != asked:
                raise Conflict(
                    "This key was used for another request before. Send this one with a new key.",
                    code="key_reused",
                )
            return replace(earlier, of="")
        now = self._clock.now()
        _refuse_shut_out(tx, command)
        self._limits.spend(tx, command, now)
        outcome = self._handlers[type(command)](tx, command, now)
        if outcome.status == "unchanged" and command.actor.channel == SYSTEM_CHANNEL:
            # It came too early, since clocks can be set back: it comes again under this key.
            return outcome
        if isinstance(command, MarkSeen):
            # Its surface remembers it. This one is not limited, and a receipt for each would let
            # one socket fill the database.
            return outcome
        tx.receipts.add(command.external_key, changed(outcome, of=asked), now)
        return outcome


def _enter(tx: Transaction, now: Micros, limit: int) -> int:
    return tx.moments.enter(now, limit)


def _receipt_of(tx: Transaction, external_key: str) -> Outcome | None:
    return tx.receipts.find(external_key)


def _refuse_shut_out(tx: Transaction, command: Command) -> None:
    """Refuse whose account was disabled: on the web their tokens are dead, elsewhere this is it."""
    actor = command.actor
    if actor.channel in (CHAT, SYSTEM_CHANNEL) or not actor.person_id:
        return
    if tx.accounts.is_shut_out(actor.person_id):
        raise NotAllowed("Your account was disabled. Ask your administrator.", code="disabled")
