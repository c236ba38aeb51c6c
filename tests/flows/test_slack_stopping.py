"""Slack's own Stop ends the running turn, for the session's owner alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from bot.domain.planning import Plan, PlanContext, Reply, Role, Spoken
from bot.domain.session import Session
from bot.service.ports.planner import ShowText
from tests.flows.slack_office import Office, office
from tests.flows.stage import ScriptedPlanner
from tests.slack.methods_assistant import put_status
from tests.slack.records import Message
from web.keys import AGENT


class Endless(ScriptedPlanner):
    """Implements the port `Planner`: begins to write, and never comes to an end by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = asyncio.Event()
        self.ended = asyncio.Event()
        self.cancelled = False

    async def plan(self, context: PlanContext, show: ShowText) -> Plan:
        if self.cancelled:
            return Plan(steps=(Reply(text="Something else, then."),))
        show("One, two, three")
        self.begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled = True
            self.ended.set()
            raise
        raise AssertionError

    async def summarise(self, summary: str, messages: Sequence[Spoken]) -> str:
        return summary


@pytest.fixture
async def acme(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path, planner=Endless()) as acme:
        yield acme


async def busy(acme: Office) -> tuple[Message, asyncio.Task[None]]:
    """Let Ana's agent write in her thread, until somebody stops it."""
    first = await acme.slack.mention("ana", "general", "count to a million")
    await acme.hear()
    work = asyncio.create_task(acme.app[AGENT].worker.drain())
    assert isinstance(acme.planner, Endless)
    await asyncio.wait_for(acme.planner.begun.wait(), 10)
    for _ in range(2_000):
        if acme.slack.calls("chat.startStream"):
            break
        await asyncio.sleep(0.002)
    # Slack begins a session of its own for what is streamed.
    put_status(acme.slack.backend, first.channel_id, first.ts, "processing")
    return first, work


async def the_session(acme: Office, first: Message) -> Session:
    session_id = await acme.session_at(first)
    return await acme.store.read(lambda tx: tx.sessions.get(session_id))


async def test_its_owner_stops_what_runs(acme: Office) -> None:
    first, work = await busy(acme)
    await acme.slack.stop_session("ana", "general", first.ts)
    await asyncio.wait_for(work, 10)
    await acme.settle()
    assert isinstance(acme.planner, Endless)
    assert acme.planner.cancelled
    session = await the_session(acme, first)
    assert not session.has_input
    assert (await acme.said(session.id, Role.SYSTEM))[-1] == "Stopped."
    assert acme.slack.workspace.sessions[first.channel_id, first.ts]["status"] == "active"
    assert acme.texts("general", first.ts)[-1] == "Stopped."
    await acme.slack.post_as("ana", "general", "and now?", thread_ts=first.ts)
    await acme.settle()
    assert acme.texts("general", first.ts)[-1] == "Something else, then."


async def test_nobody_else_stops_it(acme: Office) -> None:
    first, work = await busy(acme)
    await acme.slack.stop_session("ben", "general", first.ts)
    await acme.outlet.asides.settled()
    assert acme.whispers("ben") == ["Only the person whose session this is can stop it."]
    assert isinstance(acme.planner, Endless)
    assert not acme.planner.cancelled
    assert (await the_session(acme, first)).has_input
    await acme.slack.stop_session("ana", "general", first.ts)
    await asyncio.wait_for(work, 10)
    assert acme.planner.cancelled


async def test_the_same_press_told_twice_stops_once(acme: Office) -> None:
    first, work = await busy(acme)
    (press,) = await acme.slack.stop_session("ana", "general", first.ts)
    await asyncio.wait_for(work, 10)
    assert isinstance(acme.planner, Endless)
    await asyncio.wait_for(acme.planner.ended.wait(), 10)
    acme.planner.cancelled = False  # the next turn does not end by itself, either
    await acme.slack.post_as("ana", "general", "go on", thread_ts=first.ts)
    await acme.hear()
    (again,) = await acme.slack.post.send_all([press.parcel])
    assert again.ok
    session = await the_session(acme, first)
    assert session.has_input, "what came after it is not stopped"
    assert (await acme.said(session.id, Role.SYSTEM)).count("Stopped.") == 1


async def test_where_no_session_is_slack_is_told_that_nothing_runs(acme: Office) -> None:
    lone = await acme.slack.post_as("ana", "general", "just talking")
    put_status(acme.slack.backend, lone.channel_id, lone.ts, "processing")
    await acme.slack.stop_session("ana", "general", lone.ts)
    await acme.settle()
    assert acme.slack.workspace.sessions[lone.channel_id, lone.ts]["status"] == "active"
