"""What came in and waits to be dealt with, on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.adapters.store.postgres import PostgresStore
from bot.service.ports.inbox import Received
from tests.contract.conftest import AnyStore
from tests.contract.records import NOW


def received(key: str, **changes: Any) -> Received:
    values = {
        "key": key,
        "kind": "slack.event",
        "payload": '{"text": "ünïcode ✓"}',
        "due_at": NOW,
        "received_at": NOW,
    }
    return Received(**{**values, **changes})


async def keep(store: AnyStore, *all_of: Received) -> list[bool]:
    return await store.run(lambda tx: [tx.inbox.add(each) for each in all_of])


async def claim(
    store: AnyStore, owner: str = "me", now: int = NOW, until: int = NOW + 10, limit: int = 9
) -> list[Received]:
    return list(await store.run(lambda tx: tx.inbox.claim_due(owner, now, until, limit)))


async def now_of(store: AnyStore, key: str) -> Received:
    found: Received | None = await store.read(lambda tx: tx.inbox.get(key))
    assert found is not None
    return found


async def test_the_same_key_is_kept_once_even_when_it_was_dealt_with(store: AnyStore) -> None:
    first = received("k")
    assert await keep(store, first, received("k", payload="{}")) == [True, False]
    assert await now_of(store, "k") == first
    assert await store.read(lambda tx: tx.inbox.get("other")) is None
    await claim(store)
    assert await store.run(lambda tx: tx.inbox.done("k", 1))
    assert await keep(store, first) == [False]
    after = await now_of(store, "k")
    assert (after.payload, after.due_at, after.claim_owner) == ("", None, None)
    assert await claim(store, now=NOW + 99) == []
    assert await store.read(lambda tx: tx.inbox.set_aside(9)) == []


async def test_the_oldest_is_claimed_first(store: AnyStore) -> None:
    third = received("c", due_at=NOW + 2)
    first, second = received("z", due_at=NOW - 1), received("b", received_at=NOW - 1)
    await keep(store, third, received("a"), second, first)
    assert [each.key for each in await claim(store, limit=2)] == ["z", "b"]
    assert await store.read(lambda tx: tx.inbox.next_due()) == NOW
    (claimed,) = await claim(store, "you")
    assert (claimed.key, claimed.claim_owner, claimed.claim_number) == ("a", "you", 1)
    assert (claimed.attempts, claimed.claim_until) == (1, NOW + 10)
    assert await store.read(lambda tx: tx.inbox.next_due()) == NOW + 2


async def test_what_an_owner_left_is_taken_and_their_word_is_void(store: AnyStore) -> None:
    await keep(store, received("k"))
    await claim(store, "one")
    assert await store.read(lambda tx: tx.inbox.next_due()) == NOW + 10
    assert await claim(store, "two", now=NOW + 9) == []
    (taken,) = await claim(store, "two", now=NOW + 10, until=NOW + 20)
    assert (taken.claim_number, taken.attempts, taken.claim_owner) == (2, 2, "two")
    assert not await store.run(lambda tx: tx.inbox.done("k", 1))
    assert not await store.run(lambda tx: tx.inbox.postpone("k", 1, None, "no"))
    assert await now_of(store, "k") == taken
    assert await store.run(lambda tx: tx.inbox.done("k", 2))
    assert await store.read(lambda tx: tx.inbox.next_due()) is None


async def test_what_is_postponed_comes_again_and_what_is_set_aside_does_not(
    store: AnyStore,
) -> None:
    old, new = received("old"), received("new", received_at=NOW + 1)
    await keep(store, old, new)
    await claim(store)
    assert await store.run(lambda tx: tx.inbox.postpone("old", 1, NOW + 5, "503"))
    assert await store.run(lambda tx: tx.inbox.postpone("new", 1, None, "poison"))
    assert await claim(store, now=NOW + 4) == []
    (again,) = await claim(store, now=NOW + 5)
    assert (again.key, again.attempts, again.last_error) == ("old", 2, "503")
    assert await store.run(lambda tx: tx.inbox.postpone("old", 2, None, "broken"))
    aside = await store.read(lambda tx: tx.inbox.set_aside(9))
    expected = replace(new, claim_number=1, attempts=1, due_at=None, last_error="poison")
    assert aside[0] == expected
    assert [each.key for each in aside] == ["new", "old"]
    assert [each.key for each in await store.read(lambda tx: tx.inbox.set_aside(1))] == ["new"]
    assert await claim(store, now=NOW + 999) == []


async def test_only_the_keys_of_what_was_dealt_with_are_forgotten(store: AnyStore) -> None:
    done = [received(f"done {n}", received_at=NOW - n) for n in range(4)]
    aside, waiting = received("aside", received_at=NOW - 9), received("wait", received_at=NOW - 9)
    await keep(store, *done, aside)
    await claim(store)
    for each in done:
        await store.run(lambda tx, key=each.key: tx.inbox.done(key, 1))
    await store.run(lambda tx: tx.inbox.postpone("aside", 1, None, "poison"))
    await keep(store, waiting)
    assert await store.run(lambda tx: tx.inbox.prune(NOW, 2)) == 2
    assert await store.run(lambda tx: tx.inbox.prune(NOW, 9)) == 1
    assert await store.run(lambda tx: tx.inbox.prune(NOW, 9)) == 0
    assert (await now_of(store, "done 0")).payload == ""
    assert (await now_of(store, "aside")).last_error == "poison"
    assert await now_of(store, "wait") == waiting
    assert await keep(store, done[1]) == [True]


@pytest.mark.postgres
async def test_two_servers_deal_with_each_once(
    two_servers: tuple[PostgresStore, PostgresStore],
) -> None:
    await keep(two_servers[0], *(received(f"{number}") for number in range(60)))

    async def work(store: PostgresStore, owner: str) -> list[str]:
        keys: list[str] = []
        while claimed := await claim(store, owner, limit=4):
            keys += [each.key for each in claimed]
        return keys

    taken = await asyncio.gather(*(work(s, str(n)) for n, s in enumerate(two_servers * 2)))
    keys = [key for each in taken for key in each]
    assert len(keys) == len(set(keys))
    left = await claim(two_servers[0])
    assert {*keys, *(each.key for each in left)} == {f"{number}" for number in range(60)}
