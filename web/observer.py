"""Counts what the agent does, as Prometheus metrics."""

from __future__ import annotations

from web.metrics import Metrics


class MetricsObserver:
    """Implements the port `Observer`."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def command(self, name: str, outcome: str) -> None:
        """Count a command that Intake took or refused."""
        self._metrics.intake_commands.labels(command=name, outcome=outcome).inc()

    def turn(self, outcome: str, seconds: float) -> None:
        """Count and time a turn."""
        self._metrics.turns.labels(outcome=outcome).inc()
        self._metrics.turn_seconds.observe(seconds)

    def delivery(self, channel: str, outcome: str) -> None:
        """Count an attempt to show a surface."""
        self._metrics.surfaces.labels(channel=channel, outcome=outcome).inc()

    def lanes_open(self, channel: str, lanes: int) -> None:
        """Note how many lanes of a channel are left alone, because they keep failing."""
        self._metrics.lanes_open.labels(channel=channel).set(lanes)

    def action(self, outcome: str, seconds: float) -> None:
        """Count and time a run of an approved action, or its end without one."""
        self._metrics.actions.labels(outcome=outcome).inc()
        if seconds:
            self._metrics.action_seconds.observe(seconds)

    def sweep(self, seconds: float) -> None:
        """Time a sweep."""
        self._metrics.sweep_seconds.observe(seconds)
