"""Too many sessions at once: the ones that could be ended, each by one button."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.channels.slack.asides import Spot
from bot.channels.slack.blocks import Block, actions, plain, section
from bot.channels.slack.caps import BUTTON
from bot.channels.slack.clicks import PREFIX, NotOurs
from bot.channels.slack.escaping import escape, one_line
from bot.channels.slack.saying_later import say_later
from bot.domain.commands import Outcome
from bot.service.outlet import Parts

ACTION = PREFIX + "room"
"""Of the button that ends one session and starts another; its position follows."""
_VALUE = re.compile(r"1:([A-Za-z0-9_-]{1,64}):([A-Za-z0-9_-]{1,64})")
_MOST = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Swap:
    """Which session is to be ended for which."""

    start: str
    end: str


def is_swap(action_id: str) -> bool:
    """Tell whether a button is one of these."""
    return action_id.startswith(ACTION + ".")


def read_swap(value: str) -> Swap:
    """Return what a button says; `NotOurs` for anything not written here."""
    found = _VALUE.fullmatch(value)
    if found is None:
        raise NotOurs
    return Swap(start=found[1], end=found[2])


async def offer_room(parts: Parts, outcome: Outcome, at: Spot, *, key: str) -> None:
    """Say to the person alone which sessions could be ended: their titles concern nobody else."""
    if at.channel is None or outcome.session_id is None:
        return
    channel, thread, now = at.channel, at.thread, parts.clock.now()
    blocks = _blocks(outcome, outcome.session_id)
    await parts.store.run(
        lambda tx: say_later(
            tx,
            key=f"room:{key}",
            team=at.team,
            channel=channel,
            thread=thread,
            text=escape(outcome.text),
            blocks=blocks,
            only_to=at.user,
            now=now,
        )
    )


def _blocks(outcome: Outcome, held: str) -> list[Block]:
    rows = [section(escape(outcome.text))]
    buttons = [
        {
            "type": "button",
            "action_id": f"{ACTION}.{position}",
            "text": plain(f"End {one_line(offer.title, 40)} and start this", BUTTON),
            "value": f"1:{held}:{offer.session_id}",
        }
        for position, offer in enumerate(outcome.offer[:_MOST])
    ]
    return [*rows, actions(buttons)] if buttons else rows
