"""Questions back that must not be lost: kept in the inbox, said from there at least once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from bot.channels.slack.blocks import Block
from bot.channels.slack.calls import Calls
from bot.channels.slack.pacing import Pace
from bot.channels.slack.refusals import Refused
from bot.domain.errors import Invalid, Unavailable
from bot.domain.instants import Micros
from bot.service.ports.channel import Fate
from bot.service.ports.inbox import Received
from bot.service.ports.store import Topic, Transaction

SAY = "slack.say"
"""The kind of what waits in the inbox to be said."""


def say_later(
    tx: Transaction,
    *,
    key: str,
    team: str,
    channel: str,
    thread: str | None,
    text: str,
    blocks: Sequence[Block],
    only_to: str | None,
    now: Micros,
) -> bool:
    """Have something said for the occasion `key`, once; False when it was said for it before.

    With `only_to` nobody but that user sees it.
    """
    words: dict[str, Any] = {"channel": channel, "text": text, "blocks": list(blocks)}
    if thread is not None:
        words["thread_ts"] = thread
    if only_to is not None:
        words["user"] = only_to
    added = tx.inbox.add(
        Received(
            key=f"{SAY}:{key}",
            kind=SAY,
            payload=json.dumps({"team": team, "words": words}),
            due_at=now,
            received_at=now,
        )
    )
    tx.announce(Topic.INBOX, SAY)
    return added


async def say_kept(calls: Calls, received: Received) -> None:
    """Say what waits; a call whose result is unknown is made again, so it may be said twice."""
    held = json.loads(received.payload)
    words: dict[str, Any] = held["words"]
    try:
        if "user" in words:
            await calls.call(held["team"], lambda client: client.chat_postEphemeral(**words))
        else:
            await calls.call(
                held["team"],
                lambda client: client.chat_postMessage(**words),
                pace=Pace.POST,
                channel=words["channel"],
            )
    except Refused as refused:
        if refused.fate is Fate.FAILED:
            raise Invalid(refused.sentence, code=refused.code) from None
        raise Unavailable(refused.sentence, code=refused.code) from None
