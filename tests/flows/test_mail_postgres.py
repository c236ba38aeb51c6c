"""The mailbox with two servers on one PostgreSQL: one reads, both write, nothing comes twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from bot.domain.feedback import State
from tests.clock import FakeClock
from tests.contract.postgres_server import PostgresServer
from tests.flows.conftest import SignedIn
from tests.flows.mailing import ANN, BEN, BOT, CID, MailRoom, gmail, mail_room, no_environment
from tests.flows.test_opening_mail import begun, go_on, places, sign_up
from tests.gmail.server import GmailServer

__all__ = ["gmail", "no_environment"]
pytestmark = pytest.mark.postgres


@asynccontextmanager
async def two_rooms(
    path: Path, clock: FakeClock, gmail: GmailServer, server: PostgresServer
) -> AsyncIterator[list[MailRoom]]:
    """Run two servers on one mailbox and one database."""
    async with AsyncExitStack() as running:
        url = running.enter_context(server.database())
        token = gmail.environment(BOT)["GMAIL_REFRESH_TOKEN"]
        yield [
            await running.enter_async_context(
                mail_room(path / name, clock, gmail, database_url=url, gmail_refresh_token=token)
            )
            for name in ("first", "second")
        ]


async def test_two_servers_share_one_mailbox(
    tmp_path: Path,
    clock: FakeClock,
    gmail: GmailServer,
    postgres_server: PostgresServer,
    no_environment: None,
) -> None:
    async with two_rooms(tmp_path, clock, gmail, postgres_server) as rooms:

        async def settle() -> None:
            for _ in range(5):
                clock.advance(61)
                await asyncio.gather(*(room.agent.chores.tick() for room in rooms))
                await asyncio.gather(*(room.work() for room in rooms))

        gmail.send_as(ANN, to=BOT, subject="Deploy", text=f"ask {BEN}, {CID} to approve: Ship it?")
        await settle()
        assert [len(rooms[0].got(person)) for person in (ANN, BEN, CID)] == [1, 1, 1]
        replies = [(BEN, "yes"), (CID, "yes")]
        for person, words in replies:
            gmail.reply_as(person, rooms[0].got(person)[0], words)
        await settle()
        [request] = await rooms[1].requests()
        assert request.state is State.APPROVED
        taken = await rooms[0].taken()
        assert sorted(taken) == ["decided", "late", "started"]
        # The question; for one that it decided, for the other that it had been answered.
        assert [len(rooms[0].got(person)) for person in (BEN, CID)] in ([2, 3], [3, 2])


async def test_a_place_wanted_at_two_servers_is_opened_once(
    tmp_path: Path,
    clock: FakeClock,
    gmail: GmailServer,
    postgres_server: PostgresServer,
    no_environment: None,
) -> None:
    async with two_rooms(tmp_path, clock, gmail, postgres_server) as rooms:
        here = await sign_up(rooms[0], "ann", ANN)
        there = SignedIn(rooms[1].client, here.username, here.email, here.tokens)
        session = await begun(rooms[0], here)
        # It is sent, and whoever sent it does not know.
        gmail.fail("messages.send", "reset_after")
        answers = await asyncio.gather(*(go_on(who, session) for who in (here, there, here, there)))
        assert {status for status, _ in answers} == {202}
        for _ in range(4):
            clock.advance(61)
            await asyncio.gather(*(room.agent.chores.tick() for room in rooms))
            await asyncio.gather(*(room.work() for room in rooms))
        assert len(rooms[0].got(ANN)) == 1
        for who in (here, there):
            [place] = (await places(who, session))["places"]
            assert (place["channel"], place["state"]) == ("email", "open")
            assert (await go_on(who, session))[0] == 409
