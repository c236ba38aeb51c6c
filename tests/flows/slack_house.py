"""Our server beside a local Slack that signs real identity tokens, and browsers between."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from bot.service.directory import person_listed
from bot.service.ports.directory import Listed
from bot.service.ports.vault import Secret
from bot.settings import Settings
from tests.clock import FakeClock
from tests.flows.conftest import PASSWORD, Client, Outbox, SignedIn
from tests.slack.clock import Clock
from tests.slack.records import SlackApp, Team, User
from tests.slack.server import Slack
from web.app import build_app
from web.keys import STORE

Serve = Callable[..., AbstractAsyncContextManager["House"]]
PAGE = {"X-Handraise-Client": "page"}


class House:
    """Our server and the local Slack, and browsers that go from one to the other."""

    def __init__(self, client: Client, slack: Slack, team: Team, clock: FakeClock) -> None:
        self.client, self.slack, self.team, self.clock = client, slack, team, clock
        self.store: Any = client.app[STORE]  # type: ignore[union-attr]

    async def install(self, team: Team) -> None:
        secret = Secret(kind="slack.installation", key=team.id, sealed=b"x", updated_at=1)
        await self.store.run(lambda tx: tx.vault.put(secret))

    async def begin(self) -> tuple[str, str]:
        """Begin in a new browser; return Slack's page and the browser's cookie."""
        async with self.client.get("/api/auth/slack", allow_redirects=False) as answer:
            assert answer.status == 302, await answer.text()
            morsel = answer.cookies["handraise_slack"]
            assert (morsel["httponly"], morsel["samesite"]) == (True, "Lax")
            return answer.headers["Location"], morsel.value

    async def end(self, back: str, browser: str) -> tuple[int, str, dict[str, str]]:
        """Follow Slack's way back; return status, text and the cookies that were set."""
        path = URL(back).relative() if URL(back).absolute else URL(back)
        headers = {"Cookie": f"handraise_slack={browser}"}
        async with self.client.get(path, headers=headers, allow_redirects=False) as answer:
            cookies = {name: morsel.value for name, morsel in answer.cookies.items()}
            assert not any(name in answer.headers.get("Location", "") for name in ("hrr_", "eyJ"))
            return answer.status, await answer.text(), cookies

    async def sign_in(self, who: User | str) -> tuple[int, str, dict[str, str]]:
        page, browser = await self.begin()
        return await self.end(self.slack.approve(who, page), browser)

    async def signed_in(self, who: User | str) -> SignedIn:
        status, text, cookies = await self.sign_in(who)
        assert status == 303, text
        sent = PAGE | {"Cookie": f"handraise_refresh={cookies['handraise_refresh']}"}
        async with self.client.post("/api/auth/refresh", headers=sent) as answer:
            return SignedIn(self.client, "", "", await answer.json())

    async def register(self, name: str, email: str) -> SignedIn:
        body = {"email": email, "username": name, "password": PASSWORD}
        async with self.client.post("/api/auth/register", json=body) as answer:
            assert answer.status == 201, await answer.text()
            return SignedIn(self.client, name, email, await answer.json())

    async def listed(self, user: User, **how: Any) -> None:
        """Let the directory have somebody, as the roster would."""
        entry = Listed(
            **{
                "kind": "slack",
                "key": f"{user.team_id}/{user.id}",
                "name": user.real_name,
                "email": user.email,
                "updated_at": 1,
            }
            | how
        )

        def keep(tx: Any) -> None:
            tx.directory.put(entry)
            if entry.is_person:
                person_listed(tx, entry, self.clock.now())

        await self.store.run(keep)


@pytest.fixture
def serve(
    tmp_path: Path, clock: FakeClock, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> Serve:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)

    @asynccontextmanager
    async def serve(**values: Any) -> AsyncIterator[House]:
        async with Slack(clock=Clock(lambda: clock.now() / 1_000_000), app=SlackApp()) as slack:
            team = slack.add_team("acme", "ada", "ben")
            settings = Settings.load(
                env_file=None,
                data_dir=tmp_path,
                secret_key="s" * 8 + "ecret-of-the-tests" * 2,
                slack_client_id=slack.app.client_id,
                slack_client_secret=slack.app.client_secret,
                slack_signing_secret=slack.app.signing_secret,
                slack_api_url=slack.api_url,
                **values,
            )
            app = build_app(settings, clock=clock, send_code=outbox, password_cost=4)
            async with TestClient(TestServer(app)) as client:
                house = House(client, slack, team, clock)
                await house.install(team)
                yield house

    return serve
