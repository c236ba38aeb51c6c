"""The numbers that tell how asking goes: how many, how fast, and what went wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bot.domain.feedback import State
from bot.domain.instants import SECOND, Micros
from bot.service.ports.administration import Asked
from bot.service.ports.store import Transaction

LOOKED_AT = 20_000
"""Questions that are looked at, the newest: a bound on what one look costs."""
_ANSWERED = frozenset({State.APPROVED.value, State.REJECTED.value, State.ANSWERED.value})


@dataclass(frozen=True, kw_only=True, slots=True)
class Speed:
    """How many questions were decided, and in how many seconds half of them."""

    answered: int
    median_seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Numbers:
    """What happened since a moment; by-person numbers are of whoever decided."""

    asked: int
    answered: int
    expired: int
    median_seconds: float | None
    by_channel: Mapping[str, Speed]
    by_person: Mapping[str, Speed]
    failed: Mapping[str, int]
    is_whole: bool
    """False when there were more questions than are looked at: then these are of the newest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    """What was asked from `since` until the next slot, and what became of it."""

    since: Micros
    asked: int
    answered: int
    expired: int
    median_seconds: float | None
    failed: int


def slots_since(tx: Transaction, since: Micros, width: Micros, number: int) -> list[Slot]:
    """Return that many slots of time, one after the other from `since`."""
    by_slot: defaultdict[int, list[Asked]] = defaultdict(list)
    for each in tx.administration.asked(since, LOOKED_AT):
        by_slot[(each.asked_at - since) // width].append(each)
    failed = tx.administration.failures_by(since, width)
    return [
        _slot(since + at * width, count(by_slot[at], {}, is_whole=True), failed.get(at, 0))
        for at in range(number)
    ]


def _slot(since: Micros, numbers: Numbers, failed: int) -> Slot:
    return Slot(
        since=since,
        asked=numbers.asked,
        answered=numbers.answered,
        expired=numbers.expired,
        median_seconds=numbers.median_seconds,
        failed=failed,
    )


def numbers_since(tx: Transaction, moments: Sequence[Micros]) -> list[Numbers]:
    """Return the numbers since each of these moments."""
    asked = tx.administration.asked(min(moments), LOOKED_AT)
    return [
        count(
            [each for each in asked if each.asked_at >= since],
            {each.channel: each.number for each in tx.administration.failures(since)},
            is_whole=len(asked) < LOOKED_AT,
        )
        for since in moments
    ]


def count(asked: Sequence[Asked], failed: Mapping[str, int], *, is_whole: bool) -> Numbers:
    """Return the numbers of these questions."""
    spans: list[Micros] = []
    by_channel: defaultdict[str, list[Micros]] = defaultdict(list)
    by_person: defaultdict[str, list[Micros]] = defaultdict(list)
    for each in asked:
        if each.state not in _ANSWERED or each.decided_at is None:
            continue
        span = max(0, each.decided_at - each.asked_at)  # clocks can be set back
        spans.append(span)
        if each.decided_via is not None:
            by_channel[each.decided_via].append(span)
        if each.decided_by is not None:
            by_person[each.decided_by].append(span)
    return Numbers(
        asked=len(asked),
        answered=len(spans),
        expired=sum(each.state == State.EXPIRED.value for each in asked),
        median_seconds=_seconds(spans) if spans else None,
        by_channel=_speeds(by_channel),
        by_person=_speeds(by_person),
        failed=failed,
        is_whole=is_whole,
    )


def _speeds(spans: Mapping[str, Sequence[Micros]]) -> dict[str, Speed]:
    return {
        name: Speed(answered=len(each), median_seconds=_seconds(each))
        for name, each in sorted(spans.items())
    }


def _seconds(spans: Iterable[Micros]) -> float:
    return median(spans) / SECOND
