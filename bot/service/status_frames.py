"""The ephemeral frame that tells a session's people what it is doing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from bot.domain.session import Session, Status


def status_frame(
    session: Session, status: Status, awaiting: Sequence[Mapping[str, object]] = ()
) -> str:
    """Return the frame, as JSON; `awaiting` are the open questions of a session that awaits."""
    frame = {
        "type": "status",
        "session_id": session.id,
        "owner_id": session.owner_id,
        "status": status.value,
        "awaiting": awaiting,
        "cursor": session.feed_seq,
    }
    return orjson.dumps(frame).decode()
