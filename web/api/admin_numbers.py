"""Live numbers over REST, for administrators: how many were asked, how fast, what failed."""

from __future__ import annotations

from pydantic import BaseModel

from bot.domain.instants import DAY, HOUR, Micros, iso
from bot.service.numbers import Numbers, Slot, Speed, numbers_since, slots_since
from bot.service.ports.store import Transaction
from web.api import models
from web.api.admin_deliveries import TAG
from web.api.endpoint import Call, endpoint
from web.keys import CLOCK, STORE
from web.views.people import People

PEOPLE_SHOWN = 50
"""Those who decided most."""
_SPANS = {"day": DAY, "week": 7 * DAY, "month": 30 * DAY}
_SLOTS = {"day": HOUR, "week": DAY, "month": DAY}


class ChannelSpeed(BaseModel):
    """How many questions were decided over a channel, and in how many seconds half of them."""

    channel: str
    answered: int
    median_seconds: float


class PersonSpeed(BaseModel):
    """How many questions a person decided, and in how many seconds half of them."""

    person: models.Named
    answered: int
    median_seconds: float


class ChannelFailures(BaseModel):
    """How many deliveries of a channel were given up."""

    channel: str
    number: int


class ShownSlot(BaseModel):
    """What was asked from `since` until the next slot, and what became of it until now."""

    since: models.Instant
    asked: int
    answered: int
    expired: int
    median_seconds: float | None
    failed: int


class ShownNumbers(BaseModel):
    """What happened since `since`; not `is_whole` are those of the newest 20,000 questions."""

    since: models.Instant
    asked: int
    answered: int
    expired: int
    median_seconds: float | None
    by_channel: list[ChannelSpeed]
    by_person: list[PersonSpeed]
    failed_deliveries: list[ChannelFailures]
    slots: list[ShownSlot]
    """The hours of the day, the days of the week and of the month, oldest first."""
    is_whole: bool


class AllNumbers(BaseModel):
    """The numbers of the last day, week and month (30 days)."""

    day: ShownNumbers
    week: ShownNumbers
    month: ShownNumbers


@endpoint(
    "GET",
    "/api/admin/numbers",
    summary="Live numbers of the last day, week and month",
    tag=TAG,
    answer=AllNumbers,
    admin_only=True,
)
async def show_admin_numbers(call: Call) -> AllNumbers:
    """Return how many questions were asked, how fast they were answered, and what failed."""
    shown: AllNumbers = await call.app[STORE].read(_numbers, call.app[CLOCK].now())
    return shown


def _numbers(tx: Transaction, now: Micros) -> AllNumbers:
    moments = [now - span for span in _SPANS.values()]
    people = People(tx)
    day, week, month = (
        _shown(
            numbers,
            since,
            people,
            slots_since(tx, since, _SLOTS[name], _SPANS[name] // _SLOTS[name]),
        )
        for name, since, numbers in zip(_SPANS, moments, numbers_since(tx, moments), strict=True)
    )
    return AllNumbers(day=day, week=week, month=month)


def _shown(numbers: Numbers, since: Micros, people: People, slots: list[Slot]) -> ShownNumbers:
    most = sorted(numbers.by_person.items(), key=_by_answers)[:PEOPLE_SHOWN]
    return ShownNumbers(
        since=iso(since),
        asked=numbers.asked,
        answered=numbers.answered,
        expired=numbers.expired,
        median_seconds=numbers.median_seconds,
        by_channel=[
            ChannelSpeed(channel=name, answered=each.answered, median_seconds=each.median_seconds)
            for name, each in numbers.by_channel.items()
        ],
        by_person=[
            PersonSpeed(
                person=people.named(id_), answered=each.answered, median_seconds=each.median_seconds
            )
            for id_, each in most
        ],
        failed_deliveries=[
            ChannelFailures(channel=name, number=number) for name, number in numbers.failed.items()
        ],
        slots=[
            ShownSlot(
                since=iso(each.since),
                asked=each.asked,
                answered=each.answered,
                expired=each.expired,
                median_seconds=each.median_seconds,
                failed=each.failed,
            )
            for each in slots
        ],
        is_whole=numbers.is_whole,
    )


def _by_answers(item: tuple[str, Speed]) -> tuple[int, str]:
    return -item[1].answered, item[0]


ENDPOINTS = (show_admin_numbers,)
