"""A server with three mailboxes and a clock that stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.clock import FakeClock
from tests.gmail.client import Client
from tests.gmail.server import GmailServer

BOT, ALICE, BOB = "bot@example.org", "alice@example.org", "bob@example.net"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def gmail(clock: FakeClock) -> AsyncIterator[GmailServer]:
    async with GmailServer(BOT, ALICE, BOB, clock=clock) as server:
        yield server


@pytest.fixture
def bot(gmail: GmailServer) -> Client:
    return Client(gmail, BOT)
