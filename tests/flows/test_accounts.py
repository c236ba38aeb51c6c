"""Who may have an account, and who administrates."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import WSMsgType

from tests.clock import FakeClock
from tests.flows.conftest import PASSWORD, Client, Outbox, SignUp
from tests.flows.counter import Serve, call, code_of, login, register, registered, serve
from web.auth import first
from web.keys import STORE

__all__ = ["serve"]

OTHER = "another-password"


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
            assert await answer.json() == {
                "registration": "closed",
                "slack": False,
                "administrator_wanted": True,
            }


@pytest.mark.parametrize(
    ("mode", "code"), [("closed", "registration_closed"), ("invite", "invite_needed")]
)
async def test_who_may_not_register_is_not_told_who_has(serve: Serve, mode: str, code: str) -> None:
    async with serve(registration=mode) as client:
        assert (await register(client, "ana"))[0] == 201, "the first, in development"
        for name in ("ana", "nobody"):
            assert code_of(await register(client, name)) == (403, code)


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
