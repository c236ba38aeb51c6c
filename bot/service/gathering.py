"""Reads together what acts on several questions begin with, and holds it in one order."""

from __future__ import annotations

from collections.abc import Sequence

from bot.service.ports.store import Transaction


def gather(tx: Transaction, request_ids: Sequence[str]) -> None:
    """Hold questions with their surfaces, sessions and the ends of their journals.

    Whatever is found here the handlers need not ask for one by one, which is most of what a
    reminder costs; what is not found, they look for themselves. Requests come before sessions, as
    everywhere, so that no two transactions wait for each other.
    """
    held = tx.requests.hold(request_ids)
    tx.sessions.hold([request.session_id for request in held])
    ids = [request.id for request in held]
    tx.surfaces.hold(ids)
    tx.journal.hold(ids)
    asked = {recipient.canonical_id for id_ in ids for recipient in tx.requests.recipients(id_)} | {
        request.asker_id for request in held
    }
    tx.people.expect(sorted(asked))
