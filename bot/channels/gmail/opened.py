"""Mail threads that we begin for a session: which place each is, by the post that began it."""

from __future__ import annotations

import base64
import re
from uuid import UUID

from bot.domain.place import key_of, place_of
from bot.domain.post import Post, PostKind, PostState
from bot.service.ports.store import Transaction

_BYTES = 16
_OWN = re.compile(r"p\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@.*", re.IGNORECASE)
"""The Message-ID of a post of ours."""


def place_opened_by(post_id: str) -> str:
    """Return the place that a post opens; the same one whenever it is asked."""
    return place_of("email", base64.b32encode(UUID(post_id).bytes).decode().lower().rstrip("="))


def is_on_its_way(tx: Transaction, place: str | None, answered: tuple[str, ...]) -> bool:
    """Tell whether a mail is an answer in a thread of ours that we do not know has begun.

    By the place that it is addressed to, or by the Message-IDs that it answers.
    """
    ids = [found[1].lower() for each in answered if (found := _OWN.fullmatch(each))]
    if place is not None and (post_id := _post_of(place)) is not None:
        ids.append(post_id)
    return any(_waits(tx.posts.get(post_id)) for post_id in ids)


def _waits(post: Post | None) -> bool:
    return (
        post is not None
        and post.kind is PostKind.OPENING
        and post.state is PostState.WAITING
        and post.attempts > post.failures
    )


def _post_of(place: str) -> str | None:
    """Return the post that opens a place; None for one that was begun by somebody else."""
    key = key_of(place).upper()
    try:
        found = base64.b32decode(key + "=" * (-len(key) % 8))
    except ValueError:
        return None
    return str(UUID(bytes=found)) if len(found) == _BYTES else None
