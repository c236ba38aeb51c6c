"""Sign in with Slack against a local Slack that signs real identity tokens."""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import jwt
import pytest
from aiohttp.test_utils import TestClient, TestServer
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from yarl import URL

from bot.service.directory import person_listed
from bot.service.ports.directory import Listed
from bot.service.ports.vault import Secret
from bot.settings import Settings
from tests.clock import FakeClock
from tests.flows.conftest import PASSWORD, Client, Outbox, SignedIn
from tests.flows.slack_office import office
from tests.slack import identity
from tests.slack.clock import Clock
from tests.slack.records import SlackApp, Team, User
from tests.slack.server import Slack
from web.app import build_app
from web.keys import AGENT, STORE

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
            assert "in Slack" in (await answer.json())["verification_hint"]
        await acme.settle()
        (text,) = acme.texts(acme.slack.dm("ben"))
        (code,) = re.findall(r"\b[0-9]{8}\b", text)
        for who in ("ana", "cleo"):
            assert acme.texts(acme.slack.dm(who)) == []
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


FORGERIES: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://slack.com.evil.example"},
    "another audience": {"aud": "2222222222.3333333333"},
    "several audiences": {"aud": ["1111111111.2222222222", "evil"]},
    "no nonce": {"nonce": None},
    "another nonce": {"nonce": "x"},
    "over": {"exp": 1},
    "no end": {"exp": None},
    "an end in words": {"exp": "never"},
    "from the future": {"iat": 4_000_000_000},
    "no team": {"https://slack.com/team_id": None},
    "a list of teams": {"https://slack.com/team_id": ["T1"]},
    "a strange team": {"https://slack.com/team_id": "T1/../x"},
    "no user": {"https://slack.com/user_id": None},
}


@pytest.mark.parametrize("name", FORGERIES)
async def test_forged_claims(serve: Serve, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    encode = jwt.encode

    def forged(claims: dict[str, Any], key: Any, **how: Any) -> str:
        changed = {k: v for k, v in (claims | FORGERIES[name]).items() if v is not None}
        return encode(changed, key, **how)

    async with serve() as house:
        monkeypatch.setattr(identity.jwt, "encode", forged)
        status, _, cookies = await house.sign_in("ada")
        assert (status, "handraise_refresh" in cookies) == (403, False)


def signed_as_secret(claims: dict[str, Any], key: rsa.RSAPrivateKey) -> str:
    """Return a token signed by HMAC with the public key's own text, which everybody knows."""
    pem = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    header = {"alg": "HS256", "typ": "JWT", "kid": identity.KEY_ID}
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in (header, claims)
    ]
    signature = hmac.digest(pem, b".".join(parts), "sha256")
    parts.append(base64.urlsafe_b64encode(signature).rstrip(b"="))
    return b".".join(parts).decode()


@pytest.mark.parametrize(
    "kind", ["none", "hs256", "own key", "jwk", "jku", "x5u", "crit", "kid", "huge", "cut", "words"]
)
async def test_forged_signatures(serve: Serve, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    encode = jwt.encode
    mine = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    public = json.loads(RSAAlgorithm.to_jwk(mine.public_key()))
    key_id = {"kid": identity.KEY_ID}

    def forged(claims: dict[str, Any], key: Any, **how: Any) -> str:
        good = encode(claims, key, **how)
        match kind:
            case "none":
                return encode(claims, None, algorithm="none", headers=key_id)
            case "hs256":
                return signed_as_secret(claims, key)
            case "own key":
                return encode(claims, mine, algorithm="RS256", headers=key_id)
            case "jwk":
                headers = key_id | {"jwk": public}
                return encode(claims, mine, algorithm="RS256", headers=headers)
            case "jku" | "x5u":
                headers = key_id | {kind: "https://evil.example/keys"}
                return encode(claims, mine, algorithm="RS256", headers=headers)
            case "crit":
                headers = key_id | {"crit": ["b64"], "b64": True}
                return encode(claims, key, algorithm="RS256", headers=headers)
            case "kid":
                headers = {"kid": "../../dev/null"}
                return encode(claims, key, algorithm="RS256", headers=headers)
            case "huge":
                return encode(claims | {"x": "y" * 9_000}, key, **how)
            case "cut":
                return good[:-8]
            case _:
                return "not a token at all"

    async with serve() as house:
        monkeypatch.setattr(identity.jwt, "encode", forged)
        assert (await house.sign_in("ada"))[0] == 403
