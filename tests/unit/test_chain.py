"""A chain of entries: whatever is changed in it is found, and what is erased is not missed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.domain import chain
from bot.domain.chain import Chain, Record, Signer
from bot.domain.journal import Entry

SIGNER = Signer(b"k" * 32)
WORDS = st.text(st.characters(codec="utf-8"), max_size=8)
MAYBE = st.none() | WORDS
ENTRIES = st.lists(
    st.tuples(WORDS, st.integers(0, 2**50), MAYBE, MAYBE, MAYBE, WORDS), min_size=1, max_size=6
)


def chained(request_id: str, facts: list[tuple[Any, ...]], signer: Signer = SIGNER) -> Chain:
    """Return a chain as the store writes one."""
    tip = chain.BEGINNING
    records = []
    for number, (kind, at, session, person, channel, content) in enumerate(facts, start=1):
        entry = Entry(
            kind=chain.FIRST_KIND if number == 1 else kind,
            at=at,
            session_id=session,
            request_id=request_id,
            person_id=person,
            channel=channel,
        )
        salt = bytes([number]) * chain.SALT_BYTES
        link = chain.link_after(tip.link, number, entry, chain.digest_content(salt, content))
        tip = signer.follow(request_id, tip, link)
        records.append(
            Record(
                position=number,
                entry=entry,
                content=content,
                chain_number=number,
                salt=salt,
                content_digest=None,
                link=link,
            )
        )
    return Chain(request_id=request_id, records=records, head=tip.head)


def fault_of(found: Chain, signer: Signer = SIGNER) -> str | None:
    return chain.verify(found, signer).fault


def with_records(found: Chain, records: list[Record]) -> Chain:
    return replace(found, records=records)


def renumbered(records: list[Record]) -> list[Record]:
    return [replace(each, chain_number=n) for n, each in enumerate(records, start=1)]


@given(ENTRIES)
def test_what_was_written_verifies(facts: list[tuple[Any, ...]]) -> None:
    verdict = chain.verify(chained("r", facts), SIGNER)
    assert (verdict.fault, verdict.entries, verdict.erased) == (None, len(facts), 0)


@given(ENTRIES, st.data())
def test_every_edit_is_found(facts: list[tuple[Any, ...]], data: st.DataObject) -> None:
    found = chained("r", facts)
    at = data.draw(st.integers(0, len(facts) - 1))
    record = found.records[at]
    changes: list[Record] = [
        replace(record, content=record.content + " "),
        replace(record, salt=b"\0" * chain.SALT_BYTES),
        replace(record, salt=None),
        replace(record, salt=None, content_digest=b"d" * 32),
        replace(record, link=b"\0" * 32),
        replace(record, link=None),
        replace(record, chain_number=None),
        replace(record, chain_number=at + 2),
        replace(record, entry=replace(record.entry, kind=record.entry.kind + "x")),
        replace(record, entry=replace(record.entry, at=record.entry.at + 1)),
        replace(record, entry=replace(record.entry, request_id="other")),
    ]
    for name in ("session_id", "person_id", "channel"):
        old = getattr(record.entry, name)
        changes += [
            replace(record, entry=replace(record.entry, **{name: new}))
            for new in (None, "", "x" + (old or ""))
            if new != old
        ]
    for changed in changes:
        records = [*found.records[:at], changed, *found.records[at + 1 :]]
        assert fault_of(with_records(found, records)), changed


@given(ENTRIES, st.data())
def test_what_is_removed_is_found(facts: list[tuple[Any, ...]], data: st.DataObject) -> None:
    found = chained("r", facts)
    at = data.draw(st.integers(0, len(facts) - 1))
    rest = [*found.records[:at], *found.records[at + 1 :]]
    tail = list(found.records[:at])
    for records in (rest, renumbered(rest), tail):
        assert fault_of(with_records(found, records))
        assert fault_of(Chain(request_id="r", records=records, head=None))
        if found.head is not None:  # a head that says what is left is not signed
            head = replace(found.head, count=len(records))
            assert fault_of(Chain(request_id="r", records=records, head=head))


@given(ENTRIES, st.data())
def test_what_is_put_in_or_moved_is_found(
    facts: list[tuple[Any, ...]], data: st.DataObject
) -> None:
    found = chained("r", facts)
    records = list(found.records)
    at, other = (data.draw(st.integers(0, len(facts) - 1)) for _ in range(2))
    doubled = [*records[: at + 1], *records[at:]]
    beside = [*records, replace(records[at], chain_number=None)]
    for wrong in (doubled, renumbered(doubled), beside):
        assert fault_of(with_records(found, wrong))
    if at != other:
        records[at], records[other] = records[other], records[at]
        assert fault_of(with_records(found, records))
        assert fault_of(with_records(found, renumbered(records)))


@given(ENTRIES)
def test_a_chain_belongs_to_its_request(facts: list[tuple[Any, ...]]) -> None:
    other = chained("s", facts)
    moved = [replace(each, entry=replace(each.entry, request_id="r")) for each in other.records]
    assert fault_of(Chain(request_id="r", records=moved, head=other.head))
    assert fault_of(Chain(request_id="r", records=other.records, head=other.head))


@given(ENTRIES, st.data())
def test_erased_content_still_verifies(facts: list[tuple[Any, ...]], data: st.DataObject) -> None:
    found = chained("r", facts)
    gone = data.draw(st.sets(st.integers(0, len(facts) - 1)))
    records = [
        replace(
            each,
            content=chain.ERASED,
            salt=None,
            content_digest=chain.digest_content(each.salt or b"", each.content),
        )
        if number in gone
        else each
        for number, each in enumerate(found.records)
    ]
    verdict = chain.verify(with_records(found, records), SIGNER)
    assert (verdict.fault, verdict.erased) == (None, len(gone))
    for number in gone:  # nothing else can be put in its place
        records[number] = replace(records[number], content='{"a":1}')
        assert fault_of(with_records(found, records))


@given(ENTRIES)
def test_keys_may_follow_one_another(facts: list[tuple[Any, ...]]) -> None:
    found = chained("r", facts)
    assert "another key" in (fault_of(found, Signer(b"new")) or "")
    assert fault_of(found, Signer(b"new", [b"k" * 32])) is None


def test_what_could_not_be_verified_is_not_signed_again() -> None:
    tip = chain.BEGINNING
    first = SIGNER.follow("r", tip, b"1" * 32)
    assert SIGNER.verifies("r", first)
    after = SIGNER.follow("r", chain.unsigned(first), b"2" * 32)
    assert not SIGNER.verifies("r", after)
    assert not SIGNER.follow("r", after, b"3" * 32).head.signature


def test_nothing_and_a_lost_beginning_are_found() -> None:
    assert fault_of(Chain(request_id="r", records=[], head=None))
    found = chained("r", [("a", 1, None, None, None, "{}")])
    assert fault_of(Chain(request_id="r", records=[], head=found.head))
    entry = Entry(kind="request.approved", at=1, request_id="r")
    tip = chain.BEGINNING
    link = chain.link_after(tip.link, 1, entry, chain.digest_content(b"s" * 16, "{}"))
    record = Record(
        position=1,
        entry=entry,
        content="{}",
        chain_number=1,
        salt=b"s" * 16,
        content_digest=None,
        link=link,
    )
    head = SIGNER.follow("r", tip, link).head
    fault = fault_of(Chain(request_id="r", records=[record], head=head))
    assert "does not begin" in (fault or "")


@given(WORDS, st.integers(0, 2**50), MAYBE, MAYBE)
def test_a_link_covers_json(kind: str, at: int, person: str | None, channel: str | None) -> None:
    entry = Entry(kind=kind, at=at, request_id="r", person_id=person, channel=channel)
    said = json.dumps(
        [1, kind, at, None, "r", person, channel], ensure_ascii=False, separators=(",", ":")
    )
    expected = hashlib.sha256(b"p" * 32 + b"d" * 32 + said.encode()).digest()
    assert chain.link_after(b"p" * 32, 1, entry, b"d" * 32) == expected
