"""The sentences of the planner that has no model, as Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.domain.grammar import ASK_SHAPE, CHANGE_SHAPE
from bot.domain.instants import Micros, from_micros
from bot.domain.planning import OpenQuestion, PlanContext
from bot.domain.quoting import cited, uncited

NO_MODEL = "No language model is configured here, so I understand only a few commands."
MODEL_DOWN = "The language model cannot be reached right now; until it can, use the commands."
COMMANDS = (
    "You can write:\n\n"
    f"- `{ASK_SHAPE}`: I ask them, wait, and tell you what they say;"
    " with `for approval` after the people they approve or reject\n"
    "- behind the question also `by Friday noon`, `remind tomorrow`, `escalate to dana after 4h`,"
    " `notify cleo`, `all must agree`, `veto`, `several`, `working time`, `urgent`, `context: …`"
    " and `form: name (text), amount (number)`\n"
    f"- `{CHANGE_SHAPE}`: ask an open question anew, of the same people\n"
    "- `status`: what is waiting, for whom and until when\n"
    "- `remind [n]`: show an open question once more to those who have not answered\n"
    "- `cancel [n]`: take back an open question\n"
    "- `end`: end this session\n"
    "- `help`: this list\n\n"
    "For example: `ask ben, carla@example.org: Can we ship on Friday? options: yes, no within 2h`"
)
NOTHING_WAITS = "Nothing is waiting for anybody."
ENDED = "This session has ended. Write again whenever you want to go on."

_ANSWERED = re.compile(
    r"(?P<who>[^\n:“]{1,254}?) answered(?: “(?P<question>.+?)”)?: (?P<what>.+)", re.DOTALL
)
_LINK_SIGNS = re.compile(r"\](?=[(:])")
_LONGEST_QUOTE = 200


def names(people: Sequence[str]) -> str:
    """Return `ben, carla and dora`."""
    if len(people) < 2:
        return "".join(people)
    return f"{', '.join(people[:-1])} and {people[-1]}"


def quote(text: str) -> str:
    """Return `text` on one line, shortened so that it can stand in a sentence."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_QUOTE else line[: _LONGEST_QUOTE - 1].rstrip() + "…"


def inert(text: str) -> str:
    """Return somebody else's words so that no link of theirs hides its target in the agent's."""
    return _LINK_SIGNS.sub(r"]\\", text)


def news(facts: Sequence[str], still_open: Sequence[OpenQuestion]) -> str:
    """Return one text that tells all `facts`, and who is still being waited for."""
    told = [_fact(fact, alone=len(facts) == 1) for fact in facts]
    text = told[0] if len(told) == 1 else "\n".join(f"- {_indented(fact)}" for fact in told)
    if not still_open:
        return text
    people = list(dict.fromkeys(name for question in still_open for name in question.people))
    return f"{text}\n\nI am still waiting for {names(people)}."


def waiting(questions: Sequence[OpenQuestion], context: PlanContext) -> str:
    """Return what is waiting, for whom, since when and until when, in the owner's zone."""
    if not questions:
        return NOTHING_WAITS
    if len(questions) == 1:
        return "One question is waiting:\n\n" + _listed(questions, context)
    return f"{len(questions)} questions are waiting:\n\n" + _listed(questions, context)


def which(
    verb: str, number: int | None, questions: Sequence[OpenQuestion], context: PlanContext
) -> str:
    """Return a question back: which of the open questions is meant."""
    if number is None:
        first = f"Which one? Write `{verb} 1` to `{verb} {len(questions)}`:"
    else:
        first = f"There is no open question {number}. These are waiting:"
    return f"{first}\n\n{_listed(questions, context)}"


def reminded(question: OpenQuestion) -> str:
    """Return that `question` is shown again."""
    return f"I am asking {names(question.people)} again: “{quote(question.question)}”"


def cancelled(question: OpenQuestion) -> str:
    """Return that `question` is taken back."""
    people = names(question.people)
    return f"I am taking back the question to {people}: “{quote(question.question)}”"


def local_time(moment: Micros, zone: str) -> str:
    """Return `moment` for a reader in `zone`: `Mon 2 Mar 2026, 09:15 (Europe/Berlin)`."""
    place: tzinfo = UTC
    said = "UTC"
    # A zone this machine does not know: UTC is said, so nothing is wrong, only distant.
    with suppress(ZoneInfoNotFoundError, ValueError, OSError):
        place, said = ZoneInfo(zone), zone
    local = from_micros(moment).astimezone(place)
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M} ({said})"


def _listed(questions: Sequence[OpenQuestion], context: PlanContext) -> str:
    return "\n".join(
        f"{n}. “{quote(question.question)}” to {names(question.people)},"
        f" asked {local_time(question.asked_at, context.zone)},"
        f" waits until {local_time(question.deadline, context.zone)}"
        for n, question in enumerate(questions, start=1)
    )


def _fact(fact: str, *, alone: bool) -> str:
    """Return a fact as the agent would say it; among others it names its question."""
    said = fact.strip()
    answered = _ANSWERED.fullmatch(said)
    if answered is not None:
        question = "" if alone else inert(quote(answered["question"] or ""))
        about = f" to “{question}”" if question else ""
        words = cited(inert(uncited(answered["what"].strip())))
        said = f"{answered['who']} says{about}: {words}".replace(": \n", ":\n", 1)
    return said if said.endswith((".", "!", "?", "…", "”", '"', "`")) else f"{said}."


def _indented(text: str) -> str:
    """Keep the later lines of `text` inside their list item."""
    return text.replace("\n", "\n  ")
