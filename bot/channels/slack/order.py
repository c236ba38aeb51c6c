"""In which order messages are dealt with: those of one thread one after the other, oldest first."""

from __future__ import annotations

import json

from bot.channels.slack.shape import Malformed, Shape, micros_of
from bot.service.lanes import Turn
from bot.service.ports.inbox import Received


def turn_of(received: Received) -> Turn:
    """Return the thread that a kept message event is about, and when Slack says it happened."""
    try:
        event = Shape(json.loads(received.payload)).child("event")
        at = micros_of(event.ts("ts"))
        message = event.child_or_none("message") or event.child_or_none("previous_message") or event
        thread = message.ts_or_none("thread_ts") or message.ts("ts")
        # The installation's team, by which the key begins, not the author's.
        team = received.key.split(":")[1]
        return Turn(lane=f"{team}/{event.id('channel')}/{thread}", at=at)
    except (Malformed, ValueError, IndexError):  # whoever deals with it will say what is wrong
        return Turn(lane=received.key, at=0)
