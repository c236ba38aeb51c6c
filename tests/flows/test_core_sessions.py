"""Sessions: three at once, the fourth kept, ended, reopened; and their end settles questions."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from bot.domain.errors import Conflict, NotAllowed, NotFound
from bot.domain.feedback import State
from bot.domain.planning import Role
from bot.domain.session import ParticipantRole, SessionState
from bot.service.talking import HELD_AT_ONCE
from tests.flows.core_stages import stage
from tests.flows.stage import Stage

__all__ = ["stage"]


async def three(stage: Stage, who: str = "ann") -> list[str]:
    return [await stage.opened(who, f"Session {n}") for n in range(3)]


async def state(stage: Stage, session_id: str) -> SessionState:
    return (await stage.session(session_id)).state


async def test_the_fourth_is_held_with_its_text(stage: Stage) -> None:
    sessions = await three(stage)
    held = await stage.start("ann", "My important question")
    assert (held.status, held.seq) == ("held", 1)
    assert [(o.session_id, o.title) for o in held.offer] == [
        (id_, f"Session {n}") for n, id_ in enumerate(sessions)
    ]
    assert "your text is kept" in held.text
    assert held.session_id is not None
    await stage.settle_down()
    assert [m.text for m in await stage.messages(held.session_id)] == ["My important question"]
    assert await state(stage, held.session_id) is SessionState.HELD
    # Another person's sessions do not count.
    assert (await stage.start("bob", "Mine")).status == "started"


async def test_a_held_session_is_resumed_by_ending_another(stage: Stage) -> None:
    sessions = await three(stage)
    held = await stage.opened("ann", "status")
    with pytest.raises(Conflict) as refused:
        await stage.resume("ann", held)
    assert refused.value.code == "too_many_sessions"
    assert [o["session_id"] for o in refused.value.details["offer"]] == sessions  # type: ignore[attr-defined, index]
    assert (await stage.resume("ann", held, end=sessions[1])).status == "started"
    await stage.settle_down()
    assert await state(stage, sessions[1]) is SessionState.ENDED
    assert await stage.said(held) == ["Nothing is waiting for anybody."]
    # Once more changes nothing.
    assert (await stage.resume("ann", held)).status == "started"
    await stage.settle_down()
    assert len(await stage.said(held)) == 1


async def test_one_is_ended_and_another_started_in_one_act(stage: Stage) -> None:
    sessions = await three(stage)
    started = await stage.start("ann", "Instead", end=sessions[0])
    assert (started.status, started.offer) == ("started", ())
    assert await state(stage, sessions[0]) is SessionState.ENDED
    with pytest.raises(NotFound):
        await stage.start("ann", "Instead", end="no-such-session")


async def test_without_a_text_there_is_nothing_to_keep(stage: Stage) -> None:
    await three(stage)
    with pytest.raises(Conflict) as refused:
        await stage.start("ann")
    assert refused.value.code == "too_many_sessions"


async def test_only_so_many_are_held(stage: Stage) -> None:
    sessions = await three(stage)
    held = [await stage.opened("ann", f"Held {n}") for n in range(HELD_AT_ONCE)]
    with pytest.raises(Conflict) as refused:
        await stage.start("ann", "One too many")
    assert refused.value.code == "too_many_sessions"
    assert await stage.read(lambda tx: tx.sessions.count_held(stage.people["ann"].id)) == 5
    # Nor by reopening one that has ended.
    await stage.close_session("ann", sessions[0])
    await stage.resume("ann", held.pop())
    await stage.opened("ann", "Held again")
    with pytest.raises(Conflict) as refused:
        await stage.say("ann", sessions[0], "Back again")
    assert refused.value.code == "too_many_sessions"
    assert await state(stage, sessions[0]) is SessionState.ENDED


async def test_starts_at_once_cannot_exceed_the_limit(stage: Stage) -> None:
    ended = await stage.opened("ann", "Ended")
    await stage.close_session("ann", ended)
    outcomes = await asyncio.gather(
        *(stage.start("ann", f"Session {n}") for n in range(6)),
        stage.say("ann", ended, "Reopened"),
    )
    assert Counter(o.status for o in outcomes) == {"started": 3, "held": 4}
    active = await stage.read(lambda tx: tx.sessions.active_of(stage.people["ann"].id))
    assert len(active) == 3


async def test_two_resumptions_at_once_cannot_exceed_the_limit(stage: Stage) -> None:
    sessions = await three(stage)
    held = [await stage.opened("ann", f"Held {n}") for n in range(3)]
    await stage.close_session("ann", sessions[0])
    results = await asyncio.gather(
        *(stage.resume("ann", id_) for id_ in held), return_exceptions=True
    )
    assert sorted(type(r).__name__ for r in results) == ["Conflict", "Conflict", "Outcome"]


async def test_a_message_to_a_held_session_is_kept_with_it(stage: Stage) -> None:
    await three(stage)
    held = await stage.opened("ann", "First")
    outcome = await stage.say("ann", held, "Second")
    assert (outcome.status, outcome.seq, len(outcome.offer)) == ("held", 2, 3)
    await stage.settle_down()
    assert await stage.said(held) == []


async def test_a_message_to_a_held_session_starts_it_when_there_is_room(stage: Stage) -> None:
    """It is not told that there are three when there are two."""
    sessions = await three(stage)
    held = await stage.opened("ann", "help")
    await stage.close_session("ann", sessions[0])
    outcome = await stage.say("ann", held, "status")
    assert (outcome.status, outcome.text, outcome.offer) == ("stored", "", ())
    await stage.settle_down()
    assert await state(stage, held) is SessionState.ACTIVE
    assert len(await stage.said(held)) == 2
    assert "session.started" in await stage.journal(held)


async def test_a_message_reopens_an_ended_session(stage: Stage) -> None:
    session_id = await stage.opened("ann", "help")
    await stage.settle_down()
    await stage.close_session("ann", session_id)
    await stage.close_session("ann", session_id)
    assert (await stage.journal(session_id)).count("session.ended") == 1
    turns = len(stage.planner.contexts)
    outcome = await stage.say("ann", session_id, "status")
    assert outcome.status == "stored"
    await stage.settle_down()
    session = await stage.session(session_id)
    assert (session.state, session.end_reason) == (SessionState.ACTIVE, None)
    assert len(stage.planner.contexts) == turns + 1
    assert [line.text for line in stage.planner.contexts[-1].new_lines] == ["status"]


async def test_a_session_reopened_beyond_the_limit_is_held(stage: Stage) -> None:
    session_id = await stage.opened("ann", "help")
    await stage.close_session("ann", session_id)
    await three(stage)
    outcome = await stage.say("ann", session_id, "Back again")
    assert (outcome.status, len(outcome.offer)) == ("held", 3)
    assert await state(stage, session_id) is SessionState.HELD
    assert (await stage.messages(session_id))[-1].text == "Back again"


async def test_the_end_cancels_open_questions_and_settles_their_cards(stage: Stage) -> None:
    session_id = await stage.opened("ann", "ask bob, carl: Ship? options: yes, no")
    await stage.say("ann", session_id, "ask bob: How many?")
    await stage.settle_down()
    requests = await stage.requests(session_id)
    assert len(requests) == 2
    await stage.close_session("ann", session_id)
    await stage.settle_down()
    for request in await stage.requests(session_id):
        assert request.state is State.CANCELLED
        for surface in await stage.surfaces(request):
            assert surface.shown_version == request.version == 2
    assert Counter(stage.channel.states()) == {"pending": 3, "cancelled": 3}
    session = await stage.session(session_id)
    assert (session.state, session.open_questions, session.idle_at) == (
        SessionState.ENDED,
        0,
        None,
    )
    # What comes late is kept, and wakes nobody.
    late = await stage.answer("bob", requests[1], text="Twelve")
    assert late.status == "late"
    await stage.settle_down()
    assert await state(stage, session_id) is SessionState.ENDED
    assert "after it was cancelled" in (await stage.said(session_id, Role.SYSTEM))[-1]


async def test_an_answer_and_the_end_at_once(stage: Stage) -> None:
    request = await stage.asked("ann", "ask bob: Ship?")
    answered, _ = await asyncio.gather(
        stage.answer("bob", request, text="Yes"),
        stage.close_session("ann", request.session_id),
    )
    after = await stage.request(request)
    assert (answered.status, after.state) in (
        ("decided", State.ANSWERED),
        ("late", State.CANCELLED),
    )
    assert after.version == 2
    assert (await stage.session(request.session_id)).open_questions == 0


async def test_the_first_message_gives_a_session_its_title(stage: Stage) -> None:
    session_id = await stage.opened("ann")
    assert (await stage.session(session_id)).title == "New session"
    await stage.say("ann", session_id, "Plan the release\nwith all that belongs to it")
    await stage.say("ann", session_id, "And then?")
    assert (await stage.session(session_id)).title == "Plan the release"


async def test_only_the_owner_ends_stops_and_reopens(stage: Stage) -> None:
    session_id = await stage.opened("ann", "help")
    for name, role in (("bob", ParticipantRole.CONTRIBUTOR), ("carl", ParticipantRole.OBSERVER)):
        person_id = stage.people[name].id
        await stage.store.run(
            lambda tx, p=person_id, r=role: tx.sessions.add_participant(session_id, p, r)
        )
        for act in (stage.close_session, stage.stop, stage.resume):
            with pytest.raises(NotAllowed):
                await act(name, session_id)
        with pytest.raises(NotAllowed):
            await stage.start(name, "Instead", end=session_id)
    with pytest.raises(NotAllowed, match="You can read this session"):
        await stage.say("carl", session_id, "Hello")
    assert (await stage.say("bob", session_id, "Hello")).status == "stored"
    await stage.close_session("ann", session_id)
    with pytest.raises(Conflict) as refused:
        await stage.say("bob", session_id, "Hello again")
    assert refused.value.code == "ended"


async def test_a_contributor_does_not_learn_the_owner_s_other_sessions(stage: Stage) -> None:
    await three(stage)
    held = await stage.opened("ann", "Held")
    bob = stage.people["bob"].id
    await stage.store.run(
        lambda tx: tx.sessions.add_participant(held, bob, ParticipantRole.CONTRIBUTOR)
    )
    outcome = await stage.say("bob", held, "Hello")
    assert (outcome.status, outcome.offer) == ("held", ())
    assert await state(stage, held) is SessionState.HELD


async def test_the_owner_s_list_is_told_of_every_state(stage: Stage) -> None:
    session_id = await stage.opened("ann", "help")
    await stage.close_session("ann", session_id)
    await stage.say("ann", session_id, "Back")
    feed = await stage.feed(stage.people["ann"].id)
    told = [e for e in feed if (e.kind, e.ref) == ("session", session_id)]
    assert len(told) >= 3
