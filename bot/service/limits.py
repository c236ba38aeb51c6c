"""The rate limits that hold at Intake, for every entrance alike."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.commands import (
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
    OpenPlace,
    ReceiveMessage,
    RedriveSurface,
    ReleaseRequest,
    ReopenWith,
    ResumeSession,
    SpeakAt,
    StartSession,
    StopTurn,
)
from bot.domain.errors import RateLimited
from bot.domain.instants import Micros
from bot.domain.rates import Limit
from bot.service.ports.store import Transaction

_COUNTED = (
    BindSession,
    OpenPlace,
    StartSession,
    ReceiveMessage,
    SpeakAt,
    ResumeSession,
    CloseSession,
    AskAgain,
    ChangeProfile,
)
_DECISIONS = (
    AnswerRequest,
    AskNext,
    CancelRequest,
    ClaimRequest,
    CommentOn,
    Delegate,
    RedriveSurface,
    ReleaseRequest,
    ReopenWith,
    StopTurn,
)

PLACES = 5
"""Places that a person may open in a minute: each is a message that is sent to them."""

_SENTENCES = {
    "user": "You are sending more than {limit} requests a minute.",
    "session": "This session takes at most {limit} messages a minute.",
    "person_channel": "You are sending more than {limit} messages a minute over this channel.",
    "places": "You are opening more than {limit} places a minute.",
    "decisions": "You are answering, cancelling or stopping more than {limit} times a minute.",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class RateLimits:
    """Acts a minute: for a person, for a session, and for a person on one channel."""

    per_user: int = 30
    per_session: int = 10
    per_person_channel: int = 20
    places: int = PLACES

    def spend(self, tx: Transaction, command: Command, now: Micros) -> None:
        """Count a command; raise `RateLimited` when it is one too many.

        The refusal undoes the counting, since its transaction is rolled back: who keeps trying
        does not push the moment away. Decisions and stops have an allowance of their own, so that
        a busy approver is not refused, nor somebody who wrote much and wants it stopped.
        """
        person = command.actor.person_id
        if isinstance(command, _DECISIONS):
            self._count(tx, f"d:{person}", Limit(scope="decisions", per_minute=self.per_user), now)
            return
        if not isinstance(command, _COUNTED):
            return
        # Keys in one order everywhere, so that two transactions cannot wait for each other.
        channel = f"c:{person}:{command.actor.channel}"
        self._count(
            tx, channel, Limit(scope="person_channel", per_minute=self.per_person_channel), now
        )
        if isinstance(command, OpenPlace):
            self._count(tx, f"p:{person}", Limit(scope="places", per_minute=self.places), now)
        if isinstance(command, ReceiveMessage | SpeakAt):
            talk = command.place if isinstance(command, SpeakAt) else command.session_id
            session = f"s:{talk}"
            self._count(tx, session, Limit(scope="session", per_minute=self.per_session), now)
        self._count(tx, f"u:{person}", Limit(scope="user", per_minute=self.per_user), now)

    def _count(self, tx: Transaction, key: str, limit: Limit, now: Micros) -> None:
        wait = limit.wait(tx.rates.advance(key, now, limit.interval), now)
        if wait:
            sentence = _SENTENCES[limit.scope].format(limit=limit.per_minute)
            raise RateLimited(
                f"{sentence} Wait {wait} s and send it again.",
                retry_after=wait,
                limit=limit.per_minute,
                scope=limit.scope,
            )
