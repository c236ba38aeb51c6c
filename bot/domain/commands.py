"""What an entrance may ask of Intake, and what it gets back."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from enum import Enum
from functools import cache
from typing import Any, cast

from bot.domain.instants import Micros
from bot.domain.record import whole

CHAT = "chat"


class Unchanged(Enum):
    """Tells "not given" from None, which clears."""

    UNCHANGED = "unchanged"


UNCHANGED = Unchanged.UNCHANGED
SYSTEM_CHANNEL = "system"


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Who acts, verified by the entrance, and over which channel."""

    person_id: str
    channel: str
    verified: bool = True
    """Whether the identity behind this act is proven; the unverified cannot answer questions."""
    through: str = ""
    """By what on that channel, where it has several ways: “the link sent to a…@example.org”."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """Base of all commands; `external_key` names this very act, so that it counts once."""

    external_key: str
    actor: Actor


@dataclass(frozen=True, kw_only=True, slots=True)
class StartSession(Command):
    """Open a session, with a first message or without."""

    text: str | None = None
    end: str | None = None
    """A session to end first, where the limit of concurrent ones is reached."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceiveMessage(Command):
    """Say something in a session; one that has ended is reopened."""

    session_id: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SpeakAt(Command):
    """Say something at a place outside the web: in the session that lives there, or a new one."""

    place: str
    text: str
    opens: bool = False
    """Whether it may begin a session there; else what belongs to none is ignored."""
    head: str | None = None
    """What the channel must know to write there, as `Binding.head`; None leaves it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BindSession(Command):
    """Let a session live at a place too; nothing that was said before is shown there."""

    session_id: str
    place: str
    head: str = "{}"


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenPlace(Command):
    """Let a session go on at a new place too: in its owner's direct messages, or by mail to them.

    Where it was tried and given up before, it is tried again.
    """

    session_id: str
    channel: str
    address: str | None = None
    """One of the owner's proven ones on that channel; None means the one that was proven first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResumeSession(Command):
    """Start a session that was held back."""

    session_id: str
    end: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CloseSession(Command):
    """End a session; its open questions are cancelled."""

    session_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StopTurn(Command):
    """Stop the turn that is running; what it was reacting to counts as dealt with."""

    session_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerRequest(Command):
    """Answer a question: by a button, by options, by a form, or in words."""

    request_id: str
    digest: str | None = None
    """Of what was shown; None where the surface cannot carry it."""
    approved: bool | None = None
    choices: tuple[str, ...] = ()
    values: tuple[tuple[str, str], ...] | None = None
    """A form's fields with what was filled in."""
    text: str = ""
    sent_at: Micros | None = None
    """When it was sent, where the channel proves that; None means now."""
    spot: str | None = None
    """Where it was said, in the channel's words: what is asked back is said there."""
    scattered: bool = False
    """Whether its words stood between lines of what they answer: by themselves they say nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CommentOn(Command):
    """Say something about a question without answering it; with `changes`, ask for changes."""

    request_id: str
    text: str
    changes: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Delegate(Command):
    """Hand a question on to somebody else, named by user name or address."""

    request_id: str
    to: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AskNext(Command):
    """Ask the next people of a question at once, since the actor, who was asked, cannot answer."""

    request_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimRequest(Command):
    """Say that one is on it, so that the others need not be."""

    request_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseRequest(Command):
    """Take a claim back."""

    request_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AskAgain(Command):
    """Ask an expired or cancelled question once more; None means the default time to answer."""

    request_id: str
    within: Micros | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ReopenWith(Command):
    """Let a late answer that was sent in time decide an expired question after all."""

    request_id: str
    response_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelRequest(Command):
    """Take back a question."""

    request_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MarkSeen(Command):
    """Say that a version of a card is visible to its person."""

    request_id: str
    version: int


@dataclass(frozen=True, kw_only=True, slots=True)
class AdvanceRequest(Command):
    """Do what time has made due of a question: remind, escalate, expire."""

    request_id: str
    due_at: Micros


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeProfile(Command):
    """Change how a person can be reached; what is not given stays as it is."""

    zone: str | None = None
    working_hours: object = UNCHANGED
    """A plain map as `working_hours` reads it, or None for no hours at all."""
    away: object = UNCHANGED
    """A pair of instants, or None for not away."""
    delegate: object = UNCHANGED
    """A user name or address, or None for nobody."""
    preferred_channel: object = UNCHANGED


@dataclass(frozen=True, kw_only=True, slots=True)
class MergePeople(Command):
    """Say that `person_id` and `into` are one human, who is called `into` from then on.

    The actor is an administrator, or the system with a `proof` in words, which is kept.
    """

    person_id: str
    into: str
    proof: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeOutSession(Command):
    """End a session in which nothing happened for too long."""

    session_id: str
    idle_at: Micros


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """A session that could be ended to make room."""

    session_id: str
    title: str


@whole
@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a command; stored, so that a repeated one gets the same."""

    status: str
    session_id: str | None = None
    request_id: str | None = None
    seq: int | None = None
    text: str = ""
    """A sentence for the person, where there is one."""
    offer: tuple[Offer, ...] = ()
    replayed: bool = False
    of: str = ""
    """What the command asked for, as `fingerprint` says it."""


def fingerprint(command: Command) -> str:
    """Return what tells a repeated command from another one under the same key.

    Who sends it again may have been verified meanwhile: the actor is not part of it.
    """
    kind = type(command)
    asked = [getattr(command, name) for name in _asked(cast("Any", kind))]
    text = repr((kind.__name__, asked))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


_NOT_ASKED = {"external_key", "actor"}


@cache
def _asked(kind: Any) -> list[str]:
    return [field.name for field in fields(kind) if field.name not in _NOT_ASKED]


@dataclass(frozen=True, kw_only=True, slots=True)
class RedriveSurface(Command):
    """Try again to show a question where that was given up."""

    surface_id: str
