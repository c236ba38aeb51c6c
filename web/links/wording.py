"""What a link page says in our own words; pure. Names and texts of people are not in here."""

from __future__ import annotations

from bot.domain.card import Card
from bot.domain.feedback import FeedbackResponse, Kind, Route, Rule, Standing, State
from bot.domain.instants import Micros
from bot.domain.spans import say_span
from bot.domain.zones import said
from web.links.typed import Typed

_WAYS = {"chat": "on the page", "slack": "in Slack", "email": "by e-mail"}
_ASKS = {
    Kind.APPROVAL: "asks for your approval",
    Kind.CHOICE: "asks you to choose",
    Kind.INPUT: "asks you",
    Kind.FORM: "asks you to fill in a form",
}
_VERBS = {State.APPROVED: "approved", State.REJECTED: "rejected", State.ANSWERED: "answered"}
_STANDINGS = {
    Standing.DECIDED: "Your answer decided it",
    Standing.COUNTED: "Your answer",
    Standing.LATE: "Your answer, which came too late",
    Standing.COMMENT: "Your comment",
    Standing.CHANGES: "You asked for changes",
    Standing.UNCLEAR: "What you wrote decided nothing",
}
_PRESSED = {
    "approve": "You chose “Approve” in the mail.",
    "reject": "You chose “Reject” in the mail.",
    "answer": "You chose an option in the mail; it is marked below.",
    "words": "You wanted to answer in words.",
    "changes": "You wanted to ask for changes.",
    "delegate": "You wanted to hand this on.",
}


def asks(card: Card) -> str:
    """Return what the asker wants, after their name."""
    return _ASKS[card.request.kind]


def moment(at: Micros, card: Card) -> str:
    """Return an instant in the reader's zone."""
    return said(at, card.zone, card.now)


def deadline(card: Card) -> str:
    """Return until when an answer is wanted, and how long that is."""
    left = say_span(max(0, card.request.deadline - card.now))
    return f"Answer by {moment(card.request.deadline, card)}. That is {left} from now."


def rule(card: Card) -> str:
    """Return how many answers it takes; nothing where one person is asked."""
    request, people = card.request, len(card.deciders)
    words = ""
    if request.rule is Rule.ALL:
        words = "Both must agree." if people == 2 else f"All {people} must agree."
    elif request.rule is Rule.QUORUM:
        words = f"{request.quorum} of {people} must agree."
    elif people > 1:
        words = "The first answer decides."
    if request.is_open and request.rule is not Rule.FIRST:
        words += f" {card.needed} more needed."
    return f"{words} One rejection ends it.".strip() if request.veto else words


def came(card: Card) -> str:
    """Return why the reader is asked, after the name of who brought them in, if there is one."""
    match card.route:
        case Route.DELEGATED:
            return "handed this on to you."
        case Route.AWAY:
            return "is away; you are asked instead."
        case Route.ESCALATED:
            return "Nobody had decided in time, so you are asked too."
        case _:
            return ""


def verb(card: Card) -> str:
    """Return what who decided did."""
    return _VERBS.get(card.request.state, "decided")


def ended(card: Card) -> str:
    """Return how a question ended that nobody decided."""
    match card.request.state:
        case State.EXPIRED:
            return "Nobody answered in time."
        case State.CANCELLED:
            return "This question was taken back. Nothing more to do."
        case _:
            return "This question was replaced by a newer one. Nothing more to do here."


def way(channel: str | None) -> str:
    """Return over which channel."""
    return _WAYS.get(channel or "", "")


def standing(response: FeedbackResponse) -> str:
    """Return what became of something that the reader said."""
    return _STANDINGS[response.standing]


def words_of(response: FeedbackResponse) -> str:
    """Return what the reader said."""
    return (response.answer.words() if response.answer else "") or response.raw_text.strip()


def pressed(typed: Typed) -> str:
    """Return what was chosen before this page was opened."""
    return _PRESSED.get(typed.act, "")


def masked(address: str) -> str:
    """Return an address so that its owner knows it and nobody else learns it."""
    local, at, host = address.rpartition("@")
    return f"{local[:1]}…@{host}" if at else f"{address[:1]}…"
