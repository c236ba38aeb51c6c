"""What a card says about a question besides its own words, as lines of mrkdwn."""

from __future__ import annotations

from collections.abc import Sequence

from bot.channels.slack.escaping import cut, escape, escape_line, link, moment, name, one_line
from bot.domain.card import Card, Said
from bot.domain.feedback import Kind, Part, Risk, Route, Rule, State

MAX_NAMES = 8
MAX_WORDS = 600
"""Characters of an answer's words on a card."""

_WAYS = {
    "chat": "on the page",
    "web": "on the page",
    "slack": "in Slack",
    "email": "by e-mail",
    "link": "by the mail’s link",
    "system": "",
}
_ASKS = {
    Kind.APPROVAL: "asks for approval",
    Kind.CHOICE: "asks for a choice",
    Kind.INPUT: "asks",
    Kind.FORM: "asks to have a form filled in",
}
_ENDED = {
    State.APPROVED: ":white_check_mark: *Approved*",
    State.REJECTED: ":x: *Rejected*",
    State.ANSWERED: ":white_check_mark: *Answered*",
    State.EXPIRED: ":hourglass: *Nobody answered in time.*",
    State.CANCELLED: ":wastebasket: *Taken back*",
    State.SUPERSEDED: ":arrows_counterclockwise: *Replaced by a newer question.*",
}


def listed(names: Sequence[str]) -> str:
    """Return names as people list them; after eight it is said how many more there are."""
    shown = [name(one) for one in names[:MAX_NAMES]]
    if len(names) > MAX_NAMES:
        shown.append(f"{len(names) - MAX_NAMES} more")
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def way(channel: str | None) -> str:
    """Return over which channel, with a space before it, or nothing."""
    said = _WAYS.get(channel, f"by {escape_line(channel, 20)}") if channel else ""
    return f" {said}" if said else ""


def headline(card: Card, thread_url: str | None) -> str:
    """Return who asks whom for what, where it comes from, and what is special about it."""
    request = card.request
    if card.is_asker and not card.is_from_agent:
        who = f":raising_hand: *You asked {listed(card.deciders) or 'nobody'}*"
    elif card.part is Part.DECIDER:
        who = f":raising_hand: *{name(card.asker)}* {_ASKS[request.kind]}"
    else:
        who = f":information_source: *{name(card.asker)}* asked {listed(card.deciders)}"
        who += ". For your information"
    if thread_url is not None:
        who += f", in {link(thread_url, 'this thread')}"
    tags = []
    if request.urgent and request.is_open:
        tags.append(":rotating_light: *Urgent*")
    if request.risk is Risk.HIGH:
        tags.append(":warning: *High risk*")
    return "   ".join([who, *tags])


def rule_words(card: Card) -> str:
    """Return how many it takes and how many are missing; nothing where one person is asked."""
    request, people = card.request, len(card.deciders)
    words = []
    if request.rule is Rule.ALL:
        words.append("Both must agree" if people == 2 else f"All {people} must agree")
    elif request.rule is Rule.QUORUM:
        words.append(f"{request.quorum} of {people} must agree")
    elif people > 1:
        words.append("The first answer decides")
    if words and request.is_open and (request.rule is not Rule.FIRST or card.answered):
        words.append(f"{card.needed} more needed")
    if request.veto:
        words.append("one rejection ends it")
    line = "; ".join(words)
    return line[:1].upper() + line[1:] + "." if line else ""


def facts(card: Card) -> list[str]:
    """Return the small print of an open question, the deadline first."""
    lines = [f"Answer by {moment(card.request.deadline, card.zone)}"]
    if (card.is_asker and not card.is_from_agent) or card.part is not Part.DECIDER:
        lines[0] = f"Open until {moment(card.request.deadline, card.zone)}"
    lines += [line for line in (rule_words(card), _answered(card), _claim(card)) if line]
    came = _came(card)
    if came:
        lines.append(came)
    if len(card.deciders) > 1 and not card.is_asker and card.part is Part.DECIDER:
        lines.append(f"Asked: {listed(card.deciders)}")
    if card.told and card.is_asker:
        lines.append(f"Told: {listed(card.told)}")
    return lines


def _answered(card: Card) -> str:
    return f"Answered so far: {listed(card.answered)}" if card.answered else ""


def _claim(card: Card) -> str:
    if card.claimed_by_reader:
        return ":hand: You are on it"
    return f":hand: {name(card.claimed_by)} is on it" if card.claimed_by else ""


def _came(card: Card) -> str:
    """Return how the reader came to be asked."""
    who = name(card.by) if card.by else "somebody"
    match card.route:
        case Route.DELEGATED:
            return f"{who[:1].upper() + who[1:]} handed this on to you"
        case Route.AWAY:
            return f"You are asked in place of {who}, who is away"
        case Route.ESCALATED:
            return "You are asked because nobody had decided in time"
        case _:
            return ""


def own_words(card: Card) -> str:
    """Return what the reader has answered, while that counts and nothing is decided."""
    if card.own is None or not card.request.is_open:
        return ""
    return f"You answered: {quoted(card.own.words())}. It counts; you can still change it."


def quoted(words: str) -> str:
    """Return somebody's words in one line between quotes."""
    return f"“{escape(one_line(words, MAX_WORDS))}”"


def outcome(card: Card) -> str:
    """Return how a question ended: what, by whom, over which channel, when."""
    request = card.request
    line = _ENDED.get(request.state, f"*{escape_line(request.state.value, 20)}*")
    note = ""
    if request.state in {State.APPROVED, State.REJECTED, State.ANSWERED}:
        if card.decided_by:
            line += f" by {name(card.decided_by)}"
        line += way(request.decided_via)
        if request.outcome is not None:
            decided = request.state is not State.ANSWERED
            words = request.outcome.text if decided else request.outcome.words()
            note = _block_quote(words)
    elif request.state is State.CANCELLED:
        line += f" by {name(card.asker)}" + way(request.decided_via)
    elif request.state is State.EXPIRED:
        return f"{line} It was open until {moment(request.deadline, card.zone)}."
    if request.decided_at is not None:
        line += f", {moment(request.decided_at, card.zone)}"
    return f"{line}\n{note}" if note else line


def _block_quote(words: str) -> str:
    if not words.strip():
        return ""
    shown = cut("\n".join(line for line in words.split("\n") if line.strip()), MAX_WORDS)
    return "\n".join("> " + escape(line) for line in shown.split("\n"))


def late_words(said: Said, zone: str) -> str:
    """Return an answer that came too late, as its asker sees it."""
    relation = {True: ", in agreement", False: ", in disagreement", None: ""}[said.agrees]
    return (
        f":clock3: *{name(said.name)}* answered late{relation}: {quoted(said.words)}"
        f" ({way(said.channel).strip() or 'somehow'}, {moment(said.at, zone)})"
    )
