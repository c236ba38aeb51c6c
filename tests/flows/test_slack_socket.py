"""Socket Mode: the same story without a public address, acknowledged once it is stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.errors import Unavailable
from bot.domain.planning import Plan, Reply
from tests.clock import FakeClock
from tests.flows.slack_office import Office, served, settings_of, simulated, team_of


@pytest.fixture
async def acme(tmp_path: Path) -> AsyncIterator[Office]:
    clock = FakeClock()
    async with simulated(clock) as slack:
        team = team_of(slack)
        token = slack.install(team, "ana").value
        slack.add_channel("general", "ana", "ben", slack.workspace.bot_of(team.id))
        settings = settings_of(
            tmp_path, slack, token, slack_signing_secret="", slack_app_token=slack.app.app_token
        )
        async with served(slack, clock, settings, point=False) as office:
            async with asyncio.timeout(10), slack.sockets.changed:
                await slack.sockets.changed.wait_for(lambda: slack.sockets.connected > 0)
            await office.outlet.watching.list_people()
            yield office


async def test_a_session_and_a_decision_without_a_public_address(acme: Office) -> None:
    assert acme.outlet.health().state == "ready"
    first = await acme.slack.mention("ana", "general", "ask @ben for approval: Ship it?")
    await acme.settle()
    acme.clock.advance(3)
    await acme.settle()
    card = acme.card("ben")
    assert (await acme.slack.click("ben", card.channel_id, card.ts, "hr.approve")).ok
    assert (await acme.request()).state.value == "approved"
    await acme.settle()
    assert any("approved" in text for text in acme.texts("general", first.ts))
    answered = await acme.slack.slash("ana", "/handraise", "help")
    assert "What you can write" in answered.json["text"]


async def test_there_is_no_address_to_send_to(acme: Office) -> None:
    import aiohttp

    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{acme.url}/slack/events", data=b"{}") as answer,
    ):
        assert answer.status in (404, 405)


async def test_what_cannot_be_stored_is_not_acknowledged(
    acme: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme.planner.script.append(Plan(steps=(Reply(text="Hello."),)))
    acme.slack.post.ack_timeout = 0.3
    acme.slack.post.retry_at_once = False

    async def down(*_: object) -> None:
        raise Unavailable("the database is down")

    monkeypatch.setattr(acme.store, "run", down)
    first = await acme.slack.mention("ana", "general", "hello")
    assert not any(delivery.ok for delivery in acme.slack.post.deliveries)
    monkeypatch.undo()
    again = await acme.slack.post.retry_due(all_=True)
    assert all(delivery.ok for delivery in again)
    await acme.settle()
    assert acme.texts("general", first.ts) == ["Hello."]


async def test_a_wrong_app_token_is_said_in_health(tmp_path: Path) -> None:
    async with simulated(FakeClock()) as slack:
        token = slack.install(team_of(slack), "ana").value
        settings = settings_of(
            tmp_path, slack, token, slack_signing_secret="", slack_app_token="xapp-wrong"
        )
        async with served(slack, FakeClock(), settings, point=False) as office:
            await slack.wait_for_call("apps.connections.open")
            for _ in range(100):
                if "invalid_auth" in office.outlet.health().reason:
                    break
                await asyncio.sleep(0.01)
            health = office.outlet.health()
            assert health.state == "closed"
            assert "SLACK_APP_TOKEN" in health.reason
