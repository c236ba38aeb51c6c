"""The word under a card that it still waits: what changes in place notifies nobody."""

from __future__ import annotations

from bot.channels.slack import caps
from bot.channels.slack.blocks import section
from bot.channels.slack.escaping import (
    cut_escaped,
    escape,
    link,
    moment,
    name,
    one_line,
    plain_moment,
)
from bot.channels.slack.landing import Words
from bot.domain.card import Card

REMINDED = "request.reminded"
"""The journal's entry for a reminder."""
EVENT_TYPE = "handraise_reminder"


def reminder(card: Card, surface_id: str, number: int, card_url: str | None) -> Words:
    """Return a reminder's words; `card_url` leads to the card."""
    request = card.request
    asked = one_line(request.question, 300)
    shown = f"“{escape(asked)}”" if card_url is None else link(card_url, f"“{asked}”")
    who = name(card.asker)
    line = f":bell: {who} still waits for your answer to {shown}, until "
    return Words(
        text=cut_escaped(
            f"{who} still waits for your answer: {escape(asked)} "
            f"(until {plain_moment(request.deadline, card.zone)})",
            caps.FALLBACK,
        ),
        blocks=[section(line + moment(request.deadline, card.zone) + ".")],
        metadata={
            "event_type": EVENT_TYPE,
            "event_payload": {"surface_id": surface_id, "number": number},
        },
    )
