"""How many rows each table has."""

from __future__ import annotations

from tests.flows.stage import Stage


async def rows(stage: Stage) -> dict[str, int]:
    """Return how many rows each table has."""

    def count(tx: object) -> dict[str, int]:
        cursor = tx.people._db._cursor  # type: ignore[attr-defined]
        names = cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            name: cursor.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
            for (name,) in names
        }

    return await stage.store.run(count)
