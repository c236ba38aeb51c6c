"""The slash command: `ask`, `status`, `sessions`, `end` and `help`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.channels.slack.addresses import SLACK
from bot.channels.slack.addresses import Person as User
from bot.channels.slack.beginning import Beginning
from bot.channels.slack.escaping import escape, escape_line, moment
from bot.channels.slack.facts import Commanded
from bot.channels.slack.homes import Homes
from bot.channels.slack.mentioned_rooms import mentioned, note_rooms
from bot.channels.slack.plain import plain
from bot.channels.slack.roster import Barred, Roster
from bot.domain.commands import Actor, CloseSession
from bot.domain.errors import HandraiseError, Unavailable
from bot.domain.person import Person
from bot.domain.session import Session
from bot.service.outlet import Parts
from bot.service.ports.store import Transaction

COMMAND = "/handraise"
SHOWN = 10
HELP = """*What you can write*
`/handraise ask ben: Can we ship on Friday? options: yes, no` asks people, and opens a thread for it
`/handraise status` shows what waits for you, and for whom you wait
`/handraise sessions` lists your sessions, with numbers
`/handraise end 2` ends the session with that number
Or mention me in a channel, or write to me: a thread is a session."""
LATER = (
    "I open a thread for this in our direct messages, and ask from there. Its answer comes there."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Commanding:
    """Answers the slash command; `ask` is only kept here, and begun from the inbox."""

    parts: Parts
    roster: Roster
    homes: Homes
    beginning: Beginning

    def is_ask(self, commanded: Commanded) -> bool:
        """Tell whether a thread must be begun for it, which takes calls of Slack."""
        verb, _, rest = commanded.text.strip().partition(" ")
        return verb.casefold() == "ask" and bool(rest.strip())

    async def answer(self, commanded: Commanded) -> str:
        """Return what only the one who typed it sees, as mrkdwn.

        Raises `UnknownUser` where Slack must be asked who typed it, and `Unavailable`.
        """
        verb, _, rest = commanded.text.strip().partition(" ")
        try:
            person = await self._person(commanded)
            match verb.casefold():
                case "status":
                    return await self.parts.store.read(self._status, person)
                case "sessions":
                    return await self.parts.store.read(self._sessions, person)
                case "end":
                    return await self._end(commanded, person, rest.strip())
                case _:
                    return HELP
        except Unavailable:
            raise
        except Barred as barred:
            return barred.message or HELP
        except HandraiseError as refusal:
            return escape(refusal.message)

    async def ask(self, commanded: Commanded) -> None:
        """Begin a session with the question; safe to repeat."""
        person = await self._person(commanded)
        rooms, now = mentioned(commanded.text), self.parts.clock.now()
        if rooms:
            await self.parts.store.run(note_rooms, commanded.team, rooms, now)
        said = await self.parts.store.read(
            lambda tx: plain(
                commanded.text, lambda user: self.roster.called(tx, commanded.team, user)
            ).strip()
        )
        await self.beginning.begin(
            key=commanded.key,
            whose=User(team=commanded.team, user=commanded.user),
            person_id=person.id,
            said=said,
            opening=f"You asked me: {said}"[:2_000],
        )
        self.homes.renew(commanded.team, commanded.user, person.id)

    async def _person(self, commanded: Commanded) -> Person:
        whose = (commanded.team, commanded.user, commanded.team)
        known = await self.parts.store.read(self.roster.known, *whose)
        if known is not None:
            return known
        return await self.parts.store.run(self.roster.met, *whose, self.parts.clock.now())

    def _status(self, tx: Transaction, person: Person) -> str:
        waiting = tx.requests.of_recipient(person.canonical_id, True, None, SHOWN + 1)
        asked = tx.requests.of_asker(person.canonical_id, True, None, SHOWN + 1)
        lines = ["*Waiting for you*"]
        for request in waiting[:SHOWN]:
            until = moment(request.deadline, person.zone)
            lines.append(f"• {escape_line(request.question, 200)}, until {until}")
        lines += [] if waiting else ["Nothing."]
        lines += [f"and more: {self.parts.public_url}/"] if len(waiting) > SHOWN else []
        lines.append("*You are waiting for*")
        for request in asked[:SHOWN]:
            names = ", ".join(r.name for r in tx.requests.recipients(request.id))
            lines.append(f"• {escape_line(request.question, 200)} ({escape_line(names, 200)})")
        lines += [] if asked else ["Nobody."]
        lines += [f"and more: {self.parts.public_url}/"] if len(asked) > SHOWN else []
        return "\n".join(lines)

    def _sessions(self, tx: Transaction, person: Person) -> str:
        sessions = _open_sessions(tx, person)
        if not sessions:
            return "You have no session open. Mention me in a channel, or write to me."
        now = self.parts.clock.now()
        lines = ["*Your sessions*"]
        for number, session in enumerate(sessions[:SHOWN], start=1):
            held = session.state.value == "held"
            state = "waits for room" if held else session.status(now).value
            lines.append(f"{number}. {escape_line(session.title, 150)} ({state})")
        lines.append("`/handraise end <number>` ends one of them.")
        return "\n".join(lines)

    async def _end(self, commanded: Commanded, person: Person, which: str) -> str:
        sessions = await self.parts.store.read(_open_sessions, person)
        if not which.isascii() or not which.isdigit() or len(which) > 3:
            return "Say which one: `/handraise sessions` lists them with numbers."
        number = int(which)
        if not 1 <= number <= len(sessions):
            return f"You have no session {number}. `/handraise sessions` lists them."
        ended = sessions[number - 1]
        await self.parts.intake.submit(
            CloseSession(
                external_key=commanded.key,
                actor=Actor(person_id=person.id, channel=SLACK),
                session_id=ended.id,
            )
        )
        self.homes.renew(commanded.team, commanded.user, person.id)
        return f"“{escape_line(ended.title, 150)}” has ended."


def _open_sessions(tx: Transaction, person: Person) -> Sequence[Session]:
    owner = person.canonical_id
    return [
        *tx.sessions.of_owner(owner, "active", None, SHOWN),
        *tx.sessions.of_owner(owner, "held", None, SHOWN),
    ]
