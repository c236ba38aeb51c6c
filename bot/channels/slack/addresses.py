"""Where things are in Slack, in the words that the rest of the agent keeps for us."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from bot.domain.place import channel_of, key_of

SLACK = "slack"
_ID = r"[A-Z0-9]{2,32}"
_TS = r"[0-9]{1,11}\.[0-9]{1,6}"
_PERSON = re.compile(rf"({_ID})/([UW][A-Z0-9]{{1,31}})")
_ROOM = re.compile(rf"#?({_ID})/({_ID})(?:/({_TS}))?")


class NoAddress(ValueError):
    """A text that names no place in Slack."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Somebody in a team."""

    team: str
    user: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    """A channel, or a thread in it."""

    team: str
    channel: str
    thread: str | None = None


def address(text: str) -> Person | Room:
    """Read a surface's address: `T/U`, or `#T/C` and `#T/C/ts` where many read it."""
    if not text.startswith("#"):
        found = _PERSON.fullmatch(text)
        if found is None:
            raise NoAddress
        return Person(team=found[1], user=found[2])
    return room(text)


def room(text: str) -> Room:
    """Read `T/C` or `T/C/ts`, perhaps behind a `#`."""
    found = _ROOM.fullmatch(text)
    if found is None:
        raise NoAddress
    return Room(team=found[1], channel=found[2], thread=found[3])


def place_room(place: str) -> Room:
    """Read a session's place, `slack:T/C/ts`."""
    if channel_of(place) != SLACK:
        raise NoAddress
    return room(key_of(place))


def spot(team: str, channel: str, ts: str) -> str:
    """Return a message's spot: what `Landing.key` is for us."""
    return f"{team}/{channel}/{ts}"


def permalink(base: str, channel: str, ts: str) -> str | None:
    """Return a message's address on the web, from its team's; None where that is not known."""
    if not base.startswith("https://") and not base.startswith("http://"):
        return None
    return f"{base.rstrip('/')}/archives/{channel}/p{ts.replace('.', '')}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Landed:
    """Where a card, a message or a preview stands; `landed` of surfaces, posts and previews."""

    team: str
    channel: str
    ts: str
    reminders: int = 0
    """How many reminders its reader was sent about it."""

    def write(self) -> str:
        """Return it as it is kept."""
        kept: dict[str, str | int] = {"team": self.team, "channel": self.channel, "ts": self.ts}
        if self.reminders:
            kept["reminders"] = self.reminders
        return json.dumps(kept)

    @property
    def spot(self) -> str:
        """Return its spot."""
        return spot(self.team, self.channel, self.ts)


def read_landed(text: str | None) -> Landed | None:
    """Return what `Landed.write` wrote; None for nothing, and for what cannot be read."""
    if text is None:
        return None
    try:
        kept = json.loads(text)
    except ValueError:
        return None
    if not isinstance(kept, dict):
        return None
    parts = [kept.get(name) for name in ("team", "channel", "ts")]
    reminders = kept.get("reminders", 0)
    if not all(isinstance(part, str) for part in parts) or not isinstance(reminders, int):
        return None
    team, channel, ts = map(str, parts)
    return Landed(team=team, channel=channel, ts=ts, reminders=reminders)
