"""Retention: what grew older than the operator wants it kept loses its words, bit by bit.

Each portion is small and says in a mark how far it came; any number of servers may do it, and
doing it twice changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.instants import HOUR, Micros
from bot.domain.session import SessionState
from bot.service.ports.personal import ERASED
from bot.service.ports.store import Transaction

ROUND: Micros = HOUR
"""How long after a whole round the next one begins."""
LOOKED_AT = 200
"""Sessions, notices or entries that one portion looks at."""
EMPTIED = 10
"""Sessions that one portion empties; each may have thousands of messages."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Retention:
    """How long words are kept, in microseconds; 0 is for ever."""

    sessions: Micros = 0
    """Of sessions that ended, since anybody was last active in them."""
    mail: Micros = 0
    """Of mails and events that were set aside, and of notices, since they came or were made."""
    journal: Micros = 0
    """The content of the journal's entries; who, what and when stay, and the chains verify."""

    def portion(self, tx: Transaction, now: Micros) -> None:
        """Erase some of what is too old."""
        if self.sessions:
            self._sessions(tx, now)
        if self.mail:
            tx.personal.drop_received(now - self.mail, LOOKED_AT)
            self._notices(tx, now)
        if self.journal:
            self._journal(tx, now)

    def _sessions(self, tx: Transaction, now: Micros) -> None:
        before, cursor = now - self.sessions, _cursor(tx, "sessions", now)
        if cursor is None:
            return
        emptied = 0
        found = tx.personal.sessions(cursor, LOOKED_AT)
        for session in found:
            if session.created_at >= before or emptied == EMPTIED:
                break
            cursor = session.id
            ended = session.state is SessionState.ENDED and session.last_active_at < before
            if ended and session.title != ERASED:
                tx.personal.erase_session(session.id)
                emptied += 1
        whole = len(found) < LOOKED_AT and (not found or cursor == found[-1].id)
        young = bool(found) and found[0].created_at >= before
        stopped = any(session.created_at >= before for session in found) and emptied < EMPTIED
        _keep(tx, "sessions", "" if whole or young or stopped else cursor, now)

    def _notices(self, tx: Transaction, now: Micros) -> None:
        cursor = _cursor(tx, "notices", now)
        if cursor is not None:
            last = tx.personal.drop_notices(now - self.mail, cursor, LOOKED_AT)
            _keep(tx, "notices", last or "", now)

    def _journal(self, tx: Transaction, now: Micros) -> None:
        """Go on from where it came: entries are added at the end alone."""
        after = int(tx.marks.get(_mark("journal")) or 0)
        upto = min(after + LOOKED_AT, tx.personal.last_entry())
        if upto > after and tx.personal.erase_entries_before(after, upto, now - self.journal):
            tx.marks.put(_mark("journal"), str(upto), now)


def _mark(what: str) -> str:
    return f"retention.{what}"


def _cursor(tx: Transaction, what: str, now: Micros) -> str | None:
    """Return from where to go on; None while there is time until the next round."""
    found = next((each for each in tx.marks.like(_mark(what)) if each[0] == _mark(what)), None)
    if found is None:
        return ""
    _, cursor, at = found
    return None if not cursor and now < at + ROUND else cursor


def _keep(tx: Transaction, what: str, cursor: str, now: Micros) -> None:
    tx.marks.put(_mark(what), cursor, now)
