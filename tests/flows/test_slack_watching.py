"""Until when Slack counts as read, so that questions expire on time and no answer is missed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.domain.instants import MINUTE
from bot.service.ports.inbox import Received
from tests.flows.slack_office import Office, office


@pytest.fixture
async def acme(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as acme:
        yield acme


async def read_until(acme: Office) -> int:
    until: int = await acme.store.read(lambda tx: tx.inbound.read_until("slack"))
    return until


async def test_slack_is_read_once_its_retries_must_have_come(acme: Office) -> None:
    watching = acme.outlet.watching
    await watching.note_read()
    acme.clock.advance(minutes=5, seconds=59)
    await watching.note_read()
    assert await read_until(acme) == 0
    acme.clock.advance(1)
    await watching.note_read()
    assert await read_until(acme) == acme.clock.now() - MINUTE


async def test_what_nobody_has_looked_at_is_not_read(acme: Office) -> None:
    now = acme.clock.now()
    kept = now - 3 * MINUTE
    waits = Received(
        key="slack:T1:x", kind="elsewhere", payload="{}", due_at=kept, received_at=kept
    )

    def both(tx: Any) -> None:
        tx.inbox.add(waits)
        acme.outlet.watching._note(tx, now)

    await acme.store.run(both)
    assert await read_until(acme) == kept - MINUTE


async def test_a_closed_team_is_not_read(acme: Office) -> None:
    watching = acme.outlet.watching
    await watching.note_read()
    await acme.slack.uninstall()
    await acme.settle()
    acme.clock.advance(minutes=10)
    await watching.note_read()
    assert await read_until(acme) == 0


async def test_a_question_expires_on_time_where_slack_is_read(acme: Office) -> None:
    await acme.slack.mention("ana", "general", "ask @ben for approval: Ship it? within 1h")
    await acme.settle()
    await acme.pass_time(64 * MINUTE, MINUTE)
    assert (await acme.request()).state.value == "expired"
    request = await acme.request()
    assert request.decided_at is not None
    assert request.decided_at < request.deadline + 3 * MINUTE


async def test_everybody_is_listed_once_an_hour_at_the_most(acme: Office) -> None:
    before = len(acme.slack.calls("users.list"))
    await acme.outlet.watching.list_people()
    assert len(acme.slack.calls("users.list")) == before
    acme.clock.advance(hours=24)
    acme.slack.user("ben").real_name = "Benjamin"
    await acme.outlet.watching.list_people()
    found = await acme.store.read(lambda tx: tx.directory.search("Benjamin", 3))
    assert [one.name for one in found] == ["Benjamin"]
