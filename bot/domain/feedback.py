"""A question to people: its kinds, its states, and who decides it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.instants import Micros


class Kind(StrEnum):
    """What sort of answer is wanted."""

    APPROVAL = "approval"
    CHOICE = "choice"
    INPUT = "input"


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
    UNCLEAR = "unclear"


class Rule(StrEnum):
    """How many answers it takes."""

    FIRST = "first"
    QUORUM = "quorum"


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a response says: a verdict, options, or free text, by the request's kind."""

    approved: bool | None = None
    choices: tuple[str, ...] = ()
    text: str = ""

    @property
    def key(self) -> object:
        """Return what two answers must share to say the same."""
        if self.approved is not None:
            return self.approved
        return self.choices or self.text.casefold().strip()

    def words(self) -> str:
        """Return the answer as a person would say it."""
        if self.approved is not None:
            verdict = "approved" if self.approved else "rejected"
            return f"{verdict}: {self.text}" if self.text else verdict
        if self.choices:
            chosen = ", ".join(self.choices)
            return f"{chosen} ({self.text})" if self.text else chosen
        return self.text


@dataclass(frozen=True, kw_only=True, slots=True)
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
    decided_at: Micros | None = None
    decided_by: str | None = None
    """The canonical person whose answer decided."""
    decided_via: str | None = None
    outcome: Answer | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether an answer can still decide."""
        return self.state is State.PENDING


@dataclass(frozen=True, kw_only=True, slots=True)
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
    created_at: Micros


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What a new answer does to its request."""

    standing: Standing
    agrees: bool | None = None
    state: State | None = None
    outcome: Answer | None = None
    missing: int = 0
    """How many more answers it takes, when it was counted."""


def judge(
    request: FeedbackRequest, counted: Sequence[FeedbackResponse], person_id: str, answer: Answer
) -> Verdict:
    """Say what `answer` by `person_id` does, given the responses counted so far.

    A person's newer answer replaces their older one until the request is decided. With a quorum,
    it takes that many equal answers, each by another person. `person_id` is canonical.
    """
    if not request.is_open:
        agrees = None if request.outcome is None else request.outcome.key == answer.key
        return Verdict(standing=Standing.LATE, agrees=agrees)
    votes = {r.person_id: r.answer for r in counted if r.answer is not None}
    votes[person_id] = answer
    same = sum(vote.key == answer.key for vote in votes.values())
    if same < request.quorum:
        return Verdict(standing=Standing.COUNTED, missing=request.quorum - same)
    return Verdict(
        standing=Standing.DECIDED, state=_final_state(request.kind, answer), outcome=answer
    )


def _final_state(kind: Kind, answer: Answer) -> State:
    if kind is Kind.APPROVAL:
        return State.APPROVED if answer.approved else State.REJECTED
    return State.ANSWERED
