"""Two of our servers in one Slack, on one PostgreSQL: one decision, one session, nothing twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.domain.planning import Plan, Reply
from tests.clock import FakeClock
from tests.contract.postgres_server import PostgresServer
from tests.flows.slack_office import Office, served, settings_of, simulated, team_of
from tests.slack.delivery import Delivery
from tests.slack.outbox import Parcel
from tests.slack.records import Message

pytestmark = pytest.mark.postgres


@pytest.fixture
async def two(
    postgres_server: PostgresServer, tmp_path: Path
) -> AsyncIterator[tuple[Office, Office]]:
    """Two servers; the local Slack sends to the first unless told otherwise."""
    clock = FakeClock()
    async with AsyncExitStack() as stack:
        url = stack.enter_context(postgres_server.database())
        slack = await stack.enter_async_context(simulated(clock))
        team = team_of(slack)
        token = slack.install(team, "ana").value
        slack.add_channel("general", "ana", "ben", "cleo", slack.workspace.bot_of(team.id))
        settings = settings_of(tmp_path, slack, token, database_url=url)
        second = await stack.enter_async_context(served(slack, clock, settings))
        first = await stack.enter_async_context(served(slack, clock, settings))
        await first.outlet.watching.list_people()
        yield first, second


async def settle(*offices: Office) -> None:
    for _ in range(2):
        for office in offices:
            await office.settle()


def aim(office: Office) -> None:
    """Let the local Slack send to this server from now on."""
    office.slack.app.point_at(f"{office.url}/slack/events")


async def test_one_message_sent_to_both_servers_is_one(two: tuple[Office, Office]) -> None:
    first, second = two
    for office in two:
        office.planner.script.append(Plan(steps=(Reply(text="Hello."),)))
    first.slack.post.holding = True
    said = await first.slack.mention("ana", "general", "hello")
    parcels = first.slack.post.held
    first.slack.post.held, first.slack.post.holding = [], False
    sent: list[asyncio.Task[Delivery]] = []
    for office in (first, second, first, second):
        aim(office)
        sent += [asyncio.ensure_future(first.slack.post.send(parcel)) for parcel in parcels]
        await asyncio.sleep(0)
    assert all(delivery.ok for delivery in await asyncio.gather(*sent))
    await settle(first, second)
    session = await first.session_at(said)
    assert session is not None
    assert await first.said(session) == ["hello"]
    assert first.texts("general", said.ts) == ["Hello."]


async def test_two_clicks_at_once_on_two_servers_decide_once(two: tuple[Office, Office]) -> None:
    first, second = two
    await first.slack.mention("ana", "general", "ask @ben, @cleo for approval: Ship it?")
    await settle(first, second)
    first.clock.advance(3)
    await settle(first, second)
    bens, cleos = first.card("ben"), first.card("cleo")

    async def click(office: Office, who: str, card: Message, action: str, after: float) -> Delivery:
        """Click what stands on the screen now, a moment later: the card may have changed."""
        (row, *_) = [block for block in card.blocks if block["type"] == "actions"]
        (button,) = [one for one in row["elements"] if one["action_id"] == action]
        await asyncio.sleep(after)
        aim(office)
        pressed = {"action_id": action, "value": button["value"]}
        return await office.slack.forge_click(who, card.channel_id, card.ts, pressed)

    clicks = await asyncio.gather(
        click(first, "ben", bens, "hr.approve", 0),
        click(second, "cleo", cleos, "hr.reject", 0.05),
    )
    assert all(one.ok for one in clicks)
    await settle(first, second)
    request = await first.request()
    standings = sorted(r.standing.value for r in await first.responses(request))
    assert standings == ["decided", "late"]
    for who in ("ben", "cleo"):
        shown = str(first.card(who).blocks)
        assert "hr.approve" not in shown
        assert ("Approved" in shown) == (request.state.value == "approved")
    told = [first.whispers(who)[-1] for who in ("ben", "cleo")]
    assert sum("That decides it" in text for text in told) == 1
    assert sum("already answered" in text for text in told) == 1


async def test_a_server_that_has_no_session_in_its_memory_goes_on(
    two: tuple[Office, Office],
) -> None:
    first, second = two
    first.planner.script += [Plan(steps=(Reply(text="One."),))]
    said = await first.slack.mention("ana", "general", "hello")
    await settle(first)
    aim(second)
    await first.slack.post_as("ana", "general", "status", thread_ts=said.ts)
    await settle(first, second)
    session = await second.session_at(said)
    assert session is not None
    assert await second.said(session) == ["hello", "status"]


async def test_an_uninstall_told_to_one_server_closes_it_on_both(
    two: tuple[Office, Office],
) -> None:
    first, second = two
    await first.slack.uninstall()
    await settle(first, second)
    for office in two:  # whichever of them has dealt with it, the other looks once a minute
        await office.outlet.installations.survey()
        assert office.outlet.health().state == "closed"
    first.clock.advance(30)
    aim(second)
    ana = first.slack.user("ana")
    body = {"type": "event_callback", "team_id": ana.team_id, "event": {"type": "x"}}
    sent = await first.slack.post.send(Parcel(kind="event", body=body, team_id=ana.team_id))
    assert sent.status == 403
