"""Each table of people, sessions, feeds and accounts does on both databases what the ports say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.commands import Offer, Outcome
from bot.domain.errors import Conflict
from bot.domain.journal import Entry
from bot.domain.session import ParticipantRole, SessionState
from bot.service.identifiers import new_id
from bot.service.ports.accounts import RefreshToken, TokenFamily, VerificationCode
from bot.service.ports.store import Transaction
from bot.service.ports.tables import FeedEntry
from tests.contract.conftest import AnyStore
from tests.contract.records import (
    NOW,
    a_message,
    a_person,
    a_session,
    add_session,
    an_account,
)


async def test_people_are_kept_and_found_by_what_they_have_proven(store: AnyStore) -> None:
    ann, twin = a_person("Ann"), a_person("Ann's other self")
    twin = replace(twin, merged_into=ann.id)
    unverified, gone = a_person("Una"), a_person("Gus")

    def write(tx: Transaction) -> None:
        for person in (ann, twin, unverified, gone):
            tx.people.add(person)
        tx.accounts.add(an_account(ann, "Ännchen"))
        tx.accounts.add(an_account(twin, "twin"))
        tx.accounts.add(an_account(unverified, "una", verified_at=None))
        tx.accounts.add(an_account(gone, "gus", disabled_at=NOW))
        assert tx.people.add_identity("email", "ann@example.org", ann.id, NOW)
        assert not tx.people.add_identity("email", "ann@example.org", gone.id, NOW)

    await store.run(write)

    def read(tx: Transaction) -> None:
        assert tx.people.get(ann.id) == ann
        assert tx.people.get("nobody") is None
        assert tx.people.find(" äNNCHEN ") == ann
        assert tx.people.find("Twin") == ann
        assert tx.people.find("ANN@example.org") == ann
        for name in ("una", "gus", "una@example.org", "", "nobody", "%"):
            assert tx.people.find(name) is None

    await store.read(read)
    assert await store.run(lambda tx: tx.people.lock(ann.id)) == ann
    assert await store.run(lambda tx: tx.people.lock("nobody")) is None
    assert [await store.run(lambda tx: tx.people.next_feed_number(ann.id)) for _ in "ab"] == [1, 2]
    with pytest.raises(Conflict):
        await store.run(lambda tx: tx.people.next_feed_number("nobody"))


async def test_contacts_and_participants_are_added_once(store: AnyStore) -> None:
    ann, bob = a_person(), a_person("Bob")

    def write(tx: Transaction) -> str:
        session = add_session(tx, ann)
        tx.people.add(bob)
        for _ in range(2):
            tx.people.allow_contact(session.id, bob.id, NOW)
            tx.sessions.add_participant(session.id, ann.id, ParticipantRole.OWNER)
        return session.id

    session_id = await store.run(write)

    def read(tx: Transaction) -> None:
        assert tx.people.is_contact(session_id, bob.id)
        assert not tx.people.is_contact(session_id, ann.id)
        assert tx.sessions.role_of(session_id, ann.id) is ParticipantRole.OWNER
        assert tx.sessions.role_of(session_id, bob.id) is None

    await store.read(read)


async def test_whom_somebody_may_name_is_found_by_how_a_name_begins(store: AnyStore) -> None:
    ann, bob, alias = a_person(), a_person("Bob Ñandú"), a_person("Bobby")
    cy = a_person("50%_!")

    def write(tx: Transaction) -> None:
        first, second = add_session(tx, ann), a_session(ann)
        tx.sessions.add(second)
        for person in (bob, alias, cy):
            tx.people.add(person)
        tx.people.merge(alias.id, bob.id)
        tx.people.allow_contact(first.id, alias.id, NOW)
        tx.people.allow_contact(second.id, bob.id, NOW + 2)
        tx.people.allow_contact(second.id, cy.id, NOW + 1)
        tx.people.allow_contact(second.id, ann.id, NOW + 9)
        tx.accounts.add(an_account(bob, "Bobby_B"))
        tx.accounts.add(an_account(cy, "bo-unproven", verified_at=None))

    await store.run(write)

    def read(tx: Transaction) -> None:
        def names(start: str, limit: int = 9) -> list[str]:
            return [person.name for person in tx.people.contacts_of(ann.id, start, limit)]

        assert names("") == ["Bob Ñandú", "50%_!"], "once each, under the name that stands"
        assert names("", 1) == ["Bob Ñandú"]
        assert names("bO") == names("ñ") == names("Ñan") == ["Bob Ñandú"]
        assert names("50%_!") == ["50%_!"]
        assert names("%") == names("_") == names("ob") == []
        assert not tx.people.contacts_of(bob.id, "", 9)
        found = tx.people.registered("BOB", 9)
        assert [(username, person.id) for username, person in found] == [("Bobby_B", bob.id)]
        assert not tx.people.registered("bobby%", 9)
        assert not tx.people.registered("bo-un", 9)

    await store.read(read)


async def test_sessions_are_saved_and_listed(store: AnyStore) -> None:
    ann = a_person()
    first = a_session(ann)
    held = a_session(ann, state=SessionState.HELD)
    ended = a_session(ann, state=SessionState.ENDED, end_reason="done")
    full = replace(
        first,
        title="new",
        message_seq=2**40,
        feed_seq=4,
        wake_seq=5,
        planned_seq=3,
        summary="so far\n",
        summary_seq=1,
        open_questions=2,
        turn_due_at=NOW + 5,
        claim_owner="me",
        claim_number=7,
        claim_until=NOW + 9,
        idle_at=NOW + 11,
        failures=1,
    )

    def write(tx: Transaction) -> None:
        tx.people.add(ann)
        for session in (first, held, ended):
            tx.sessions.add(session)
        assert tx.sessions.lock(first.id) == first
        tx.sessions.save(full)

    await store.run(write)

    def read(tx: Transaction) -> None:
        assert tx.sessions.get(first.id) == full
        assert tx.sessions.get("nothing") is None
        assert tx.sessions.active_of(ann.id) == [full]
        assert tx.sessions.count_held(ann.id) == 1
        assert tx.sessions.of_owner(ann.id, None, None, 2) == [ended, held]
        assert tx.sessions.of_owner(ann.id, None, held.id, 9) == [full]
        assert tx.sessions.of_owner(ann.id, "held", None, 9) == [held]
        assert tx.sessions.of_owner("nobody", None, None, 9) == []

    await store.read(read)


async def test_due_turns_leave_out_what_others_hold(store: AnyStore) -> None:
    ann = a_person()
    late = a_session(ann, turn_due_at=NOW - 1)
    soon = a_session(ann, turn_due_at=NOW - 9)
    held = a_session(ann, turn_due_at=NOW - 20, claim_owner="x", claim_until=NOW + 50)
    stale = a_session(ann, turn_due_at=NOW - 5, claim_owner="x", claim_until=NOW)
    future = a_session(ann, turn_due_at=NOW + 30)
    none = a_session(ann)

    def write(tx: Transaction) -> None:
        tx.people.add(ann)
        for session in (late, soon, held, stale, future, none):
            tx.sessions.add(session)

    await store.run(write)
    assert await store.run(lambda tx: tx.sessions.due(NOW, 9)) == [soon.id, stale.id, late.id]
    assert await store.run(lambda tx: tx.sessions.due(NOW, 1)) == [soon.id]
    assert await store.read(lambda tx: tx.sessions.next_due()) == NOW - 9

    def settle(tx: Transaction) -> None:
        for session in (late, soon, stale):
            tx.sessions.save(replace(session, turn_due_at=None))

    await store.run(settle)
    assert await store.read(lambda tx: tx.sessions.next_due()) == NOW + 30
    # A claim that ran out before the turn is due does not make it due.
    await store.run(lambda tx: tx.sessions.save(replace(future, claim_until=NOW - 90)))
    assert await store.read(lambda tx: tx.sessions.next_due()) == NOW + 30


async def test_nothing_is_due_in_an_empty_store(store: AnyStore) -> None:
    assert await store.read(lambda tx: tx.sessions.next_due()) is None
    assert await store.read(lambda tx: tx.surfaces.next_due()) is None
    assert await store.run(lambda tx: tx.surfaces.claim_due("me", NOW, NOW + 1, 5)) == []
    assert await store.read(lambda tx: tx.feeds.last("x")) == 0
    await store.check()


async def test_messages_are_read_both_ways(store: AnyStore) -> None:
    ann = a_person()

    def write(tx: Transaction) -> list[object]:
        session = add_session(tx, ann)
        messages = [a_message(session, n, text=f"'\"%s 100% 🙋 {n}") for n in range(1, 6)]
        messages[4] = replace(messages[4], person_id=None, request_id="r", turn_id="t")
        for message in messages:
            tx.messages.add(message)
        return list(messages)

    messages = await store.run(write)
    session_id = messages[0].session_id  # type: ignore[attr-defined]

    def read(tx: Transaction) -> None:
        assert tx.messages.get(session_id, 5) == messages[4]
        assert tx.messages.get(session_id, 6) is None
        assert tx.messages.after(session_id, 2, 2) == messages[2:4]
        assert tx.messages.before(session_id, 5, 2) == messages[2:4]
        assert tx.messages.before(session_id, 1, 2) == []

    await store.read(read)


def news(number: int) -> FeedEntry:
    return FeedEntry(number=number, kind="message", ref=str(number), at=NOW)


async def test_feeds_are_read_from_a_cursor(store: AnyStore) -> None:
    def write(tx: Transaction) -> None:
        tx.feeds.add("f", [])
        tx.feeds.add("f", [news(1)])
        tx.feeds.add("f", [news(2), news(3)])
        tx.feeds.add("other", [news(1)])

    await store.run(write)

    def read(tx: Transaction) -> None:
        assert tx.feeds.last("f") == 3
        assert tx.feeds.after("f", 1, 1) == [news(2)]
        assert [entry.number for entry in tx.feeds.after("f", 0, 9)] == [1, 2, 3]

    await store.read(read)


async def test_journal_and_receipts(store: AnyStore) -> None:
    ann = a_person()
    outcome = Outcome(
        status="accepted",
        session_id="s",
        seq=3,
        text="“ok”",
        offer=(Offer(session_id="a", title="A"),),
    )

    def write(tx: Transaction) -> Entry:
        session = add_session(tx, ann, claim_number=4)
        entry = Entry(
            kind="session.started",
            at=NOW,
            session_id=session.id,
            request_id="r",
            person_id=ann.id,
            channel="chat",
            data={"n": [1, "ä"]},
        )
        tx.journal.add(entry)
        tx.journal.add(Entry(kind="other", at=NOW))
        tx.receipts.add("key", outcome, NOW)
        tx.receipts.add("newer", outcome, NOW + 5)
        return entry

    entry = await store.run(write)

    def read(tx: Transaction) -> None:
        assert tx.journal.of_request("r") == [entry]
        assert tx.journal.of_session(entry.session_id or "") == [entry]
        assert tx.receipts.find("key") == replace(outcome, replayed=True)
        assert tx.receipts.find("nothing") is None

    await store.read(read)
    assert await store.run(lambda tx: tx.receipts.prune(NOW + 5, 9)) == 1
    assert await store.run(lambda tx: tx.receipts.prune(NOW + 5, 9)) == 0
    assert await store.read(lambda tx: tx.receipts.find("newer")) is not None


async def test_rates_advance_from_now_or_from_where_they_are(store: AnyStore) -> None:
    async def advance(now: int) -> int:
        return await store.run(lambda tx: tx.rates.advance("k", now, 10))

    assert [await advance(NOW) for _ in range(3)] == [NOW + 10, NOW + 20, NOW + 30]
    assert await advance(NOW + 100) == NOW + 110
    # What was noted before the clock was set back by more than any burst counts for nothing.
    back = await store.run(lambda tx: tx.rates.advance("k", NOW - 1_000, 10, 500))
    assert back == NOW - 990
    assert await advance(NOW - 1_000) == NOW - 980


async def test_rates_that_limit_nothing_are_forgotten(store: AnyStore) -> None:
    def use(tx: Transaction) -> None:
        for n in range(4):
            tx.rates.advance(f"k{n}", NOW + n, 10)

    await store.run(use)
    assert await store.run(lambda tx: tx.rates.prune(NOW + 12, 9)) == 2
    assert await store.run(lambda tx: tx.rates.prune(NOW + 99, 1)) == 1
    assert await store.run(lambda tx: tx.rates.prune(NOW + 99, 9)) == 1
    assert await store.run(lambda tx: tx.rates.prune(NOW + 99, 9)) == 0


async def test_accounts_codes_and_tokens(store: AnyStore) -> None:
    ann = a_person()
    account = an_account(ann, "Ann", verified_at=None)
    code = VerificationCode(
        account_id=account.id, code_hash="h", expires_at=NOW, attempts_left=3, sent_at=NOW
    )
    family = TokenFamily(id=new_id(), account_id=account.id, created_at=NOW, revoked_at=None)
    token = RefreshToken(
        token_hash="t", family_id=family.id, issued_at=NOW, expires_at=NOW + 9, used_at=None
    )

    def write(tx: Transaction) -> None:
        tx.people.add(ann)
        tx.accounts.add(account)
        tx.accounts.put_code(code)
        tx.accounts.put_code(replace(code, code_hash="newer", attempts_left=2))
        assert tx.people.add_identity("email", "ann@example.org", ann.id, NOW)
        tx.accounts.add_family(family)
        tx.accounts.add_token(token)

    await store.run(write)

    def check(tx: Transaction) -> None:
        assert tx.accounts.get(account.id) == account
        assert tx.accounts.by_username("ANN") == account
        assert tx.accounts.by_username("nobody") is None
        assert tx.accounts.by_verified_email("ann@example.org") is None
        tx.accounts.verify(account.id, NOW + 1)
        assert tx.accounts.by_verified_email("ANN@example.org") == replace(
            account, verified_at=NOW + 1
        )
        assert tx.accounts.lock_code(account.id) == replace(
            code, code_hash="newer", attempts_left=2
        )
        tx.accounts.drop_code(account.id)
        assert tx.accounts.lock_code(account.id) is None
        tx.accounts.revoke_family(family.id, NOW + 2)
        tx.accounts.revoke_family(family.id, NOW + 3)
        assert tx.accounts.get_family(family.id) == replace(family, revoked_at=NOW + 2)
        tx.accounts.use_token("t", NOW + 4)
        assert tx.accounts.lock_token("t") == replace(token, used_at=NOW + 4)
        assert tx.accounts.prune_tokens(NOW + 9, 5) == 0
        assert tx.accounts.prune_tokens(NOW + 10, 5) == 1
        assert tx.accounts.lock_token("t") is None

    await store.run(check)
