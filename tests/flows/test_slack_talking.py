"""Sessions in Slack threads: a mention begins one, replies go on, and who may speak."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.planning import Plan, Reply
from tests.flows.slack_office import Office, office


@pytest.fixture
async def acme(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as acme:
        yield acme


async def test_a_mention_opens_a_session_and_a_reply_goes_on_with_it(acme: Office) -> None:
    first = await acme.slack.mention("ana", "general", "help")
    await acme.settle()
    session = await acme.session_at(first)
    assert session is not None
    assert await acme.said(session) == ["help"]
    assert len(acme.texts("general", first.ts)) == 1
    await acme.slack.post_as("ana", "general", "status", thread_ts=first.ts)
    await acme.settle()
    assert await acme.said(session) == ["help", "status"]
    assert len(acme.texts("general", first.ts)) == 2
