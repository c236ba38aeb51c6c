"""Installing the app in workspaces, rotating its tokens, and what happens when it is taken out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from aiohttp import web

from bot.domain.instants import HOUR
from bot.domain.planning import Plan, Reply
from tests.clock import FakeClock
from tests.flows.slack_office import Office, served, settings_of, simulated, team_of
from web.keys import OUTLETS

PUBLIC = "http://127.0.0.1:8000"
SIGNED_IN = {"Authorization": "Bearer of-somebody"}


@asynccontextmanager
async def many_teams(path: Path, *, admin: bool = True, **app: Any) -> AsyncIterator[Office]:
    """Run one server that any workspace can install, begun by an administrator."""
    clock = FakeClock()
    async with simulated(clock, token_rotation=True, **app) as slack:
        settings = settings_of(
            path,
            slack,
            "",
            slack_client_id=slack.app.client_id,
            slack_client_secret=slack.app.client_secret,
        )
        async with served(slack, clock, settings) as office:

            async def may_install(_: web.Request) -> bool:
                return admin

            (outlet,) = office.app[OUTLETS]
            outlet.oauth.may_install = may_install  # type: ignore[attr-defined]
            yield office


def browser() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))


async def begun(office: Office, client: aiohttp.ClientSession) -> str:
    """Begin an installation, and return Slack's consent page."""
    async with client.get(
        f"{office.url}/slack/install", headers=SIGNED_IN, allow_redirects=False
    ) as answer:
        assert answer.status == 302, await answer.text()
        return answer.headers["Location"]


async def ended(office: Office, client: aiohttp.ClientSession, back: str) -> tuple[int, str]:
    """Come back from Slack; return status and page."""
    query = urlsplit(back).query
    async with client.get(f"{office.url}/slack/oauth_redirect?{query}") as answer:
        return answer.status, await answer.text()


async def installed(office: Office, who: str = "ana") -> None:
    """Install the app as somebody."""
    async with browser() as client:
        status, page = await ended(
            office, client, office.slack.approve(who, await begun(office, client))
        )
    assert (status, "Acme" in page) == (200, True), page
    await office.settle()


async def test_an_installation_from_begin_to_first_thread(tmp_path: Path) -> None:
    async with many_teams(tmp_path) as office:
        assert office.outlet.health().state in ("closed", "degraded", "ready")
        await installed(office)
        assert office.outlet.health().state == "ready"
        bot = office.slack.workspace.bot_of(team_of(office.slack).id)
        office.slack.add_channel("general", "ana", bot)
        office.planner.script.append(Plan(steps=(Reply(text="Hello."),)))
        first = await office.slack.mention("ana", "general", "hello")
        await office.settle()
        assert office.texts("general", first.ts) == ["Hello."]
        secrets = await office.store.read(lambda tx: tx.vault.all("slack.installation"))
        assert all(b"xox" not in secret.sealed for secret in secrets)


async def test_only_an_administrator_begins(tmp_path: Path) -> None:
    async with (
        many_teams(tmp_path, admin=False) as office,
        browser() as client,
        client.post(f"{office.url}/slack/install", headers=SIGNED_IN) as answer,
    ):
        assert answer.status == 403


async def test_a_link_in_a_browser_leads_to_a_page_that_asks_by_itself(tmp_path: Path) -> None:
    async with many_teams(tmp_path) as office, browser() as client:
        async with client.get(f"{office.url}/slack/install") as answer:
            page, policy = await answer.text(), answer.headers["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        script = page.partition('src="')[2].partition('"')[0]
        async with client.get(f"{office.url}{script}") as answer:
            assert answer.status == 200
            assert '"/slack/install"' in await answer.text()


async def test_a_page_gets_the_address_by_a_post(tmp_path: Path) -> None:
    async with many_teams(tmp_path) as office, browser() as client:
        async with client.post(f"{office.url}/slack/install") as answer:
            url = (await answer.json())["url"]
        asked = parse_qs(urlsplit(url).query)
        assert asked["redirect_uri"] == [f"{PUBLIC}/slack/oauth_redirect"]
        back = office.slack.approve("ana", url)
        assert (await ended(office, client, back))[0] == 200


async def test_a_state_is_used_once_in_its_browser_and_for_ten_minutes(tmp_path: Path) -> None:
    async with many_teams(tmp_path) as office, browser() as client, browser() as other:
        url = await begun(office, client)
        back = office.slack.approve("ana", url)
        assert (await ended(office, other, back))[0] == 403
        assert (await ended(office, client, back.replace("state=", "state=x")))[0] == 403
        assert (await ended(office, client, back))[0] == 200
        assert (await ended(office, client, back))[0] == 403
        late = office.slack.approve("ana", await begun(office, client))
        office.clock.advance(minutes=10, seconds=1)
        assert (await ended(office, client, late))[0] == 403


async def test_a_refusal_at_slack_installs_nothing(tmp_path: Path) -> None:
    async with many_teams(tmp_path) as office, browser() as client:
        back = office.slack.consent.refuse(await begun(office, client))
        status, page = await ended(office, client, back)
        assert (status, page) == (200, "Slack was not allowed in, so nothing is installed.")
        assert await office.outlet.installations.teams() == []


async def test_a_code_that_slack_does_not_know(tmp_path: Path) -> None:
    async with many_teams(tmp_path) as office, browser() as client:
        back = office.slack.approve("ana", await begun(office, client))
        status, page = await ended(office, client, back.replace("code=", "code=0"))
        assert status in (400, 422)
        assert "Begin again" in page


async def test_tokens_are_renewed_and_sending_goes_on(tmp_path: Path) -> None:
    async with many_teams(tmp_path) as office:
        await installed(office)
        team = team_of(office.slack)
        office.slack.add_channel("general", "ana", office.slack.workspace.bot_of(team.id))
        office.planner.script += [Plan(steps=(Reply(text=text),)) for text in ("One.", "Two.")]
        first = await office.slack.mention("ana", "general", "hello")
        await office.settle()
        old = (await office.outlet.installations.of(team.id)).token
        await office.pass_time(13 * HOUR, 2 * HOUR)
        assert (await office.outlet.installations.of(team.id)).token != old
        await office.slack.post_as("ana", "general", "more", thread_ts=first.ts)
        await office.settle()
        assert office.texts("general", first.ts)[-1] == "Two."


@pytest.mark.parametrize("how", ["uninstall", "revoke_tokens"])
async def test_a_team_that_takes_the_app_out_is_closed_and_told_of(
    tmp_path: Path, how: str
) -> None:
    async with many_teams(tmp_path) as office:
        await installed(office)
        await getattr(office.slack, how)()
        await office.settle()
        health = office.outlet.health()
        assert health.state == "closed"
        assert "Acme" in health.reason
        assert "/slack/install" in health.reason
        people = await office.store.read(lambda tx: tx.directory.search("ana", 5))
        assert people == []
        await installed(office)
        assert office.outlet.health().state == "ready"
