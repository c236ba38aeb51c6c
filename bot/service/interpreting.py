"""Words that the rules cannot read: a model reads them, outside every transaction, later."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass

from bot.domain.commands import Actor, AnswerRequest
from bot.domain.errors import PlanningFailed
from bot.domain.feedback import Answer, FeedbackRequest, Standing
from bot.domain.reading import Unclear
from bot.service.intake import Intake
from bot.service.notices import tell
from bot.service.ports.clock import Clock
from bot.service.ports.inbox import Received
from bot.service.ports.reader import FeedbackReader
from bot.service.ports.store import Store, Transaction

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Interpreter:
    """Deals with `READ`: what the model read enters by Intake, what it did not is asked back."""

    store: Store
    clock: Clock
    intake: Intake
    reader: FeedbackReader
    public_url: str

    async def deal(self, received: Received) -> None:
        """Read one answer; safe to repeat, since what it submits has the same key."""
        payload = json.loads(received.payload)
        request = await self.store.read(lambda tx: tx.requests.get(payload["request_id"]))
        if request is None:
            return
        try:
            reading = await self.reader.read(request, payload["text"])
        except PlanningFailed as failure:
            # People are not kept waiting for a model that is down: they have the buttons.
            log.warning("an answer was not read: %s", failure.code)
            reading = Unclear(question=_NOT_READ)
        if isinstance(reading, Unclear):
            await self.store.run(self._ask_back, received.key, payload, request, reading.question)
            return
        outcome = await self.intake.submit(_answer(received.key, payload, reading))
        if outcome.status != Standing.DECIDED.value and outcome.text:
            # What decides is shown everywhere; what only counts, or came late, its author is told.
            await self.store.run(self._tell, received.key, payload, outcome.text)

    def _tell(self, tx: Transaction, key: str, payload: dict[str, str], text: str) -> None:
        tell(
            tx,
            channel=payload["channel"],
            person_id=payload["person_id"],
            text=text,
            now=self.clock.now(),
            url=f"{self.public_url}/#/questions/{payload['request_id']}",
            spot=payload.get("spot"),
            once=key,
        )

    def _ask_back(
        self,
        tx: Transaction,
        key: str,
        payload: dict[str, str],
        request: FeedbackRequest,
        question: str,
    ) -> None:
        tell(
            tx,
            channel=payload["channel"],
            person_id=payload["person_id"],
            text=question,
            now=self.clock.now(),
            url=f"{self.public_url}/#/questions/{request.id}",
            request_id=request.id,
            spot=payload.get("spot"),
            once=key,
        )


_NOT_READ = (
    "I could not read your answer just now, so nothing is decided. Please use the buttons, or "
    "write just one of the answers."
)


def _answer(key: str, payload: dict[str, str], reading: Answer) -> AnswerRequest:
    """Return the act that a reading makes of a person's words."""
    return AnswerRequest(
        external_key=key,
        actor=Actor(
            person_id=payload["person_id"],
            channel=payload["channel"],
            through=payload.get("through", ""),
        ),
        request_id=payload["request_id"],
        approved=reading.approved,
        choices=reading.choices,
        text=payload["text"],
        sent_at=int(payload["sent_at"]),
    )
