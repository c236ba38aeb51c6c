"""What is said outside the web, in the database: claimed, tried, said once and in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.adapters.store import post_statements as statements
from bot.adapters.store.runner import Runner
from bot.adapters.store.statements import Parameters, Statement
from bot.domain.instants import Micros
from bot.domain.post import Post, PostKind, PostState
from bot.service.ports.surfaces import Recorded


class Posts:
    """Implements the port `PostTable`."""

    def __init__(self, runner: Runner) -> None:
        self._db = runner

    def add(self, post: Post) -> None:
        """Keep a new post."""
        values = {name: getattr(post, name) for name in statements.FIELDS}
        self._db.run(statements.ADD, values | {"kind": post.kind.value, "state": post.state.value})

    def get(self, post_id: str) -> Post | None:
        """Return a post."""
        row = self._db.one(statements.GET, {"id": post_id})
        return None if row is None else post_of(row)

    def claim_due(self, owner: str, now: Micros, until: Micros, limit: int) -> Sequence[Post]:
        """Claim what is due, of each place only the oldest that is still to be said."""
        rows = self._db.all(
            statements.CLAIM,
            {"owner": owner, "now": now, "until": until, "limit": limit, "step": 1},
        )
        return sorted((post_of(row) for row in rows), key=lambda post: (post.due_at, post.id))

    def next_due(self) -> Micros | None:
        """Return when the next post can be claimed; what waits for an older one does not count."""
        row = self._db.one(statements.NEXT_DUE, {})
        return row[0] if row else None

    def sent(self, post_id: str, claim_number: int, landed: str | None, at: Micros) -> Recorded:
        """End a claim: it is there. Return when the place's next post is due."""
        values = {"state": PostState.SENT.value, "landed": landed, "at": at, "emptied": "{}"}
        return self._recorded(statements.SENT, post_id, claim_number, values)

    def failed(
        self,
        post_id: str,
        claim_number: int,
        error: str,
        retry_at: Micros | None,
        *,
        certain: bool,
    ) -> Recorded:
        """End a claim: it is tried again, or given up. Return when the place's next is due."""
        state = PostState.DEAD if retry_at is None else PostState.WAITING
        values = {
            "state": state.value,
            "failed": int(certain),
            "error": error,
            "retry_at": retry_at,
        }
        return self._recorded(statements.FAILED, post_id, claim_number, values)

    def release(self, post_id: str, claim_number: int, due_at: Micros) -> Recorded:
        """End a claim under which nothing was tried; it is due again then."""
        values = {"retry_at": due_at, "step": 1}
        return self._recorded(statements.RELEASE, post_id, claim_number, values)

    def _recorded(
        self, statement: Statement, post_id: str, claim_number: int, values: Parameters
    ) -> Recorded:
        row = self._db.one(statement, {"id": post_id, "number": claim_number, **values})
        if row is None:
            return Recorded(written=False, due_at=None)
        # What waited behind this one becomes claimable by its end.
        following = self._db.one(statements.NEXT_AT, {"at_place": row[0], "limit": 1})
        return Recorded(written=True, due_at=following[0] if following else None)

    def redrive(self, post_id: str, now: Micros) -> bool:
        """Have a post that was given up tried again; False when it was not given up."""
        values = {
            "id": post_id,
            "now": now,
            "dead": PostState.DEAD.value,
            "waiting": PostState.WAITING.value,
            "one": 1,
            "zero": 0,
        }
        return self._db.run(statements.REDRIVE, values) > 0

    def given_up(self, owner_id: str, limit: int) -> Sequence[Post]:
        """Return posts given up of somebody's sessions, newest first; of "" everybody's."""
        rows = self._db.all(statements.GIVEN_UP, {"owner_id": owner_id, "limit": limit})
        return [post_of(row) for row in rows]

    def openings(self, session_id: str) -> Sequence[Post]:
        """Return the posts that opened places of a session, or are to, oldest first."""
        return [post_of(r) for r in self._db.all(statements.OPENINGS, {"session_id": session_id})]

    def opening_for(self, person_id: str) -> Sequence[Post]:
        """Return the posts that are to open places for a person or their aliases, oldest first."""
        return [post_of(r) for r in self._db.all(statements.OPENING_FOR, {"person_id": person_id})]

    def sent_to(self, place: str, since: Micros) -> int:
        """Return how many were said at a place since then."""
        row = self._db.one(statements.SENT_TO, {"at_place": place, "since": since})
        return int(row[0]) if row else 0

    def note_preview(self, turn_id: str, place: str, landed: str, at: Micros) -> None:
        """Keep where a turn's streamed text stands; noted again, the newer place."""
        values = {"turn_id": turn_id, "place": place, "landed": landed, "at": at}
        self._db.run(statements.NOTE_PREVIEW, values)

    def preview_of(self, turn_id: str) -> str | None:
        """Return where a turn's streamed text stands."""
        row = self._db.one(statements.PREVIEW_OF, {"turn_id": turn_id})
        return str(row[0]) if row else None

    def stale_previews(self, before: Micros, limit: int) -> Sequence[tuple[str, str, str]]:
        """Return turn, place and landing of previews older than that, oldest first."""
        rows = self._db.all(statements.STALE_PREVIEWS, {"before": before, "limit": limit})
        return [(turn_id, place, landed) for turn_id, place, landed in rows]

    def drop_preview(self, turn_id: str) -> None:
        """Forget where a turn's streamed text stood."""
        self._db.run(statements.DROP_PREVIEW, {"turn_id": turn_id})


def post_of(row: tuple[Any, ...]) -> Post:
    """Return a post of its columns."""
    values = dict(zip(statements.FIELDS, row, strict=True))
    return Post(**values | {"kind": PostKind(values["kind"]), "state": PostState(values["state"])})
