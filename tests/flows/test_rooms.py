"""Questions that are put into a channel or a thread, where one card is for all who are asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.adapters.planner.rules import RulesPlanner
from bot.adapters.store.sqlite import SqliteStore
from bot.channels.slack.mentioned_rooms import mentioned, note_rooms
from bot.domain.commands import Actor, SpeakAt
from bot.domain.feedback import FeedbackRequest
from bot.domain.instants import MINUTE
from bot.domain.surface import Surface
from tests.clock import FakeClock
from tests.flows.stage import Stage

PLACE = "slack:T1/C1/100.1"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    store = SqliteStore(tmp_path / "rooms.db")
    await store.open()
    stage = Stage(store, FakeClock(), planner=RulesPlanner(), channels=("chat", "slack"))
    await stage.cast("ann", "ben", "cid")
    for name in ("ben", "cid"):
        id_ = stage.people[name].id
        await store.run(
            lambda tx, name=name, id_=id_: tx.people.add_identity("slack", f"T1/U{name}", id_, 0)
        )
    yield stage
    await store.close()


async def asked_in_slack(stage: Stage, text: str) -> tuple[str, list[FeedbackRequest]]:
    outcome = await stage.intake.submit(
        SpeakAt(
            external_key=stage.key(),
            actor=Actor(person_id=stage.people["ann"].id, channel="slack"),
            place=PLACE,
            text=text,
            opens=True,
        )
    )
    assert outcome.session_id is not None
    await stage.worker.drain()
    last = (await stage.messages(outcome.session_id))[-1].text
    return last, list(await stage.requests(outcome.session_id))


async def surfaces(stage: Stage, request: FeedbackRequest) -> list[Surface]:
    return list(await stage.read(lambda tx: tx.surfaces.of_request(request.id)))


async def test_here_is_the_thread_that_the_session_lives_in(stage: Stage) -> None:
    _, (request,) = await asked_in_slack(stage, "ask ben, cid here: Who takes the night shift?")
    found = await surfaces(stage, request)
    room = [s for s in found if s.address == "#T1/C1/100.1"]
    assert len(room) == 1
    assert room[0].due_at == stage.clock.now()
    alone = [s for s in found if s.channel == "slack" and s is not room[0]]
    assert len(alone) == 2
    assert all(s.due_at == stage.clock.now() + 15 * MINUTE for s in alone)


async def test_a_channel_is_known_once_it_was_mentioned(stage: Stage) -> None:
    said, none = await asked_in_slack(stage, "ask ben in #ops: Ship it?")
    assert "which channel “#ops” is" in said
    assert none == []
    rooms = mentioned("ask <@UBEN> in <#C77|ops>: Ship it?")
    await stage.store.run(note_rooms, "T1", rooms, stage.clock.now())
    _, (request,) = await asked_in_slack(stage, "ask ben in #ops for approval: Ship it?")
    assert request.kind.value == "approval"
    found = await surfaces(stage, request)
    assert [s.address for s in found if s.address.startswith("#")] == ["#T1/C77"]
    assert [s.lane for s in found if s.address.startswith("#")] == ["slack:#T1/C77"]


async def test_another_team_s_channel_of_that_name_is_not_meant(stage: Stage) -> None:
    await stage.store.run(note_rooms, "T2", {"C9": "ops"}, 0)
    said, none = await asked_in_slack(stage, "ask ben in #ops: Ship it?")
    assert none == []
    assert "#ops" in said


async def test_an_id_is_the_channel_itself(stage: Stage) -> None:
    _, (request,) = await asked_in_slack(stage, "ask ben in #C0123ABCD: Ship it?")
    found = await surfaces(stage, request)
    assert [s.address for s in found if s.address.startswith("#")] == ["#T1/C0123ABCD"]


async def test_here_on_the_web_is_nowhere(stage: Stage) -> None:
    session_id = await stage.opened("ann", "ask ben here: Ship it?")
    await stage.worker.drain()
    assert "lives in no Slack thread" in (await stage.messages(session_id))[-1].text
