"""Administrators, sign-ins and tickets, on every database."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from bot.service.ports.accounts import Purpose, Ticket, TokenFamily
from bot.service.ports.store import Transaction
from tests.contract.conftest import AnyStore
from tests.contract.records import NOW, a_person, an_account


async def test_administrators_and_the_shut_out(store: AnyStore) -> None:
    ann, ben, rob = a_person("Ann"), a_person("Ben"), a_person("Rob")
    anns = an_account(ann, "ann")
    bens = an_account(ben, "ben", is_admin=True)
    robs = an_account(rob, "rob", email="shared@example.org")

    def write(tx: Transaction) -> None:
        assert not tx.accounts.exist()
        for person, account in ((ann, anns), (ben, bens), (rob, robs)):
            tx.people.add(person)
            tx.accounts.add(account)
            tx.people.add_identity("email", account.email.casefold(), person.id, NOW)
        assert tx.accounts.exist()
        assert tx.accounts.has_administrator()
        assert tx.accounts.administrators() == [bens]
        assert tx.accounts.is_administrator(ben.id)
        assert not tx.accounts.is_administrator(ann.id)
        tx.accounts.set_admin(anns.id, True)
        tx.accounts.set_disabled(bens.id, NOW)
        assert tx.accounts.administrators() == [replace(anns, is_admin=True)]
        assert not tx.accounts.is_administrator(ben.id)
        assert tx.accounts.is_shut_out(ben.id)
        assert not tx.accounts.is_shut_out(ann.id)
        assert not tx.accounts.is_shut_out(a_person().id)
        assert tx.people.find("ben") is None
        assert tx.people.find("ben@example.org") is None
        tx.people.merge(ben.id, rob.id)
        # Of one human the other account still lets in.
        assert not tx.accounts.is_shut_out(rob.id)
        assert tx.people.find("ben@example.org") == tx.people.get(rob.id)
        assert [a.username for a in tx.accounts.of_person(rob.id)] == ["ben", "rob"]
        tx.accounts.set_password(robs.id, "new")
        tx.accounts.set_admin(anns.id, False)
        assert tx.accounts.lock(robs.id) == replace(robs, password_hash="new")
        assert not tx.accounts.has_administrator()
        assert [a.username for a in tx.accounts.listed(None, 2)] == ["rob", "ben"]
        assert [a.username for a in tx.accounts.listed(bens.id, 2)] == ["ann"]

    await store.run(write)


async def test_an_alias_may_have_proven_the_address(store: AnyStore) -> None:
    ann, alias = a_person("Ann"), a_person("From Slack")
    account = an_account(ann, "ann")

    def write(tx: Transaction) -> None:
        tx.people.add(ann)
        tx.people.add(alias)
        tx.accounts.add(account)
        tx.people.add_identity("email", "ann@example.org", alias.id, NOW)
        assert tx.accounts.by_verified_email("ann@example.org") is None
        tx.people.merge(alias.id, ann.id)
        assert tx.accounts.by_verified_email("Ann@example.org") == account

    await store.run(write)


async def test_open_sign_ins_newest_first(store: AnyStore) -> None:
    ann = a_person()
    account = an_account(ann, "ann")
    families = [
        TokenFamily(
            id=f"f{n}", account_id=account.id, created_at=NOW + n, revoked_at=None, user_agent="x"
        )
        for n in range(3)
    ]

    def write(tx: Transaction) -> None:
        tx.people.add(ann)
        tx.accounts.add(account)
        for family in families:
            tx.accounts.add_family(family)
        tx.accounts.revoke_family("f1", NOW)
        tx.accounts.see_family("f0", NOW + 9)
        seen = replace(families[0], seen_at=NOW + 9)
        assert tx.accounts.families_of(account.id, NOW) == [families[2], seen]
        assert tx.accounts.families_of(account.id, NOW + 3) == [seen]

    await store.run(write)


def a_ticket(name: str, **changes: object) -> Ticket:
    ticket = Ticket(token_hash=name, purpose=Purpose.INVITE, created_at=NOW, expires_at=NOW + 10)
    return replace(ticket, **changes)  # type: ignore[arg-type]


async def test_a_ticket_is_taken_once(store: AnyStore) -> None:
    ticket = a_ticket("one", email="ann@example.org")
    await store.run(lambda tx: tx.tickets.add(ticket))
    assert await store.read(lambda tx: tx.tickets.get("one")) == ticket
    taken = await asyncio.gather(*(store.run(lambda tx: tx.tickets.take("one")) for _ in range(5)))
    assert [each for each in taken if each is not None] == [ticket]
    assert await store.run(lambda tx: tx.tickets.take("none")) is None


async def test_tickets_are_listed_dropped_and_forgotten(store: AnyStore) -> None:
    ann = a_person()
    account = an_account(ann, "ann")

    def write(tx: Transaction) -> None:
        tx.people.add(ann)
        tx.accounts.add(account)
        for n in range(3):
            tx.tickets.add(a_ticket(f"i{n}", created_at=NOW + n, made_by=ann.id))
        for n in range(2):
            tx.tickets.add(a_ticket(f"r{n}", purpose=Purpose.RESET, account_id=account.id))
        tx.tickets.add(a_ticket("first", purpose=Purpose.ADMINISTRATOR, expires_at=NOW + 20))
        assert [t.token_hash for t in tx.tickets.of(Purpose.INVITE, 2)] == ["i2", "i1"]
        tx.tickets.drop_for(account.id)
        assert tx.tickets.of(Purpose.RESET, 9) == []
        assert tx.tickets.prune(NOW + 10, 9) == 0
        assert tx.tickets.prune(NOW + 11, 2) == 2
        assert tx.tickets.prune(NOW + 11, 9) == 1
        tx.tickets.drop_all(Purpose.ADMINISTRATOR)
        assert tx.tickets.get("first") is None

    await store.run(write)
