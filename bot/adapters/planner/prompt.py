"""What of a session goes into a prompt: bounded, and fenced so that data cannot pass for orders."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, TypedDict

from bot.adapters.planner.runtime import types
from bot.adapters.planner.wording import local_time
from bot.domain.invisible import visible
from bot.domain.planning import Line, PlanContext, Role, Spoken
from bot.domain.spans import say_span

MAX_LINE = 8_000
"""Characters of one line; a message may have eight times as many."""
_MAX_AUTHOR = 254
_MARKS = str.maketrans({'"': "'", "“": "'", "”": "'", "„": "'", "＂": "'"})
Standing = Literal["owner", "bystander", "agent", "system"]


class StepsPrompt(TypedDict):
    """The arguments of `NextSteps`."""

    owner: str
    now: str
    zone: str
    wait: str
    summary: str
    lines: list[types.TranscriptLine]
    waiting: list[types.WaitingQuestion]
    tools: list[types.ToolLine]
    fence: str


def steps_prompt(context: PlanContext, *, word: Callable[[], str] | None = None) -> StepsPrompt:
    """Return what the model is shown for one turn."""
    lines = [
        types.TranscriptLine(
            author=_name(line.author),
            standing=_standing(line),
            is_new=line.new,
            text=_bounded(line.text),
        )
        for line in context.lines
    ]
    waiting = [
        types.WaitingQuestion(
            request_id=question.request_id,
            people=[_name(person) for person in question.people],
            question=_bounded(question.question),
            asked=local_time(question.asked_at, context.zone),
            until=local_time(question.deadline, context.zone),
        )
        for question in context.open_questions
    ]
    texts = [
        context.owner,
        context.summary,
        *(text for line in lines for text in (line.author, line.text)),
        *(text for each in waiting for text in (each.question, *each.people)),
    ]
    return StepsPrompt(
        owner=_name(context.owner),
        now=local_time(context.now, context.zone),
        zone=_name(context.zone),
        wait=say_span(context.feedback_timeout),
        summary=context.summary,
        lines=lines,
        waiting=waiting,
        tools=[
            types.ToolLine(name=_name(tool.name), description=" ".join(tool.description.split()))
            for tool in context.tools
        ],
        fence=fence(texts, word=word),
    )


def spoken_lines(messages: Sequence[Spoken]) -> list[types.SpokenLine]:
    """Return the messages of a summary's prompt."""
    return [
        types.SpokenLine(author=_name(message.author), text=_bounded(message.text))
        for message in messages
    ]


def fence(texts: Iterable[str], *, word: Callable[[], str] | None = None) -> str:
    """Return a word that nobody could know beforehand and that none of `texts` holds."""
    draw = word or (lambda: secrets.token_hex(6))
    known = list(texts)
    while True:
        drawn = draw()
        if not any(drawn in text for text in known):
            return drawn


def _standing(line: Line) -> Standing:
    if line.role is Role.AGENT:
        return "agent"
    if line.role is Role.SYSTEM:
        return "system"
    return "owner" if line.is_owner else "bystander"


def _name(author: str) -> str:
    """Keep a name on the marker's own line, and inside its quotation marks there.

    People choose their names: one may say that its bearer is the owner, or that data ends here.
    """
    return " ".join(visible(author).translate(_MARKS).split())[:_MAX_AUTHOR]


def _bounded(text: str) -> str:
    if len(text) <= MAX_LINE:
        return text
    return f"{text[:MAX_LINE]} […{len(text) - MAX_LINE} more characters are left out]"
