"""What can be said without a model: the commands, as data."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.planning import AskHuman


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """Ask people a question."""

    step: AskHuman


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """Ask an open question anew, of the same people; `step` names nobody.

    `number` counts from 1 in the order of asking.
    """

    number: int | None = None
    step: AskHuman


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """Tell what is waiting for whom."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Remind:
    """Show an open question again; `number` counts from 1 in the order of asking."""

    number: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Cancel:
    """Take back an open question; `number` counts from 1 in the order of asking."""

    number: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class End:
    """End the session."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Help:
    """Tell what can be said."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unreadable:
    """Not a command; `sentence` says what is wrong when it was `meant` as one."""

    sentence: str
    meant: bool


Command = Ask | Change | Status | Remind | Cancel | End | Help
