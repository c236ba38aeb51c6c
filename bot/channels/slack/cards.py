"""A question as one Slack message: open with its buttons, or settled with how it ended."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from bot.channels.slack import caps
from bot.channels.slack.answers import answer_rows, asker_row, late_row
from bot.channels.slack.blocks import Block, context, distinct, section
from bot.channels.slack.contents import contents
from bot.channels.slack.escaping import cut_escaped, escape, link, name, one_line, plain_moment
from bot.channels.slack.wording import (
    facts,
    headline,
    late_words,
    outcome,
    own_words,
    rule_words,
)
from bot.domain.card import Card
from bot.domain.feedback import Part, Route, State

MAX_LATE = 5
EVENT_TYPE = "handraise_surface"
"""Of the metadata by which a message of ours is recognised after an unknown result."""

_ENDED = {
    State.APPROVED: "Approved",
    State.REJECTED: "Rejected",
    State.ANSWERED: "Answered",
    State.EXPIRED: "Nobody answered in time",
    State.CANCELLED: "Taken back",
    State.SUPERSEDED: "Replaced",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """What `chat.postMessage` and `chat.update` take; `text` is for notifications."""

    text: str
    blocks: tuple[Block, ...]
    metadata: dict[str, Any]


def card_message(
    card: Card,
    *,
    surface_id: str,
    thread_url: str | None = None,
    in_channel: bool = False,
    reopenable: Collection[str] = (),
) -> Message:
    """Return a card as it stands.

    `thread_url` leads to where it was asked, if that is in Slack; `in_channel` says that several
    people read this one card; `reopenable` are late responses that the asker may let decide.
    """
    if in_channel:
        # Whoever reads it, it is put to those who are asked: what is one reader's own goes, and
        # what became of one (handed on, away, the asker themself) takes nobody's buttons away.
        card = replace(
            card,
            reader_id="",
            part=Part.DECIDER,
            route=Route.ASKED,
            by=None,
            own=None,
            claimed_by_reader=False,
            late=(),
        )
    request = card.request
    asked = card.part is Part.DECIDER
    shown = contents(request, card.url, with_answers=not (asked and request.is_open))
    blocks = [section(headline(card, thread_url)), *shown.blocks]
    if request.is_open:
        own = own_words(card)
        if own:
            blocks.append(section(own))
        blocks.append(context(facts(card)))
        blocks += answer_rows(card, complete=shown.complete, in_channel=in_channel)
    else:
        blocks.append(section(outcome(card)))
        small = [rule_words(card)] if rule_words(card) else []
        if card.own is not None and card.own != request.outcome:
            small.append(f"You answered: “{escape(one_line(card.own.words(), 200))}”")
        if small:
            blocks.append(context(small))
    if card.is_asker:
        blocks += _for_asker(card, reopenable)
    blocks.append(context([link(card.url, "Open on the page")]))
    return Message(
        text=_fallback(card),
        blocks=tuple(distinct(blocks[: caps.MESSAGE_BLOCKS])),
        metadata=surface_metadata(surface_id, request.version),
    )


def surface_metadata(surface_id: str, version: int) -> dict[str, Any]:
    """Return the metadata that tells which surface a message is, and in which version."""
    return {
        "event_type": EVENT_TYPE,
        "event_payload": {"surface_id": surface_id, "version": version},
    }


def _for_asker(card: Card, reopenable: Collection[str]) -> list[Block]:
    rows = []
    may_reopen = card.request.state is State.EXPIRED
    for said in card.late[:MAX_LATE]:
        reopens = may_reopen and said.response_id in reopenable
        rows.append(late_row(card, late_words(said, card.zone), said.response_id, reopens=reopens))
    if len(card.late) > MAX_LATE:
        rows.append(section(f"{len(card.late) - MAX_LATE} more late answers are on its page."))
    return rows + asker_row(card)


def _fallback(card: Card) -> str:
    """Return the words of a notification: the outcome, or who asks what until when."""
    request = card.request
    question = escape(one_line(request.question, 1_000))
    if request.is_open:
        until = plain_moment(request.deadline, card.zone)
        verb = "asks" if card.part is Part.DECIDER else "asked"
        return cut_escaped(f"{name(card.asker)} {verb}: {question} (until {until})", caps.FALLBACK)
    by = f" by {name(card.decided_by)}" if card.decided_by else ""
    return cut_escaped(f"{_ENDED.get(request.state, 'Closed')}{by}: {question}", caps.FALLBACK)
