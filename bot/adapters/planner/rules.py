"""The planner that needs no model: it obeys the grammar and passes on what came in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from bot.adapters.planner import wording
from bot.adapters.planner.digest import digest
from bot.domain import grammar
from bot.domain.errors import Invalid
from bot.domain.planning import (
    CancelQuestion,
    EndSession,
    Line,
    OpenQuestion,
    Plan,
    PlanContext,
    RemindPeople,
    Reply,
    Role,
    Spoken,
    Step,
)
from bot.service.ports.planner import ShowText


class RulesPlanner:
    """Plans by rules; with `model_configured` it says that the model is down, not missing."""

    def __init__(self, model_configured: bool = False) -> None:
        self._without = wording.MODEL_DOWN if model_configured else wording.NO_MODEL

    @property
    def name(self) -> str:
        """Return `rules`."""
        return "rules"

    async def plan(self, context: PlanContext, show: ShowText) -> Plan:
        """Obey the owner's new commands in order, and carry new facts to them."""
        turn = _Turn(context, self._without)
        for is_fact, lines in groupby(context.new_lines, key=lambda line: line.role is Role.SYSTEM):
            if is_fact:
                turn.carry(list(lines))
            else:
                for line in lines:
                    turn.hear(line)
        steps = tuple(turn.steps)
        if steps and isinstance(steps[0], Reply):
            show(steps[0].text)
        return Plan(steps=steps, note="rules")

    async def summarise(self, summary: str, messages: Sequence[Spoken]) -> str:
        """Return the newest of what was said, shortened; the same input gives the same text."""
        return digest(summary, messages)

    async def name_session(self, text: str) -> str | None:  # noqa: ARG002 - the port says so
        """Leave the first words."""
        return None

    async def aclose(self) -> None:
        """Do nothing: there is nothing to release."""


class _Turn:
    """The steps of one turn while they are being found."""

    def __init__(self, context: PlanContext, without: str) -> None:
        self.steps: list[Step] = []
        self._context = context
        self._without = without
        self._open = sorted(context.open_questions, key=lambda q: (q.asked_at, q.request_id))

    def hear(self, line: Line) -> None:
        """React to one line of a person; only the owner's can be commands."""
        if line.role is not Role.USER or not line.is_owner:
            return
        command = grammar.parse(
            line.text,
            now=self._context.now,
            zone=self._context.zone,
            wait=self._context.feedback_timeout,
        )
        if isinstance(command, grammar.Unreadable):
            self._say(command.sentence if command.meant else f"{self._without} {wording.COMMANDS}")
        elif isinstance(command, grammar.Ask):
            self.steps.append(command.step)
        elif isinstance(command, grammar.Change):
            self._change(command)
        elif isinstance(command, grammar.Status):
            self._say(wording.waiting(self._open, self._context))
        elif isinstance(command, grammar.Remind):
            self._remind(command.number)
        elif isinstance(command, grammar.Cancel):
            self._cancel(command.number)
        elif isinstance(command, grammar.End):
            self.steps.append(EndSession(text=wording.ENDED))
        else:
            self._say(wording.COMMANDS)

    def carry(self, facts: Sequence[Line]) -> None:
        """Tell the owner what came in, in one reply."""
        self._say(wording.news([fact.text for fact in facts], self._open))

    def _say(self, text: str) -> None:
        self.steps.append(Reply(text=text))

    def _change(self, change: grammar.Change) -> None:
        question = self._meant("change", change.number)
        if question is None:
            return
        step = replace(change.step, people=question.people, replaces=question.request_id)
        try:
            ready = grammar.ready(step, now=self._context.now, wait=self._context.feedback_timeout)
        except Invalid as wrong:
            self._say(f"{wrong.message} Write it like this: `{grammar.CHANGE_SHAPE}`.")
            return
        self.steps.append(ready)
        self._open.remove(question)

    def _remind(self, number: int | None) -> None:
        question = self._meant("remind", number)
        if question is not None:
            self.steps.append(RemindPeople(request_id=question.request_id))
            self._say(wording.reminded(question))

    def _cancel(self, number: int | None) -> None:
        question = self._meant("cancel", number)
        if question is not None:
            self.steps.append(CancelQuestion(request_id=question.request_id))
            self._say(wording.cancelled(question))
            self._open.remove(question)

    def _meant(self, verb: str, number: int | None) -> OpenQuestion | None:
        """Return the open question that is meant, or say why it is not clear."""
        if not self._open:
            self._say(wording.NOTHING_WAITS)
        elif number is None and len(self._open) == 1:
            return self._open[0]
        elif number is not None and 1 <= number <= len(self._open):
            return self._open[number - 1]
        else:
            self._say(wording.which(verb, number, self._open, self._context))
        return None
