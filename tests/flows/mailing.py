"""The whole app with a mailbox of the played Gmail; every part is driven by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.domain.feedback import FeedbackRequest
from bot.domain.session import Message, Session
from bot.service.ports.store import Transaction
from bot.settings import Settings
from tests.clock import FakeClock
from tests.flows.conftest import Client, Outbox
from tests.flows.stage import ScriptedPlanner
from tests.gmail.mails import StoredMail
from tests.gmail.server import GmailServer
from web.app import build_app
from web.keys import AGENT, STORE, Agent

BOT = "bot@handraise.example"
ANN, BEN, CID = "ann@example.org", "ben@example.org", "cid@example.org"
EVE = "eve@elsewhere.example"


class MailRoom:
    """One server with the played Gmail; what people do is done through `gmail`."""

    def __init__(
        self, app: web.Application, gmail: GmailServer, clock: FakeClock, client: Client
    ) -> None:
        self.app = app
        self.gmail = gmail
        self.clock = clock
        self.client = client
        self.planner: ScriptedPlanner | None = None
        self.outbox = Outbox()

    @property
    def agent(self) -> Agent:
        return self.app[AGENT]

    async def settle(self, rounds: int = 4) -> None:
        """Read mail, deal with it, run turns and send, until nothing moves any more."""
        for _ in range(rounds):
            self.clock.advance(61)
            await self.agent.chores.tick()
            await self.work()

    async def work(self) -> None:
        """Deal with what came in, run turns and send."""
        await self.agent.backlog.drain()
        await self.agent.worker.drain()
        await self.agent.courier.drain()

    async def read(self, function: Any) -> Any:
        return await self.app[STORE].read(function)

    def got(self, person: str) -> list[StoredMail]:
        """Return what came to somebody from the bot, oldest first."""
        return [mail for mail in self.gmail.inbox(person) if BOT in mail.header("From")]

    async def sessions(self) -> Sequence[Session]:
        def find(tx: Transaction) -> list[Session]:
            person = tx.people.by_identity("email", ANN)
            assert person is not None
            return list(tx.sessions.of_owner(person.id, None, None, 50))

        return await self.read(find)

    async def messages(self, session_id: str) -> list[Message]:
        return list(await self.read(lambda tx: tx.messages.after(session_id, 0, 1000)))

    async def requests(self) -> list[FeedbackRequest]:
        """Return the questions of every session, oldest first."""
        found: list[FeedbackRequest] = []
        for session in reversed(await self.sessions()):
            found += await self.read(lambda tx, id_=session.id: tx.requests.of_session(id_))
        return found

    async def taken(self) -> list[str]:
        """Return what became of each mail that came in."""

        def statuses(tx: Transaction) -> list[str]:
            records = tx.journal.records(0, 0, 2**62, 1000)
            return [r.entry.data["status"] for r in records if r.entry.kind == "mail.taken"]

        return await self.read(statuses)


@asynccontextmanager
async def mail_room(
    tmp_path: Path,
    clock: FakeClock,
    gmail: GmailServer,
    *,
    serve_at: int | None = None,
    codes_by_mail: bool = False,
    **changes: Any,
) -> AsyncIterator[MailRoom]:
    """Run the app on that Gmail, for as long as this is open.

    Codes of accounts go nowhere, unless `codes_by_mail`.
    """
    planner = ScriptedPlanner()
    settings = Settings.load(
        env_file=None,
        data_dir=tmp_path,
        secret_key="s" * 8 + "ecret-of-the-tests" * 2,
        sweep_seconds=60,
        **{"mail_allowed_senders": ANN, "channel_order": "email,chat"}
        | {name.lower(): value for name, value in gmail.environment(BOT).items()}
        | changes,
    )
    outbox = Outbox()
    codes = None if codes_by_mail else outbox
    app = build_app(settings, clock=clock, send_code=codes, password_cost=4, planner=planner)
    async with TestClient(TestServer(app, port=serve_at)) as client:
        room = MailRoom(app, gmail, clock, client)
        room.planner = planner
        room.outbox = outbox
        await room.settle(1)
        yield room


@pytest.fixture
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
async def gmail(clock: FakeClock) -> AsyncIterator[GmailServer]:
    async with GmailServer(BOT, ANN, BEN, CID, EVE, clock=clock) as server:
        yield server


@pytest.fixture
async def room(
    tmp_path: Path, clock: FakeClock, gmail: GmailServer, no_environment: None
) -> AsyncIterator[MailRoom]:
    async with mail_room(tmp_path, clock, gmail) as room:
        yield room
