"""The observer port: what is counted and timed, without saying by what."""

from __future__ import annotations

from typing import Protocol


class Observer(Protocol):
    """Takes measurements; never raises, never blocks. Seconds are floats."""

    def command(self, name: str, outcome: str) -> None:
        """Count a command that Intake took or refused."""
        ...

    def turn(self, outcome: str, seconds: float) -> None:
        """Count and time a turn."""
        ...

    def delivery(self, channel: str, outcome: str) -> None:
        """Count an attempt to show a surface."""
        ...

    def lanes_open(self, channel: str, lanes: int) -> None:
        """Note how many lanes of a channel are left alone, because they keep failing."""
        ...

    def action(self, outcome: str, seconds: float) -> None:
        """Count and time a run of an approved action, or its end without one."""
        ...

    def sweep(self, seconds: float) -> None:
        """Time a sweep."""
        ...


class Unobserved:
    """Measures nothing."""

    def command(self, name: str, outcome: str) -> None:
        """Ignore it."""

    def turn(self, outcome: str, seconds: float) -> None:
        """Ignore it."""

    def delivery(self, channel: str, outcome: str) -> None:
        """Ignore it."""

    def lanes_open(self, channel: str, lanes: int) -> None:
        """Ignore it."""

    def action(self, outcome: str, seconds: float) -> None:
        """Ignore it."""

    def sweep(self, seconds: float) -> None:
        """Ignore it."""
