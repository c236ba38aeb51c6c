"""The modal of one's own settings: channel, zone, working hours, stand-in and absence."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from bot.channels.slack import caps
from bot.channels.slack.blocks import INPUT_ACTION, Block, input_block, option, select, text_input
from bot.channels.slack.clicks import PREFIX, Act, NotOurs
from bot.channels.slack.escaping import one_line
from bot.channels.slack.facts import Submitted
from bot.channels.slack.modals import view
from bot.channels.slack.submissions import Mistakes
from bot.domain.asking import MAX_PERSON
from bot.domain.errors import Invalid
from bot.domain.instants import Micros
from bot.domain.working_hours import read_hours
from bot.domain.zones import MAX_ZONE, WEEKDAYS, instant_of, local, zone_of

CALLBACK = PREFIX + Act.SETTINGS.value
CHANNEL, ZONE, HOURS, STAND_IN, FROM, UNTIL = "channel", "zone", "hours", "standin", "from", "until"
_ANY = "any"
_CHANNELS = {"chat": "The web page", "slack": "Slack", "email": "E-mail"}
_DAYS = tuple(day[:3].casefold() for day in WEEKDAYS)
_HOURS_LINE = re.compile(
    r"([a-z]+)(?:\s*[-–—]\s*([a-z]+))?[\s:]+"
    r"([0-9]{1,2}:[0-9]{2})\s*(?:[-–—]|to)\s*([0-9]{1,2}:[0-9]{2})"
)
_EXAMPLE = "Write lines such as “mon-fri 09:00-17:00”."


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """How somebody can be reached; `working_hours` is the map that `read_hours` reads."""

    zone: str
    working_hours: Mapping[str, Sequence[str]] | None = None
    away: tuple[Micros, Micros] | None = None
    stand_in: str = ""
    """A user name or address; empty for nobody."""
    channel: str | None = None


def settings_modal(settings: Settings, channels: Sequence[str]) -> Block:
    """Return the modal with the settings as they are; `channels` are the deployment's."""
    entries = [option("Wherever I was last", _ANY)]
    entries += [option(_CHANNELS.get(one, one), one) for one in channels]
    wished = next((one for one in entries if one["value"] == settings.channel), entries[0])
    leaves, back = _away_days(settings)
    blocks = [
        input_block(
            CHANNEL, "Ask me first on",
            select(INPUT_ACTION, entries, placeholder="Pick one", initial=wished),
        ),
        input_block(ZONE, "Time zone", text_input(initial=settings.zone, limit=MAX_ZONE),
                    hint="Such as Europe/Berlin."),
        input_block(HOURS, "Working hours",
                    text_input(multiline=True, initial=hours_text(settings.working_hours)),
                    optional=True, hint=f"{_EXAMPLE} Nothing: any time."),
        input_block(STAND_IN, "Asked in my place while I am away",
                    text_input(initial=settings.stand_in, limit=MAX_PERSON), optional=True,
                    hint="A user name or address."),
        input_block(FROM, "Away from", _day(leaves), optional=True),
        input_block(UNTIL, "Back on", _day(back), optional=True),
    ]  # fmt: skip
    kept = json.dumps({"away": list(settings.away) if settings.away else None})
    return view("My settings", blocks, callback_id=CALLBACK, metadata=kept, submit="Save")


def settings_of(submitted: Submitted, channels: Sequence[str]) -> Settings:
    """Return the settings that were sent; `Mistakes` by field, `NotOurs` for what was forged."""
    given = {block: value for block, value in submitted.inputs if isinstance(value, str)}
    mistakes: dict[str, str] = {}
    channel = given.get(CHANNEL, _ANY)
    if channel != _ANY and channel not in channels:
        raise NotOurs
    zone = given.get(ZONE, "").strip()
    try:
        zone_of(zone)
    except Invalid as wrong:
        mistakes[ZONE] = wrong.message
    hours: Mapping[str, Sequence[str]] | None = None
    try:
        hours = _hours(given.get(HOURS, ""))
    except Invalid as wrong:
        mistakes[HOURS] = wrong.message
    away: tuple[Micros, Micros] | None = None
    if ZONE not in mistakes:
        away = _away(given, zone, _kept(submitted.private_metadata), mistakes)
    if mistakes:
        raise Mistakes(mistakes)
    return Settings(
        zone=zone,
        working_hours=hours,
        away=away,
        stand_in=given.get(STAND_IN, "").strip(),
        channel=None if channel == _ANY else channel,
    )


def hours_text(hours: Mapping[str, Sequence[str]] | None) -> str:
    """Return working hours in lines, equal days that follow one another in one."""
    lines: list[tuple[str, str, str]] = []
    before = ""
    for day in _DAYS:
        shift = (hours or {}).get(day)
        if shift is not None and len(shift) == 2:
            said = f"{shift[0]}-{shift[1]}"
            if lines and lines[-1][1] == before and lines[-1][2] == said:
                lines[-1] = (lines[-1][0], day, said)
            else:
                lines.append((day, day, said))
        before = day
    return "\n".join(f"{a if a == b else f'{a}-{b}'} {said}" for a, b, said in lines)


def _hours(text: str) -> Mapping[str, Sequence[str]] | None:
    """Return the map of days that lines of working hours say; None for no lines. `Invalid`."""
    week: dict[str, Sequence[str]] = {}
    for line in filter(None, (part.strip() for part in re.split(r"[\n,;]", text.casefold()))):
        found = _HOURS_LINE.fullmatch(line)
        first = _day_number(found[1]) if found else None
        last = first if found is None or found[2] is None else _day_number(found[2])
        if found is None or first is None or last is None:
            raise Invalid(f"I cannot read “{one_line(line, 40)}”. {_EXAMPLE}")
        for number in range(first, last + 1 if last >= first else last + 8):
            day = _DAYS[number % 7]
            if day in week:
                raise Invalid(f"{WEEKDAYS[number % 7]} is named twice. Name each day once.")
            week[day] = [found[3], found[4]]
    if week:
        read_hours(week)
    return week or None


def _day_number(name: str) -> int | None:
    for number, day in enumerate(WEEKDAYS):
        if len(name) >= 3 and day.casefold().startswith(name):
            return number
    return None


def _away_days(settings: Settings) -> tuple[str | None, str | None]:
    if settings.away is None:
        return None, None
    leaves, back = (local(at, settings.zone).date().isoformat() for at in settings.away)
    return leaves, back


def _day(initial: str | None) -> Block:
    picker: Block = {"type": "datepicker", "action_id": INPUT_ACTION}
    if initial is not None:
        picker["initial_date"] = initial
    return picker


def _away(
    given: Mapping[str, str],
    zone: str,
    before: tuple[Micros, Micros] | None,
    mistakes: dict[str, str],
) -> tuple[Micros, Micros] | None:
    """Return the absence; one whose days were not touched keeps its hours."""
    leaves, back = given.get(FROM, ""), given.get(UNTIL, "")
    if not leaves and not back:
        return None
    if not leaves or not back:
        mistakes[UNTIL if leaves else FROM] = "Give both days, or none."
        return None
    if before is not None and (leaves, back) == _away_days(Settings(zone=zone, away=before)):
        return before
    try:
        from_, until = (
            instant_of(datetime.combine(date.fromisoformat(day), time()), zone)
            for day in (leaves, back)
        )
    except (ValueError, OverflowError):
        raise NotOurs from None
    if until <= from_:
        mistakes[UNTIL] = "You can only be back after you have left."
        return None
    return from_, until


def _kept(metadata: str) -> tuple[Micros, Micros] | None:
    """Return the absence that the modal was opened with."""
    if len(metadata) > caps.PRIVATE_METADATA:
        raise NotOurs
    try:
        held = json.loads(metadata)
    except (ValueError, RecursionError):
        raise NotOurs from None
    away = held.get("away") if isinstance(held, dict) else None
    if away is None:
        return None
    # A whole number, and one that a calendar has a day for.
    if (
        not isinstance(away, list)
        or len(away) != 2
        or not all(type(at) is int and 0 <= at < 1 << 52 for at in away)
    ):
        raise NotOurs
    return away[0], away[1]
