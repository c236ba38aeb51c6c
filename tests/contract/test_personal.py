"""Retention and erasing on both databases: words go, rows and chains stay."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from bot.adapters.store.opening import make_store
from bot.domain.action_run import approved_run
from bot.domain.digests import action_of
from bot.domain.feedback import Action, Answer, Standing
from bot.domain.instants import DAY, HOUR
from bot.domain.journal import Entry
from bot.domain.session import SessionState
from bot.service.ports.accounts import RefreshToken, TokenFamily
from bot.service.ports.inbox import Received
from bot.service.ports.personal import ERASED, Range
from bot.service.ports.places import Binding
from bot.service.ports.store import Transaction
from bot.service.retention import Retention
from tests.contract.conftest import AnyStore
from tests.contract.records import (
    NOW,
    a_message,
    a_person,
    a_request,
    a_response,
    a_surface,
    add_session,
    an_account,
)


def told(tx: Transaction, *, ended: bool, at: int, action: Action | None = None) -> str:
    """Keep a session with a message, a question and an answer to it."""
    ann, bob = a_person(), a_person("Bob")
    session = add_session(
        tx,
        ann,
        state=SessionState.ENDED if ended else SessionState.ACTIVE,
        last_active_at=at,
        created_at=at - HOUR,
        summary="what was said",
    )
    tx.people.add(bob)
    tx.messages.add(a_message(session, 1, at=at))
    answer = Answer(choices=("yes",), text="gladly")
    request = a_request(session, outcome=answer, decided_by=bob.id, action=action)
    tx.requests.add(request)
    tx.requests.add_response(
        a_response(request, bob, answer=answer, standing=Standing.DECIDED, raw_text="yes gladly")
    )
    asked = Entry(
        kind="request.asked", at=at, session_id=session.id, request_id=request.id, data={"a": 1}
    )
    tx.journal.add(asked)
    tx.journal.add(Entry(kind="session.ended", at=at, session_id=session.id, data={"b": 2}))
    return session.id


async def test_old_sessions_lose_their_words_and_young_ones_keep_them(store: AnyStore) -> None:
    retention = Retention(sessions=30 * DAY)
    old = await store.run(lambda tx: told(tx, ended=True, at=NOW - 31 * DAY))
    running = await store.run(lambda tx: told(tx, ended=False, at=NOW - 31 * DAY))
    young = await store.run(lambda tx: told(tx, ended=True, at=NOW - 29 * DAY))
    await store.run(retention.portion, NOW)

    def texts(tx: Transaction, session_id: str) -> list[str]:
        session, message = tx.sessions.get(session_id), tx.messages.get(session_id, 1)
        (request,) = tx.requests.of_session(session_id)
        (response,) = tx.requests.responses(request.id)
        assert session is not None
        assert message is not None
        assert response.answer is not None
        assert response.answer.choices == ("yes",)  # the verdict stays
        assert tx.journal.verify(request.id).fault is None
        return [session.title, session.summary, message.text, request.question, response.raw_text]

    assert await store.read(texts, old) == [ERASED, "", ERASED, ERASED, ""]
    for kept in (running, young):
        assert await store.read(texts, kept) == [
            "Ship?",
            "what was said",
            "message 1",
            "Can we ship? 100% sure",
            "yes gladly",
        ]
    # A later round finds what has grown old since.
    await store.run(retention.portion, NOW + 2 * DAY)
    assert (await store.read(texts, young))[0] == ERASED


async def test_many_sessions_take_many_portions(store: AnyStore) -> None:
    def write(tx: Transaction) -> list[str]:
        return [told(tx, ended=True, at=NOW - 40 * DAY) for _ in range(25)]

    ids = await store.run(write)

    def erased(tx: Transaction) -> int:
        found = [tx.sessions.get(each) for each in ids]
        return sum(each is not None and each.title == ERASED for each in found)

    counts = []
    for _ in range(3):
        await store.run(Retention(sessions=DAY).portion, NOW)
        counts.append(await store.read(erased))
    assert counts == [10, 20, 25]


async def test_nothing_is_erased_where_nothing_was_set(store: AnyStore) -> None:
    session_id = await store.run(lambda tx: told(tx, ended=True, at=NOW - 4_000 * DAY))
    await store.run(Retention().portion, NOW)
    session = await store.read(lambda tx: tx.sessions.get(session_id))
    assert session is not None
    assert session.title == "Ship?"


async def test_the_journals_old_content_goes_and_its_chains_verify(store: AnyStore) -> None:
    old = await store.run(lambda tx: told(tx, ended=True, at=NOW - 31 * DAY))
    young = await store.run(lambda tx: told(tx, ended=True, at=NOW - 29 * DAY))
    for _ in range(3):
        await store.run(Retention(journal=30 * DAY).portion, NOW)

    def entries(tx: Transaction, session_id: str) -> list[object]:
        (request,) = tx.requests.of_session(session_id)
        assert tx.journal.verify(request.id).fault is None
        return [dict(entry.data) for entry in tx.journal.of_session(session_id)]

    assert await store.read(entries, old) == [{}, {}]
    assert await store.read(entries, young) == [{"a": 1}, {"b": 2}]
    await store.run(Retention(journal=30 * DAY).portion, NOW + 2 * DAY)
    assert await store.read(entries, young) == [{}, {}]


async def test_what_was_set_aside_long_ago_is_forgotten(store: AnyStore) -> None:
    def write(tx: Transaction) -> None:
        for key, due, days in (("old", None, 31), ("new", None, 29), ("due", NOW, 31)):
            tx.inbox.add(
                Received(
                    key=key, kind="mail", payload="x", due_at=due, received_at=NOW - days * DAY
                )
            )

    await store.run(write)
    await store.run(Retention(mail=30 * DAY).portion, NOW)
    kept = [await store.read(lambda tx, k=key: tx.inbox.get(k)) for key in ("old", "new", "due")]
    assert [each is not None for each in kept] == [False, True, True]


async def test_a_persons_words_are_found_and_taken_away(store: AnyStore) -> None:
    ann, bob, alias = a_person(), a_person("Bob"), a_person("Robert")

    def write(tx: Transaction) -> tuple[str, str]:
        session = add_session(
            tx,
            ann,
            summary="Bob said so",
            summary_seq=2,
            claim_owner="a worker",
            claim_number=7,
            claim_until=NOW,
        )
        tx.people.add(bob)
        tx.people.add(alias)
        tx.people.merge(alias.id, bob.id)
        tx.people.add_identity("email", "bob@example.org", bob.id, NOW)
        tx.accounts.add(an_account(bob, "bob"))
        tx.messages.add(a_message(session, 1))
        tx.messages.add(a_message(session, 2, person_id=alias.id, text="mine"))
        request = a_request(session)
        tx.requests.add(request)
        for person in (bob, alias):
            tx.surfaces.add(a_surface(request, person, channel="email", address="bob@example.org"))
            tx.requests.add_response(
                a_response(request, person, answer=Answer(approved=True, text="mine"))
            )
        for number, person in enumerate((ann, bob)):
            tx.journal.add(
                Entry(
                    kind="request.asked" if not number else "request.commented",
                    at=NOW,
                    request_id=request.id,
                    person_id=person.id,
                    data={"said": "mine"},
                )
            )
        tx.journal.add(Entry(kind="account.seen", at=NOW, person_id=alias.id, data={"by": "mine"}))
        return session.id, request.id

    session_id, request_id = await store.run(write)
    part = Range(after="", upto=session_id)
    found = await store.read(lambda tx: tx.personal.messages(bob.id, part, 10))
    assert [(each.seq, each.text) for each in found] == [(2, "mine")]
    assert len(await store.read(lambda tx: tx.personal.responses(bob.id, part))) == 2
    last = await store.read(lambda tx: tx.personal.last_entry())
    assert len(await store.read(lambda tx: tx.personal.entries(bob.id, 0, last))) == 2

    def erase(tx: Transaction) -> None:
        tx.personal.erase_person(bob.id, ["bob@example.org"])
        tx.personal.erase_words(bob.id, part, ["bob@example.org"])
        tx.personal.erase_entries(bob.id, 0, last)

    for _ in range(2):  # the second time changes nothing
        await store.run(erase)
        messages = await store.read(lambda tx: tx.messages.after(session_id, 0, 10))
        assert [each.text for each in messages] == ["message 1", ERASED]
        session = await store.read(lambda tx: tx.sessions.get(session_id))
        assert session is not None
        assert (session.title, session.summary, session.summary_seq) == ("Ship?", "", 0)
        assert (session.claim_owner, session.claim_until) == (None, None)
        assert session.claim_number > 7
        for response in await store.read(lambda tx: tx.requests.responses(request_id)):
            assert (response.raw_text, response.answer) == ("", Answer(approved=True))
        for surface in await store.read(lambda tx: tx.surfaces.of_request(request_id)):
            assert surface.address == f"erased:{surface.id}"
            assert surface.due_at is None
        person = await store.read(lambda tx: tx.people.get(alias.id))
        assert person is not None
        assert (person.name, person.merged_into) == (ERASED, bob.id)
        assert list(await store.read(lambda tx: tx.personal.accounts(bob.id))) == []
        assert list(await store.read(lambda tx: tx.people.identities(bob.id))) == []
        chain = await store.read(lambda tx: tx.journal.chain_of(request_id))
        assert [each.entry.data for each in chain.records] == [{"said": "mine"}, {}]
        verdict = await store.read(lambda tx: tx.journal.verify(request_id))
        assert (verdict.fault, verdict.erased) == (None, 1)
        entries = await store.read(lambda tx: tx.personal.entries(bob.id, 0, last))
        assert [dict(each.data) for each in entries] == [{}, {}]


async def test_sign_ins_without_a_token_are_forgotten_when_they_are_old(store: AnyStore) -> None:
    ann = a_person()

    def write(tx: Transaction) -> None:
        tx.people.add(ann)
        account = an_account(ann, "ann")
        tx.accounts.add(account)
        old = TokenFamily(id="old", account_id=account.id, created_at=NOW - 9, revoked_at=None)
        for id_, at in (("old", NOW - 9), ("used", NOW - 9), ("new", NOW + 1)):
            tx.accounts.add_family(replace(old, id=id_, created_at=at))
        tx.accounts.add_token(
            RefreshToken(
                token_hash="h", family_id="used", issued_at=NOW, expires_at=NOW + 1, used_at=None
            )
        )

    await store.run(write)
    assert await store.run(lambda tx: tx.accounts.prune_families(NOW, 10)) == 1
    kept = [await store.read(lambda tx, f=f: tx.accounts.get_family(f)) for f in ("old", "used")]
    assert [each is None for each in kept] == [True, False]


async def test_what_is_said_of_somebody_can_be_said_otherwise(store: AnyStore) -> None:
    ann, bob = a_person(), a_person("Bob")

    def write(tx: Transaction) -> tuple[str, str, str, str]:
        tx.people.add(bob)
        spoke, answered = add_session(tx, ann), add_session(tx, a_person("Cleo"))
        own, other = add_session(tx, a_person("Dan")), add_session(tx, a_person("Eve"))
        tx.messages.add(a_message(spoke, 1, person_id=bob.id))
        tx.messages.add(a_message(spoke, 2))
        request = a_request(answered)
        tx.requests.add(request)
        tx.requests.add_response(a_response(request, bob))
        tx.messages.add(a_message(own, 1, person_id=own.owner_id))
        return spoke.id, answered.id, own.owner_id, other.id

    spoke, answered, dan, last = await store.run(write)
    part = Range(after="", upto=last)
    assert await store.read(lambda tx: tx.personal.took_part(bob.id, part)) == [spoke, answered]
    assert await store.read(lambda tx: tx.personal.took_part(dan, part)) == [], "it is their own"
    beyond = Range(after=spoke, upto=last)
    assert await store.read(lambda tx: tx.personal.took_part(bob.id, beyond)) == [answered]

    def otherwise(tx: Transaction) -> str:
        tx.personal.retell(spoke, 2, "else")
        (request,) = tx.requests.of_session(answered)
        tx.personal.ask_otherwise(request.id, "What?", "Why")
        return request.digest

    digest = await store.run(otherwise)
    texts = [m.text for m in await store.read(lambda tx: tx.messages.after(spoke, 0, 9))]
    assert texts == ["message 1", "else"]
    (request,) = await store.read(lambda tx: tx.requests.of_session(answered))
    assert (request.question, request.context, request.digest) == ("What?", "Why", digest)


THREAD = json.dumps(
    {"subject": "Ann asks: Can we ship?", "id": "1", "people": [["bob@x.org", "Bob"]]}
)


def mailed(tx: Transaction, at: int) -> tuple[str, str]:
    """Keep a session that was held by mail, with a question that was asked by mail."""
    session_id = told(tx, ended=True, at=at)
    (request,) = tx.requests.of_session(session_id)
    tx.surfaces.add(a_surface(request, tx.people.get(request.asker_id), landed=THREAD))
    place = f"email:{session_id}"
    binding = Binding(place=place, session_id=session_id, lane="email", created_at=at, head=THREAD)
    tx.bindings.add(binding)
    return request.id, place


async def test_subjects_of_mails_are_words_too(store: AnyStore) -> None:
    """They quote the question, or are what a session began with, and stand in the threads."""

    def threads(tx: Transaction, request_id: str, place: str) -> list[object]:
        (surface,) = tx.surfaces.of_request(request_id)
        binding = tx.bindings.find(place)
        assert binding is not None
        return [json.loads(text or "{}") for text in (surface.landed, binding.head)]

    grown = await store.run(mailed, NOW - 31 * DAY)
    await store.run(Retention(sessions=30 * DAY).portion, NOW)
    for thread in await store.read(threads, *grown):
        assert (thread["subject"], thread["id"]) == (ERASED, "1")

    asked = await store.run(mailed, NOW)
    upto = Range(after="", upto="z")

    def erase(tx: Transaction) -> None:
        request = tx.requests.get(asked[0])
        assert request is not None
        tx.personal.erase_words("nobody", upto, ["Bob@x.org"])
        assert tx.surfaces.of_request(asked[0])[0].landed == THREAD, "it is another's question"
        tx.personal.erase_words(request.asker_id, upto, [])

    await store.run(erase)
    assert await store.read(lambda tx: tx.bindings.find(asked[1])) is None
    landed = await store.read(lambda tx: tx.surfaces.of_request(asked[0])[0].landed)
    assert "ship" not in (landed or "")


async def test_what_an_action_was_run_with_goes_too(store: AnyStore) -> None:
    def write(tx: Transaction) -> str:
        action = action_of("http_request", {"body": "the heron flies"})
        session_id = told(tx, ended=True, at=NOW - 31 * DAY, action=action)
        (request,) = tx.requests.of_session(session_id)
        run = approved_run(request, action, NOW)
        tx.actions.add(replace(run, result="the heron landed"))
        return request.id

    def kept(tx: Transaction, request_id: str) -> list[object]:
        request, run = tx.requests.get(request_id), tx.actions.get(request_id)
        assert request is not None
        assert request.action is not None
        assert run is not None
        assert run.digest == request.action.digest, "which one it was can still be told"
        return [request.action.arguments, run.arguments, run.result]

    grown, asked = await store.run(write), await store.run(write)
    asker = await store.read(lambda tx: tx.requests.get(asked).asker_id)
    await store.run(lambda tx: tx.personal.erase_words(asker, Range(after="", upto="z"), ()))
    assert await store.read(kept, asked) == ["{}", "{}", ""]
    assert (await store.read(kept, grown))[2] == "the heron landed"
    await store.run(Retention(sessions=30 * DAY).portion, NOW)
    assert await store.read(kept, grown) == ["{}", "{}", ""]


async def test_who_is_erased_is_written_to_in_nobodys_thread(store: AnyStore) -> None:
    _, place = await store.run(mailed, NOW)
    await store.run(
        lambda tx: tx.personal.erase_words("x", Range(after="", upto="z"), ["bo_@x.org"])
    )
    binding = await store.read(lambda tx: tx.bindings.find(place))
    assert binding is not None
    assert binding.head == THREAD, "an address is no pattern"
    await store.run(
        lambda tx: tx.personal.erase_words("x", Range(after="", upto="z"), ["BOB@x.org"])
    )
    binding = await store.read(lambda tx: tx.bindings.find(place))
    assert binding is not None
    assert json.loads(binding.head)["people"] == []


async def test_erased_words_are_gone_from_the_file_too(tmp_path: Path) -> None:
    path = tmp_path / "words.db"
    store = make_store(f"sqlite:///{path}")
    await store.open()
    session_id = await store.run(lambda tx: told(tx, ended=True, at=NOW - 31 * DAY))

    def say(tx: Transaction) -> None:
        session = tx.sessions.get(session_id)
        assert session is not None
        for seq in range(2, 40):
            text = f"the heron number {seq} flies at noon " * 20
            tx.messages.add(a_message(session, seq, text=text))

    await store.run(say)
    await store.run(Retention(sessions=30 * DAY).portion, NOW)
    await store.close()
    assert b"the heron" not in path.read_bytes()
    assert not path.with_name("words.db-wal").exists()
