"""The shortcut "Ask someone about this": a form, then a session in that message's thread."""

from __future__ import annotations

import json
from dataclasses import dataclass

from bot.channels.slack.addresses import NoAddress, Room, room, spot
from bot.channels.slack.addresses import Person as User
from bot.channels.slack.asides import Asides, Spot
from bot.channels.slack.beginning import Beginning
from bot.channels.slack.clicks import NotOurs
from bot.channels.slack.escaping import one_line
from bot.channels.slack.facts import Pointed, Submitted
from bot.channels.slack.homes import Homes
from bot.channels.slack.modals import ASK, PEOPLE, QUESTION, ask_modal, refused
from bot.channels.slack.plain import plain
from bot.channels.slack.roster import Barred, Roster
from bot.channels.slack.submissions import Mistakes, errors_response, update_response
from bot.channels.slack.submitting import Ack
from bot.domain.errors import HandraiseError, Unavailable
from bot.domain.person import Person
from bot.service.outlet import Parts
from bot.service.ports.store import Transaction

SHORTCUT = "ask_someone"
"""The callback id of the shortcut, in the manifest."""
QUOTED = 800


@dataclass(frozen=True, kw_only=True, slots=True)
class Pointing:
    """Opens the form, checks it while it is open, and begins the session from the inbox."""

    parts: Parts
    roster: Roster
    asides: Asides
    homes: Homes
    beginning: Beginning

    async def point(self, pointed: Pointed) -> None:
        """Open the form, with the message quoted where it can be read and changed."""
        at = Spot(
            team=pointed.team,
            user=pointed.user,
            channel=pointed.channel,
            thread=pointed.thread_ts,
            trigger=pointed.trigger_id,
        )
        try:
            whose = (pointed.team, pointed.user, pointed.user_team)
            quoted = await self.parts.store.read(self._quoted, pointed)
            await self.parts.store.read(self.roster.known, *whose)
        except Barred as barred:
            self.asides.tell(at, barred.message)
            return
        about = ""
        if pointed.channel is not None and pointed.message_ts is not None:
            thread = pointed.thread_ts or pointed.message_ts
            about = spot(pointed.team, pointed.channel, thread)
        view = ask_modal(metadata=json.dumps({"about": about}), quoted=quoted)
        self.asides.start(self.asides.open_view(at, view))

    def _quoted(self, tx: Transaction, pointed: Pointed) -> str:
        words = plain(pointed.text, lambda user: self.roster.called(tx, pointed.team, user))
        line = one_line(words, QUOTED)
        return f"“{line}”\n\n" if line else ""

    async def check(self, submitted: Submitted) -> Ack:
        """Return what is wrong with a form that was sent; None when it can be begun."""
        try:
            _about(submitted)
            picked, question = _filled(submitted)
            await self._person(submitted)
            for user in picked:
                if await self.roster.name_of(submitted.team, user) is None:
                    raise Mistakes(
                        {PEOPLE: "Pick full members of this workspace only, no guests and no bots."}
                    )
            if not question.strip():
                raise Mistakes({QUESTION: "Write what you want to know."})
        except Mistakes as mistakes:
            return errors_response(mistakes.by_block)
        except Unavailable:
            raise
        except (Barred, HandraiseError) as refusal:
            return update_response(refused(refusal.message or "That is not possible."))
        return None

    async def begin(self, submitted: Submitted) -> None:
        """Begin the session that a form asks for; safe to repeat."""
        picked, question = _filled(submitted)
        person = await self._person(submitted)
        names = [await self.roster.name_of(submitted.team, user) or user for user in picked]
        said = f"ask {', '.join(names)}: {question.strip()}"
        about = _about(submitted)
        await self.beginning.begin(
            key=submitted.key,
            whose=User(team=submitted.team, user=submitted.user),
            person_id=person.id,
            said=said,
            opening=f"{person.name} wants to know this from {', '.join(names)}.",
            thread=about,
        )
        self.homes.renew(submitted.team, submitted.user, person.id)

    async def _person(self, submitted: Submitted) -> Person:
        whose = (submitted.team, submitted.user, submitted.user_team)
        known = await self.parts.store.read(self.roster.known, *whose)
        if known is not None:
            return known
        return await self.parts.store.run(self.roster.met, *whose, self.parts.clock.now())


def is_ours(submitted: Submitted) -> bool:
    """Tell whether a modal is this form."""
    return submitted.callback_id == ASK


def _filled(submitted: Submitted) -> tuple[tuple[str, ...], str]:
    inputs = dict(submitted.inputs)
    people, question = inputs.get(PEOPLE, ()), inputs.get(QUESTION, "")
    if isinstance(people, str):
        people = (people,) if people else ()
    if not people:
        raise Mistakes({PEOPLE: "Pick who should answer."})
    return people, question if isinstance(question, str) else ""


def _about(submitted: Submitted) -> Room | None:
    """Return the thread that the form is about; `NotOurs` for metadata not written here."""
    try:
        held = json.loads(submitted.private_metadata)
        about = held["about"]
        if not about:
            return None
        found = room(about)
    except (ValueError, RecursionError, KeyError, TypeError, NoAddress):
        raise NotOurs from None
    if found.team != submitted.team:
        raise NotOurs
    return found
