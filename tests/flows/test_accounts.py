"""Who may have an account, who administrates, and how passwords and sign-ins change hands."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestClient, TestServer

from bot.settings import Settings
from tests.clock import FakeClock
from tests.flows.conftest import PASSWORD, Client, Outbox, SignedIn, SignUp
from web.app import build_app
from web.auth import first
from web.keys import STORE

Serve = Callable[..., AbstractAsyncContextManager[Client]]
OTHER = "another-password"


@pytest.fixture
def serve(
    tmp_path: Path, clock: FakeClock, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> Serve:
    """Return what runs a server under settings of the test's own, on one database."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)

    @asynccontextmanager
    async def serve(**values: Any) -> AsyncIterator[Client]:
        settings = Settings.load(
            env_file=None,
            data_dir=tmp_path,
            secret_key="s" * 8 + "ecret-of-the-tests" * 2,
            public_url="https://handraise.example.org",
            **values,
        )
        app = build_app(settings, clock=clock, send_code=outbox, password_cost=4)
        async with TestClient(TestServer(app)) as client:
            yield client

    return serve


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The codes that servers logged for their first administrator."""
    codes: list[str] = []

    class Log:
        def warning(self, event: str, *, code: str, hint: str) -> None:
            assert event == "administrator_code"
            codes.append(code)

    monkeypatch.setattr(first, "log", Log())
    return codes


async def register(client: Client, name: str, **more: Any) -> tuple[int, Any]:
    body = {"email": f"{name}@example.org", "username": name, "password": PASSWORD} | more
    async with client.post("/api/auth/register", json=body) as answer:
        return answer.status, await answer.json()


async def login(client: Client, name: str, password: str = PASSWORD) -> tuple[int, Any]:
    async with client.post(
        "/api/auth/login", data={"username": name, "password": password}
    ) as answer:
        return answer.status, await answer.json()


async def registered(client: Client, name: str, **more: Any) -> SignedIn:
    status, tokens = await register(client, name, **more)
    assert status == 201, tokens
    return SignedIn(client, name, f"{name}@example.org", tokens)


async def call(who: SignedIn, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with who.client.request(method, path, json=body, headers=who.headers) as answer:
        text = await answer.text()
        return answer.status, (json.loads(text) if text else None)


def code_of(answer: tuple[int, Any]) -> tuple[int, str]:
    return answer[0], answer[1]["error"]["code"]


# --- administrators ---------------------------------------------------------------------------


async def test_in_development_the_first_account_is_the_administrator_s(sign_up: SignUp) -> None:
    ana, ben = await sign_up("ana"), await sign_up("ben")
    assert (await ana.get("/api/auth/me"))[1]["is_admin"] is True
    assert (await ben.get("/api/auth/me"))[1]["is_admin"] is False
    assert (await ana.get("/api/admin/accounts"))[0] == 200
    assert code_of(await ben.get("/api/admin/accounts")) == (403, "admin_only")


async def test_in_production_the_first_administrator_needs_the_code_of_the_log(
    serve: Serve, logged: list[str]
) -> None:
    async with serve(debug=False) as client:
        assert code_of(await register(client, "eve")) == (403, "invite_needed")
        for wrong in ("", "AAAAA-AAAAA-AAAAA-AAAAA", "\u0000"):
            answer = await register(client, "eve", administrator_code=wrong)
            assert answer[0] in (403, 422), wrong
        typed = logged[0].lower().replace("-", " ")
        ana = await registered(client, "ana", administrator_code=typed)
        _, me = await ana.get("/api/auth/me")
        assert (me["is_admin"], me["verified"]) == (True, True)
        again = await register(client, "eve", administrator_code=logged[0])
        assert code_of(again) == (403, "administrator_code_invalid")
        kept = await client.app[STORE].read(lambda tx: tx.accounts.has_administrator())
        assert kept
    async with serve(debug=False):
        assert len(logged) == 1, "no code is told once there is an administrator"


async def test_the_code_of_every_start_is_good_until_one_is_used(
    serve: Serve, logged: list[str], clock: FakeClock
) -> None:
    async with serve(debug=False):
        pass
    async with serve(debug=False, registration="open") as client:
        assert len(set(logged)) == 2
        ana = await registered(client, "ana")
        assert (await ana.get("/api/auth/me"))[1]["is_admin"] is False
        assert (await call(ana, "POST", "/api/auth/administrator", {"code": logged[0]}))[0] == 204
        assert (await ana.get("/api/auth/me"))[1]["is_admin"] is True
        ben = await registered(client, "ben")
        refused = await call(ben, "POST", "/api/auth/administrator", {"code": logged[1]})
        assert code_of(refused) == (403, "administrator_code_invalid")


async def test_the_code_ends_after_seven_days(
    serve: Serve, logged: list[str], clock: FakeClock
) -> None:
    async with serve(debug=False) as client:
        clock.advance(hours=7 * 24)
        answer = await register(client, "ana", administrator_code=logged[0])
        assert code_of(answer) == (403, "administrator_code_invalid")


async def test_two_who_use_the_code_at_once_make_one_administrator(
    serve: Serve, logged: list[str]
) -> None:
    async with serve(debug=False) as client:
        answers = await asyncio.gather(
            *(register(client, f"ana{n}", administrator_code=logged[0]) for n in range(5))
        )
        assert sorted(status for status, _ in answers) == [201] + [403] * 4


# --- registration -----------------------------------------------------------------------------


async def test_a_closed_server_takes_nobody(serve: Serve, logged: list[str]) -> None:
    async with serve(debug=False, registration="closed") as client:
        assert code_of(await register(client, "eve")) == (403, "registration_closed")
        async with client.get("/api/auth/ways") as answer:
            assert await answer.json() == {"registration": "closed", "slack": False}


@pytest.mark.parametrize(
    "email",
    [
        "eve@example.com",
        "eve@sub.example.org",
        "eve@example.org.evil.com",
        "eve@ex\u0430mple.org",  # a Cyrillic letter
        "eve@\uff45xample.com",
        "eve@xn--exmple-4nf.org",
    ],
)
async def test_only_the_listed_domains(serve: Serve, logged: list[str], email: str) -> None:
    async with serve(
        debug=False, registration="domain", registration_domains="example.org"
    ) as client:
        assert code_of(await register(client, "eve", email=email)) == (403, "domain_not_allowed")


async def test_an_address_of_the_domain_is_confirmed_before_anything_else(
    serve: Serve, logged: list[str], outbox: Outbox
) -> None:
    async with serve(
        debug=False, registration="domain", registration_domains="@Example.org"
    ) as client:
        ana = await registered(client, "ana", email="ana@EXAMPLE.org")
        for path in ("/api/sessions", "/api/questions", "/api/channels"):
            assert code_of(await ana.get(path)) == (403, "not_verified"), path
        async with client.ws_connect("/ws") as socket:
            await socket.send_json({"type": "auth", "token": ana.tokens["access_token"]})
            assert (await socket.receive()).type is WSMsgType.CLOSE
            assert socket.close_code == 4401
        assert (await ana.get("/api/auth/me"))[0] == 200
        assert (await ana.get("/api/auth/sign-ins"))[0] == 200
        status, _ = await ana.post("/api/auth/verify", {"code": outbox.codes["ana"]})
        assert status == 200
        assert (await ana.get("/api/sessions"))[0] == 200


async def test_a_look_alike_domain_shows_what_it_is(client: Client, sign_up: SignUp) -> None:
    await sign_up("ana", email="ana@example.org")
    eve = await sign_up("eve", email="ana@ex\u0430mple.org", verify=False)
    _, me = await eve.get("/api/auth/me")
    assert me["email"] == "ana@xn--exmple-4nf.org"


@pytest.mark.parametrize("name", ["\u0430na", "a\u0301na", "\uff41na", "ana\u200b", "\u1d43na"])
async def test_a_look_alike_name_is_none(client: Client, sign_up: SignUp, name: str) -> None:
    await sign_up("ana")
    assert code_of(await register(client, name, email="eve@example.org")) == (422, "invalid")


async def test_invitations(serve: Serve, logged: list[str], clock: FakeClock) -> None:
    async with serve(debug=False) as client:
        ana = await registered(client, "ana", administrator_code=logged[0])
        status, made = await ana.post("/api/admin/invites", {"email": "Ben@example.org"})
        assert status == 201
        path, _, token = made["url"].rpartition("/")
        assert path == "https://handraise.example.org/#/invite"
        assert token not in json.dumps((await ana.get("/api/admin/invites"))[1])
        other = await register(client, "eve", invite=token)
        assert code_of(other) == (403, "invite_other_address")
        both = await asyncio.gather(
            *(register(client, n, invite=token, email="ben@example.org") for n in ("ben", "bob"))
        )
        assert sorted(status for status, _ in both) == [201, 403]
        assert (await ana.get("/api/admin/invites"))[1] == {"invites": []}

        _, unbound = await ana.post("/api/admin/invites", {})
        _, taken_back = await ana.post("/api/admin/invites", {})
        status, _ = await call(ana, "DELETE", f"/api/admin/invites/{taken_back['id']}")
        assert status == 204
        gone = await register(client, "eve", invite=taken_back["url"].rpartition("/")[2])
        assert code_of(gone) == (403, "invite_invalid")
        # Not used up by who could not register.
        token = unbound["url"].rpartition("/")[2]
        assert code_of(await register(client, "ANA", email="x@example.org", invite=token)) == (
            409,
            "username_taken",
        )
        clock.advance(hours=7 * 24 - 1)
        dora = await registered(client, "dora", invite=token)
        assert (await dora.get("/api/auth/me"))[1]["is_admin"] is False
        clock.advance(hours=2)
        _, tokens = await login(client, "ana")
        ana.tokens = tokens
        _, late = await ana.post("/api/admin/invites", {})
        clock.advance(hours=7 * 24)
        late_token = late["url"].rpartition("/")[2]
        assert code_of(await register(client, "late", invite=late_token)) == (403, "invite_invalid")


async def test_an_invitation_is_no_link_of_another_kind(
    client: Client, sign_up: SignUp, outbox: Outbox
) -> None:
    ana = await sign_up("ana")
    _, made = await ana.post("/api/admin/invites", {})
    body = {"token": made["url"].rpartition("/")[2], "password": OTHER}
    async with client.post("/api/auth/reset/confirm", json=body) as answer:
        assert answer.status == 403
    # Nor does its id, which administrators see, let anybody in.
    async with client.post("/api/auth/reset", json={"name": "ana"}) as answer:
        assert answer.status == 202
    reset = outbox.codes["ana"].rpartition("/")[2]
    assert code_of(await register(client, "eve", invite=made["id"]))[0] == 403
    assert code_of(await register(client, "eve", invite=reset)) == (403, "invite_invalid")


@pytest.mark.parametrize("field", ["is_admin", "verified_at", "person_id", "id", "disabled_at"])
async def test_fields_that_are_not_asked_for_are_refused(
    client: Client, sign_up: SignUp, field: str
) -> None:
    status, body = await register(client, "eve", **{field: True})
    assert (status, list(body["error"]["details"]["fields"])) == (422, [field])
    ana = await sign_up("ana")
    for method, path, known in (
        ("POST", "/api/auth/verify", {"code": "00000000"}),
        ("POST", "/api/auth/password", {"password": PASSWORD, "new_password": OTHER}),
        ("POST", "/api/auth/reset", {"name": "ana"}),
        ("POST", "/api/auth/reset/confirm", {"token": "x", "password": OTHER}),
        ("POST", "/api/auth/administrator", {"code": "x"}),
        ("POST", "/api/admin/invites", {}),
        ("POST", "/api/admin/people/merge", {"person": "x", "into": "y"}),
        ("PUT", "/api/admin/accounts/x/rights", {"is_admin": True}),
    ):
        if field in known:
            continue
        status, body = await call(ana, method, path, known | {field: True})
        assert (status, list(body["error"]["details"]["fields"])) == (422, [field]), path


# --- passwords --------------------------------------------------------------------------------


async def test_changing_a_password_ends_every_other_sign_in(
    client: Client, sign_up: SignUp
) -> None:
    ana = await sign_up("ana")
    _, elsewhere = await login(client, "ana")
    change = {"password": PASSWORD, "new_password": OTHER}
    wrong = await call(ana, "POST", "/api/auth/password", change | {"password": OTHER})
    assert code_of(wrong) == (403, "bad_credentials")
    short = await call(ana, "POST", "/api/auth/password", change | {"new_password": "short"})
    assert short[0] == 422
    assert (await call(ana, "POST", "/api/auth/password", change))[0] == 204
    assert (await ana.get("/api/auth/me"))[0] == 200
    other = SignedIn(client, "ana", "", elsewhere)
    assert code_of(await other.get("/api/auth/me")) == (401, "signed_out")
    assert (await login(client, "ana"))[0] == 401
    assert (await login(client, "ana", OTHER))[0] == 200


async def test_a_forgotten_password_is_set_by_a_link_that_is_good_once(
    client: Client, sign_up: SignUp, outbox: Outbox, clock: FakeClock
) -> None:
    ana = await sign_up("ana")
    async with client.post("/api/auth/reset", json={"name": "ANA@example.org"}) as answer:
        assert (answer.status, await answer.text()) == (202, "")
    first_link = outbox.codes["ana"]
    async with client.post("/api/auth/reset", json={"name": "ana"}) as answer:
        assert answer.status == 202
    link = outbox.codes["ana"]
    assert "/#/reset/" in link, "in the fragment, which no server logs"
    token = link.rpartition("/")[2]

    async def confirm(token: str, password: str) -> tuple[int, bool]:
        body = {"token": token, "password": password}
        async with client.post("/api/auth/reset/confirm", json=body) as answer:
            return answer.status, bool(answer.cookies)

    assert (await confirm(token, "short"))[0] == 422
    assert await confirm(token, OTHER) == (204, False), "a link signs nobody in"
    assert (await confirm(token, PASSWORD))[0] == 403
    earlier = first_link.rpartition("/")[2]
    assert (await confirm(earlier, PASSWORD))[0] == 403, "all earlier links end too"
    assert code_of(await ana.get("/api/auth/me")) == (401, "signed_out")
    assert (await login(client, "ana"))[0] == 401
    assert (await login(client, "ana", OTHER))[0] == 200

    async with client.post("/api/auth/reset", json={"name": "ana"}) as answer:
        assert answer.status == 202
    clock.advance(minutes=30)
    assert (await confirm(outbox.codes["ana"].rpartition("/")[2], PASSWORD))[0] == 403


async def test_asking_for_a_link_tells_nobody_who_exists(
    app: web.Application, client: Client, sign_up: SignUp, outbox: Outbox
) -> None:
    await sign_up("ana")
    await sign_up("una", verify=False)
    sent = dict(outbox.codes)

    async def ask(name: str) -> tuple[int, str, list[str]]:
        async with client.post("/api/auth/reset", json={"name": name}) as answer:
            told = [h for h in answer.headers if h not in ("Date", "X-Request-Id")]
            return answer.status, await answer.text(), told

    async def kept() -> int:
        def count(tx: Any) -> int:
            return len(tx.tickets.of("reset", 100))

        found: int = await app[STORE].read(count)
        return found

    answers = [await ask(name) for name in ("nobody", "x@example.org", "una", "una@example.org")]
    assert outbox.codes == sent, "an address that is only claimed gets no link"
    assert await kept() == 4, "whoever is unknown costs a transaction too"
    answers.append(await ask("ana"))
    assert all(answer == answers[0] for answer in answers)
    assert outbox.codes["ana"] != sent["ana"]


async def test_nobody_is_flooded_with_links(
    client: Client, sign_up: SignUp, outbox: Outbox, clock: FakeClock
) -> None:
    await sign_up("ana")  # one letter
    links = set()
    for _ in range(8):
        clock.advance(6)
        async with client.post("/api/auth/reset", json={"name": "ana"}) as answer:
            assert answer.status == 202
        links.add(outbox.codes["ana"])
    assert len(links) == 5
    clock.advance(minutes=10)
    async with client.post("/api/auth/reset", json={"name": "ana"}) as answer:
        assert answer.status == 202
    assert outbox.codes["ana"] not in links


async def test_the_doors_are_narrow_on_every_server_together(
    serve: Serve, clock: FakeClock
) -> None:
    """The count is in the database: a restart, or another server, begins no new one."""
    async with serve() as client:
        for _ in range(10):
            async with client.post("/api/auth/reset", json={"name": "x"}) as answer:
                assert answer.status == 202
    async with serve() as client:
        async with client.post("/api/auth/reset", json={"name": "x"}) as answer:
            assert answer.status == 429
            assert int(answer.headers["Retry-After"]) > 0
        assert (await login(client, "ana"))[0] == 401, "another door"


# --- sign-ins ---------------------------------------------------------------------------------


async def test_sign_ins_are_listed_and_ended(
    client: Client, sign_up: SignUp, clock: FakeClock
) -> None:
    ana, ben = await sign_up("ana"), await sign_up("ben")
    clock.advance(60)
    form = {"username": "ana", "password": PASSWORD}
    agent = "Phone <script>\u00e9" + "x" * 300
    async with client.post("/api/auth/login", data=form, headers={"User-Agent": agent}) as answer:
        phone = SignedIn(client, "ana", "", await answer.json())
    _, listed = await ana.get("/api/auth/sign-ins")
    newest, oldest = listed["sign_ins"]
    assert (newest["current"], oldest["current"]) == (False, True)
    assert newest["user_agent"].startswith("Phone <script>")
    assert len(newest["user_agent"]) == 200
    assert newest["created_at"] > oldest["created_at"]
    stranger = await call(ben, "DELETE", f"/api/auth/sign-ins/{newest['id']}")
    assert stranger[0] == 404, "another's sign-in is none"
    assert (await phone.get("/api/auth/me"))[0] == 200
    assert (await call(ana, "DELETE", f"/api/auth/sign-ins/{newest['id']}"))[0] == 204
    assert code_of(await phone.get("/api/auth/me")) == (401, "signed_out")
    assert len((await ana.get("/api/auth/sign-ins"))[1]["sign_ins"]) == 1
    _, tokens = await login(client, "ana")
    assert (await call(ana, "DELETE", "/api/auth/sign-ins"))[0] == 204
    for who in (ana, SignedIn(client, "ana", "", tokens)):
        assert code_of(await who.get("/api/auth/me")) == (401, "signed_out")
    assert (await ben.get("/api/auth/me"))[0] == 200


async def test_a_sign_in_is_always_a_new_one(client: Client, sign_up: SignUp) -> None:
    """Whatever token a link or another site planted in the browser, a login does not adopt it."""
    eve = await sign_up("eve")
    planted = {"Cookie": f"handraise_refresh={eve.tokens['refresh_token']}"}
    await sign_up("ana")
    form = {"username": "ana", "password": PASSWORD}
    page = {"X-Handraise-Client": "page"}
    async with client.post("/api/auth/login", data=form, headers=planted | page) as answer:
        given = answer.cookies["handraise_refresh"].value
    assert given != eve.tokens["refresh_token"]
    assert (await eve.get("/api/auth/sign-ins"))[1]["sign_ins"][0]["current"] is True
