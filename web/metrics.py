"""What Prometheus may ask, in a registry of its own; labels never hold names, ids or texts."""

from __future__ import annotations

from dataclasses import dataclass

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_SLOW = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """The metric objects; durations are in seconds."""

    registry: CollectorRegistry
    http_requests: Counter
    http_request_seconds: Histogram
    ws_sockets: Gauge
    intake_commands: Counter
    turns: Counter
    turn_seconds: Histogram
    planner_calls: Counter
    surfaces: Counter
    lanes_open: Gauge
    actions: Counter
    action_seconds: Histogram
    questions: Counter
    sweep_seconds: Histogram
    event_loop_lag_seconds: Gauge
    watch_age_seconds: Gauge


def new_metrics(*, process: bool = True) -> Metrics:
    """Return fresh metrics at zero; `process` adds memory, CPU and garbage collection."""
    registry = CollectorRegistry()
    if process:
        ProcessCollector(registry=registry)
        GCCollector(registry=registry)
    return Metrics(
        registry=registry,
        http_requests=Counter(
            "http_requests",
            "HTTP requests answered, by route template.",
            ("method", "route", "status"),
            registry=registry,
        ),
        http_request_seconds=Histogram(
            "http_request_seconds",
            "Time to answer an HTTP request.",
            ("route",),
            registry=registry,
            buckets=_FAST,
        ),
        ws_sockets=Gauge("ws_sockets", "WebSockets open and signed in.", registry=registry),
        intake_commands=Counter(
            "intake_commands",
            "Commands that reached Intake.",
            ("command", "outcome"),
            registry=registry,
        ),
        turns=Counter("turns", "Turns of the agent.", ("outcome",), registry=registry),
        turn_seconds=Histogram(
            "turn_seconds",
            "Time from claim to end of a turn.",
            registry=registry,
            buckets=_SLOW,
        ),
        planner_calls=Counter(
            "planner_calls", "Calls of a planner.", ("planner", "outcome"), registry=registry
        ),
        surfaces=Counter(
            "surfaces",
            "Attempts to show something to somebody.",
            ("channel", "outcome"),
            registry=registry,
        ),
        lanes_open=Gauge(
            "channel_lanes_open",
            "Lanes that are left alone for a while, because they keep failing.",
            ("channel",),
            registry=registry,
        ),
        actions=Counter(
            "actions",
            "Runs of approved actions, and ends without one.",
            ("outcome",),
            registry=registry,
        ),
        action_seconds=Histogram(
            "action_seconds",
            "Time of a run of an approved action.",
            registry=registry,
            buckets=_SLOW,
        ),
        questions=Counter(
            "questions",
            "Questions to people that entered a state.",
            ("kind", "state"),
            registry=registry,
        ),
        sweep_seconds=Histogram(
            "sweep_seconds", "Time of one look at what is due.", registry=registry, buckets=_FAST
        ),
        event_loop_lag_seconds=Gauge(
            "event_loop_lag_seconds", "How late the event loop last woke up.", registry=registry
        ),
        watch_age_seconds=Gauge(
            "channel_watch_age_seconds",
            "How long ago a channel's announcements of news were renewed; none before the first.",
            ("channel",),
            registry=registry,
        ),
    )


def render(registry: CollectorRegistry) -> bytes:
    """Return the registry in the text format that `CONTENT_TYPE` names."""
    return generate_latest(registry)
