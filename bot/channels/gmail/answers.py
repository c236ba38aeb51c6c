"""A person's reply to a question's mail: only who was asked answers, anybody else comments."""

from __future__ import annotations

from functools import partial

from bot.channels.gmail.incoming import EMAIL, Asked, Incoming
from bot.channels.gmail.threads import spot_of
from bot.domain.commands import Actor, AnswerRequest, CommentOn, Outcome
from bot.domain.errors import HandraiseError, NotAllowed, RateLimited, Unavailable
from bot.domain.feedback import Standing
from bot.service.bystanding import remark
from bot.service.directory import person_at
from bot.service.notices import tell
from bot.service.outlet import Parts
from bot.service.ports.store import Transaction

_SILENT = {Standing.DECIDED.value, "reading"}
"""What needs no word: the thread hears how the question ended, or what the model read."""


class Answers:
    """Takes authenticated replies to questions."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def take(self, mail: Incoming, asked: Asked) -> str:
        """Take a reply; return what became of it, in a word."""
        person = mail.known.person
        if person is not None and person.id in asked.recipients:
            return await self._answer(mail, asked, person.id)
        return await self._comment(mail, asked)

    async def _answer(self, mail: Incoming, asked: Asked, person_id: str) -> str:
        actor = Actor(person_id=person_id, channel=EMAIL)
        words = mail.reading.words.text
        try:
            try:
                outcome = await self._parts.intake.submit(
                    AnswerRequest(
                        external_key=mail.key,
                        actor=actor,
                        request_id=asked.request_id,
                        text=words,
                        sent_at=mail.at,
                        spot=spot_of(mail.thread),
                        scattered=mail.reading.words.inline,
                    )
                )
            except NotAllowed as refusal:
                if refusal.code != "not_a_decider":
                    raise
                outcome = await self._parts.intake.submit(
                    CommentOn(
                        external_key=f"{mail.key}:comment",
                        actor=actor,
                        request_id=asked.request_id,
                        text=words,
                    )
                )
        except (Unavailable, RateLimited):
            raise
        except HandraiseError as refusal:
            # Taken before, and what it stood in has changed since: it was told then.
            told = "" if refusal.code == "key_reused" else refusal.message
            outcome = Outcome(status=refusal.code, text=told)
        if outcome.status not in _SILENT and outcome.text:
            await self._parts.store.run(
                partial(self._tell, mail=mail, asked=asked, person_id=person_id, outcome=outcome)
            )
        return outcome.status

    def _tell(
        self, tx: Transaction, *, mail: Incoming, asked: Asked, person_id: str, outcome: Outcome
    ) -> None:
        """Say in the same thread what became of a reply; what was unclear gets the buttons."""
        tell(
            tx,
            channel=EMAIL,
            person_id=person_id,
            text=outcome.text,
            now=self._parts.clock.now(),
            url=f"{self._parts.public_url}/#/questions/{asked.request_id}",
            request_id=asked.request_id if outcome.status == Standing.UNCLEAR.value else None,
            spot=spot_of(mail.thread),
            address=mail.sender,
            once=mail.key,
        )

    async def _comment(self, mail: Incoming, asked: Asked) -> str:
        """Keep the words of somebody whom the question did not go to.

        Only where the person that it went to is among the mail's recipients: whoever has found or
        stolen an address of ours and writes to that alone is not listened to.
        """
        status: str = await self._parts.store.run(partial(self._remark, mail=mail, asked=asked))
        return status

    def _remark(self, tx: Transaction, *, mail: Incoming, asked: Asked) -> str:
        addresses = {a.casefold() for a in tx.people.identities_of_kind(asked.person_id, EMAIL)}
        named = {a.folded for a in (*mail.reading.mail.to, *mail.reading.mail.cc)}
        sender = mail.reading.authenticity.sender
        if sender is None or not (addresses & named) or not mail.reading.words.text.strip():
            return "not_for_them"
        now = self._parts.clock.now()
        person = person_at(tx, sender.folded, sender.name, now)
        kept = remark(
            tx,
            key=mail.key,
            request_id=asked.request_id,
            person_id=person.id,
            channel=EMAIL,
            text=mail.reading.words.text,
            sent_at=mail.at,
            now=now,
            timeout=self._parts.session_timeout,
        )
        return "comment" if kept else "gone"
