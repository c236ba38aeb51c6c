"""The cycle by hand with a row for each fact: what any product must be able to look up.

A session, its three messages, a request that an answer can name, and a receipt for each of the two
acts from outside, so that neither counts twice. Four transactions as in the floor, eleven
statements, written by the same thread.
"""

from __future__ import annotations

import time
from pathlib import Path

from bench.group_commit import GroupCommit
from bot.service.identifiers import new_id

SCHEMA = """
CREATE TABLE sessions (
    id TEXT PRIMARY KEY, state TEXT NOT NULL, message_seq INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE messages (
    session_id TEXT NOT NULL, seq INTEGER NOT NULL, role TEXT NOT NULL, text TEXT NOT NULL,
    at INTEGER NOT NULL, PRIMARY KEY (session_id, seq)
) WITHOUT ROWID;
CREATE TABLE requests (
    id TEXT PRIMARY KEY, session_id TEXT NOT NULL, state TEXT NOT NULL, question TEXT NOT NULL,
    options TEXT NOT NULL, deadline INTEGER NOT NULL, answer TEXT
) WITHOUT ROWID;
CREATE TABLE receipts (
    external_key TEXT PRIMARY KEY, outcome TEXT NOT NULL
) WITHOUT ROWID;
"""
RECEIPT = "INSERT INTO receipts VALUES (?, ?)"
MESSAGE = "INSERT INTO messages VALUES (?, ?, ?, ?, ?)"
START = "INSERT INTO sessions VALUES (?, 'due', 1)"
ASK = "INSERT INTO requests VALUES (?, ?, 'pending', ?, ?, ?, NULL)"
WAIT = "UPDATE sessions SET state = 'waiting' WHERE id = ? AND state = 'due'"
DECIDE = "UPDATE requests SET state = 'answered', answer = ? WHERE id = ? AND state = 'pending'"
RESUME = "UPDATE sessions SET state = 'due', message_seq = 2 WHERE id = ? AND state = 'waiting'"
END = "UPDATE sessions SET state = 'done', message_seq = 3 WHERE id = ? AND state = 'due'"

DONE_IDS = """
SELECT sessions.id FROM sessions
JOIN requests ON requests.session_id = sessions.id AND requests.state = 'answered'
JOIN messages ON messages.session_id = sessions.id AND messages.seq = 3
WHERE sessions.state = 'done'
"""
DAY_NS = 86_400 * 10**9


class FactsCycles:
    """A session, a request, three messages and two receipts for each cycle."""

    def __init__(self, path: Path) -> None:
        self._writer = GroupCommit(path, SCHEMA)
        self.open = self._writer.open
        self.close = self._writer.close

    async def cycle(self, number: int) -> str:
        """Run one: received, asked, decided, done; return its session."""
        del number
        commit = self._writer.commit
        session, request = new_id(), new_id()
        now = time.time_ns()
        await commit(
            (RECEIPT, (new_id(), session)),
            (START, (session,)),
            (MESSAGE, (session, 1, "user", "Please go on, but ask responder first", now)),
        )
        await commit(
            (ASK, (request, session, "May I go on?", '["yes", "no"]', now + DAY_NS)),
            (WAIT, (session,)),
        )
        await commit(
            (RECEIPT, (new_id(), request)),
            (DECIDE, ("yes", request)),
            (MESSAGE, (session, 2, "system", "responder answered: yes", now)),
            (RESUME, (session,)),
        )
        await commit(
            (MESSAGE, (session, 3, "agent", "Thank you, done.", now)),
            (END, (session,)),
        )
        return session
