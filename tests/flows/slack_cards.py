"""An office of Slack in which a question was asked, and its card."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.flows.slack_office import Office, office
from tests.slack.records import Message


@pytest.fixture
async def acme(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as acme:
        yield acme


def shown(message: Message) -> str:
    """Return all that a message says."""
    return str(message.blocks)


async def asked(acme: Office, text: str) -> Message:
    """Let ana ask by a mention in #general, and return the message that began the thread."""
    first = await acme.slack.mention("ana", "general", text)
    await acme.settle()
    acme.clock.advance(3)  # nobody looks at a page: the next channel is due
    await acme.settle()
    return first
