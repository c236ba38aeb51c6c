"""Sessions and participants in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, bindparam, case, func, literal_column, or_, select

from bot.adapters.store.known import Known
from bot.adapters.store.runner import Runner
from bot.adapters.store.schema import participants, persons, sessions
from bot.adapters.store.statements import (
    Statement,
    among,
    insert_into,
    members,
    names,
    portions,
    update_by_id,
    upsert,
)
from bot.domain.instants import Micros
from bot.domain.record import made
from bot.domain.session import ParticipantRole, Session, SessionState

_FIELDS = names(Session)
_STATES = members(SessionState)
_NEVER_CHANGED = {"id", "owner_id", "created_at"}
_CHANGED = [name for name in _FIELDS if name not in _NEVER_CHANGED]
_BY_ID = sessions.c.id == bindparam("id")
# What somebody's merged aliases own is theirs.
_MINE = sessions.c.owner_id.in_(
    select(persons.c.id).where(
        or_(
            persons.c.id == bindparam("owner_id"),
            persons.c.merged_into == bindparam("owner_id"),
        )
    )
)
_ACTIVE = sessions.c.state == literal_column("'active'")
_HELD = sessions.c.state == literal_column("'held'")


def _owned() -> Select[Any]:
    """Select sessions with their canonical owners: two people may have been found to be one."""
    owner = (
        select(func.coalesce(persons.c.merged_into, persons.c.id))
        .where(persons.c.id == sessions.c.owner_id)
        .scalar_subquery()
    )
    return select(
        *(owner.label(name) if name == "owner_id" else sessions.c[name] for name in _FIELDS)
    )


ADD = insert_into(sessions)
_GET = Statement(lambda: _owned().where(_BY_ID))
_LOCK = Statement(lambda: _owned().where(_BY_ID).with_for_update(key_share=True))
_HOLD = Statement(
    lambda: (
        _owned().where(among(sessions.c.id)).order_by(sessions.c.id).with_for_update(key_share=True)
    )
)
_SAVE = update_by_id(sessions, _CHANGED)
_ACTIVE_OF = Statement(lambda: _owned().where(_MINE, _ACTIVE).order_by(sessions.c.id))
_COUNT_HELD = Statement(lambda: select(func.count()).select_from(sessions).where(_MINE, _HELD))
_OF_OWNER = Statement(
    lambda: (
        _owned()
        .where(
            _MINE,
            or_(bindparam("state") == literal_column("''"), sessions.c.state == bindparam("state")),
            sessions.c.id < bindparam("before"),
        )
        .order_by(sessions.c.id.desc())
        .limit(bindparam("limit"))
    )
)
_DUE = Statement(
    lambda: (
        select(sessions.c.id)
        .where(
            sessions.c.turn_due_at <= bindparam("now"),
            or_(sessions.c.claim_until.is_(None), sessions.c.claim_until <= bindparam("now")),
        )
        .order_by(sessions.c.turn_due_at)
        .limit(bindparam("limit"))
        .with_for_update(skip_locked=True, key_share=True)
    )
)
# The later of the two; the dialects name that function differently.
_NEXT_DUE = Statement(
    lambda: select(
        func.min(
            case(
                (sessions.c.claim_until > sessions.c.turn_due_at, sessions.c.claim_until),
                else_=sessions.c.turn_due_at,
            )
        )
    ).where(sessions.c.turn_due_at.is_not(None))
)
_ADD_PARTICIPANT = Statement(
    lambda: (
        upsert(participants)
        .values({c.name: bindparam(c.name) for c in participants.c})
        .on_conflict_do_nothing()
    )
)
_ROLE = Statement(
    lambda: (
        select(participants.c.role)
        .select_from(participants.join(persons, persons.c.id == participants.c.person_id))
        .where(
            participants.c.session_id == bindparam("session_id"),
            or_(
                persons.c.id == bindparam("person_id"),
                persons.c.merged_into == bindparam("person_id"),
            ),
        )
        .order_by(participants.c.role)
    )
)

# Above every UUID in any collation (where "~" may come first): "from the newest".
LAST_ID = "z"


class Sessions:
    """Implements the port `SessionTable`."""

    def __init__(self, runner: Runner) -> None:
        self._db = runner
        self._known: Known[str, Session] = Known(runner, "sessions", "persons.merged_into")

    def add(self, session: Session) -> None:
        """Keep a new session."""
        self._db.later(ADD, session.id, _values(session))
        self._known.put(session.id, session)

    def get(self, session_id: str) -> Session | None:
        """Return a session."""
        session = self._known.get(session_id)
        if session is None:
            session = _session(self._db.row(_GET, {"id": session_id}, session_id, ADD, _SAVE))
            if session is not None:
                self._known.put_read(session_id, session)
        return session

    def lock(self, session_id: str) -> Session | None:
        """Return a session, keeping others from changing it until the commit."""
        session = self._known.get(session_id)
        if session is None:
            session = _session(self._db.row(_LOCK, {"id": session_id}, session_id, ADD, _SAVE))
            if session is not None:
                self._known.put(session_id, session)
        return session

    def hold(self, ids: Sequence[str]) -> None:
        """Lock several at once, in the order of their ids."""
        for portion in portions(id_ for id_ in ids if id_ not in self._known):
            for row in self._db.all(_HOLD, portion):
                session = session_of(row)
                self._known.put(session.id, session)

    def save(self, session: Session) -> None:
        """Write back what may change of a session."""
        statement = ADD if session.id in self._db.waiting(ADD) else _SAVE
        self._db.later(statement, session.id, _values(session))
        self._known.put(session.id, session)

    def add_participant(self, session_id: str, person_id: str, role: ParticipantRole) -> None:
        """Let a person take part."""
        values = {"session_id": session_id, "person_id": person_id, "role": role.value}
        if (session_id, person_id) in self._db.waiting(_ADD_PARTICIPANT):
            return  # as the statement leaves it
        self._db.later(_ADD_PARTICIPANT, (session_id, person_id), values)

    def role_of(self, session_id: str, person_id: str) -> ParticipantRole | None:
        """Return a person's role in a session."""
        row = self._db.one(_ROLE, {"session_id": session_id, "person_id": person_id})
        return ParticipantRole(row[0]) if row else None

    def active_of(self, owner_id: str) -> Sequence[Session]:
        """Return a person's active sessions, oldest first."""
        asked = {"owner_id": owner_id}
        # Of others' sessions nothing need be written for this.
        waits = any(
            row["owner_id"] == owner_id
            for statement in (ADD, _SAVE)
            for row in self._db.waiting(statement).values()
        )
        read = self._db.all if waits else self._db.stored
        return [session_of(row) for row in read(_ACTIVE_OF, asked)]

    def count_held(self, owner_id: str) -> int:
        """Return how many sessions of a person are held back."""
        row = self._db.one(_COUNT_HELD, {"owner_id": owner_id})
        return int(row[0]) if row else 0

    def of_owner(
        self, owner_id: str, state: str | None, before: str | None, limit: int
    ) -> Sequence[Session]:
        """Return sessions newest first, those with ids below `before`."""
        rows = self._db.all(
            _OF_OWNER,
            {
                "owner_id": owner_id,
                "state": state or "",
                "before": before or LAST_ID,
                "limit": limit,
            },
        )
        return [session_of(row) for row in rows]

    def due(self, now: Micros, limit: int) -> Sequence[str]:
        """Return sessions whose turn can be claimed, skipping what others hold."""
        return [row[0] for row in self._db.all(_DUE, {"now": now, "limit": limit})]

    def next_due(self) -> Micros | None:
        """Return when the next turn can be claimed, claims of others included."""
        row = self._db.one(_NEXT_DUE, {})
        return row[0] if row else None


def _values(session: Session) -> dict[str, Any]:
    values = vars(session).copy()
    values["state"] = session.state.value
    values["warned"] = int(session.warned)
    return values


def _session(row: tuple[Any, ...] | None) -> Session | None:
    return None if row is None else session_of(row)


def session_of(row: tuple[Any, ...]) -> Session:
    """Return a session of its columns."""
    values = dict(zip(_FIELDS, row, strict=True))
    values["state"] = _STATES[values["state"]]
    values["warned"] = bool(values["warned"])
    return made(Session, values)
