"""What a planner is shown and what it may propose: contexts, plans and steps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.feedback import Field, Kind, Risk
from bot.domain.instants import Micros


class Role(StrEnum):
    """Who speaks in a message: a person, the agent, or the system telling a fact."""

    USER = "user"
    AGENT = "agent"
    SYSTEM = "system"


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One message as the planner sees it; `new` lines are what this turn must react to."""

    seq: int
    role: Role
    author: str
    is_owner: bool
    text: str
    new: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenQuestion:
    """One question of this session that still waits for people."""

    request_id: str
    question: str
    people: tuple[str, ...]
    asked_at: Micros
    deadline: Micros


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolSummary:
    """A tool that may run once people have approved it; `description` says its arguments too."""

    name: str
    description: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanContext:
    """Everything a planner may know for one turn; bounded, whatever the session's length."""

    session_id: str
    turn_id: str
    now: Micros
    zone: str
    """IANA name of the owner's time zone."""
    owner: str
    """User name of the session's owner."""
    summary: str
    lines: tuple[Line, ...]
    open_questions: tuple[OpenQuestion, ...]
    feedback_timeout: Micros
    """How long a question waits when nobody says otherwise."""
    tools: tuple[ToolSummary, ...] = ()

    @property
    def new_lines(self) -> tuple[Line, ...]:
        """Return what this turn must react to, oldest first."""
        return tuple(line for line in self.lines if line.new)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """Say something to the session's people (Markdown)."""

    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Escalation:
    """Whom to ask besides, when nobody has decided: so long after asking, or at an instant."""

    people: tuple[str, ...]
    after: Micros | None = None
    at: Micros | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ProposedAction:
    """What should run once people have approved it; `arguments` is JSON text."""

    tool: str
    arguments: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AskHuman:
    """Ask people; who they are is resolved and checked by code, never by the planner."""

    people: tuple[str, ...]
    """Each a user name or an address, as the owner wrote it."""
    question: str
    kind: Kind
    options: tuple[str, ...] = ()
    context: str = ""
    within: Micros | None = None
    """How long to wait; None means the deployment's default, or `deadline`."""
    deadline: Micros | None = None
    """Until when to wait."""
    working_time: bool = False
    """Whether `within` counts the first recipient's working hours only."""
    quorum: int = 1
    everybody: bool = False
    """Whether all who are asked must agree (or answer)."""
    veto: bool = False
    multiple: bool = False
    fields: tuple[Field, ...] = ()
    notify: tuple[str, ...] = ()
    """Who is told, but not asked."""
    remind_at: tuple[Micros, ...] | None = None
    """When to remind; None means at half and at three quarters of the time."""
    escalations: tuple[Escalation, ...] = ()
    urgent: bool = False
    risk: Risk = Risk.NORMAL
    action: ProposedAction | None = None
    replaces: str | None = None
    """An open question of this session that this one takes the place of."""
    room: str = ""
    """Where its card goes first, for all of them: `#ops`, or `here` for where the session lives;
    empty: to each of them alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelQuestion:
    """Take back an open question of this session."""

    request_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RemindPeople:
    """Show an open question once more to those who have not answered."""

    request_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class EndSession:
    """End the session, with a last word."""

    text: str = ""


Step = Reply | AskHuman | CancelQuestion | RemindPeople | EndSession


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """An ordered list of steps; `note` says how it was made (which model, how many tries)."""

    steps: tuple[Step, ...]
    note: str = ""
    summary: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Spoken:
    """A message handed to `summarise`."""

    author: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """Streamed text of a reply so far: ephemeral, best effort, replaced by the stored message."""

    session_id: str
    turn_id: str
    text: str
    offset: int = 0
    """Characters of the reply that come before `text`."""
