"""Intake: acknowledged means stored, once; bad text refuses without a trace."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.domain.commands import Actor, ReceiveMessage, StartSession
from bot.domain.errors import Conflict, HandraiseError, Invalid, NotFound, TooLarge
from bot.domain.person import Person
from bot.domain.planning import Plan, PlanContext
from bot.domain.text import MESSAGE_BYTES
from tests.flows.core_stages import stage
from tests.flows.row_counts import rows
from tests.flows.stage import Stage, staged

__all__ = ["stage"]


async def test_what_was_acknowledged_is_there_after_reopening(tmp_path: Path) -> None:
    """Invariant 1: every kind of command, found again in the file by another store."""
    path = tmp_path / "core.db"
    async with staged(path) as stage:
        await stage.cast("ann", "bob")
        request = await stage.asked("ann", "ask bob: Ship? options: yes, no")
        answered = await stage.answer("bob", request, choices=("no",))
        said = await stage.say("ann", request.session_id, "Why?", key="why")
        closed = await stage.opened("ann")
        await stage.close_session("ann", closed)
        people = stage.people
    async with staged(path) as stage:
        stage.people = people
        texts = [m.text for m in await stage.messages(request.session_id)]
        assert "Why?" in texts
        assert texts[said.seq - 1] == "Why?"  # type: ignore[operator]
        assert (await stage.request(request)).outcome is not None
        assert answered.status == "decided"
        assert (await stage.session(closed)).state.value == "ended"
        assert (await stage.session(request.session_id)).has_input
        again = await stage.say("ann", request.session_id, "Why?", key="why")
        assert (again.replayed, again.seq, again.status) == (True, said.seq, said.status)
        await stage.settle_down()
        assert not (await stage.session(request.session_id)).has_input


async def test_twenty_identical_submits_are_one(stage: Stage) -> None:
    """Invariant 1: the same external key changes nothing and returns the same outcome."""
    outcomes = await asyncio.gather(*(stage.start("ann", "help", key="same") for _ in range(20)))
    assert sum(not o.replayed for o in outcomes) == 1
    assert len({(o.status, o.session_id, o.seq, o.text, o.offer) for o in outcomes}) == 1
    session_id = outcomes[0].session_id
    assert session_id is not None
    said = await asyncio.gather(
        *(stage.say("ann", session_id, "status", key="said") for _ in range(20))
    )
    assert {o.seq for o in said} == {said[0].seq}
    await stage.settle_down()
    assert len(await stage.messages(session_id)) == 4
    owned = await stage.read(lambda tx: tx.sessions.active_of(stage.people["ann"].id))
    assert [s.id for s in owned] == [session_id]
    before = await rows(stage)
    assert (await stage.start("ann", "help", key="same")).replayed
    assert await rows(stage) == before


async def test_a_refused_command_does_not_use_up_its_key(stage: Stage) -> None:
    session_id = await stage.opened("ann")
    with pytest.raises(Invalid):
        await stage.say("ann", session_id, " \n ", key="key")
    outcome = await stage.say("ann", session_id, "Hello", key="key")
    assert (outcome.status, outcome.replayed) == ("stored", False)


@pytest.mark.parametrize("key", ["", " ", "a b", "ä", "a\n", "x" * 201, "\x00"], ids=ascii)
async def test_a_key_is_short_and_visible(stage: Stage, key: str) -> None:
    before = await rows(stage)
    with pytest.raises(Invalid):
        await stage.intake.submit(_start(stage, key))
    assert await rows(stage) == before
    assert (await stage.intake.submit(_start(stage, "~" * 200))).status == "started"


def _start(stage: Stage, key: str) -> StartSession:
    return StartSession(external_key=key, actor=stage.actor("ann"), text="Hello")


BAD_TEXTS = {
    "empty": ("", Invalid, "empty"),
    "blank": (" \n\t\r\n", Invalid, "empty"),
    "a null": ("a\x00b", Invalid, "control_character"),
    "an escape": ("\x1b[31mred", Invalid, "control_character"),
    "a C1 control": ("a\x85b", Invalid, "control_character"),
    "half a pair": ("\ud83d alone", Invalid, "control_character"),
    "the other half": ("alone \ude00", Invalid, "control_character"),
    "a byte too much": ("x" * (MESSAGE_BYTES + 1), TooLarge, "too_large"),
    "two bytes each": ("é" * (MESSAGE_BYTES // 2) + "x", TooLarge, "too_large"),
    "100 KB of emoji": ("😀" * 25_600, TooLarge, "too_large"),
}


@pytest.mark.parametrize("bad", BAD_TEXTS.values(), ids=BAD_TEXTS)
async def test_bad_text_is_refused_and_nothing_is_stored(
    stage: Stage, bad: tuple[str, type[HandraiseError], str]
) -> None:
    text, error, code = bad
    session_id = await stage.opened("ann")
    before = await rows(stage)
    for attempt in (stage.say("ann", session_id, text), stage.start("ann", text)):
        with pytest.raises(error) as refused:
            await attempt
        assert refused.value.code == code
        assert refused.value.message.endswith((".", "it."))
    assert await rows(stage) == before


@pytest.mark.parametrize(
    "text",
    [
        "x" * MESSAGE_BYTES,
        "😀" * (MESSAGE_BYTES // 4),
        "שלום עולם, مرحبا",
        "👩\u200d👩\u200d👧 joined",
        "tabs\tand\nlines",
        "e\u0301 is not é",
        "Robert'); DROP TABLE sessions;-- {{x}} <script>%s ? :id",
        "\ufffe \U0010ffff \ue000",
    ],
    ids=range(8),
)
async def test_other_text_is_kept_as_it_is(stage: Stage, text: str) -> None:
    session_id = await stage.opened("ann", text)
    assert (await stage.messages(session_id))[0].text == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("مرحبا \u200fbidi\u200f", "مرحبا bidi"),
        ("joined\u200b by nothing\u2060", "joined by nothing"),
        ("\u202eoverridden", "overridden"),
    ],
    ids=range(3),
)
async def test_what_nobody_sees_is_taken_out(stage: Stage, text: str, kept: str) -> None:
    session_id = await stage.opened("ann", text)
    assert (await stage.messages(session_id))[0].text == kept


async def test_line_ends_become_one_kind_and_outer_space_goes(stage: Stage) -> None:
    session_id = await stage.opened("ann", "  one\r\ntwo\rthree \n")
    assert (await stage.messages(session_id))[0].text == "one\ntwo\nthree"


async def test_a_message_to_another_s_session_finds_nothing(stage: Stage) -> None:
    session_id = await stage.opened("ann", "Mine")
    await stage.settle_down()
    before = await rows(stage)
    for attempt in (
        stage.say("mallory", session_id, "Let me in"),
        stage.close_session("mallory", session_id),
        stage.stop("mallory", session_id),
        stage.resume("mallory", session_id),
        stage.start("mallory", "Mine now", end=session_id),
        stage.say("mallory", "no-such-session", "Hello"),
    ):
        with pytest.raises(NotFound, match="There is no such session"):
            await attempt
    assert await rows(stage) == before


async def test_feeds_are_numbered_without_gaps(stage: Stage) -> None:
    """Feeds: one per session and one per person, whatever happens at once."""
    requests = await asyncio.gather(
        stage.asked("ann", "ask bob, carl: Ship? options: yes, no quorum 2"),
        stage.asked("ann", "ask bob: How many?"),
        stage.asked("bob", "ask ann, carl: When?"),
    )
    first, second, third = requests
    await asyncio.gather(
        stage.answer("bob", first, choices=("yes",)),
        stage.answer("carl", first, choices=("yes",)),
        stage.answer("bob", second, text="Twelve"),
        stage.answer("carl", third, text="Friday"),
        stage.say("ann", first.session_id, "status"),
        stage.cancel("ann", second),
        stage.close_session("bob", third.session_id),
        stage.start("ann", "another"),
        return_exceptions=True,
    )
    await stage.settle_down()
    for request in requests:
        session = await stage.session(request.session_id)
        entries = await stage.feed(session.id)
        assert [e.number for e in entries] == list(range(1, session.feed_seq + 1))
        told = [int(e.ref) for e in entries if e.kind == "message"]
        assert told == list(range(1, session.message_seq + 1))
        messages = await stage.messages(session.id)
        assert [m.seq for m in messages] == list(range(1, session.message_seq + 1))
    for name in ("ann", "bob", "carl"):
        person = await stage.read(lambda tx, n=name: tx.people.get(stage.people[n].id))
        assert person is not None
        entries = await stage.feed(person.id)
        assert [e.number for e in entries] == list(range(1, person.feed_seq + 1))
        assert entries
    in_carl_s = {e.ref for e in await stage.feed(stage.people["carl"].id) if e.kind == "question"}
    assert in_carl_s == {first.id, third.id}


async def test_each_transition_is_journalled(stage: Stage) -> None:
    request = await stage.asked("ann", "ask bob, carl: Ship? options: yes, no quorum 2")
    session_id = request.session_id
    await stage.answer("bob", request, text="Perhaps")
    await stage.answer("bob", request, choices=("yes",))
    await stage.seen("carl", request, 1)
    await stage.say("ann", session_id, "remind")
    await stage.settle_down()
    await stage.answer("carl", request, choices=("yes",))
    await stage.answer("bob", request, choices=("no",))
    await stage.settle_down()
    await stage.say("ann", session_id, "ask bob: And now? within 2h")
    await stage.settle_down()
    stage.clock.advance(hours=3)
    await stage.sweeper.sweep()
    await stage.settle_down()
    await stage.close_session("ann", session_id)
    stopped = asyncio.Event()

    async def waits(context: PlanContext) -> Plan:
        await stopped.wait()
        return Plan(steps=())

    stage.planner.script = [waits]
    await stage.say("ann", session_id, "Once more")
    await stage.stop("ann", session_id)
    stopped.set()
    await stage.settle_down()
    stage.clock.advance(hours=24)
    await stage.sweeper.sweep()
    kinds = await stage.journal(session_id)
    turns = ("turn.planned", "surface.delivered")
    assert [kind for kind in kinds if kind not in turns] == [
        "session.started",
        "request.asked",
        "response.unclear",
        "response.counted",
        "surface.seen",
        "request.reminded",
        "request.answered",
        "response.late",
        "request.asked",
        "request.expired",
        "session.ended",
        "session.reopened",
        "turn.stopped",
        "session.timed_out",
    ]
    entries = await stage.read(lambda tx: tx.journal.of_request(request.id))
    decided = next(e for e in entries if e.kind == "request.answered")
    assert (decided.person_id, decided.channel) == (stage.people["carl"].id, "chat")
    assert decided.data == {"digest": request.digest, "version": 3}


async def test_a_started_session_by_a_person_nobody_knows_stores_nothing(stage: Stage) -> None:
    stage.people["ghost"] = Person(
        id="ghost", name="ghost", zone="UTC", feed_seq=0, merged_into=None, created_at=0
    )
    before = await rows(stage)
    with pytest.raises(Conflict):
        await stage.start("ghost", "Boo")
    assert await rows(stage) == before


async def test_a_key_that_stood_for_something_else_is_refused(stage: Stage) -> None:
    """Invariant 1: what is acknowledged is stored, also where a key is used twice by mistake."""
    session_id = await stage.opened("ann")
    actor = Actor(person_id=stage.people["ann"].id, channel="chat")

    def said(text: str) -> ReceiveMessage:
        return ReceiveMessage(external_key="same", actor=actor, session_id=session_id, text=text)

    first = await stage.intake.submit(said("One"))
    assert (await stage.intake.submit(said("One"))).replayed
    with pytest.raises(Conflict) as refusal:
        await stage.intake.submit(said("Two"))
    assert refusal.value.code == "key_reused"
    with pytest.raises(Conflict):
        await stage.intake.submit(StartSession(external_key="same", actor=actor, text="One"))
    messages = await stage.store.read(
        lambda tx: tx.messages.after(session_id, (first.seq or 1) - 1, 9)
    )
    assert [m.text for m in messages if m.person_id] == ["One"]
