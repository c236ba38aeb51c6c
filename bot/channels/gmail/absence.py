"""When somebody who is away says to be back; whom else they name is left alone on purpose.

The text is an automatic one and may be forged or old: a date is only a hint of how long to wait,
and nobody that it names is ever asked instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from bot.channels.gmail.day_names import MONTHS, WEEKDAYS, either

LONGEST = timedelta(days=365)
_TEXT = 6_000
_DATE = re.compile(
    r"(?<![\w/.])(?:"
    r"(?P<y1>20\d\d)-(?P<m1>\d\d?)-(?P<d1>\d\d?)"
    r"|(?:(?P<y5>20\d\d)\s?[年년]\s?)?(?P<m5>\d\d?)\s?[月월]\s?(?P<d5>\d\d?)\s?[日일号]"
    rf"|(?P<d2>\d\d?)(?:st|nd|rd|th|er|º|°|\.)?(?:\s|\sof\s|\sde\s|-)*(?P<n2>{either(MONTHS)})\b\.?"
    r"(?:,?(?:\s|\sde\s|\sdel\s)*(?P<y2>20\d\d)(?!\d))?"
    rf"|(?P<n3>{either(MONTHS)})\b\.?\s+(?P<d3>\d\d?)(?:st|nd|rd"
    rf"|th)?\b(?:,?\s*(?P<y3>20\d\d)(?!\d))?"
    r"|(?<!-)(?P<a4>\d\d?)(?P<sep>[./-])\s?(?P<b4>\d\d?)(?:(?P=sep)\s?(?P<y4>(?:20)?\d\d)?)?(?![\d/])"
    rf"(?!\s*(?:{either(MONTHS)}))"
    rf"|(?P<weekday>{either(WEEKDAYS)})\b(?!,?\s+(?:the\s+|den\s+|dem\s+|le\s+|el\s+|dia\s+"
    rf"|il\s+)?\d"
    rf"|,?\s+(?:{either(MONTHS)})\b)"
    r"|(?P<next>tomorrow|demain|mañana|amanhã|domani)\b"
    r")",
    re.IGNORECASE,
)
_UNTIL = re.compile(
    r"(?:\b(?:until|till?|through|thru|up to|ending|bis|jusqu['’ ]?(?:au|à|a)|hasta|até|fino"
    r"|sino|tot|t/m)\b"
    r"|\bau\b|\bal\b|\d\.?\s*[-–]|\bbetween\b.*\band\b)[^.!?\d]{0,40}$",
    re.IGNORECASE,
)
_BACK_WORDS = (
    r"back|return\w*|reachable|available|wieder|zurück|erreichbar|retour|reviens|revenir"
    r"|rentre\w*|joignable"
    r"|vuelv\w+|vuelta|regres\w+|reincorpor\w+|disponible|volt[ao]\w*|voltarei|retorn\w+"
    r"|regressar\w*|disponível"
    r"|rientr\w+|torn\w+|ritorn\w+|disponibile|terug|bereikbaar|aanwezig"
)
_BACK = re.compile(rf"\b(?:{_BACK_WORDS})\b[^.!?\d]{{0,40}}$", re.IGNORECASE)
_FROM = re.compile(
    r"\b(?:from|as of|starting|ab|seit|à partir d[ue]|dès|a partir d[eol]|desde|dal(?:l['’])?|da"
    r"|vanaf|per)\b"
    r"[^.!?\d]{0,30}$",
    re.IGNORECASE,
)
_AWAY_WORDS = re.compile(
    r"\b(?:out|away|absent\w*|leave|vacation|holiday|urlaub|abwesend|nicht|unterwegs|congés?"
    r"|vacaciones|ausente|fuera|fora"
    r"|férias|ferie|assente|fuori|afwezig|vakantie|niet)\b",
    re.IGNORECASE,
)
_BACK_AFTER = re.compile(rf"^[^.!?\d]{{0,50}}\b(?:{_BACK_WORDS})\b", re.IGNORECASE)
_RANGE = re.compile(
    r"[.,]?\s*(?:to|through|thru|until|till|-|–|—|~|bis(?: zum)?|au|al|a|à|até|tot(?: en met)?"
    r"|t/m|から)\s*"
    r"(?:and including\s+|the\s+|le\s+|el\s+|il\s+|dem\s+|den\s+)?(?:[^\W\d]{2,14}[.,]?\s+)?",
    re.IGNORECASE,
)
_ENGLISH = re.compile(r"\b(?:the|will|back|until|return|office|out|am|and)\b", re.IGNORECASE)
_OTHER = re.compile(
    r"\b(?:ich|bin|bis|wieder|und|je|suis|jusqu|retour|bureau|hasta|estaré|oficina|até|estou"
    r"|volto|escritório"
    r"|fino|sono|ufficio|rientro|ben|tot|kantoor|terug|niet)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Named:
    """A date in the text; several `days` where its order of day and month is not certain."""

    start: int
    end: int
    days: tuple[date, ...]


def back_on(text: str, *, today: date) -> date | None:
    """Return the first day on which the writer of an absence note is there again.

    "Until 12 May" means 13 May. None where it names no day, only past ones, days more than a year
    away, or day and month in an order that cannot be told: waiting the usual time beats a guess.
    `today` is the day of the mail. Several days named: the last one.
    """
    line = " ".join(text[:_TEXT].split())
    found: list[date] = []
    before: _Named | None = None
    for named in _named(line, today):
        shift = _meaning(line, named, before)
        before = named
        if shift is None:
            continue
        coming = {
            day + timedelta(days=shift) for day in named.days if today < day + timedelta(days=shift)
        }
        if len(coming) == 1 and (day := coming.pop()) - today <= LONGEST:
            found.append(day)
    return max(found, default=None)


def _meaning(line: str, named: _Named, before: _Named | None) -> int | None:
    """Return how many days after the named one its writer is back; None if it says nothing."""
    ended = before.end if before else 0
    lead = line[max(ended, named.start - 80) : named.start]
    if before is not None and _RANGE.fullmatch(lead):
        return 1
    if _UNTIL.search(lead):
        return 1
    if _BACK.search(lead):
        return 0
    # "From Monday" may begin an absence or end it.
    sentence = re.split(r"[!?]|\.(?=\s+[^\W\d_])", line[named.end : named.end + 100])[0]
    if _BACK_AFTER.match(sentence) and not _UNTIL.search(sentence[:30]):
        return 0
    opening = re.split(r"[.!?]\s", lead)[-1]
    if _FROM.search(lead) and re.search(_BACK_WORDS, opening, re.IGNORECASE):
        return None if _AWAY_WORDS.search(opening) else 0
    return None


def _named(line: str, today: date) -> Iterator[_Named]:
    matches = list(_DATE.finditer(line))
    day_first = _day_first(line, matches)
    for found in matches:
        days = tuple(dict.fromkeys(day for day in _days(found, today, day_first) if day))
        if days:
            yield _Named(start=found.start(), end=found.end(), days=days)


def _day_first(line: str, matches: list[re.Match[str]]) -> bool | None:
    """Tell the order in "3/5" by the other dates, then by the language; None where English."""
    for found in matches:
        if found["sep"] == "/" and found["a4"]:
            if int(found["a4"]) > 12:
                return True
            if int(found["b4"]) > 12:
                return False
    return True if len(_OTHER.findall(line)) > len(_ENGLISH.findall(line)) else None


def _days(found: re.Match[str], today: date, day_first: bool | None) -> Iterator[date | None]:
    if found["weekday"]:
        ahead = (WEEKDAYS[found["weekday"].lower()] - today.weekday() - 1) % 7 + 1
        yield today + timedelta(days=ahead)
    elif found["next"]:
        yield today + timedelta(days=1)
    elif found["y1"]:
        yield _day(found["y1"], int(found["m1"]), int(found["d1"]), today)
    elif found["d5"]:
        yield _day(found["y5"], int(found["m5"]), int(found["d5"]), today)
    elif found["n2"]:
        yield _day(found["y2"], MONTHS[found["n2"].lower()], int(found["d2"]), today)
    elif found["n3"]:
        yield _day(found["y3"], MONTHS[found["n3"].lower()], int(found["d3"]), today)
    else:
        first, second = int(found["a4"]), int(found["b4"])
        if found["sep"] == "." or day_first is not False:
            yield _day(found["y4"], second, first, today)
        if found["sep"] != "." and not day_first:
            yield _day(found["y4"], first, second, today)


def _day(year: str | None, month: int, day: int, today: date) -> date | None:
    """Return the day; without a year the one nearest to come, or up to two months past."""
    try:
        if year:
            return date(int(year) + (2000 if len(year) == 2 else 0), month, day)
        this = date(today.year, month, day)
        return this if this >= today - timedelta(days=60) else date(today.year + 1, month, day)
    except ValueError:
        return None
