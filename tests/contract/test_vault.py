"""Secrets, marks, leases and link tokens on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.adapters.store.postgres import PostgresStore
from bot.service.ports.store import Transaction
from bot.service.ports.vault import Link, Secret
from tests.contract.conftest import AnyStore
from tests.contract.records import NOW, a_person, add_request

SEALED = bytes(range(256))


def a_secret(kind: str = "slack", key: str = "T1", **changes: object) -> Secret:
    secret = Secret(kind=kind, key=key, sealed=SEALED, updated_at=NOW)
    return replace(secret, **changes)  # type: ignore[arg-type]


async def test_a_sealed_value_is_kept_byte_by_byte_and_replaced(store: AnyStore) -> None:
    first, team, mail = a_secret(), a_secret(key="T0"), a_secret("gmail", expires_at=NOW + 1)

    def write(tx: Transaction) -> None:
        for secret in (first, team, mail):
            tx.vault.put(secret)

    await store.run(write)
    assert await store.read(lambda tx: tx.vault.get("slack", "T1")) == first
    assert await store.run(lambda tx: tx.vault.lock("gmail", "T1")) == mail
    assert await store.read(lambda tx: tx.vault.get("gmail", "T0")) is None
    assert await store.run(lambda tx: tx.vault.lock("gmail", "T0")) is None
    assert await store.read(lambda tx: tx.vault.all("slack")) == [team, first]
    assert await store.read(lambda tx: tx.vault.kinds()) == ["gmail", "slack"]
    newer = a_secret(sealed=b"", expires_at=NOW + 9, updated_at=NOW + 5)
    await store.run(lambda tx: tx.vault.put(newer))
    assert await store.read(lambda tx: tx.vault.all("slack")) == [team, newer]


async def test_a_value_is_used_up_once_and_pruned_when_it_expired(store: AnyStore) -> None:
    await store.run(lambda tx: tx.vault.put(a_secret()))
    assert await store.run(lambda tx: tx.vault.drop("slack", "T1"))
    assert not await store.run(lambda tx: tx.vault.drop("slack", "T1"))

    def write(tx: Transaction) -> None:
        tx.vault.put(a_secret())
        for number in range(4):
            tx.vault.put(a_secret("state", str(number), expires_at=NOW - number))

    await store.run(write)
    assert await store.run(lambda tx: tx.vault.prune(NOW, 2)) == 2
    assert await store.run(lambda tx: tx.vault.prune(NOW, 9)) == 1
    kept = [*await store.read(lambda tx: tx.vault.all("state"))]
    assert kept == [a_secret("state", "0", expires_at=NOW)]
    assert await store.read(lambda tx: tx.vault.get("slack", "T1")) == a_secret()


async def test_marks_are_found_by_the_beginning_of_their_names(store: AnyStore) -> None:
    def write(tx: Transaction) -> None:
        tx.marks.put("mail.cursor", "1", NOW)
        tx.marks.put("mail.watch", "ü", NOW)
        tx.marks.put("Mail.cursor", "no", NOW)
        tx.marks.put("mai_.cursor", "no", NOW)
        tx.marks.put("mail.cursor", "2", NOW + 1)

    await store.run(write)
    assert await store.read(lambda tx: tx.marks.get("mail.cursor")) == "2"
    assert await store.read(lambda tx: tx.marks.get("mail")) is None
    both = [("mail.cursor", "2", NOW + 1), ("mail.watch", "ü", NOW)]
    assert await store.read(lambda tx: tx.marks.like("mail.")) == both
    assert await store.read(lambda tx: tx.marks.like("mai_")) == [("mai_.cursor", "no", NOW)]
    assert await store.read(lambda tx: tx.marks.like("mail%")) == []
    assert len(await store.read(lambda tx: tx.marks.like(""))) == 4
    await store.run(lambda tx: tx.marks.drop("mail.cursor"))
    assert await store.read(lambda tx: tx.marks.like("mail.")) == both[1:]


async def test_old_marks_are_forgotten_by_the_beginning_of_their_names(store: AnyStore) -> None:
    def write(tx: Transaction) -> None:
        for at in range(5):
            tx.marks.put(f"told:{at}", "1", NOW + at)
        tx.marks.put("Told:0", "1", NOW)
        tx.marks.put("other", "1", NOW)

    await store.run(write)
    assert await store.run(lambda tx: tx.marks.prune("told:", NOW + 3, 2)) == 2
    assert await store.run(lambda tx: tx.marks.prune("told:", NOW + 3, 2)) == 1
    assert await store.run(lambda tx: tx.marks.prune("told:", NOW + 3, 2)) == 0
    left = [name for name, _, _ in await store.read(lambda tx: tx.marks.like(""))]
    assert sorted(left) == ["Told:0", "other", "told:3", "told:4"]


async def test_a_lease_is_taken_over_after_its_end_with_a_greater_number(store: AnyStore) -> None:
    def take(tx: Transaction, owner: str, now: int) -> int | None:
        return tx.leases.take("mailbox", owner, now, now + 10)

    def holds(tx: Transaction, owner: str, number: int) -> bool:
        return tx.leases.holds("mailbox", owner, number)

    first = await store.run(take, "one", NOW)
    assert first is not None
    assert await store.run(take, "two", NOW + 9) is None
    assert await store.run(lambda tx: tx.leases.take("another", "two", NOW, NOW + 10)) is not None
    assert await store.run(holds, "one", first)
    assert not await store.run(holds, "two", first)
    second = await store.run(take, "two", NOW + 10)
    assert second is not None
    assert second > first
    assert not await store.run(holds, "one", first)
    assert await store.run(take, "one", NOW + 19) is None
    renewed = await store.run(take, "two", NOW + 19)
    assert renewed is not None
    assert renewed > second
    assert not await store.run(holds, "two", second)
    assert await store.run(take, "one", NOW + 28) is None


async def test_only_its_holder_gives_a_lease_back(store: AnyStore) -> None:
    def take(tx: Transaction, owner: str) -> int | None:
        return tx.leases.take("mailbox", owner, NOW, NOW + 10)

    def give_back(tx: Transaction, owner: str, number: int) -> None:
        tx.leases.give_back("mailbox", owner, number)

    first = await store.run(take, "one")
    assert first is not None
    await store.run(give_back, "two", first)
    await store.run(give_back, "one", first - 1)
    assert await store.run(take, "two") is None
    await store.run(give_back, "one", first)
    assert not await store.run(lambda tx: tx.leases.holds("mailbox", "one", first))
    second = await store.run(take, "two")
    assert second is not None
    assert second > first
    await store.run(give_back, "one", first)
    assert await store.run(lambda tx: tx.leases.holds("mailbox", "two", second))


@pytest.mark.postgres
async def test_of_many_servers_one_gets_the_lease(
    two_servers: tuple[PostgresStore, PostgresStore],
) -> None:
    def take(tx: Transaction, owner: str) -> int | None:
        return tx.leases.take("token", owner, NOW, NOW + 10)

    taken = await asyncio.gather(
        *(store.run(take, str(n)) for n, store in enumerate(two_servers * 4))
    )
    assert sorted(number is not None for number in taken) == [False] * 7 + [True]


async def test_a_link_is_used_once_and_pruned_when_it_expired(store: AnyStore) -> None:
    bob = a_person("Bob")

    def write(tx: Transaction) -> list[Link]:
        request = add_request(tx, a_person(), bob)
        links = [
            Link(
                token_hash=f"hash {number}",
                request_id=request.id,
                person_id=bob.id,
                address="bob@example.org",
                created_at=NOW,
                expires_at=NOW + number,
            )
            for number in range(4)
        ]
        for link in links:
            tx.links.add(link)
        return links

    links = await store.run(write)
    assert await store.read(lambda tx: tx.links.find("hash 1")) == links[1]
    assert await store.read(lambda tx: tx.links.find("hash 9")) is None
    assert await store.run(lambda tx: tx.links.lock("hash 9")) is None
    await store.run(lambda tx: tx.links.use("hash 1", NOW + 1))
    await store.run(lambda tx: tx.links.use("hash 1", NOW + 2))
    used = replace(links[1], used_at=NOW + 1)
    assert await store.run(lambda tx: tx.links.lock("hash 1")) == used
    assert await store.read(lambda tx: tx.links.find("hash 2")) == links[2]
    # A card that is tried twice, or painted again, carries the same link.
    await store.run(lambda tx: tx.links.add(links[1]))
    assert await store.read(lambda tx: tx.links.find("hash 1")) == used
    assert await store.run(lambda tx: tx.links.prune(NOW + 3, 2)) == 2
    assert await store.run(lambda tx: tx.links.prune(NOW + 3, 9)) == 1
    assert await store.read(lambda tx: tx.links.find("hash 1")) is None
    assert await store.read(lambda tx: tx.links.find("hash 3")) == links[3]
