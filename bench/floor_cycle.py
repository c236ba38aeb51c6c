"""The cycle by hand in one row and four transactions: the least that can be durable.

Each transaction is on disk before its caller goes on, and after a crash the row says how far its
cycle came, with all that is needed to continue. There is nothing else: no ids that an answer could
name, no second row to look anything up by, nothing that recognises an act that came twice.
"""

from __future__ import annotations

from pathlib import Path

from bench.group_commit import GroupCommit

SCHEMA = """
CREATE TABLE cycles (
    id INTEGER PRIMARY KEY,
    state TEXT NOT NULL,
    message TEXT NOT NULL,
    question TEXT,
    answer TEXT,
    reply TEXT
);
"""
RECEIVED = "INSERT INTO cycles (state, message) VALUES ('received', ?)"
ASKED = "UPDATE cycles SET state = 'asked', question = ? WHERE id = ? AND state = 'received'"
DECIDED = "UPDATE cycles SET state = 'decided', answer = ? WHERE id = ? AND state = 'asked'"
DONE = "UPDATE cycles SET state = 'done', reply = ? WHERE id = ? AND state = 'decided'"

DONE_IDS = "SELECT id FROM cycles WHERE state = 'done' AND reply IS NOT NULL"


class FloorCycles:
    """One row for each cycle."""

    def __init__(self, path: Path) -> None:
        self._writer = GroupCommit(path, SCHEMA)
        self.open = self._writer.open
        self.close = self._writer.close

    async def cycle(self, number: int) -> str:
        """Run one: received, asked, decided, done; return its row's id."""
        del number
        commit = self._writer.commit
        row = await commit((RECEIVED, ("Please go on, but ask responder first",)))
        await commit((ASKED, ("May I go on? yes, no", row)))
        await commit((DECIDED, ("yes", row)))
        await commit((DONE, ("Thank you, done.", row)))
        return str(row)
