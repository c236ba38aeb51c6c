"""What administrators look at, on both databases: pages, numbers, and trying again."""

from __future__ import annotations

import pytest

from bot.domain.feedback import State
from bot.domain.instants import DAY, HOUR, SECOND
from bot.domain.journal import Entry
from bot.domain.surface import SurfaceState
from bot.service.identifiers import new_id
from bot.service.numbers import LOOKED_AT, Slot, numbers_since, slots_since
from bot.service.ports.administration import Sought
from bot.service.ports.inbox import Received
from bot.service.ports.store import Transaction
from tests.contract.conftest import AnyStore
from tests.contract.records import NOW, a_person, a_request, a_surface, add_session
from tests.contract.test_places import a_post


async def test_numbers_are_of_their_time(store: AnyStore) -> None:
    ann, bob, cleo, alias = (a_person(name) for name in ("Ann", "Bob", "Cleo", "Bobby"))

    def write(tx: Transaction) -> None:
        session = add_session(tx, ann)
        for person in (bob, cleo, alias):
            tx.people.add(person)
        tx.people.merge(alias.id, bob.id)

        def ask(ago: int, state: State, after: int = 0, by: str = "", via: str = "") -> None:
            at = NOW - ago
            request = a_request(
                session,
                asked_at=at,
                state=state,
                decided_at=at + after * SECOND if after else None,
                decided_by=by or None,
                decided_via=via or None,
            )
            tx.requests.add(request)
            if state is State.EXPIRED:
                tx.surfaces.add(
                    a_surface(request, bob, channel="email", state=SurfaceState.DEAD, due_at=None)
                )

        ask(1 * HOUR, State.APPROVED, 10, bob.id, "slack")
        ask(2 * HOUR, State.REJECTED, 30, alias.id, "slack")
        ask(3 * HOUR, State.ANSWERED, 50, cleo.id, "email")
        ask(4 * HOUR, State.PENDING)
        ask(5 * HOUR, State.CANCELLED, 60, ann.id, "chat")
        ask(2 * DAY, State.EXPIRED, 99)
        ask(8 * DAY, State.ANSWERED, 1_000, cleo.id, "chat")
        ask(40 * DAY, State.ANSWERED, 1, cleo.id, "chat")

    await store.run(write)
    moments = [NOW - DAY, NOW - 7 * DAY, NOW - 30 * DAY]
    day, week, month = await store.read(lambda tx: numbers_since(tx, moments))
    assert (day.asked, day.answered, day.expired, day.median_seconds) == (5, 3, 0, 30)
    assert {name: (s.answered, s.median_seconds) for name, s in day.by_channel.items()} == {
        "email": (1, 50),
        "slack": (2, 20),
    }
    assert {id_: s.answered for id_, s in day.by_person.items()} == {bob.id: 2, cleo.id: 1}
    assert (week.asked, week.answered, week.expired, dict(week.failed)) == (6, 3, 1, {"email": 1})
    assert dict(day.failed) == {}
    assert (month.asked, month.answered, month.median_seconds) == (7, 4, 40)
    assert month.by_channel["chat"].median_seconds == 1_000
    assert month.is_whole


async def test_what_is_looked_at_is_bounded(store: AnyStore) -> None:
    def write(tx: Transaction) -> None:
        session = add_session(tx, a_person())
        for number in range(5):
            tx.requests.add(a_request(session, asked_at=NOW - number))

    await store.run(write)
    assert LOOKED_AT <= 20_000
    newest = await store.read(lambda tx: tx.administration.asked(0, 3))
    assert [each.asked_at for each in newest] != []
    assert len(newest) == 3


async def test_everything_is_paged_from_the_newest(store: AnyStore) -> None:
    people = [a_person(str(number)) for number in range(5)]

    def write(tx: Transaction) -> None:
        session = add_session(tx, people[0])
        for person in people[1:]:
            tx.people.add(person)
        tx.people.merge(people[4].id, people[3].id)
        request = a_request(session)
        tx.requests.add(request)
        for person in people:
            tx.surfaces.add(
                a_surface(request, person, state=SurfaceState.DEAD, due_at=None, channel="email")
            )
        tx.surfaces.add(a_surface(request, people[0], channel="slack"))
        for _ in range(3):
            tx.journal.add(Entry(kind="x", at=NOW))

    await store.run(write)

    def pages(tx: Transaction) -> list[list[str]]:
        first = tx.administration.people(None, 3)
        second = tx.administration.people(first[-1].id, 3)
        return [[p.name for p in first], [p.name for p in second]]

    assert await store.read(pages) == [["3", "2", "1"], ["0"]]
    first = await store.read(lambda tx: tx.administration.failed_surfaces(None, 3))
    rest = await store.read(lambda tx: tx.administration.failed_surfaces(first[-1].id, 3))
    assert (len(first), len(rest)) == (3, 2)
    assert [s.id for s in (*first, *rest)] == sorted((s.id for s in (*first, *rest)), reverse=True)
    entries = await store.read(lambda tx: tx.administration.entries(None, 2))
    older = await store.read(lambda tx: tx.administration.entries(entries.next, 2))
    assert [each.position for each in (*entries.records, *older.records)] == [3, 2, 1]
    assert (entries.next, older.next) == (2, None)


async def test_what_was_set_aside_is_taken_up_or_dropped(store: AnyStore) -> None:
    def write(tx: Transaction) -> None:
        for key, due, at in (("a", None, 1), ("b", None, 2), ("c", None, 2), ("d", NOW, 3)):
            tx.inbox.add(Received(key=key, kind="mail", payload="x", due_at=due, received_at=at))

    await store.run(write)
    page = await store.read(lambda tx: tx.administration.set_aside(None, 2))
    assert [each.key for each in page] == ["c", "b"]
    after = (page[-1].received_at, page[-1].key)
    rest = await store.read(lambda tx: tx.administration.set_aside(after, 2))
    assert [each.key for each in rest] == ["a"]
    assert await store.run(lambda tx: tx.administration.take_up("a", NOW)) == "mail"
    assert await store.run(lambda tx: tx.administration.take_up("a", NOW)) is None
    assert await store.run(lambda tx: tx.administration.take_up("d", NOW)) is None
    claimed = await store.run(lambda tx: tx.inbox.claim_due("me", NOW, NOW + 1, 9))
    assert {each.key for each in claimed} == {"a", "d"}
    assert await store.run(lambda tx: tx.administration.drop_aside("b"))
    assert not await store.run(lambda tx: tx.administration.drop_aside("b"))
    assert not await store.run(lambda tx: tx.administration.drop_aside("d"))


async def test_posts_that_were_given_up_count_as_failures(store: AnyStore) -> None:
    def write(tx: Transaction) -> str:
        post = a_post(id=new_id(), channel="slack", created_at=NOW)
        tx.posts.add(post)
        (claimed,) = tx.posts.claim_due("me", NOW + DAY, NOW + 2 * DAY, 9)
        tx.posts.failed(post.id, claimed.claim_number, "gone", None, certain=True)
        return post.id

    id_ = await store.run(write)
    found = await store.read(lambda tx: tx.administration.failed_posts(None, 9))
    assert [(each.id, each.last_error) for each in found] == [(id_, "gone")]
    failures = await store.read(lambda tx: tx.administration.failures(NOW))
    assert [(each.channel, each.number) for each in failures] == [("slack", 1)]
    assert list(await store.read(lambda tx: tx.administration.failures(NOW + 1))) == []


async def test_time_is_cut_into_slots(store: AnyStore) -> None:
    since = NOW - 3 * HOUR

    def write(tx: Transaction) -> None:
        session, bob = add_session(tx, a_person("Ann")), a_person("Bob")
        tx.people.add(bob)

        def ask(ago: int, state: State, after: int | None = None) -> None:
            at = NOW - ago
            decided = None if after is None else at + after * SECOND
            request = a_request(session, asked_at=at, state=state, decided_at=decided)
            tx.requests.add(request)
            if state is State.EXPIRED:
                tx.surfaces.add(
                    a_surface(request, bob, channel="email", state=SurfaceState.DEAD, due_at=None)
                )

        ask(3 * HOUR, State.APPROVED, 10)  # at the first slot's first moment
        ask(2 * HOUR + SECOND, State.ANSWERED, 30)
        ask(1 * HOUR, State.EXPIRED, 60)
        ask(3 * HOUR + SECOND, State.EXPIRED, 60)  # before all of them
        tx.posts.add(a_post(id=new_id(), channel="slack", created_at=since + 2 * HOUR))
        (claimed,) = tx.posts.claim_due("me", NOW + DAY, NOW + 2 * DAY, 9)
        tx.posts.failed(claimed.id, claimed.claim_number, "gone", None, certain=True)

    await store.run(write)
    assert await store.read(lambda tx: slots_since(tx, since, HOUR, 3)) == [
        Slot(since=since, asked=2, answered=2, expired=0, median_seconds=20, failed=0),
        Slot(since=since + HOUR, asked=0, answered=0, expired=0, median_seconds=None, failed=0),
        Slot(since=since + 2 * HOUR, asked=1, answered=0, expired=1, median_seconds=None, failed=2),
    ]


async def test_people_are_found_by_any_name_or_address_of_theirs(store: AnyStore) -> None:
    ann, bob, alias = a_person("Ann_Lee"), a_person("Bob 100%"), a_person("Robert")

    def write(tx: Transaction) -> None:
        for person in (ann, bob, alias):
            tx.people.add(person)
        tx.people.add_identity("email", "rob@example.org", alias.id, NOW)
        tx.people.merge(alias.id, bob.id)

    await store.run(write)

    async def found(text: str, before: str | None = None) -> list[str]:
        people = await store.read(lambda tx: tx.administration.people(before, 9, text))
        return [each.name for each in people]

    assert await found("ROBERT") == ["Bob 100%"]
    assert await found("rob@") == ["Bob 100%"]
    assert await found("n_l") == ["Ann_Lee"]
    assert await found("0%") == ["Bob 100%"]
    assert await found("n%e") == await found("!") == []
    assert sorted(await found("b")) == ["Bob 100%"]
    assert await found("ann", before=ann.id) == []


async def test_the_journal_is_searched(store: AnyStore) -> None:
    bob, alias = a_person("Bob"), a_person("Bobby")

    def write(tx: Transaction) -> str:
        request = a_request(add_session(tx, a_person("Ann")))
        tx.requests.add(request)
        for person in (bob, alias):
            tx.people.add(person)
        tx.people.merge(alias.id, bob.id)
        for at, (kind, question, person) in enumerate(
            (
                ("request.asked", request.id, bob.id),
                ("surface.seen", request.id, alias.id),
                ("requested", None, alias.id),
                ("request.expired", None, None),
            )
        ):
            tx.journal.add(Entry(kind=kind, at=NOW + at, request_id=question, person_id=person))
        return request.id

    question = await store.run(write)

    async def found(sought: Sought, before: int | None = None) -> list[str]:
        entries = await store.read(lambda tx: tx.administration.entries(before, 9, sought))
        assert entries.next is None
        return [each.entry.kind for each in entries.records]

    assert await found(Sought(kind="request.")) == ["request.expired", "request.asked"]
    assert await found(Sought(kind="request.expired")) == ["request.expired"]
    assert await found(Sought(request_id=question)) == ["surface.seen", "request.asked"]
    assert await found(Sought(person_id=bob.id, kind="request")) == ["requested", "request.asked"]
    assert await found(Sought(since=NOW + 1, until=NOW + 3)) == ["requested", "surface.seen"]
    [newest] = (await store.read(lambda tx: tx.administration.entries(None, 1))).records
    assert await found(Sought(kind="request"), newest.position) == ["requested", "request.asked"]
    assert await found(Sought(session_id="none")) == []


async def test_a_long_journal_is_searched_in_portions(
    store: AnyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.adapters.store.administration.LOOKED_AT", 4)
    kinds = ["rare", *["often"] * 8, "rare", "often", "often"]

    def write(tx: Transaction) -> None:
        for at, kind in enumerate(kinds):
            tx.journal.add(Entry(kind=kind, at=NOW + at, session_id="s"))

    await store.run(write)

    async def pages(limit: int, sought: Sought) -> list[list[int]]:
        read = [await store.read(lambda tx: tx.administration.entries(None, limit, sought))]
        while read[-1].next is not None:
            read.append(
                await store.read(lambda tx: tx.administration.entries(read[-1].next, limit, sought))
            )
        return [[record.entry.at - NOW for record in page.records] for page in read]

    assert await pages(2, Sought(kind="rare")) == [[9], [], [0]]
    assert await pages(2, Sought(since=NOW + 9, until=NOW + 11)) == [[10, 9], [], []]
    # What has an index is looked for everywhere at once, and so is what is looked for by nothing.
    assert await pages(9, Sought(kind="rare", session_id="s")) == [[9, 0]]
    assert await pages(12, Sought()) == [list(range(11, -1, -1))]
