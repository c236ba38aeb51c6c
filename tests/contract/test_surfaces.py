"""Surfaces under failures, deaths, decisions and redriving, on both databases."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.surface import Surface, SurfaceState
from bot.service.ports.store import Transaction
from bot.service.ports.surfaces import Attempt, Recorded, Tally
from bot.service.ports.tables import Identity
from tests.contract.conftest import AnyStore
from tests.contract.records import NOW, a_person, a_surface, add_request


def an_attempt(surface: Surface, number: int, detail: str = "503") -> Attempt:
    return Attempt(
        surface_id=surface.id,
        claim_number=number,
        version=1,
        outcome="retry",
        detail=detail,
        at=NOW,
    )


async def one_claimed(store: AnyStore) -> Surface:
    """Keep one surface, claimed once."""
    ann, bob = a_person(), a_person("Bob")

    def write(tx: Transaction) -> None:
        tx.surfaces.add(a_surface(add_request(tx, ann, bob), bob))

    await store.run(write)
    (claimed,) = await store.run(lambda tx: tx.surfaces.claim_due("me", NOW, NOW + 10, 5))
    return claimed


async def now_of(store: AnyStore, surface: Surface) -> Surface:
    found = await store.read(lambda tx: tx.surfaces.get(surface.id))
    assert found is not None
    return found


async def test_a_surface_is_kept_as_it_is(store: AnyStore) -> None:
    ann, bob = a_person(), a_person("Bob")

    def write(tx: Transaction) -> Surface:
        surface = a_surface(
            add_request(tx, ann, bob),
            bob,
            position=2,
            state=SurfaceState.DEAD,
            attempts=10,
            failures=9,
            sent_at=NOW,
            last_error="ünïcode ✓",
            landed="C1/1.2",
        )
        tx.surfaces.add(surface)
        return surface

    surface = await store.run(write)
    assert await now_of(store, surface) == surface
    assert await store.read(lambda tx: tx.surfaces.get("nothing")) is None


async def test_failures_are_counted_apart_from_what_is_uncertain(store: AnyStore) -> None:
    claimed = await one_claimed(store)
    failed = an_attempt(claimed, 1)
    await store.run(lambda tx: tx.surfaces.record(failed, False, NOW))
    after = await now_of(store, claimed)
    assert (after.attempts, after.failures, after.last_error) == (1, 1, "503")
    assert not after.may_have_arrived
    await store.run(lambda tx: tx.surfaces.claim_due("me", NOW, NOW + 10, 5))
    lost = an_attempt(claimed, 2, "lost")
    await store.run(lambda tx: tx.surfaces.record(lost, False, NOW, certain=False))
    after = await now_of(store, claimed)
    assert (after.attempts, after.failures, after.last_error) == (2, 1, "lost")
    assert after.may_have_arrived
    (third,) = await store.run(lambda tx: tx.surfaces.claim_due("me", NOW, NOW + 10, 5))
    assert third.may_be_there
    shown = an_attempt(claimed, 3)
    await store.run(lambda tx: tx.surfaces.record(shown, True, None, landed="there"))
    after = await now_of(store, claimed)
    assert (after.attempts, after.failures, after.last_error) == (0, 0, None)
    assert (after.state, after.sent_at, after.landed) == (SurfaceState.SENT, NOW, "there")


async def test_a_claim_that_is_released_costs_no_attempt(store: AnyStore) -> None:
    claimed = await one_claimed(store)
    nothing = Recorded(written=False, due_at=None)
    stale = replace(an_attempt(claimed, 1), claim_number=7)
    assert await store.run(lambda tx: tx.surfaces.release(stale, NOW + 5)) == nothing
    assert await store.run(lambda tx: tx.surfaces.release(stale, None)) == nothing
    released = await store.run(lambda tx: tx.surfaces.release(an_attempt(claimed, 1), NOW + 5))
    assert released == Recorded(written=True, due_at=NOW + 5)
    after = await now_of(store, claimed)
    assert (after.attempts, after.claim_until, after.is_untried) == (0, None, True)
    await store.run(lambda tx: tx.surfaces.claim_due("me", NOW + 5, NOW + 10, 5))
    parked = await store.run(lambda tx: tx.surfaces.release(an_attempt(claimed, 2), None))
    assert parked == Recorded(written=True, due_at=None)
    assert (await now_of(store, claimed)).attempts == 0


async def test_only_what_was_not_tried_is_planned_anew(store: AnyStore) -> None:
    claimed = await one_claimed(store)
    await store.run(lambda tx: tx.surfaces.plan(claimed.id, NOW + 99))
    assert (await now_of(store, claimed)).due_at == NOW
    await store.run(lambda tx: tx.surfaces.release(an_attempt(claimed, 1), NOW + 5))
    await store.run(lambda tx: tx.surfaces.plan(claimed.id, NOW + 99))
    assert (await now_of(store, claimed)).due_at == NOW + 99


async def test_a_new_version_is_due_where_an_old_one_may_be(store: AnyStore) -> None:
    """Open or settled, by what is known of each place."""
    places = {
        "shown": {"shown_version": 1, "state": SurfaceState.SENT, "due_at": None},
        "failed": {"attempts": 2, "failures": 2, "due_at": NOW + 50},
        "uncertain": {"attempts": 2, "failures": 1, "due_at": NOW + 50},
        "untried": {"due_at": NOW + 50},
        "parked": {"due_at": None},
        "dead": {"state": SurfaceState.DEAD, "attempts": 9, "failures": 9, "due_at": None},
        "dead, shown": {
            "state": SurfaceState.DEAD,
            "shown_version": 1,
            "attempts": 10,
            "failures": 9,
            "due_at": None,
        },
        "dead, uncertain": {
            "state": SurfaceState.DEAD,
            "attempts": 10,
            "failures": 9,
            "due_at": None,
        },
    }
    due: dict[bool, dict[str, int | None]] = {}
    for settled in (False, True):
        ann, bob = a_person(), a_person("Bob")

        def write(tx: Transaction, settled: bool = settled) -> dict[str, Surface]:
            request = add_request(tx, ann, bob)  # noqa: B023 - runs within this turn of the loop
            for name, state in places.items():
                tx.surfaces.add(a_surface(request, bob, address=name, **state))  # noqa: B023
            tx.surfaces.want(request.id, 2, 1, NOW + 7, settled=settled)
            return {s.address: s for s in tx.surfaces.of_request(request.id)}

        found = await store.run(write)
        due[settled] = {name: found[name].due_at for name in places}
        assert {s.wanted_version for s in found.values()} == {2}
        revived = found["dead, shown"]
        assert (revived.state, revived.attempts, revived.failures) == (SurfaceState.SENT, 1, 0)
    soon, later = NOW + 7, NOW + 50
    assert list(due[False].values()) == [soon, later, soon, later, soon, None, soon, None]
    assert list(due[True].values()) == [soon, None, soon, None, None, None, soon, soon]


async def test_what_was_given_up_is_listed_counted_and_redriven(store: AnyStore) -> None:
    ann, bob, carl = a_person(), a_person("Bob"), a_person("Carl")

    def write(tx: Transaction) -> list[Surface]:
        mine = add_request(tx, ann, bob)
        other = add_request(tx, carl)
        dead = {"state": SurfaceState.DEAD, "due_at": None, "attempts": 10, "failures": 10}
        surfaces = [
            a_surface(mine, bob, channel="email", **dead),
            a_surface(mine, bob, channel="slack", **dead | {"failures": 8}),
            a_surface(mine, bob),
            a_surface(other, bob, channel="email", **dead | {"shown_version": 1}),
        ]
        for surface in surfaces:
            tx.surfaces.add(surface)
        return surfaces

    email, slack, chat, theirs = await store.run(write)
    assert await store.read(lambda tx: tx.surfaces.given_up(ann.id, 9)) == [slack, email]
    assert await store.read(lambda tx: tx.surfaces.given_up(ann.id, 1)) == [slack]
    assert await store.read(lambda tx: tx.surfaces.tally()) == [
        Tally(channel="chat", waiting=1, failed=0),
        Tally(channel="email", waiting=0, failed=2),
        Tally(channel="slack", waiting=0, failed=1),
    ]
    assert not await store.run(lambda tx: tx.surfaces.redrive(chat.id, NOW + 1))
    for surface in (email, slack, theirs):
        assert await store.run(lambda tx, id_=surface.id: tx.surfaces.redrive(id_, NOW + 1))
    again = await now_of(store, email)
    assert (again.state, again.attempts, again.failures) == (SurfaceState.PLANNED, 0, 0)
    assert again.due_at == NOW + 1
    assert (await now_of(store, slack)).may_have_arrived
    assert (await now_of(store, theirs)).state is SurfaceState.SENT


async def test_what_is_proven_of_a_person_and_their_aliases(store: AnyStore) -> None:
    ann, alias, bob = a_person(), a_person("Ann again"), a_person("Bob")

    def write(tx: Transaction) -> None:
        for person in (ann, alias, bob):
            tx.people.add(person)
        tx.people.add_identity("slack", "T1:U1", alias.id, NOW)
        tx.people.add_identity("email", "ann@example.org", ann.id, NOW + 1)
        tx.people.add_identity("email", "bob@example.org", bob.id, NOW)
        tx.people.merge(alias.id, ann.id)

    await store.run(write)
    assert await store.read(lambda tx: tx.people.identities(ann.id)) == [
        Identity(kind="slack", key="T1:U1"),
        Identity(kind="email", key="ann@example.org"),
    ]
