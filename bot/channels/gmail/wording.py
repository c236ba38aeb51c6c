"""What a mail says of a question besides the question itself, in plain words."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.card import Card
from bot.domain.feedback import Kind, Part, Risk, Route, Rule, State
from bot.domain.reading import deciding_words
from bot.domain.spans import say_span
from bot.domain.text import shortened
from bot.domain.zones import said

MAX_NAMES = 8
_WAYS = {
    "chat": "on the web",
    "slack": "on Slack",
    "email": "by mail",
    "link": "by the link in a mail",
    "system": "",
}
_ASKS = {
    Kind.APPROVAL: "asks for your approval",
    Kind.CHOICE: "asks you to choose",
    Kind.INPUT: "asks you",
    Kind.FORM: "asks you to fill in a form",
}


def subject(card: Card) -> str:
    """Return the subject of a question's thread; it never changes."""
    verb = "asks" if card.part is Part.DECIDER else "asked"
    mark = "Urgent: " if card.request.urgent else ""
    return f"{mark}{shortened(card.asker, 40)} {verb}: {shortened(card.request.question, 120)}"


def headline(card: Card) -> str:
    """Return who asks, and for what."""
    if card.part is not Part.DECIDER:
        return f"{card.asker} asked {listed(card.deciders) or 'somebody'}. You are told of it:"
    return f"{card.asker} {_ASKS[card.request.kind]}:"


def why(card: Card) -> str:
    """Return how the reader came to be asked."""
    by = card.by or "Somebody"
    match card.route:
        case Route.DELEGATED:
            return f"{by} handed this on to you."
        case Route.AWAY:
            return f"You are asked in place of {by}, who is away."
        case Route.ESCALATED:
            return "You are asked because nobody has decided it so far."
        case _ if card.is_from_agent:
            return "You get this because it is asked in a session of yours."
        case _:
            return f"You get this because {card.asker} named you."


def deadline(card: Card) -> str:
    """Return until when an answer counts, in words and with the zone."""
    request = card.request
    left = request.deadline - card.now
    span = f", {say_span(left)} from now" if left > 0 else ""
    return f"Please answer by {said(request.deadline, card.zone, card.now)}{span}."


def rule(card: Card) -> str:
    """Return how many answers it takes; nothing where one person is asked."""
    request, people = card.request, len(card.deciders)
    words = ""
    if request.rule is Rule.ALL:
        words = "Both must agree." if people == 2 else f"All {people} must agree."
    elif request.rule is Rule.QUORUM:
        words = f"{request.quorum} of {people} must agree."
    elif people > 1:
        words = f"Asked are {listed(card.deciders)}; the first answer decides."
    if request.veto:
        words = f"{words} One rejection ends it.".strip()
    return words


def careful(card: Card) -> str:
    """Return what a question of high risk wants besides its link."""
    if card.request.risk is not Risk.HIGH or card.part is not Part.DECIDER:
        return ""
    return (
        "This is a question of high risk: the link alone does not decide it. Sign in on the page, "
        "or reply to this mail."
    )


def how(card: Card) -> str:
    """Return how to answer by replying."""
    match card.request.kind:
        case Kind.APPROVAL:
            words = deciding_words(card.request)
            if words is None:
                return "Please use the buttons: words could be taken either way here."
            return f"Or just reply to this mail, for example with “{words[0]}” or “{words[1]}”."
        case Kind.CHOICE:
            return "Or just reply to this mail with the option's name or number."
        case Kind.FORM:
            return "Or just reply to this mail with one line for each field, such as “Name: …”."
        case _:
            return "Or just reply to this mail with your answer."


def ended(card: Card) -> str:
    """Return what became of a question, who decided it, over which channel and when."""
    request = card.request
    when = said(request.decided_at or request.deadline, card.zone, card.now)
    match request.state:
        case State.APPROVED | State.REJECTED | State.ANSWERED:
            words = request.outcome.words() if request.outcome else request.state.value
            if card.own is not None and request.decided_by == card.reader_id:
                return f"Thank you. Your answer decided it: {words} ({when})."
            by = card.decided_by or "somebody"
            way = _WAYS.get(request.decided_via or "", request.decided_via or "")
            return f"Answered by {by}{' ' if way else ''}{way}: {words} ({when})."
        case State.CANCELLED:
            return f"{card.asker} took this question back ({when})."
        case State.SUPERSEDED:
            return f"{card.asker} asked a newer question in place of this one ({when})."
        case _:
            return f"Nobody decided this in time: it was open until {when}."


def listed(names: Sequence[str]) -> str:
    """Return names as people list them."""
    shown = [shortened(name, 60) for name in names[:MAX_NAMES]]
    if len(names) > MAX_NAMES:
        shown.append(f"{len(names) - MAX_NAMES} more")
    return " and ".join((", ".join(shown[:-1]), shown[-1])) if len(shown) > 1 else "".join(shown)
