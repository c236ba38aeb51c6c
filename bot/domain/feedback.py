"""A question to people, its kinds and its states, and the answers to it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.domain.instants import Micros
from bot.domain.record import whole

if TYPE_CHECKING:  # which reads the rules of asking, and those read this
    from bot.domain.timetable import Timetable


class Kind(StrEnum):
    """What sort of answer is wanted."""

    APPROVAL = "approval"
    CHOICE = "choice"
    INPUT = "input"
    FORM = "form"


class Risk(StrEnum):
    """How much harm a wrong answer does."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class State(StrEnum):
    """Where a request stands; all but `PENDING` are final."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    ANSWERED = "answered"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"


class Standing(StrEnum):
    """What became of one response."""

    DECIDED = "decided"
    COUNTED = "counted"
    LATE = "late"
    COMMENT = "comment"
    CHANGES = "changes"
    """Changes are asked for first; the question stays open."""
    UNCLEAR = "unclear"


class Rule(StrEnum):
    """How many answers it takes."""

    FIRST = "first"
    ALL = "all"
    QUORUM = "quorum"


class Part(StrEnum):
    """What a recipient has to do with a request: being told of it is not being asked."""

    DECIDER = "decider"
    NOTIFIED = "notified"


class Route(StrEnum):
    """How somebody became a recipient."""

    ASKED = "asked"
    DELEGATED = "delegated"
    ESCALATED = "escalated"
    """By an escalation, or in place of somebody who was asked by one."""
    AWAY = "away"
    """In place of somebody who is away."""


class FieldKind(StrEnum):
    """What a form's field takes."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    SELECT = "select"
    YES_NO = "yes_no"


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One field of a form; `options` are a select's."""

    name: str
    label: str
    kind: FieldKind
    required: bool = True
    options: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """What runs once a request is approved; `arguments` is canonical JSON, `digest` covers both."""

    tool: str
    arguments: str
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a response says: a verdict, options, a form's values, or text, by the request's kind."""

    approved: bool | None = None
    choices: tuple[str, ...] = ()
    values: tuple[tuple[str, str], ...] = ()
    """A form's fields with what was filled in, in the form's order."""
    text: str = ""

    @property
    def key(self) -> object:
        """Return what two answers must share to say the same."""
        if self.approved is not None:
            return self.approved
        if self.choices:
            return frozenset(self.choices)
        return self.values or self.text.casefold().strip()

    def words(self) -> str:
        """Return the answer as a person would say it."""
        if self.approved is not None:
            verdict = "approved" if self.approved else "rejected"
            return f"{verdict}: {self.text}" if self.text else verdict
        said = ", ".join(self.choices) or "; ".join(f"{n}: {v}" for n, v in self.values)
        if not said:
            return self.text
        return f"{said} ({self.text})" if self.text else said


@whole
@dataclass(frozen=True, kw_only=True)
class FeedbackRequest:
    """A question to people; `version` grows with every change that its surfaces must show."""

    id: str
    session_id: str
    asker_id: str
    """The canonical person who owns the session."""
    kind: Kind
    question: str
    context: str
    options: tuple[str, ...]
    rule: Rule
    quorum: int
    risk: Risk
    state: State
    digest: str
    """Of exactly what is shown; an answer that names another digest is refused."""
    asked_at: Micros
    deadline: Micros
    version: int
    multiple: bool = False
    """Whether a choice may name several options."""
    fields: tuple[Field, ...] = ()
    veto: bool = False
    """Whether one rejection ends an approval, whatever the rule."""
    urgent: bool = False
    """Whether working hours do not hold it back."""
    action: Action | None = None
    timetable: Timetable
    reminders_done: int = 0
    escalations_done: int = 0
    next_at: Micros | None = None
    """When time does something to it next; None once it is settled."""
    claimed_by: str | None = None
    """Who said that they are on it."""
    replaces: str | None = None
    """The request that this one was asked in place of."""
    decided_at: Micros | None = None
    decided_by: str | None = None
    """The canonical person whose answer decided."""
    decided_via: str | None = None
    outcome: Answer | None = None
    place: str | None = None
    """Where it was asked outside the web; None: the web. No part of what is shown."""

    @property
    def is_open(self) -> bool:
        """Tell whether an answer can still decide."""
        return self.state is State.PENDING


@whole
@dataclass(frozen=True, kw_only=True)
class FeedbackResponse:
    """One human's answer, kept whatever became of it."""

    id: str
    request_id: str
    person_id: str
    channel: str
    raw_text: str
    answer: Answer | None
    standing: Standing
    agrees: bool | None
    """For a late one: whether it says the same as the outcome; None where there is none."""
    sent_at: Micros
    """When its author let go of it; a mail is on its way for a while."""
    created_at: Micros
