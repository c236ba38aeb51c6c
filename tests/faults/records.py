"""What a database holds, read past the application: plain rows from either engine."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Row = dict[str, Any]

_ORDER = {
    "messages": "session_id, seq",
    "feed": "feed_id, number",
    "journal": "at",
    "attempts": "surface_id, claim_number",
    "recipients": "request_id, position",
    "receipts": "external_key",
}


A_WHILE = 60_000_000
"""Microseconds: what is due later than that is not waited for."""


@dataclass
class Records:
    """Every row of the tables that a conversation touches, and whether the file is whole."""

    persons: list[Row]
    sessions: list[Row]
    messages: list[Row]
    requests: list[Row]
    recipients: list[Row]
    responses: list[Row]
    surfaces: list[Row]
    attempts: list[Row]
    posts: list[Row]
    feed: list[Row]
    journal: list[Row]
    receipts: list[Row]
    damage: list[str]

    @classmethod
    def read(cls, url: str) -> Records:
        """Read one snapshot of a database, named as DATABASE_URL names it."""
        tables = [name for name in cls.__dataclass_fields__ if name != "damage"]
        if url.startswith("sqlite:///"):
            return cls(**_sqlite(Path(url.removeprefix("sqlite:///")), tables))
        return cls(**_postgres(url, tables), damage=[])

    def unsettled(self, now: int) -> list[str]:
        """Return what still waits for somebody to work on it."""
        waiting = [
            f"session {s['id']} has input"
            for s in self.sessions
            if s["state"] == "active" and s["wake_seq"] > s["planned_seq"]
        ]
        # A card that a dead server had in its hands is free once its claim has run out.
        waiting += [
            f"surface {s['id']} is due"
            for s in self.surfaces
            if s["due_at"] is not None
            and s["due_at"] <= now + A_WHILE  # a further channel has its time
            and (s["claim_until"] or 0) <= now
        ]
        # What waits behind another at its place becomes due by that one.
        waiting += [
            f"post {p['id']} is due"
            for p in self.posts
            if p["due_at"] is not None and (p["claim_until"] or 0) <= now
        ]
        return waiting


def _sqlite(path: Path, tables: Sequence[str]) -> dict[str, Any]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("BEGIN")
        found: dict[str, Any] = {
            name: [dict(row) for row in connection.execute(_select(name))] for name in tables
        }
        whole = [row[0] for row in connection.execute("PRAGMA integrity_check")]
        strays = [tuple(row) for row in connection.execute("PRAGMA foreign_key_check")]
    found["damage"] = [line for line in whole if line != "ok"] + [f"stray {row}" for row in strays]
    return found


def _postgres(url: str, tables: Sequence[str]) -> dict[str, Any]:
    import psycopg
    from psycopg.rows import dict_row

    with psycopg.connect(url, row_factory=dict_row) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        return {name: connection.execute(_select(name)).fetchall() for name in tables}


def _select(table: str) -> str:
    return f"SELECT * FROM {table} ORDER BY {_ORDER.get(table, 'id')}"


def turns_of(records: Records) -> dict[str, list[Row]]:
    """Return each session's turns that ended, oldest first, with what they journalled."""
    turns: dict[str, list[Row]] = {}
    for entry in records.journal:
        if entry["kind"].startswith("turn.") and entry["kind"] != "turn.stopped":
            data = json.loads(entry["data"]) | {"kind": entry["kind"]}
            turns.setdefault(entry["session_id"], []).append(data)
    for each in turns.values():
        each.sort(key=lambda turn: turn["claim"])
    return turns
