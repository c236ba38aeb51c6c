"""Kill the process at any moment: what was acknowledged is there, and the file is whole."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from bot.adapters.store.sqlite import SqliteStore

WRITER = """
import asyncio, sys
from pathlib import Path
from bot.adapters.store.sqlite import SqliteStore
from bot.domain.person import Person

async def write(store, key):
    for n in range(100_000):
        name = f"{key}-{n}"
        person = Person(
            id=name, name=name * 50, zone="UTC", feed_seq=0, merged_into=None, created_at=1
        )
        await store.run(lambda tx: tx.people.add(person))
        print(name, flush=True)

async def main():
    store = SqliteStore(Path(sys.argv[1]))
    await store.open()
    await asyncio.gather(*(write(store, f"{sys.argv[2]}-{n}") for n in range(20)))

asyncio.run(main())
"""


def write_and_die(path: Path, run: int) -> set[str]:
    """Write in a process that is killed; return what it said was stored."""
    command = [sys.executable, "-c", WRITER, str(path), str(run)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(random.uniform(0.05, 0.4))
        process.kill()
        said = first + process.stdout.read()
    # The last line may be cut short; the row behind it is there all the same.
    return set(said[: said.rfind("\n") + 1].splitlines())


@pytest.mark.faults
async def test_acknowledged_writes_survive_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    acknowledged: set[str] = set()
    for run in range(4):
        acknowledged |= await asyncio.to_thread(write_and_die, path, run)
    store = SqliteStore(path)
    await store.open()
    for name in acknowledged:
        assert await store.read(lambda tx, name=name: tx.people.get(name)) is not None
    await store.close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert len(acknowledged) > 50
