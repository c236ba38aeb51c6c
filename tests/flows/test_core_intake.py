"""Intake: acknowledged means stored, once; limits and bad text refuse without a trace."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.commands import Actor, Outcome, ReceiveMessage, StartSession
from bot.domain.errors import Conflict, HandraiseError, Invalid, NotFound, RateLimited, TooLarge
from bot.domain.person import Person
from bot.domain.planning import Plan, PlanContext
from bot.domain.text import MESSAGE_BYTES
from bot.service.limits import RateLimits
from tests.flows.stage import Stage, staged


@pytest.fixture(params=["announced", "handed over"])
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path / "core.db", handed_over=request.param == "handed over") as stage:
        await stage.cast("ann", "bob", "carl", "mallory")
        yield stage


@pytest.fixture
async def limited(tmp_path: Path) -> AsyncIterator[Stage]:
    """With the limits of the product."""
    async with staged(tmp_path / "core.db", limits=RateLimits()) as stage:
        await stage.cast("ann", "bob", "mallory")
        yield stage


async def rows(stage: Stage) -> dict[str, int]:
    """Return how many rows each table has."""

    def count(tx: object) -> dict[str, int]:
        cursor = tx.people._db._cursor  # type: ignore[attr-defined]
        names = cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            name: cursor.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
            for (name,) in names
        }

    return await stage.store.run(count)


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


async def test_the_session_s_limit(limited: Stage) -> None:
    """Ten messages a minute in one session; the eleventh is told when."""
    session_id = await limited.opened("ann")
    for n in range(10):
        await limited.say("ann", session_id, f"{n}")
    before = await rows(limited)
    for _ in range(3):  # who keeps trying does not push the moment away
        with pytest.raises(RateLimited) as refused:
            await limited.say("ann", session_id, "one too many", key="eleven")
        error = refused.value
        assert (error.scope, error.limit, error.retry_after) == ("session", 10, 6)
    assert await rows(limited) == before
    limited.clock.advance(5.999)
    with pytest.raises(RateLimited) as refused:
        await limited.say("ann", session_id, "too early", key="eleven")
    assert refused.value.retry_after == 1
    limited.clock.advance(0.001)
    assert (await limited.say("ann", session_id, "now", key="eleven")).status == "stored"


async def test_the_limit_of_a_person_on_a_channel(limited: Stage) -> None:
    """Twenty a minute on one channel, thirty over all of them."""
    sessions = [await limited.opened("ann") for _ in range(3)]
    rotation = itertools.cycle(sessions)
    for n in range(17):
        await limited.say("ann", next(rotation), f"{n}")
    with pytest.raises(RateLimited) as refused:
        await limited.say("ann", next(rotation), "one too many")
    error = refused.value
    assert (error.scope, error.limit, error.retry_after) == ("person_channel", 20, 3)
    for n in range(10):
        await limited.say("ann", sessions[n % 3], f"{n} by mail", channel="email")
    with pytest.raises(RateLimited) as refused:
        await limited.say("ann", sessions[2], "one too many", channel="email")
    assert (refused.value.scope, refused.value.limit) == ("user", 30)
    # Each has an allowance of their own.
    assert (await limited.start("bob", "Hello")).status == "started"


async def test_refused_for_another_reason_a_command_costs_nothing(limited: Stage) -> None:
    session_id = await limited.opened("ann")
    for n in range(12):
        with pytest.raises(NotFound):
            await limited.say("mallory", session_id, "Hello")
        with pytest.raises(Invalid):
            await limited.say("ann", session_id, "\x00", key=f"bad {n}".replace(" ", "-"))
    for n in range(10):
        await limited.say("ann", session_id, f"{n}")


async def test_a_replay_is_never_refused(limited: Stage) -> None:
    session_id = await limited.opened("ann")
    outcomes = [await limited.say("ann", session_id, f"{n}", key=f"k{n}") for n in range(10)]
    with pytest.raises(RateLimited):
        await limited.say("ann", session_id, "new")
    for n in range(10):
        again = await limited.say("ann", session_id, f"{n}", key=f"k{n}")
        assert (again.replayed, again.seq) == (True, outcomes[n].seq)


async def test_decisions_have_their_own_allowance(limited: Stage) -> None:
    requests = []
    for _ in range(16):
        limited.clock.advance(minutes=1)
        request = await limited.asked("ann", "ask bob: Ship? options: yes, no")
        await limited.close_session("ann", request.session_id)
        requests.append(request)
    session_id = await limited.opened("bob")
    for n in range(10):
        await limited.say("bob", session_id, f"{n}")
    with pytest.raises(RateLimited):
        await limited.say("bob", session_id, "one too many")
    for n in range(30):
        await limited.answer("bob", requests[n % 16], choices=("yes",))
    with pytest.raises(RateLimited) as refused:
        await limited.answer("bob", requests[0], choices=("yes",))
    assert (refused.value.scope, refused.value.retry_after) == ("decisions", 2)


async def test_limits_hold_for_commands_at_once(limited: Stage) -> None:
    session_id = await limited.opened("ann")
    results = await asyncio.gather(
        *(limited.say("ann", session_id, f"{n}") for n in range(40)), return_exceptions=True
    )
    stored = [r for r in results if isinstance(r, Outcome)]
    refused = [r for r in results if isinstance(r, RateLimited)]
    assert (len(stored), len(refused)) == (10, 30)
    assert [o.seq for o in stored] == list(range(1, 11))
    assert len(await limited.messages(session_id)) == 10


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
