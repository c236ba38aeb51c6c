"""Copies of an embedded database: made during writes, whole, and put back."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.adapters.store.backup import back_up, restore
from bot.adapters.store.opening import make_store
from bot.domain.errors import Conflict, Invalid, Unavailable
from bot.domain.journal import Entry
from bot.service.ports.store import Transaction
from tests.contract.records import NOW, a_person, add_request

KEY = b"journal"


def asked(tx: Transaction) -> str:
    request = add_request(tx, a_person(), a_person("Bob"))
    tx.journal.add(Entry(kind="request.asked", at=NOW, request_id=request.id))
    return request.id


def copies(folder: Path) -> list[str]:
    """Return what stands in a folder of a copy, whole or partial."""
    return sorted(path.name for path in folder.glob("copy*"))


async def test_a_copy_made_during_writes_holds_all_that_was_acknowledged(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'handraise.db'}"
    store = make_store(url, journal_key=KEY)
    await store.open()
    acknowledged: list[str] = []
    stop, enough = asyncio.Event(), asyncio.Event()

    async def write() -> None:
        while not stop.is_set():
            acknowledged.append(await store.run(asked))
            if len(acknowledged) >= 50:
                enough.set()

    writers = [asyncio.create_task(write()) for _ in range(4)]
    try:
        await asyncio.wait_for(enough.wait(), 30)
        before = list(acknowledged)
        copy = await asyncio.to_thread(back_up, url, tmp_path / "copy.db")
        later = len(acknowledged)
    finally:
        stop.set()
        await asyncio.gather(*writers)
        await store.close()
    assert later >= len(before)
    assert copy.size == (tmp_path / "copy.db").stat().st_size > 0
    assert copy.path.stat().st_mode & 0o077 == 0
    assert copies(tmp_path) == ["copy.db"]

    again = make_store(f"sqlite:///{copy.path}", journal_key=KEY)
    await again.open()
    try:
        for request_id in before:
            verdict = await again.read(lambda tx, id_=request_id: tx.journal.verify(id_))
            assert (verdict.entries, verdict.fault) == (1, None)
    finally:
        await again.close()


async def test_it_is_put_back_and_what_was_there_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "handraise.db"
    url = f"sqlite:///{path}"
    store = make_store(url, journal_key=KEY)
    await store.open()
    first = await store.run(asked)
    await asyncio.to_thread(back_up, url, tmp_path / "copy.db")
    second = await store.run(asked)
    with pytest.raises(Conflict, match="Another Handraise server"):
        restore(tmp_path / "copy.db", url)
    await store.close()

    kept = restore(tmp_path / "copy.db", url)
    assert kept == tmp_path / "handraise.db.replaced-1"
    store = make_store(url, journal_key=KEY)
    await store.open()
    assert await store.read(lambda tx: tx.requests.get(first)) is not None
    assert await store.read(lambda tx: tx.requests.get(second)) is None
    await store.close()
    store = make_store(f"sqlite:///{kept}", journal_key=KEY)
    await store.open()
    assert await store.read(lambda tx: tx.requests.get(second)) is not None
    await store.close()


async def test_what_cannot_be_copied_or_put_back_is_a_sentence(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'handraise.db'}"
    with pytest.raises(Unavailable, match="no database"):
        back_up(url, tmp_path / "copy.db")
    store = make_store(url)
    await store.open()
    await store.run(asked)
    await store.close()
    (tmp_path / "there").write_text("x")
    with pytest.raises(Conflict, match="already"):
        back_up(url, tmp_path / "there")
    assert back_up(url, tmp_path / "there", replace=True).size > 1
    with pytest.raises(Unavailable, match="could not be copied"):
        back_up(url, tmp_path / "nowhere" / "copy.db")
    with pytest.raises(Invalid, match="pg_dump"):
        back_up("postgresql://a:b@example.org/c", tmp_path / "copy.db")
    (tmp_path / "torn").write_bytes((tmp_path / "there").read_bytes()[:5000])
    for name in ("torn", "other.db"):
        if name == "other.db":
            with closing(sqlite3.connect(tmp_path / name)) as connection:
                connection.execute("CREATE TABLE a (b)")
        with pytest.raises((Invalid, Conflict)):
            restore(tmp_path / name, url)
    store = make_store(url)  # what was there is there
    await store.open()
    await store.close()
