"""The clauses that say when: deadlines, reminders, and whom to ask besides, and from when on."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from bot.domain.deadlines import read_deadline, read_reminder
from bot.domain.errors import Invalid
from bot.domain.grammar.people import read_list
from bot.domain.grammar.reading import Clock, Reading, Slot, faulty
from bot.domain.instants import Micros
from bot.domain.planning import Escalation
from bot.domain.spans import read_span
from bot.domain.text import shortened

# What was surely meant as a time; "within a team" was not.
_AMOUNT = re.compile(
    r"-?\d[\d.]*\s*[a-z]{0,9}|(?:an?|one)\s+(?:second|month|quarter|year)", re.IGNORECASE
)
_WORKING = re.compile(
    r"(\s|(?<=\d))(?:working|business|work)\s*(?=(?:minute|hour|day|week)s?\b)"
    r"|\s+(?:of\s+)?working\s+time\b",
    re.IGNORECASE,
)
_TIMELY = re.compile(
    r"\d|\b(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b"
    r"|\b(?:today|tomorrow|tonight|yesterday|noon|midnight|morning|afternoon|evening|week|month)\b",
    re.IGNORECASE,
)
_LONGEST_SAID = 80
_MOST_WORDS = 4
_WHEN = r"(?:after|by|at|on|in|before|until)\b"
_TO_THEN_WHEN = re.compile(
    rf"(?:to\s+)?(?P<who>.*?)\s*,?\s*\b(?P<when>{_WHEN}.+)", re.IGNORECASE | re.DOTALL
)
_WHEN_THEN_TO = re.compile(
    rf"(?P<when>{_WHEN}.+?)\s*,?\s+to\s+(?P<who>.+)", re.IGNORECASE | re.DOTALL
)
_WHEN_THEN_ASK = re.compile(
    rf"(?P<when>(?:within\b|{_WHEN}).+?)\s*,?\s+(?:then\s+)?"
    r"(?:(?:please\s+)?ask|escalate\s+to|go\s+to)(?:\s+(?P<who>.+))?",
    re.IGNORECASE | re.DOTALL,
)
_ASK = re.compile(r"(?:then\s+)?(?:(?:please\s+)?ask|escalate\s+to|go\s+to)\s+", re.IGNORECASE)
_ASK_THEN_WHEN = re.compile(
    rf"{_ASK.pattern}(?P<who>.*?)\s*,?\s*\b(?P<when>{_WHEN}.+)", re.IGNORECASE | re.DOTALL
)
_STEPS = re.compile(
    r"(?:\s*,\s*(?:(?:and|then)\s+)*|\s+(?:(?:and|then)\s+)+)(?=to\s)", re.IGNORECASE
)
_PIECES = re.compile(r"\s*(?:[,;]\s*(?:and\s+)?|\band\b)\s*", re.IGNORECASE)
_UNITS = re.compile(r"\d\s*([a-z])", re.IGNORECASE)


def within(body: str, _: Clock) -> Reading | None:
    """Read a length of time, elapsed or in working hours."""
    if len(body) > _LONGEST_SAID:
        return None
    said = _WORKING.sub(r"\1", body).strip()
    working = said != body
    span = read_span(said)
    if span is not None:
        return Reading(
            slot=Slot.DEADLINE,
            change=lambda step: replace(
                step, within=span, working_time=working or step.working_time
            ),
        )
    if not _AMOUNT.fullmatch(said):
        return None
    return faulty(
        Slot.DEADLINE,
        f"“within {body}” is not a time I can read:"
        " use minutes, hours, days or weeks, such as 90m, 2h, 3d or 1w.",
    )


def by(body: str, clock: Clock) -> Reading | None:
    """Read an instant to be ready by."""
    at = _moment(body, clock, read_deadline)
    if at is None:
        return None
    if isinstance(at, str):
        return faulty(Slot.DEADLINE, at)
    return Reading(slot=Slot.DEADLINE, change=lambda step: replace(step, deadline=at))


def remind(body: str, clock: Clock) -> Reading | None:
    """Read when to remind: one or several moments."""
    moments: list[Micros] = []
    for said in _moments(body):
        at = _moment(said, clock, read_reminder)
        if at is None:
            return None
        if isinstance(at, str):
            return faulty(Slot.REMIND, at)
        moments.append(at)
    return Reading(
        slot=Slot.REMIND,
        change=lambda step: replace(step, remind_at=(*(step.remind_at or ()), *moments)),
    )


def escalate(body: str, clock: Clock) -> Reading | None:
    """Read `to dana after 4h`, or the same the other way round, once or several times."""
    whole: Reading | None = None
    for part in _STEPS.split(body):
        one = _escalate_once(part, clock)
        if one is None or one.fault is not None:
            return one
        whole = one if whole is None else _both(whole, one)
    return whole


def _escalate_once(body: str, clock: Clock) -> Reading | None:
    found = _WHEN_THEN_TO.fullmatch(body) or _TO_THEN_WHEN.fullmatch(body)
    if found is not None:
        return _escalation(found["who"], found["when"], clock)
    to, _, who = body.partition(" ")
    people = read_list(who)
    return None if people is None or to.casefold() != "to" else _timeless(people)


def then_ask(body: str, clock: Clock) -> Reading | None:
    """Read `dana by Friday noon`."""
    found = _TO_THEN_WHEN.fullmatch(body)
    if found is not None:
        return _escalation(found["who"], found["when"], clock)
    people = read_list(body)
    return None if people is None else _timeless(people)


def if_nobody(body: str, clock: Clock) -> Reading | None:
    """Read `by Friday noon ask dana`."""
    found = _WHEN_THEN_ASK.fullmatch(body) or _ASK_THEN_WHEN.fullmatch(body)
    if found is not None:
        # "…, ask" and no name behind it: who was meant must be asked back, not left out.
        return _escalation(found["who"] or "", found["when"], clock)
    asks = _ASK.match(body)
    people = None if asks is None else read_list(body[asks.end() :])
    return None if people is None else _timeless(people)


def ask_if(body: str, clock: Clock) -> Reading | None:
    """Read `dana if nobody answers by Friday noon`, of which `if nobody answers` is gone."""
    found = _TO_THEN_WHEN.fullmatch(body)
    return None if found is None else _escalation(found["who"], found["when"], clock)


def _escalation(who: str, when: str, clock: Clock) -> Reading | None:
    people = read_list(who) if who.strip() else ()
    if people is None:
        return None
    said = re.sub(r"\A(?:after|within)\s+", "", when.strip(), flags=re.IGNORECASE)
    span = read_span(re.sub(r"\Ain\s+", "", said, flags=re.IGNORECASE))
    if span is not None:
        made = Escalation(people=people, after=span)
    else:
        at = _moment(said, clock, read_deadline)
        if at is None:
            return None
        if isinstance(at, str):
            return faulty(Slot.ESCALATE, at)
        made = Escalation(people=people, at=at)
    return Reading(
        slot=Slot.ESCALATE,
        change=lambda step: replace(step, escalations=(*step.escalations, made)),
    )


def _both(first: Reading, second: Reading) -> Reading:
    return replace(first, change=lambda step: second.change(first.change(step)))


def _timeless(people: tuple[str, ...]) -> Reading:
    who = " and ".join(people) or "nobody"
    return faulty(
        Slot.ESCALATE,
        f"It does not say when to ask {shortened(who, 60)}: write “after 4h” or “by Friday noon”.",
    )


def _moment(body: str, clock: Clock, read: Callable[..., Micros]) -> Micros | str | None:
    """Return an instant, what is wrong with what was meant as one, or None."""
    if not body or len(body) > _LONGEST_SAID or "?" in body:
        return None
    try:
        return read(body, now=clock.now, zone=clock.zone)
    except Invalid as wrong:
        if wrong.code != "unreadable_time":
            return wrong.message
        few = len(body.split()) <= _MOST_WORDS
        return wrong.message if few and _TIMELY.search(body) else None


def _moments(body: str) -> list[str]:
    """Return the moments that `body` lists; "1h and 30m" is one, "2h and 5h" are two."""
    pieces = [piece for piece in _PIECES.split(body) if piece]
    units = [unit.casefold() for unit in _UNITS.findall(body)]
    whole = re.sub(r"\Ain\s+", "", body, flags=re.IGNORECASE)
    if len(set(units)) == len(units) and read_span(whole) is not None:
        return [body]
    return pieces or [body]
