"""The tables of questions, answers and surfaces do on both databases what the ports say."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.feedback import Answer, Part, Route, Standing, State
from bot.service.ports.store import Transaction
from bot.service.ports.surfaces import Attempt, Recorded
from bot.service.ports.tables import Recipient
from tests.contract.conftest import AnyStore
from tests.contract.records import (
    NOW,
    a_person,
    a_request,
    a_response,
    a_surface,
    add_request,
    add_session,
)


def asked(person_id: str, canonical_id: str, name: str, position: int) -> Recipient:
    return Recipient(
        person_id=person_id,
        canonical_id=canonical_id,
        name=name,
        position=position,
        part=Part.DECIDER,
        route=Route.ASKED,
        by_id=None,
    )


async def test_requests_are_kept_and_listed(store: AnyStore) -> None:
    ann, bob, cat = a_person(), a_person("Bob"), a_person("Cat", merged_into=None)

    def write(tx: Transaction) -> tuple[object, ...]:
        session = add_session(tx, ann)
        tx.people.add(bob)
        tx.people.add(replace(cat, merged_into=bob.id))
        questions = [a_request(session, deadline=NOW + n) for n in (3, 2, 1)]
        for request in questions:
            tx.requests.add(request)
            for position, person in enumerate((cat, bob)):
                tx.requests.add_recipient(
                    request.id, person.id, position, Part.DECIDER, Route.ASKED
                )
        assert tx.requests.lock(questions[0].id) == questions[0]
        decided = replace(
            questions[0],
            state=State.ANSWERED,
            version=2,
            decided_at=NOW,
            decided_by=bob.id,
            decided_via="chat",
            outcome=Answer(choices=("yes",), text="go"),
            next_at=None,
        )
        tx.requests.save(decided)
        return session.id, decided, questions[1], questions[2]

    session_id, decided, two, three = await store.run(write)

    def read(tx: Transaction) -> None:
        assert tx.requests.get(decided.id) == decided
        assert tx.requests.get("nothing") is None
        assert tx.requests.recipients(two.id) == [
            asked(cat.id, bob.id, "Cat", 0),
            asked(bob.id, bob.id, "Bob", 1),
        ]
        assert tx.requests.open_of(session_id) == [two, three]
        assert tx.requests.of_session(session_id) == [decided, two, three]
        assert tx.requests.due(NOW + 2, 9) == [(three.id, NOW + 1), (two.id, NOW + 2)]
        assert tx.requests.due(NOW + 2, 1) == [(three.id, NOW + 1)]
        for listed, person in ((tx.requests.of_recipient, bob), (tx.requests.of_asker, ann)):
            assert listed(person.id, None, None, 9) == [three, two, decided]
            assert listed(person.id, True, None, 9) == [three, two]
            assert listed(person.id, False, None, 9) == [decided]
            assert listed(person.id, None, three.id, 1) == [two]

    await store.read(read)


async def test_responses_are_all_kept(store: AnyStore) -> None:
    ann, bob = a_person(), a_person("Bob")

    def write(tx: Transaction) -> list[object]:
        request = add_request(tx, ann, bob)
        answers = [
            a_response(request, bob, created_at=NOW + 1),
            a_response(
                request,
                bob,
                answer=Answer(approved=False, text="no"),
                created_at=NOW + 2,
                standing=Standing.LATE,
                agrees=False,
            ),
            a_response(request, bob, standing=Standing.LATE, agrees=True, created_at=NOW + 3),
        ]
        for answer in answers:
            tx.requests.add_response(answer)
        return list(answers)

    answers = await store.run(write)
    request_id = answers[0].request_id  # type: ignore[attr-defined]
    assert await store.read(lambda tx: tx.requests.responses(request_id)) == answers


async def test_surfaces_are_claimed_recorded_and_seen(store: AnyStore) -> None:
    ann, bob = a_person(), a_person("Bob")

    def write(tx: Transaction) -> tuple[str, str]:
        request = add_request(tx, ann, bob)
        surface = a_surface(request, bob)
        tx.surfaces.add(surface)
        tx.surfaces.add(a_surface(request, ann, priority=1, due_at=NOW + 100))
        return request.id, surface.id

    request_id, surface_id = await store.run(write)
    (claimed,) = await store.run(lambda tx: tx.surfaces.claim_due("me", NOW, NOW + 10, 5))
    assert (claimed.id, claimed.claim_owner, claimed.claim_number) == (surface_id, "me", 1)
    assert (claimed.claim_until, claimed.attempts) == (NOW + 10, 1)
    assert await store.run(lambda tx: tx.surfaces.claim_due("you", NOW, NOW + 10, 5)) == []
    assert await store.read(lambda tx: tx.surfaces.next_due()) == NOW + 10
    # The claim ran out: another has it, and the first one's record is not written.
    (again,) = await store.run(lambda tx: tx.surfaces.claim_due("you", NOW + 10, NOW + 20, 5))
    assert again.claim_number == 2
    lost = Attempt(surface_id=surface_id, claim_number=1, version=1, outcome="shown", at=NOW)
    nothing = Recorded(written=False, due_at=None)
    assert await store.run(lambda tx: tx.surfaces.record(lost, True, None)) == nothing
    # What is wanted meanwhile stays due.
    await store.run(lambda tx: tx.surfaces.want(request_id, 2, 1, NOW + 11))
    won = replace(lost, claim_number=2)
    recorded = await store.run(lambda tx: tx.surfaces.record(won, True, None))
    assert recorded == Recorded(written=True, due_at=NOW + 11)
    one = await store.read(lambda tx: tx.surfaces.of_request(request_id)[0])
    assert (one.shown_version, one.wanted_version, one.due_at) == (1, 2, NOW + 11)
    assert (one.claim_owner, one.claim_until, one.priority) == (None, None, 1)
    # A failed attempt comes back later; an older version is not wanted again.
    # What was never tried keeps its time.
    (third,) = await store.run(lambda tx: tx.surfaces.claim_due("me", NOW + 11, NOW + 20, 5))
    tried = replace(won, claim_number=3, version=2)
    assert third.claim_number == 3
    recorded = await store.run(lambda tx: tx.surfaces.record(tried, False, NOW + 60))
    assert recorded == Recorded(written=True, due_at=NOW + 60)
    await store.run(lambda tx: tx.surfaces.want(request_id, 1, 1, NOW))
    one = await store.read(lambda tx: tx.surfaces.of_request(request_id)[0])
    assert (one.shown_version, one.due_at) == (1, NOW + 60)

    def see(version: int) -> list[object]:
        return [request_id, bob.id, "chat", version]

    assert not await store.run(lambda tx: tx.surfaces.seen(*see(3)))
    assert await store.run(lambda tx: tx.surfaces.seen(*see(2)))
    assert not await store.run(lambda tx: tx.surfaces.seen(*see(2)))
    one = await store.read(lambda tx: tx.surfaces.of_request(request_id)[0])
    assert (one.shown_version, one.seen_version) == (2, 2)


async def test_one_request_s_surfaces_can_be_claimed_alone(store: AnyStore) -> None:
    ann, bob = a_person(), a_person("Bob")

    def write(tx: Transaction) -> list[str]:
        request = add_request(tx, ann, bob)
        surfaces = [
            a_surface(request, bob),
            a_surface(request, ann, due_at=NOW + 1),
            a_surface(request, ann, address="held", claim_owner="x", claim_until=NOW + 1),
            a_surface(request, ann, address="settled", due_at=None),
        ]
        other = a_request(tx.sessions.active_of(ann.id)[0])
        tx.requests.add(other)
        tx.requests.add_recipient(other.id, bob.id, 0, Part.DECIDER, Route.ASKED)
        for surface in (*surfaces, a_surface(other, bob)):
            tx.surfaces.add(surface)
        return [request.id, surfaces[0].id]

    request_id, surface_id = await store.run(write)
    claimed = await store.run(lambda tx: tx.surfaces.claim_of(request_id, "me", NOW, NOW + 9))
    assert [(s.id, s.claim_owner, s.claim_number, s.claim_until) for s in claimed] == [
        (surface_id, "me", 1, NOW + 9)
    ]
    assert await store.run(lambda tx: tx.surfaces.claim_of(request_id, "me", NOW, NOW + 9)) == []


async def test_urgent_surfaces_are_claimed_first(store: AnyStore) -> None:
    ann, *people = (a_person(str(n)) for n in range(7))

    def write(tx: Transaction) -> list[str]:
        request = add_request(tx, ann, *people)
        surfaces = [
            a_surface(request, person, priority=9 - n // 2, due_at=NOW - n)
            for n, person in enumerate(people)
        ]
        for surface in surfaces:
            tx.surfaces.add(surface)
        return [surface.id for surface in surfaces]

    ids = await store.run(write)
    claimed = await store.run(lambda tx: tx.surfaces.claim_due("me", NOW, NOW + 1, 4))
    assert [surface.id for surface in claimed] == [ids[5], ids[4], ids[3], ids[2]]
