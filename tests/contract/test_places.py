"""Places outside the web, what landed there and what is said there, on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.adapters.store.postgres import PostgresStore
from bot.domain.place import Binding
from bot.domain.post import Post, PostKind, PostState
from bot.service.identifiers import new_id
from bot.service.ports.places import Landing
from bot.service.ports.store import Transaction
from bot.service.ports.surfaces import Recorded
from tests.contract.conftest import AnyStore
from tests.contract.records import NOW, a_message, a_person, a_request, add_session

PLACE = "slack:T1/C1/1700.1"
LOST = Recorded(written=False, due_at=None)


def a_binding(session_id: str, place: str = PLACE, **changes: Any) -> Binding:
    values = {"place": place, "session_id": session_id, "lane": "slack:T1/C1", "created_at": NOW}
    return Binding(**{**values, **changes})


def a_post(place: str = PLACE, **changes: Any) -> Post:
    values = {
        "id": new_id(),
        "kind": PostKind.NOTICE,
        "channel": "slack",
        "place": place,
        "lane": "slack:T1/C1",
        "due_at": NOW,
        "created_at": NOW,
    }
    return Post(**{**values, **changes})


async def keep(store: AnyStore, *posts: Post) -> None:
    await store.run(lambda tx: [tx.posts.add(post) for post in posts])


async def claim(
    store: AnyStore, owner: str = "me", now: int = NOW, until: int = NOW + 10, limit: int = 9
) -> list[Post]:
    return list(await store.run(lambda tx: tx.posts.claim_due(owner, now, until, limit)))


async def now_of(store: AnyStore, post: Post) -> Post:
    found: Post | None = await store.read(lambda tx: tx.posts.get(post.id))
    assert found is not None
    return found


async def test_a_place_belongs_to_one_session(store: AnyStore) -> None:
    ann, bob = a_person(), a_person("Bob")

    def write(tx: Transaction) -> tuple[str, str]:
        one, other = add_session(tx, ann).id, add_session(tx, bob).id
        assert tx.bindings.add(a_binding(one, head='{"a": "ü"}'))
        assert not tx.bindings.add(a_binding(other))
        assert not tx.bindings.add(a_binding(one))
        assert tx.bindings.add(a_binding(one, "email:a", created_at=NOW - 1))
        assert tx.bindings.add(a_binding(other, "email:b"))
        return one, other

    one, other = await store.run(write)
    first = a_binding(one, head='{"a": "ü"}')
    assert await store.read(lambda tx: tx.bindings.find(PLACE)) == first
    assert await store.read(lambda tx: tx.bindings.find("slack:")) is None
    of_one = await store.read(lambda tx: tx.bindings.of_session(one))
    assert of_one == [a_binding(one, "email:a", created_at=NOW - 1), first]
    await store.run(lambda tx: tx.bindings.save_head(PLACE, "[]"))
    assert await store.read(lambda tx: tx.bindings.find(PLACE)) == replace(first, head="[]")
    untouched = await store.read(lambda tx: tx.bindings.find("email:b"))
    assert untouched == a_binding(other, "email:b")
    await store.run(lambda tx: tx.bindings.remove(PLACE))
    assert await store.read(lambda tx: tx.bindings.find(PLACE)) is None
    assert await store.run(lambda tx: tx.bindings.add(a_binding(other)))


async def test_where_it_was_said_is_kept_with_session_message_and_question(
    store: AnyStore,
) -> None:
    def write(tx: Transaction) -> tuple[str, str]:
        session = add_session(tx, a_person())
        request = a_request(session, place=PLACE)
        assert tx.sessions.get(session.id) == session
        tx.sessions.save(replace(session, place=PLACE))
        tx.messages.add(a_message(session, 1, place=PLACE))
        tx.messages.add(a_message(session, 2))
        tx.requests.add(request)
        tx.requests.save(replace(request, version=2, place=None))
        return session.id, request.id

    session_id, request_id = await store.run(write)

    def places(tx: Transaction) -> list[str | None]:
        session, request = tx.sessions.get(session_id), tx.requests.get(request_id)
        assert session is not None
        assert request is not None
        messages = tx.messages.after(session_id, 0, 9)
        return [session.place, request.place, *(message.place for message in messages)]

    assert await store.read(places) == [PLACE, PLACE, PLACE, None]


async def test_the_same_spot_again_is_the_same_landing(store: AnyStore) -> None:
    first = Landing(channel="slack", key="C1/1", surface_id="s", request_id="r", at=NOW)
    second = Landing(channel="slack", key="C1/2", surface_id="s", person_id="p", at=NOW + 1)
    mail = Landing(channel="email", key="C1/1", post_id="m", session_id="t", at=NOW)

    def write(tx: Transaction) -> None:
        for landing in (second, first, mail):
            tx.landings.add(landing)

    await store.run(write)
    assert await store.read(lambda tx: tx.landings.find("slack", "C1/1")) == first
    assert await store.read(lambda tx: tx.landings.find("email", "C1/1")) == mail
    assert await store.read(lambda tx: tx.landings.find("chat", "C1/1")) is None
    assert await store.read(lambda tx: tx.landings.of_surface("s")) == [first, second]
    newer = replace(first, surface_id=None, request_id=None, post_id="n", at=NOW + 5)
    await store.run(lambda tx: tx.landings.add(newer))
    assert await store.read(lambda tx: tx.landings.find("slack", "C1/1")) == newer
    assert await store.read(lambda tx: tx.landings.of_surface("s")) == [second]


async def test_a_post_is_kept_as_it_is(store: AnyStore) -> None:
    def write(tx: Transaction) -> Post:
        ann = a_person()
        session = add_session(tx, ann)
        post = a_post(
            kind=PostKind.MESSAGE,
            session_id=session.id,
            seq=7,
            person_id=ann.id,
            body='{"text": "ünïcode ✓"}',
            state=PostState.DEAD,
            due_at=None,
            claim_owner="me",
            claim_number=3,
            claim_until=NOW + 1,
            attempts=3,
            failures=2,
            last_error="503",
            landed="C1/1",
        )
        tx.posts.add(post)
        return post

    post = await store.run(write)
    assert await now_of(store, post) == post
    assert await store.read(lambda tx: tx.posts.get("nothing")) is None


async def test_of_one_place_only_the_oldest_is_claimed(store: AnyStore) -> None:
    first, second, third = a_post(due_at=NOW + 1), a_post(due_at=NOW), a_post(due_at=NOW - 1)
    elsewhere = a_post("slack:T1/C2/1", due_at=NOW)
    await keep(store, third, second, elsewhere, first)
    assert [post.id for post in await claim(store)] == [elsewhere.id]
    assert await store.read(lambda tx: tx.posts.next_due()) == NOW + 1
    (claimed,) = await claim(store, now=NOW + 1)
    assert (claimed.id, claimed.claim_owner, claimed.claim_number) == (first.id, "me", 1)
    assert (claimed.attempts, claimed.claim_until) == (1, NOW + 10)
    assert await claim(store, "you", now=NOW + 9) == []
    said = await store.run(lambda tx: tx.posts.sent(first.id, 1, "C1/1", NOW + 2))
    assert said == Recorded(written=True, due_at=NOW)
    (claimed,) = await claim(store, "you", now=NOW + 2)
    assert claimed.id == second.id
    assert (await now_of(store, first)).landed == "C1/1"


async def test_one_that_is_tried_again_is_waited_for_and_a_dead_one_is_not(
    store: AnyStore,
) -> None:
    first, second = a_post(), a_post()
    await keep(store, first, second)
    await claim(store)
    later = await store.run(lambda tx: tx.posts.failed(first.id, 1, "429", NOW + 50, certain=True))
    assert later == Recorded(written=True, due_at=NOW + 50)
    assert await claim(store, now=NOW + 49) == []
    assert await store.read(lambda tx: tx.posts.next_due()) == NOW + 50
    await claim(store, now=NOW + 50, until=NOW + 60)
    dead = await store.run(lambda tx: tx.posts.failed(first.id, 2, "gone", None, certain=False))
    assert dead == Recorded(written=True, due_at=NOW)
    after = await now_of(store, first)
    assert (after.state, after.due_at, after.last_error) == (PostState.DEAD, None, "gone")
    assert (after.attempts, after.failures, after.claim_until) == (2, 1, None)
    assert [post.id for post in await claim(store, now=NOW + 51)] == [second.id]


async def test_what_an_owner_left_is_taken_and_their_record_is_void(store: AnyStore) -> None:
    post = a_post()
    await keep(store, post)
    await claim(store, "one")
    assert await store.read(lambda tx: tx.posts.next_due()) == NOW + 10
    assert await claim(store, "two", now=NOW + 9, until=NOW + 20) == []
    (taken,) = await claim(store, "two", now=NOW + 10, until=NOW + 20)
    assert (taken.claim_owner, taken.claim_number, taken.may_be_there) == ("two", 2, True)

    def too_late(tx: Transaction) -> list[Recorded]:
        return [
            tx.posts.sent(post.id, 1, "there", NOW + 11),
            tx.posts.failed(post.id, 1, "503", NOW + 11, certain=True),
            tx.posts.release(post.id, 1, NOW + 11),
        ]

    assert await store.run(too_late) == [LOST, LOST, LOST]
    assert await now_of(store, post) == taken
    said = await store.run(lambda tx: tx.posts.sent(post.id, 2, None, NOW + 12))
    assert said == Recorded(written=True, due_at=None)
    after = await now_of(store, post)
    assert (after.state, after.due_at, after.claim_owner) == (PostState.SENT, None, None)
    assert await store.read(lambda tx: tx.posts.next_due()) is None


async def test_a_claim_that_is_released_costs_no_attempt(store: AnyStore) -> None:
    post = a_post()
    await keep(store, post)
    await claim(store)
    released = await store.run(lambda tx: tx.posts.release(post.id, 1, NOW + 5))
    assert released == Recorded(written=True, due_at=NOW + 5)
    after = await now_of(store, post)
    assert (after.attempts, after.claim_owner, after.claim_until) == (0, None, None)
    assert await claim(store, now=NOW + 4) == []
    (again,) = await claim(store, now=NOW + 5)
    assert (again.attempts, again.claim_number, again.may_be_there) == (1, 2, False)


async def test_a_post_that_was_given_up_is_listed_and_redriven(store: AnyStore) -> None:
    dead: dict[str, Any] = {"state": PostState.DEAD, "due_at": None}

    def write(tx: Transaction) -> tuple[str, list[Post]]:
        ann, bob = a_person(), a_person("Bob")
        mine, other = add_session(tx, ann), add_session(tx, bob)
        posts = [
            a_post(session_id=mine.id, seq=1, attempts=2, failures=2, **dead),
            a_post(session_id=mine.id, seq=2, attempts=2, failures=1, **dead),
            a_post(session_id=other.id, seq=1, attempts=1, failures=1, **dead),
            a_post(person_id=bob.id, **dead),
            a_post(session_id=mine.id, seq=3),
        ]
        for post in posts:
            tx.posts.add(post)
        return ann.id, posts

    owner_id, (failed, uncertain, other, notice, waiting) = await store.run(write)
    assert await store.read(lambda tx: tx.posts.given_up(owner_id, 9)) == [uncertain, failed]
    assert await store.read(lambda tx: tx.posts.given_up(owner_id, 1)) == [uncertain]
    everybodys = await store.read(lambda tx: tx.posts.given_up("", 9))
    assert everybodys == [notice, other, uncertain, failed]
    assert not await store.run(lambda tx: tx.posts.redrive(waiting.id, NOW + 1))
    assert not await store.run(lambda tx: tx.posts.redrive("nothing", NOW + 1))
    for post in (failed, uncertain):
        assert await store.run(lambda tx, id_=post.id: tx.posts.redrive(id_, NOW + 1))
        assert not await store.run(lambda tx, id_=post.id: tx.posts.redrive(id_, NOW + 1))
    after = await now_of(store, failed)
    assert (after.state, after.due_at) == (PostState.WAITING, NOW + 1)
    assert (after.attempts, after.failures) == (0, 0)
    (again,) = await claim(store, now=NOW + 1)
    assert (again.id, again.may_be_there) == (failed.id, False)
    await store.run(lambda tx: tx.posts.sent(failed.id, 1, None, NOW + 1))
    (again,) = await claim(store, now=NOW + 1)
    assert (again.id, again.may_be_there) == (uncertain.id, True)


async def test_what_was_said_at_a_place_is_counted_from_a_time_on(store: AnyStore) -> None:
    posts = [a_post() for _ in range(4)]
    await keep(store, *posts, a_post("slack:elsewhere"))
    for number, post in enumerate(posts[:3]):
        await claim(store)
        await store.run(lambda tx, p=post, n=number: tx.posts.sent(p.id, 1, None, NOW + n))
    await claim(store)
    counted = [
        await store.read(lambda tx, t=since: tx.posts.sent_to(PLACE, t))
        for since in (NOW, NOW + 1, NOW + 3)
    ]
    assert counted == [3, 2, 0]


async def test_where_streamed_text_stands(store: AnyStore) -> None:
    def write(tx: Transaction) -> None:
        tx.posts.note_preview("t1", PLACE, "C1/1", NOW)
        tx.posts.note_preview("t2", PLACE, "C1/2", NOW - 1)
        tx.posts.note_preview("t3", PLACE, "C1/3", NOW + 1)
        tx.posts.note_preview("t1", "slack:other", "C1/4", NOW - 2)

    await store.run(write)
    assert await store.read(lambda tx: tx.posts.preview_of("t1")) == "C1/4"
    assert await store.read(lambda tx: tx.posts.preview_of("t9")) is None
    stale = [("t1", "slack:other", "C1/4"), ("t2", PLACE, "C1/2")]
    assert await store.read(lambda tx: tx.posts.stale_previews(NOW + 1, 9)) == stale
    assert await store.read(lambda tx: tx.posts.stale_previews(NOW + 1, 1)) == stale[:1]
    await store.run(lambda tx: tx.posts.drop_preview("t1"))
    assert await store.read(lambda tx: tx.posts.stale_previews(NOW + 1, 9)) == stale[1:]


@pytest.mark.postgres
async def test_two_servers_say_everything_once_and_in_order(
    two_servers: tuple[PostgresStore, PostgresStore],
) -> None:
    places = [f"slack:T1/C1/{number}" for number in range(5)]
    posts = [a_post(place) for _ in range(8) for place in places]
    await keep(two_servers[0], *posts)
    said: list[Post] = []

    async def work(store: PostgresStore, owner: str) -> None:
        while await store.read(lambda tx: tx.posts.next_due()) is not None:
            for post in await claim(store, owner, limit=3):
                said.append(post)
                await store.run(lambda tx, p=post: tx.posts.sent(p.id, p.claim_number, None, NOW))

    await asyncio.gather(*(work(store, f"{n}") for n, store in enumerate(two_servers * 2)))
    assert len(said) == len(posts)
    for place in places:
        in_order = [post.id for post in posts if post.place == place]
        assert [post.id for post in said if post.place == place] == in_order
    assert {post.claim_number for post in said} == {1}


async def test_what_opens_a_session_s_places_is_found_by_it(store: AnyStore) -> None:
    def write(tx: Transaction) -> tuple[str, str, list[Post]]:
        ann = a_person()
        session = add_session(tx, ann)
        other = add_session(tx, a_person())
        posts = [
            a_post(
                f"slack:new/{owned}",
                kind=kind,
                session_id=owned,
                person_id=ann.id,
                due_at=due_at,
                state=state,
            )
            for owned, kind, due_at, state in (
                (session.id, PostKind.OPENING, None, PostState.DEAD),
                (session.id, PostKind.OPENING, NOW, PostState.WAITING),
                (session.id, PostKind.MESSAGE, NOW, PostState.WAITING),
                (other.id, PostKind.OPENING, None, PostState.SENT),
            )
        ]
        for post in reversed(posts):
            tx.posts.add(post)
        return session.id, ann.id, posts

    session_id, person_id, (given_up, waiting, _, _) = await store.run(write)
    of_session = await store.read(lambda tx: tx.posts.openings(session_id))
    assert of_session == [given_up, waiting]
    assert await store.read(lambda tx: tx.posts.opening_for(person_id)) == [waiting]
    assert await store.read(lambda tx: tx.posts.opening_for(session_id)) == []


async def test_what_is_to_open_a_place_is_found_by_whoever_its_person_was_found_to_be(
    store: AnyStore,
) -> None:
    def write(tx: Transaction) -> tuple[str, Post]:
        alias, person = a_person(), a_person()
        session = add_session(tx, alias)
        tx.people.add(person)
        post = a_post(kind=PostKind.OPENING, session_id=session.id, person_id=alias.id)
        tx.posts.add(post)
        tx.people.merge(alias.id, person.id)
        return person.id, post

    person_id, post = await store.run(write)
    assert await store.read(lambda tx: tx.posts.opening_for(person_id)) == [post]


async def test_what_is_on_its_way_to_somebody_erased_is_not_noted(store: AnyStore) -> None:
    def write(tx: Transaction) -> str:
        ann = a_person()
        session = add_session(tx, ann)
        tx.posts.add(a_post(kind=PostKind.OPENING, session_id=session.id, person_id=ann.id))
        return ann.id

    ann_id = await store.run(write)
    (post,) = await claim(store)
    await store.run(lambda tx: tx.personal.erase_person(ann_id, []))
    recorded = await store.run(lambda tx: tx.posts.sent(post.id, post.claim_number, "1.1", NOW))
    assert recorded == LOST
    kept = await store.read(lambda tx: tx.posts.get(post.id))
    assert kept is not None
    assert (kept.state, kept.landed, kept.due_at) == (PostState.DEAD, None, None)
