"""What an owner reads before the agent writes to somebody new: all of the held question, in words.

Every part that would reach people or change what happens is said; what is as usual is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bot.domain.feedback import Field, Kind, Risk
from bot.domain.instants import Micros
from bot.domain.planning import AskHuman, Escalation
from bot.domain.quoting import fenced
from bot.domain.spans import say_span
from bot.domain.text import listed, shortened
from bot.domain.zones import said

NAME_LENGTH = 80
_RISKS = {Risk.LOW: "low", Risk.NORMAL: "normal", Risk.HIGH: "high"}


def introduction(
    step: AskHuman, names: Mapping[str, str], *, now: Micros, zone: str, wait: Micros
) -> str:
    """Return, as Markdown, what would be asked of whom if the owner of `zone` approves it.

    `names` says what those whom the owner has not named are called, by how the step names them;
    `wait` is how long a question waits when nobody says otherwise. No text of the step can leave
    its quotation.
    """
    new = listed([_name(name) for name in dict.fromkeys(names.values())])
    people = _who(step.people, names)
    lead = f"You have not named {new} in this session. If you approve, I ask {people}:"
    parts = [lead, _quotation(step.question)]
    if step.context.strip():
        parts += ["For context they read:", _quotation(step.context)]
    facts = [*_answers(step), *_people(step, names), *_times(step, names, now, zone, wait)]
    facts += [*_care(step)]
    parts.append("\n".join(f"- {fact}" for fact in facts))
    if step.action is not None:
        parts.append(f"Once they approve it, `{_plain(step.action.tool)}` runs with exactly this:")
        parts.append(fenced(step.action.arguments))
    return "\n\n".join(part for part in parts if part)


def _who(people: Sequence[str], names: Mapping[str, str]) -> str:
    """Return people by name, with the address that the step has them by where it is another."""
    shown = []
    for typed in people:
        name, address = _name(names.get(typed, typed)), _name(typed)
        same = name.casefold() == address.casefold()
        shown.append(name if same else f"{name} ({address})")
    return listed(shown)


def _answers(step: AskHuman) -> Iterator[str]:
    match step.kind:
        case Kind.APPROVAL:
            yield "They approve or reject it."
        case Kind.CHOICE:
            how = "one or several" if step.multiple else "one"
            yield f"They choose {how} of: {_quoted(step.options)}."
        case Kind.FORM:
            yield f"They fill in: {'; '.join(_field(field) for field in step.fields)}."
        case _:
            yield "They answer in their own words."
    if step.everybody and len(step.people) > 1:
        yield "All of them must agree."
    elif step.quorum > 1:
        yield f"{step.quorum} of them must agree."
    elif len(step.people) > 1:
        yield "The first answer decides."
    if step.veto:
        yield "One rejection ends it."


def _field(field: Field) -> str:
    choices = f" ({_quoted(field.options)})" if field.options else ""
    return f"“{_plain(field.label)}”{choices}{'' if field.required else ', optional'}"


def _people(step: AskHuman, names: Mapping[str, str]) -> Iterator[str]:
    if step.notify:
        yield f"I tell {_who(step.notify, names)} of it, without asking them."
    if step.room:
        where = "where this session lives" if step.room == "here" else _plain(step.room)
        yield f"It is put in front of them {where if step.room == 'here' else f'in {where}'}."
    if step.replaces is not None:
        yield "It takes the place of a question of this session that is open now."


def _times(
    step: AskHuman, names: Mapping[str, str], now: Micros, zone: str, wait: Micros
) -> Iterator[str]:
    if step.deadline is not None:
        yield f"They can answer until {said(step.deadline, zone, now)}."
    else:
        working = " of their working time" if step.working_time else ""
        yield f"They have {say_span(wait if step.within is None else step.within)}{working}."
    if step.remind_at:
        yield f"I remind them {listed([said(at, zone, now) for at in step.remind_at])}."
    for each in step.escalations:
        yield f"{_when(each, zone, now)}, I ask {_who(each.people, names)} too."


def _when(each: Escalation, zone: str, now: Micros) -> str:
    if each.at is not None:
        return f"If nobody has decided until {said(each.at, zone, now)}"
    return f"If nobody has decided {say_span(each.after or 0)} later"


def _care(step: AskHuman) -> Iterator[str]:
    if step.urgent:
        yield "It is marked as urgent, and reaches them outside their working hours too."
    if step.risk is not Risk.NORMAL:
        yield f"It is marked as of {_RISKS[step.risk]} risk."


def _name(text: str) -> str:
    return shortened(_plain(text), NAME_LENGTH)


def _quoted(texts: Sequence[str]) -> str:
    return ", ".join(f"“{_plain(text)}”" for text in texts)


def _plain(text: str) -> str:
    """Return text on one line, where none of it passes for a line of ours."""
    return " ".join(text.split())


def _quotation(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())
