"""Sign in with Slack against a local Slack that signs real identity tokens."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from tests.clock import FakeClock
from tests.flows.conftest import PASSWORD, Client, Outbox
from tests.flows.slack_house import Serve, serve
from tests.flows.slack_office import office, served, settings_of, simulated, team_of
from web.keys import AGENT

__all__ = ["serve"]


async def test_slack_signs_people_in_and_makes_their_account(serve: Serve) -> None:
    async with serve() as house:
        await house.register("root", "root@example.org")
        ada = await house.signed_in("ada")
        _, me = await ada.get("/api/auth/me")
        user = house.slack.user("ada")
        assert me["email"] == user.email
        assert (me["verified"], me["is_admin"], me["has_password"]) == (True, False, False)
        again = await house.signed_in("ada")
        assert (await again.get("/api/auth/me"))[1]["id"] == me["id"], "the same account"
        assert len((await ada.get("/api/auth/sign-ins"))[1]["sign_ins"]) == 2
        person = await house.store.read(
            lambda tx: tx.people.by_identity("slack", f"{user.team_id}/{user.id}")
        )
        assert person.id == me["person_id"]
        async with house.client.post(
            "/api/auth/login", data={"username": me["username"], "password": ""}
        ) as answer:
            assert answer.status == 401, "no password is no empty password"


async def test_it_leads_to_the_account_with_the_address(serve: Serve, outbox: Outbox) -> None:
    async with serve() as house:
        email = house.slack.user("ada").email
        ada = await house.register("ada", email)
        await ada.post("/api/auth/verify", {"code": outbox.codes["ada"]})
        same = await house.signed_in("ada")
        assert (await same.get("/api/auth/me"))[1]["username"] == "ada"


async def test_whoever_only_claimed_the_address_gets_nobody(serve: Serve) -> None:
    """An account that waits for its owner to come by Slack is not theirs to fall into."""
    async with serve() as house:
        await house.register("root", "root@example.org")
        eve = await house.register("eve", house.slack.user("ada").email)
        ada = await house.signed_in("ada")
        _, me = await ada.get("/api/auth/me")
        assert me["username"] != "eve"
        assert (await eve.get("/api/auth/me"))[1]["verified"] is False


async def test_two_people_who_prove_one_address_are_joined(serve: Serve, outbox: Outbox) -> None:
    async with serve() as house:
        user = house.slack.user("ada")
        await house.listed(user, email=None)
        known = await house.store.read(
            lambda tx: tx.people.by_identity("slack", f"{user.team_id}/{user.id}")
        )
        ada = await house.register("ada", user.email)
        await ada.post("/api/auth/verify", {"code": outbox.codes["ada"]})
        _, me = await ada.get("/api/auth/me")
        assert me["person_id"] != known.id
        same = await house.signed_in("ada")
        assert (await same.get("/api/auth/me"))[1]["person_id"] == me["person_id"]
        alias = await house.store.read(lambda tx: tx.people.get(known.id))
        assert alias.merged_into == me["person_id"]


async def test_verifying_an_address_joins_whom_slack_knows_by_it(
    serve: Serve, outbox: Outbox
) -> None:
    async with serve() as house:
        user = house.slack.user("ben")
        await house.listed(user)
        ben = await house.register("ben", user.email)
        status, me = await ben.post("/api/auth/verify", {"code": outbox.codes["ben"]})
        assert (status, me["verified"]) == (200, True)
        person = await house.store.read(
            lambda tx: tx.people.by_identity("slack", f"{user.team_id}/{user.id}")
        )
        assert person.id == me["person_id"]
        async with house.client.post(
            "/api/auth/login", data={"username": user.email, "password": PASSWORD}
        ) as answer:
            assert answer.status == 200, "the address, proven by the alias, signs in"


async def test_a_directory_that_finds_out_later_merges_soon(serve: Serve, outbox: Outbox) -> None:
    async with serve() as house:
        user = house.slack.user("ben")
        await house.listed(user, email=None)
        ben = await house.register("ben", user.email)
        await ben.post("/api/auth/verify", {"code": outbox.codes["ben"]})
        _, me = await ben.get("/api/auth/me")
        await house.listed(user)
        await house.client.app[AGENT].backlog.drain()  # type: ignore[union-attr]
        person = await house.store.read(
            lambda tx: tx.people.by_identity("slack", f"{user.team_id}/{user.id}")
        )
        assert person.id == me["person_id"]
        kinds = await house.store.read(
            lambda tx: [r.entry.kind for r in tx.journal.records(0, 0, 2**62, 100)]
        )
        assert "person.merged" in kinds


async def test_a_code_comes_by_slack_to_whose_address_it_is(tmp_path: Path) -> None:
    """There is no mailbox here: the user of Slack with that confirmed address gets it."""
    async with office(tmp_path) as acme, aiohttp.ClientSession(acme.url) as session:
        user = acme.slack.user("ben")
        body = {"email": user.email, "username": "benjamin", "password": PASSWORD}
        async with session.post("/api/auth/register", json=body) as answer:
            tokens = await answer.json()
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        async with session.get("/api/auth/me", headers=headers) as answer:
            hint = (await answer.json())["verification_hint"]
        assert "address in Slack" in hint
        await acme.settle()
        (text,) = acme.texts(acme.slack.dm("ben"))
        (code,) = re.findall(r"\b[0-9]{8}\b", text)
        for who in ("ana", "cleo"):
            assert acme.texts(acme.slack.dm(who)) == []
        stranger = {"email": "no@example.com", "username": "nobody", "password": PASSWORD}
        async with session.post("/api/auth/register", json=stranger) as answer:
            theirs = {"Authorization": f"Bearer {(await answer.json())['access_token']}"}
        async with session.get("/api/auth/me", headers=theirs) as answer:
            assert (await answer.json())["verification_hint"] == hint, "nor who is in Slack"
        async with session.post("/api/auth/verify", json={"code": code}, headers=headers) as answer:
            me = await answer.json()
            assert (answer.status, me["verified"]) == (200, True)


@pytest.mark.parametrize("mode", ["closed", "invite", "domain"])
async def test_registration_s_rules_hold_here_too(serve: Serve, mode: str) -> None:
    async with serve(registration=mode, registration_domains="elsewhere.example") as house:
        await house.register("root", "root@example.org")  # the first, in development
        status, text, cookies = await house.sign_in("ada")
        assert (status, "handraise_refresh" in cookies) == (403, False)
        assert "<h1>Not signed in</h1>" in text


async def test_only_people_of_a_team_where_the_app_is(serve: Serve) -> None:
    async with serve() as house:
        other = house.slack.add_team("evil", "eve")
        assert (await house.sign_in("eve"))[0] == 403
        await house.install(other)
        assert (await house.sign_in("eve"))[0] == 303
        await house.store.run(lambda tx: tx.marks.put(f"slack.closed:{other.id}", "{}", 1))
        assert (await house.sign_in("eve"))[0] == 403


async def test_guests_and_the_unconfirmed_stay_out(serve: Serve) -> None:
    async with serve() as house:
        guest = house.slack.add_user("gus", house.team)
        await house.listed(guest, is_person=False, why_not="a guest")
        assert (await house.sign_in("gus"))[0] == 403
        house.slack.add_user("una", house.team, is_email_confirmed=False)
        status, text, _ = await house.sign_in("una")
        assert (status, "confirm" in text.lower()) == (403, True)


async def test_a_disabled_account_stays_out(serve: Serve) -> None:
    async with serve() as house:
        root = await house.register("root", "root@example.org")
        ada = await house.signed_in("ada")
        _, me = await ada.get("/api/auth/me")
        status, _ = await root.post(f"/api/admin/accounts/{me['id']}/disable")
        assert status == 200
        assert (await house.sign_in("ada"))[0] == 403
        accounts = await house.store.read(lambda tx: tx.accounts.listed(None, 10))
        assert len(accounts) == 2, "nor is another account made for them"


# --- the way there and back -------------------------------------------------------------------


async def test_a_way_back_is_good_once_and_in_its_own_browser(serve: Serve) -> None:
    async with serve() as house:
        page, browser = await house.begin()
        back = house.slack.approve("ada", page)
        # A link that was prepared for somebody signs them in as nobody.
        _, elsewhere = await house.begin()
        status, _, cookies = await house.end(back, elsewhere)
        assert (status, "handraise_refresh" in cookies) == (403, False)
        assert (await house.end(back, browser))[0] == 403, "it was used up by that"
        page, browser = await house.begin()
        back = house.slack.approve("ada", page)
        assert (await house.end(back, browser))[0] == 303
        assert (await house.end(back, browser))[0] == 403
        page, browser = await house.begin()
        back = house.slack.approve("ada", page)
        house.clock.advance(minutes=10)
        assert (await house.end(back, browser))[0] == 403


async def test_odd_ways_back(serve: Serve) -> None:
    async with serve() as house:
        page, browser = await house.begin()
        state = parse_qs(urlsplit(page).query)["state"][0]
        for query in ("", "?code=x", f"?code=&state={state}", "?code=x&state=é", "?error=<b>"):
            status, text, _ = await house.end(f"/api/auth/slack/callback{query}", browser)
            assert status == 403, query
            assert "<b>" not in text
        page, browser = await house.begin()
        state = parse_qs(urlsplit(page).query)["state"][0]
        where = f"/api/auth/slack/callback?code=wrong&state={state}"
        assert (await house.end(where, browser))[0] == 403


async def test_without_a_client_there_is_no_such_door(client: Client) -> None:
    for path in ("/api/auth/slack", "/api/auth/slack/callback?code=x&state=y"):
        async with client.get(path, allow_redirects=False) as answer:
            assert answer.status == 404


async def test_slack_being_down_is_said(serve: Serve) -> None:
    async with serve() as house:
        page, browser = await house.begin()
        back = house.slack.approve("ada", page)
        await house.slack.stop()
        status, text, _ = await house.end(back, browser)
        assert (status, "Try again" in text) == (503, True)


async def test_beside_one_bot_token_its_workspace_signs_in(
    tmp_path: Path, clock: FakeClock
) -> None:
    """Nothing is installed then; the client's id and secret are for signing in alone."""
    async with simulated(clock) as slack:
        token = slack.install(team_of(slack), "ana").value
        slack.add_team("Elsewhere", "zoe")
        client = {"slack_client_id": slack.app.client_id}
        client |= {"slack_client_secret": slack.app.client_secret}
        settings = settings_of(tmp_path, slack, token, **client)
        async with served(slack, clock, settings) as acme:
            async with aiohttp.ClientSession(acme.url) as session:
                async with session.get("/api/auth/ways") as answer:
                    assert (await answer.json())["slack"] is True
                async with session.get("/slack/install") as answer:
                    assert answer.status == 404
            statuses = {}
            for who in ("ben", "zoe"):
                async with (
                    aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser,
                    browser.get(f"{acme.url}/api/auth/slack", allow_redirects=False) as begun,
                ):
                    back = urlsplit(slack.approve(who, begun.headers["Location"]))
                    way = f"{acme.url}{back.path}?{back.query}"
                    async with browser.get(way, allow_redirects=False) as answer:
                        statuses[who] = answer.status, "not installed" in await answer.text()
            assert statuses == {"ben": (303, False), "zoe": (403, True)}
