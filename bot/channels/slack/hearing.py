"""What people say: in a session's thread, to the bot, or under a card as their answer."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.channels.slack.addresses import SLACK, spot
from bot.channels.slack.asides import Asides, Spot
from bot.channels.slack.facts import Heard
from bot.channels.slack.greeting import entitle
from bot.channels.slack.homes import Homes
from bot.channels.slack.installation import Installation
from bot.channels.slack.maybe import Maybe, could_answer
from bot.channels.slack.mentioned_rooms import mentioned, note_rooms
from bot.channels.slack.offering import offer_room
from bot.channels.slack.plain import plain
from bot.channels.slack.roster import Barred, Roster
from bot.channels.slack.shape import micros_of
from bot.channels.slack.wholeness import refuse_unshown
from bot.domain.commands import Actor, AnswerRequest, Outcome, SpeakAt
from bot.domain.errors import Conflict, HandraiseError, NotFound, RateLimited, Unavailable
from bot.domain.feedback import FeedbackRequest
from bot.domain.instants import SECOND, Micros
from bot.domain.person import Person
from bot.domain.place import place_of
from bot.service.backlog import NotYet
from bot.service.notices import tell
from bot.service.opening import may_have_opened
from bot.service.outlet import Parts
from bot.service.ports.store import Transaction

YOUNG: Micros = 90 * SECOND
"""How old a thread is at most whose beginning may still be on its way: events overtake others."""
SOON: Micros = 5 * SECOND
SKEW: Micros = 2 * SECOND
"""How far Slack's clock may be behind ours."""
_TRIES = 3
_MAX_FILES = 10
# What `clean` refuses; Slack lets people paste it.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_EMPTY = "Tell me what you need, in the same message: for example whom I should ask what."
_FILES = (
    "I noted the name of your file, but I cannot read what is in it. Write what matters in words."
)
_NOT_ASKED = "This question is not put to you, so nothing is decided by what you wrote under it."


class TooEarly(NotYet):
    """A reply in a young thread that belongs to nothing yet: what it belongs to may follow."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Look:
    """What is known about where something was said, and by whom."""

    person: Person | None
    words: str
    request_id: str | None = None
    """The question under whose card it was said."""
    is_ours: bool = False
    """Whether a session lives there."""
    may_be_ours: bool = False
    """Whether we may have opened that thread for a session, without knowing it yet."""
    waiting: tuple[FeedbackRequest, ...] = ()
    """Questions that the words might answer, where they do not say which."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hearing:
    """Makes commands of messages; what it returned from is stored, or concerns nobody here."""

    parts: Parts
    roster: Roster
    asides: Asides
    homes: Homes
    maybe: Maybe

    async def hear(self, heard: Heard, us: Installation, *, again: bool = False) -> None:
        """Take one message; the same message told by two events is one.

        Raises `UnknownUser` where Slack must be asked who spoke, `RateLimited` where it must wait,
        `TooEarly` for what may belong to something that has not come yet (if `again` only for a
        thread of ours whose beginning is on its way), and `Unavailable` when nothing was stored.
        """
        if not may_concern(heard):
            return
        at = Spot(team=heard.team, user=heard.user, channel=heard.channel, thread=_shown_in(heard))
        try:
            look = await self.parts.store.read(self._look, heard, us)
        except Barred as barred:
            self.asides.tell(at, barred.message)
            return
        if look is None:
            if heard.thread_ts is not None and not again and self._is_young(heard):
                raise TooEarly(SOON)
            return
        if look.may_be_ours:
            raise TooEarly(SOON)
        try:
            await self._take(heard, look, at)
        except Barred as barred:
            self.asides.tell(at, barred.message)
        except (RateLimited, Unavailable):
            raise
        except Conflict as refusal:
            # Another event of this message, read a little differently, came first.
            if refusal.code != "key_reused":
                self.asides.tell(at, refusal.message)
        except NotFound:
            self.asides.tell(at, _NOT_ASKED)
        except HandraiseError as refusal:
            self.asides.tell(at, refusal.message)

    def _is_young(self, heard: Heard) -> bool:
        return self.parts.clock.now() - micros_of(heard.thread) < YOUNG

    def _look(self, tx: Transaction, heard: Heard, us: Installation) -> _Look | None:
        """Return what a message is about; None where it is nothing to us."""
        request_id = self._question_at(tx, heard) if heard.thread_ts else None
        is_ours = request_id is None and tx.bindings.find(_place(heard)) is not None
        if not (request_id or is_ours or heard.is_dm or heard.mentions_bot):
            return None
        person = self.roster.known(tx, heard.team, heard.user, heard.user_team)
        words = plain(
            heard.text, lambda user: self.roster.called(tx, heard.team, user), bot=us.bot_user
        )
        words = _CONTROLS.sub("", words).strip()
        waiting: Sequence[FeedbackRequest] = ()
        if heard.is_dm and heard.thread_ts is None and person is not None:
            waiting = could_answer(tx, person.canonical_id, words)
        elif is_ours and heard.thread_ts is not None and person is not None:
            where = spot(heard.team, heard.channel, heard.thread)
            waiting = could_answer(tx, person.canonical_id, words, where)
        return _Look(
            person=person,
            words="\n".join(filter(None, (words, *_files(heard, us)))),
            request_id=request_id,
            is_ours=is_ours,
            may_be_ours=not (request_id or is_ours) and _may_be_opened(tx, heard, person),
            waiting=tuple(waiting),
        )

    def _question_at(self, tx: Transaction, heard: Heard) -> str | None:
        """Return the question whose card, or a word of ours about it, began this thread."""
        landing = tx.landings.find(SLACK, spot(heard.team, heard.channel, heard.thread))
        if landing is None:
            return None
        if landing.request_id is not None or landing.post_id is None:
            return landing.request_id
        post = tx.posts.get(landing.post_id)
        named = json.loads(post.body).get("request_id") if post is not None else None
        return named if isinstance(named, str) else None

    async def _take(self, heard: Heard, look: _Look, at: Spot) -> None:
        if not look.words:
            if heard.mentions_bot or heard.is_dm:
                self.asides.tell(at, _EMPTY)
            return
        person = look.person
        now = self.parts.clock.now()
        if person is None:
            person = await self.parts.store.run(
                self.roster.met, heard.team, heard.user, heard.user_team, now
            )
        rooms = mentioned(heard.text)
        if rooms:
            await self.parts.store.run(note_rooms, heard.team, rooms, now)
        actor = Actor(person_id=person.id, channel=SLACK)
        if look.request_id is not None:
            await self._answer(heard, look.request_id, look.words, actor, at)
        elif look.waiting:
            await self.maybe.ask(heard, look.waiting, look.words, person)
        else:
            await self._speak(heard, look.words, actor, at)
        if heard.files:
            self.asides.tell(at, _FILES)
        self.homes.renew(heard.team, heard.user, person.id)

    async def _answer(
        self, heard: Heard, request_id: str, words: str, actor: Actor, at: Spot
    ) -> None:
        """Take words under a card as an answer; what is asked back is said there, and stays."""
        where = spot(heard.team, heard.channel, heard.thread)
        request = await self.parts.store.read(lambda tx: tx.requests.get(request_id))
        if request is not None:
            refuse_unshown(request, self.parts.public_url)
        outcome = await self.parts.intake.submit(
            AnswerRequest(
                external_key=heard.key,
                actor=actor,
                request_id=request_id,
                text=words,
                sent_at=heard.at,
                spot=where,
            )
        )
        if outcome.replayed:
            return
        if outcome.status == "unclear" and heard.is_dm:
            await self.parts.store.run(self._ask_back, heard, actor, outcome, where)
        else:
            self.asides.tell(at, outcome.text)

    def _ask_back(
        self, tx: Transaction, heard: Heard, actor: Actor, outcome: Outcome, where: str
    ) -> None:
        tell(
            tx,
            channel=SLACK,
            person_id=actor.person_id,
            text=outcome.text,
            now=self.parts.clock.now(),
            url=f"{self.parts.public_url}/#/questions/{outcome.request_id}",
            request_id=outcome.request_id,
            spot=where,
            address=f"{heard.team}/{heard.user}",
            once=heard.key,
        )

    async def _speak(self, heard: Heard, words: str, actor: Actor, at: Spot) -> None:
        command = SpeakAt(
            external_key=heard.key,
            actor=actor,
            place=_place(heard),
            text=words,
            opens=heard.is_dm or heard.mentions_bot,
        )
        outcome = await self.speak(command)
        if heard.is_dm and outcome.seq == 1 and not outcome.replayed:
            self.asides.start(entitle(self.roster.calls, heard, words))
        if outcome.status == "held" and not outcome.replayed:
            at.thread = heard.thread
            await offer_room(self.parts, outcome, at, key=heard.key)

    async def speak(self, command: SpeakAt) -> Outcome:
        """Submit it, again if another server has just begun a session at that very place."""
        for _ in range(_TRIES):
            try:
                return await self.parts.intake.submit(command)
            except Unavailable as refusal:
                if refusal.code != "place_taken":
                    raise
        return await self.parts.intake.submit(command)


def may_concern(heard: Heard) -> bool:
    """Tell whether a message can be anything to us, as far as it says so itself."""
    return heard.is_dm or heard.mentions_bot or heard.thread_ts is not None


def _place(heard: Heard) -> str:
    return place_of(SLACK, spot(heard.team, heard.channel, heard.thread))


def _may_be_opened(tx: Transaction, heard: Heard, person: Person | None) -> bool:
    """Tell whether somebody answers in a thread that we may have opened for a session of theirs."""
    if person is None or not heard.is_dm or heard.thread_ts is None:
        return False
    began = micros_of(heard.thread) + SKEW
    return may_have_opened(tx, person.canonical_id, SLACK, began)


def _shown_in(heard: Heard) -> str | None:
    """Return in which thread the speaker looks: none for what they said in the open."""
    return heard.thread_ts


def _files(heard: Heard, us: Installation) -> list[str]:
    """Return a line for each file, since only its name can be known."""
    lines = []
    for file in heard.files[:_MAX_FILES]:
        name = _CONTROLS.sub("", " ".join(file.name.split()))[:200] or "a file"
        link = f" {us.url.rstrip('/')}/files/{heard.user}/{file.id}" if us.url and file.id else ""
        lines.append(f"[File, not read: {name}{link}]")
    if len(heard.files) > _MAX_FILES:
        lines.append(f"[{len(heard.files) - _MAX_FILES} more files, not read]")
    return lines
