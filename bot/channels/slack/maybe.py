"""Whether a direct message is somebody's answer: asked back, since it decides nothing by itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from bot.channels.slack.addresses import SLACK, spot
from bot.channels.slack.answers import bound
from bot.channels.slack.blocks import Block, actions, button, section
from bot.channels.slack.clicks import Act
from bot.channels.slack.escaping import escape_line, one_line
from bot.channels.slack.facts import Heard
from bot.channels.slack.saying_later import say_later
from bot.domain.errors import HandraiseError
from bot.domain.feedback import Answer, FeedbackRequest, Kind
from bot.domain.instants import DAY, Micros
from bot.domain.person import Person
from bot.domain.place import place_of
from bot.domain.reading import read
from bot.service.outlet import Parts
from bot.service.ports.store import Transaction
from bot.service.ports.vault import Secret
from bot.service.rooms import room_of

KIND = "slack.said"
KEPT: Micros = 7 * DAY
SHORT = 60
"""Characters that a verdict or an option has at most."""
LOOKED_AT = 20
OFFERED = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """Words that wait for their author to say what they are."""

    person_id: str
    text: str
    place: str
    """Where they begin a session if they are no answer."""
    at: Micros


def could_answer(
    tx: Transaction, person_id: str, words: str, thread: str | None = None
) -> Sequence[FeedbackRequest]:
    """Return the open questions of a person that short words read as an answer to.

    In a `thread`, by its spot, only those whose card stands among its messages.
    """
    if len(words) > SHORT or "\n" in words:
        return ()
    found = []
    for request in tx.requests.of_recipient(person_id, True, None, LOOKED_AT):
        if request.kind not in (Kind.APPROVAL, Kind.CHOICE):
            continue
        if thread is not None and room_of(tx, request) != f"#{thread}":
            continue
        try:
            reading = read(request, text=words)
        except HandraiseError:
            continue
        if isinstance(reading, Answer):
            found.append(request)
    return found[:OFFERED]


@dataclass(frozen=True, kw_only=True, slots=True)
class Maybe:
    """Asks which question words were meant for; keeps them sealed until that is clear."""

    parts: Parts

    async def ask(
        self, heard: Heard, waiting: Sequence[FeedbackRequest], words: str, person: Person
    ) -> None:
        """Keep the words and ask; returns once both are stored."""
        await self.parts.store.run(self._ask, heard, waiting, words, person)

    def _ask(
        self,
        tx: Transaction,
        heard: Heard,
        waiting: Sequence[FeedbackRequest],
        words: str,
        person: Person,
    ) -> None:
        now = self.parts.clock.now()
        said_id = hashlib.blake2b(heard.key.encode(), digest_size=16).hexdigest()
        is_new = say_later(
            tx,
            key=heard.key,
            team=heard.team,
            channel=heard.channel,
            thread=heard.thread,
            text="Is this your answer?",
            blocks=_question(waiting, said_id),
            only_to=None,
            now=now,
        )
        if not is_new:
            return
        said = {
            "person_id": person.id,
            "text": words,
            "place": place_of(SLACK, spot(heard.team, heard.channel, heard.thread)),
            "at": heard.at,
        }
        sealed = self.parts.sealer.seal(KIND, said_id, json.dumps(said).encode())
        tx.vault.put(
            Secret(kind=KIND, key=said_id, sealed=sealed, expires_at=now + KEPT, updated_at=now)
        )

    def said(self, tx: Transaction, said_id: str, person_id: str) -> Said | None:
        """Return what a person said, while it is kept; None for others' words."""
        kept = tx.vault.get(KIND, said_id)
        if kept is None or (kept.expires_at or 0) < self.parts.clock.now():
            return None
        said = Said(**json.loads(self.parts.sealer.unseal(KIND, said_id, kept.sealed)))
        author = tx.people.get(said.person_id)
        reader = tx.people.get(person_id)
        if author is None or reader is None or author.canonical_id != reader.canonical_id:
            return None
        return said


def _question(waiting: Sequence[FeedbackRequest], said_id: str) -> list[Block]:
    blocks: list[Block] = []
    for request in waiting:
        yes = button("Yes", bound(request, Act.CONFIRM, extra=said_id), style="primary")
        asked = f"Is this your answer to “{escape_line(request.question, 600)}”?"
        blocks.append(section(asked, yes))
    words = one_line("No, it is something else")
    blocks.append(actions([button(words, bound(waiting[0], Act.DENY, extra=said_id))]))
    return blocks
