"""Who works at the same time does not undo one another, in one server or in two."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from itertools import chain

import pytest

from bot.adapters.store.postgres import PostgresStore
from bot.domain.commands import Outcome
from bot.domain.deciding import judge
from bot.domain.feedback import Answer, Rule, Standing, State
from bot.service.ports.store import Transaction
from bot.service.ports.tables import FeedEntry
from tests.contract.conftest import AnyStore
from tests.contract.records import (
    NOW,
    a_person,
    a_response,
    a_session,
    a_surface,
    add_request,
    add_session,
)

TwoServers = tuple[PostgresStore, PostgresStore]


async def test_a_person_s_feed_has_no_gaps(store: AnyStore) -> None:
    ann = a_person()
    await store.run(lambda tx: tx.people.add(ann))
    await _fill_feed(ann.id, [store])


@pytest.mark.postgres
async def test_a_person_s_feed_has_no_gaps_over_two_servers(two_servers: TwoServers) -> None:
    ann = a_person()
    await two_servers[0].run(lambda tx: tx.people.add(ann))
    await _fill_feed(ann.id, list(two_servers))


async def _fill_feed(person_id: str, stores: list[AnyStore]) -> None:
    def note(tx: Transaction, n: int) -> int:
        number = tx.people.next_feed_number(person_id)
        tx.feeds.add(person_id, [FeedEntry(number=number, kind="message", ref=str(n), at=NOW)])
        if n % 10 == 0:
            raise ValueError  # its number is free again
        return number

    results = await asyncio.gather(
        *(stores[n % len(stores)].run(note, n) for n in range(50)), return_exceptions=True
    )
    numbers = sorted(result for result in results if isinstance(result, int))
    assert numbers == list(range(1, 46))
    entries = await stores[0].read(lambda tx: tx.feeds.after(person_id, 0, 99))
    assert [entry.number for entry in entries] == numbers
    assert await stores[0].read(lambda tx: tx.feeds.last(person_id)) == 45


async def test_votes_at_once_make_a_quorum(store: AnyStore) -> None:
    await _vote([store])


@pytest.mark.postgres
async def test_votes_at_two_servers_make_a_quorum(two_servers: TwoServers) -> None:
    await _vote(list(two_servers))


async def _vote(stores: list[AnyStore]) -> None:
    """Of eight equal votes five count, the fifth decides, and the others come late."""
    ann, *voters = (a_person(str(n)) for n in range(9))
    request = await stores[0].run(
        lambda tx: add_request(tx, ann, *voters, quorum=5, rule=Rule.QUORUM)
    )

    def vote(tx: Transaction, n: int) -> Standing:
        held = tx.requests.lock(request.id)
        assert held is not None
        answer = Answer(choices=("yes",))
        counted = {
            r.person_id: r.answer
            for r in tx.requests.responses(request.id)
            if r.standing is Standing.COUNTED and r.answer is not None
        }
        verdict = judge(held, {v.id for v in voters}, counted, voters[n].id, answer)
        tx.requests.add_response(
            a_response(request, voters[n], answer=answer, standing=verdict.standing)
        )
        if verdict.state is not None:
            tx.requests.save(replace(held, state=verdict.state, version=held.version + 1))
        return verdict.standing

    standings = await asyncio.gather(*(stores[n % len(stores)].run(vote, n) for n in range(8)))
    assert Counter(standings) == {Standing.COUNTED: 4, Standing.DECIDED: 1, Standing.LATE: 3}
    stored = await stores[0].read(lambda tx: tx.requests.get(request.id))
    assert stored is not None
    assert (stored.state, stored.version) == (State.ANSWERED, 2)


@pytest.mark.postgres
async def test_a_turn_is_claimed_by_one_server(two_servers: TwoServers) -> None:
    ann = a_person()
    sessions = [a_session(ann, turn_due_at=NOW - n) for n in range(40)]

    def write(tx: Transaction) -> None:
        tx.people.add(ann)
        for session in sessions:
            tx.sessions.add(session)

    await two_servers[0].run(write)

    def claim(tx: Transaction, owner: str) -> list[str]:
        claimed = []
        for session_id in tx.sessions.due(NOW, 3):
            session = tx.sessions.lock(session_id)
            assert session is not None
            tx.sessions.save(
                replace(
                    session,
                    claim_owner=owner,
                    claim_until=NOW + 9,
                    claim_number=session.claim_number + 1,
                )
            )
            claimed.append(session_id)
        return claimed

    async def work(store: PostgresStore, owner: str) -> list[str]:
        mine: list[str] = []
        misses = 0
        # Rows that another holds just now are skipped: an empty answer is not the end.
        while misses < 5:
            claimed = await store.run(claim, owner)
            misses = 0 if claimed else misses + 1
            mine += claimed
        return mine

    shares = await asyncio.gather(*(work(two_servers[n % 2], str(n)) for n in range(6)))
    assert sorted(chain(*shares)) == sorted(session.id for session in sessions)

    def numbers(tx: Transaction) -> set[int]:
        return {s.claim_number for s in tx.sessions.active_of(ann.id)}

    assert await two_servers[1].read(numbers) == {1}


@pytest.mark.postgres
async def test_a_surface_is_claimed_once_and_no_claim_is_too_large(
    two_servers: TwoServers,
) -> None:
    ann, *people = (a_person(str(n)) for n in range(61))

    def write(tx: Transaction) -> None:
        request = add_request(tx, ann, *people)
        for n, person in enumerate(people):
            tx.surfaces.add(a_surface(request, person, priority=n % 3))

    await two_servers[0].run(write)

    async def work(store: PostgresStore, owner: str) -> list[str]:
        mine: list[str] = []
        misses = 0
        while misses < 5:
            claimed = await store.run(lambda tx: tx.surfaces.claim_due(owner, NOW, NOW + 9, 4))
            assert len(claimed) <= 4
            misses = 0 if claimed else misses + 1
            mine += [surface.id for surface in claimed]
        return mine

    shares = await asyncio.gather(*(work(two_servers[n % 2], str(n)) for n in range(6)))
    claimed = list(chain(*shares))
    assert len(claimed) == len(set(claimed)) == 60


@pytest.mark.postgres
async def test_the_same_command_at_two_servers_is_applied_once(two_servers: TwoServers) -> None:
    ann = a_person()
    session = await two_servers[0].run(lambda tx: add_session(tx, ann))
    applied = Outcome(status="accepted", session_id=session.id)

    def apply(tx: Transaction, key: str) -> Outcome:
        if (outcome := tx.receipts.find(key)) is not None:
            return outcome
        tx.people.next_feed_number(ann.id)
        tx.receipts.add(key, applied, NOW)
        return applied

    for n in range(10):
        outcomes = await asyncio.gather(*(s.run(apply, str(n)) for s in two_servers * 2))
        assert sum(not outcome.replayed for outcome in outcomes) == 1
        assert {outcome.status for outcome in outcomes} == {"accepted"}
    assert await two_servers[0].run(lambda tx: tx.people.next_feed_number(ann.id)) == 11


@pytest.mark.postgres
async def test_a_deadlock_is_untied(two_servers: TwoServers) -> None:
    people = [a_person("0"), a_person("1")]

    def write(tx: Transaction) -> None:
        for person in people:
            tx.people.add(person)

    await two_servers[0].run(write)

    def cross(tx: Transaction, first: int) -> None:
        tx.people.next_feed_number(people[first].id)
        tx.people.next_feed_number(people[1 - first].id)

    await asyncio.gather(*(two_servers[n % 2].run(cross, n % 2) for n in range(4)))
    numbers = [
        await two_servers[0].run(lambda tx, p=p: tx.people.next_feed_number(p.id)) for p in people
    ]
    assert numbers == [5, 5]
