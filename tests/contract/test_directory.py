"""Who can be found on a channel, and what is proven of people, on both databases."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.service.ports.directory import Listed
from bot.service.ports.store import Transaction
from tests.contract.conftest import AnyStore
from tests.contract.records import NOW, a_person


def a_listed(key: str, name: str, **changes: Any) -> Listed:
    values = {"kind": "slack", "key": key, "name": name, "updated_at": NOW}
    return Listed(**{**values, **changes})


async def keep(store: AnyStore, *all_of: Listed) -> None:
    await store.run(lambda tx: [tx.directory.put(each) for each in all_of])


async def found(store: AnyStore, name: str, limit: int = 9) -> list[str]:
    return [each.key for each in await store.read(lambda tx: tx.directory.search(name, limit))]


async def test_an_entry_is_kept_as_it_is_and_replaced(store: AnyStore) -> None:
    ana = a_listed(
        "T1/U1", "Ana Müller", handle="ana", email="Ana@Example.org", zone="Europe/Berlin"
    )
    await keep(store, ana, replace(ana, kind="email", email=None))
    assert await store.read(lambda tx: tx.directory.get("slack", "T1/U1")) == ana
    assert await store.read(lambda tx: tx.directory.get("slack", "T1/U2")) is None
    gone = a_listed("T1/U1", "Ana Schmidt", is_person=False, why_not="left", updated_at=NOW + 1)
    await keep(store, gone)
    assert await store.read(lambda tx: tx.directory.get("slack", "T1/U1")) == gone
    assert [each.kind for each in await store.read(lambda tx: tx.directory.search("ana", 9))] == [
        "email"
    ]


async def test_handles_come_before_names_and_names_before_first_names(store: AnyStore) -> None:
    await keep(
        store,
        a_listed("first", "Ana  Müller", handle="mueller"),
        a_listed("name", "ANA", handle="a"),
        a_listed("handle", "Zoë Zorn", handle="Ana"),
        a_listed("address", "Yves", handle="yves", email="ana"),
        a_listed("last", "Eva Ana"),
        a_listed("longer", "Anabel Anders"),
        a_listed("bot", "Ana", handle="ana", is_person=False, why_not="bot"),
    )
    for name in ("ana", "Ana", " ANA "):
        assert await found(store, name) == ["address", "handle", "name", "first"]
    assert await found(store, "ana", 2) == ["address", "handle"]
    assert await found(store, "ana müller") == ["first"]
    assert await found(store, "Ana Mu\u0308ller") == ["first"]
    assert await found(store, "zorn") == []
    assert await found(store, "an") == []
    assert await found(store, "a%") == []


async def test_nobody_is_found_by_nothing(store: AnyStore) -> None:
    await keep(store, a_listed("T1/U1", ""), a_listed("T1/U2", "Ana", email="ana@Example.ORG"))
    for name in ("", " ", "\u200b"):
        assert await found(store, name) == []
    assert await found(store, "Ana@example.org") == ["T1/U2"]


async def test_a_team_that_has_gone_is_forgotten(store: AnyStore) -> None:
    keys = ("T1/U1", "T1/U2", "T10/U1", "t1/U1", "T_/U1")
    await keep(store, *(a_listed(key, "Ana") for key in keys))
    await keep(store, a_listed("T1/U1", "Ana", kind="email"))
    await store.run(lambda tx: tx.directory.drop("slack", "T1/"))
    assert sorted(await found(store, "ana")) == ["T1/U1", "T10/U1", "T_/U1", "t1/U1"]
    assert await store.read(lambda tx: tx.directory.get("slack", "T1/U1")) is None
    await store.run(lambda tx: tx.directory.drop("slack", "T_/"))
    assert sorted(await found(store, "ana")) == ["T1/U1", "T10/U1", "t1/U1"]


async def test_an_identity_leads_to_the_person_that_counts(store: AnyStore) -> None:
    ann, alias = a_person("Ann"), a_person("U1")

    def write(tx: Transaction) -> None:
        for person in (ann, alias):
            tx.people.add(person)
        tx.people.add_identity("slack", "T1/U1", alias.id, NOW)
        tx.people.add_identity("email", "ann@example.org", ann.id, NOW + 1)
        tx.people.add_identity("email", "a@example.org", alias.id, NOW + 2)

    await store.run(write)
    assert await store.read(lambda tx: tx.people.by_identity("slack", "T1/U1")) == alias
    assert await store.read(lambda tx: tx.people.by_identity("email", "T1/U1")) is None
    await store.run(lambda tx: tx.people.merge(alias.id, ann.id))
    assert await store.read(lambda tx: tx.people.by_identity("slack", "T1/U1")) == ann
    mails = await store.read(lambda tx: tx.people.identities_of_kind(ann.id, "email"))
    assert mails == ["ann@example.org", "a@example.org"]
    assert await store.read(lambda tx: tx.people.identities_of_kind(ann.id, "chat")) == []


async def test_a_person_is_renamed_and_nothing_else_of_them_changes(store: AnyStore) -> None:
    ann, bob = a_person("U1", zone="Europe/Berlin"), a_person("Bob")

    def write(tx: Transaction) -> None:
        for person in (ann, bob):
            tx.people.add(person)
        tx.people.rename(ann.id, "Ann Älter")

    await store.run(write)
    assert await store.read(lambda tx: tx.people.get(ann.id)) == replace(ann, name="Ann Älter")
    assert await store.read(lambda tx: tx.people.get(bob.id)) == bob
