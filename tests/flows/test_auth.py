"""Accounts through HTTP: register, verify, sign in, rotate, sign out."""

from __future__ import annotations

import asyncio
from http.cookies import SimpleCookie

import pytest
from aiohttp import web

from bot.service.ports.store import Topic
from tests.clock import FakeClock
from tests.flows.conftest import PASSWORD, Client, Outbox, SignedIn, SignUp
from web.keys import STORE

PAGE = {"X-Handraise-Client": "page"}


async def login(client: Client, username: str, password: str = PASSWORD) -> tuple[int, dict]:
    form = {"username": username, "password": password}
    async with client.post("/api/auth/login", data=form) as answer:
        return answer.status, await answer.json()


async def refresh(client: Client, token: str) -> tuple[int, dict]:
    async with client.post("/api/auth/refresh", json={"refresh_token": token}) as answer:
        return answer.status, await answer.json()


async def test_registering_gives_tokens_that_work(client: Client) -> None:
    body = {"email": "ana@example.org", "username": "ana", "password": PASSWORD}
    async with client.post("/api/auth/register", json=body) as answer:
        tokens = await answer.json()
        assert answer.status == 201
        assert not answer.cookies
    assert set(tokens) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert tokens["token_type"] == "bearer"
    assert tokens["expires_in"] == 25 * 60
    status, me = await SignedIn(client, "ana", "ana@example.org", tokens).get("/api/auth/me")
    assert status == 200
    assert me["username"] == "ana"
    assert me["verified"] is False
    assert me["created_at"].endswith("Z")
    assert "log" in me["verification_hint"]


async def test_verifying(client: Client, sign_up: SignUp, outbox: Outbox) -> None:
    ana = await sign_up("ana", verify=False)
    code = outbox.codes["ana"]
    wrong = f"{(int(code) + 1) % 10**8:08}"
    status, body = await ana.post("/api/auth/verify", {"code": wrong})
    assert (status, body["error"]["code"]) == (422, "code_wrong")
    assert body["error"]["details"] == {"attempts_left": 4}
    status, me = await ana.post("/api/auth/verify", {"code": f" {code[:4]}-{code[4:]} "})
    assert status == 200
    assert me["verified"] is True
    assert me["verification_hint"] is None
    status, me = await ana.post("/api/auth/verify", {"code": "00000000"})
    assert (status, me["verified"]) == (200, True), "verifying twice is no error"


async def test_five_wrong_codes_use_a_code_up(
    client: Client, sign_up: SignUp, outbox: Outbox, clock: FakeClock
) -> None:
    ana = await sign_up("ana", verify=False)
    code = outbox.codes["ana"]
    wrong = f"{(int(code) + 1) % 10**8:08}"
    for left in (4, 3, 2, 1, 0):
        _, body = await ana.post("/api/auth/verify", {"code": wrong})
        assert body["error"]["details"] == {"attempts_left": left}
    status, body = await ana.post("/api/auth/verify", {"code": code})
    assert (status, body["error"]["code"]) == (422, "code_expired")
    status, body = await ana.post("/api/auth/verify/resend")
    assert (status, body["error"]["code"]) == (429, "rate_limited")
    clock.advance(60)
    status, _ = await ana.post("/api/auth/verify/resend")
    assert status == 202
    assert outbox.codes["ana"] != code
    status, _ = await ana.post("/api/auth/verify", {"code": outbox.codes["ana"]})
    assert status == 200
    status, body = await ana.post("/api/auth/verify/resend")
    assert (status, body["error"]["code"]) == (409, "already_verified")


async def test_a_code_ends_after_fifteen_minutes(
    client: Client, sign_up: SignUp, outbox: Outbox, clock: FakeClock
) -> None:
    ana = await sign_up("ana", verify=False)
    clock.advance(minutes=15)
    status, body = await ana.post("/api/auth/verify", {"code": outbox.codes["ana"]})
    assert (status, body["error"]["code"]) == (422, "code_expired")


async def test_the_first_to_prove_an_address_has_it(
    client: Client, sign_up: SignUp, outbox: Outbox
) -> None:
    claimer = await sign_up("claimer", email="Ana@example.org", verify=False)
    await sign_up("ana", email="ana@EXAMPLE.org")
    status, body = await claimer.post("/api/auth/verify", {"code": outbox.codes["claimer"]})
    assert (status, body["error"]["code"]) == (409, "email_taken")
    # Only the one who proved it may sign in by it.
    status, tokens = await login(client, "ana@example.org")
    assert status == 200
    _, me = await SignedIn(client, "", "", tokens).get("/api/auth/me")
    assert me["username"] == "ana"


async def test_an_unverified_address_signs_nobody_in(client: Client, sign_up: SignUp) -> None:
    await sign_up("ana", verify=False)
    status, body = await login(client, "ana@example.org")
    assert (status, body["error"]["code"]) == (401, "bad_credentials")
    assert (await login(client, "ana"))[0] == 200


async def test_a_taken_name_is_a_conflict(client: Client, sign_up: SignUp) -> None:
    await sign_up("Ana")
    body = {"email": "b@example.org", "username": "aNA", "password": PASSWORD}
    async with client.post("/api/auth/register", json=body) as answer:
        assert answer.status == 409
        assert (await answer.json())["error"]["code"] == "username_taken"


async def test_registering_at_once_makes_one_account(client: Client) -> None:
    async def register(number: int) -> int:
        body = {"email": f"a{number}@example.org", "username": "ana", "password": PASSWORD}
        async with client.post("/api/auth/register", json=body) as answer:
            return answer.status

    statuses = await asyncio.gather(*(register(number) for number in range(8)))
    assert sorted(statuses) == [201] + [409] * 7


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"username": "a@b"}, "username"),
        ({"username": "ab"}, "username"),
        ({"username": "a" * 33}, "username"),
        ({"username": "änn"}, "username"),
        ({"username": "ana\n"}, "username"),
        ({"email": "nobody"}, "email"),
        ({"email": "a@localhost"}, "email"),
        ({"email": "a b@example.org"}, "email"),
        ({"password": "1234567"}, "password"),
        ({"password": "é" * 37}, "password"),
        ({"password": "pass\u0000word123"}, "password"),
        ({"password": 123456789}, "password"),
        ({"extra": 1}, "extra"),
    ],
)
async def test_bad_registrations(client: Client, change: dict, field: str) -> None:
    body = {"email": "ana@example.org", "username": "ana", "password": PASSWORD} | change
    async with client.post("/api/auth/register", json=body) as answer:
        error = (await answer.json())["error"]
        assert (answer.status, error["code"]) == (422, "invalid")
        assert list(error["details"]["fields"]) == [field]


async def test_a_password_of_72_bytes_works_and_one_more_is_refused_honestly(
    client: Client,
) -> None:
    body = {"email": "ana@example.org", "username": "ana", "password": "x" * 73}
    async with client.post("/api/auth/register", json=body) as answer:
        assert "72 bytes" in (await answer.json())["error"]["message"]
    body["password"] = "x" * 72
    async with client.post("/api/auth/register", json=body) as answer:
        assert answer.status == 201
    assert (await login(client, "ana", "x" * 72))[0] == 200
    assert (await login(client, "ana", "x" * 73))[0] == 401, "the rest is not just cut off"


async def test_wrong_password_and_unknown_name_read_the_same(
    client: Client, sign_up: SignUp
) -> None:
    await sign_up("ana")
    assert await login(client, "ana", "password124") == await login(client, "nobody")


async def test_login_takes_a_form_and_nothing_else(client: Client, sign_up: SignUp) -> None:
    await sign_up("ana")
    async with client.post(
        "/api/auth/login", json={"username": "ana", "password": PASSWORD}
    ) as answer:
        assert answer.status == 415
    form = {"username": "ana", "password": PASSWORD, "grant_type": "password", "scope": ""}
    async with client.post("/api/auth/login", data=form) as answer:
        assert answer.status == 200


async def test_rotation_and_the_same_successor_within_20_seconds(
    client: Client, sign_up: SignUp, clock: FakeClock
) -> None:
    ana = await sign_up("ana")
    first = ana.tokens["refresh_token"]
    _, once = await refresh(client, first)
    clock.advance(19)
    status, again = await refresh(client, first)
    assert status == 200
    assert once["refresh_token"] == again["refresh_token"] != first
    status, third = await refresh(client, once["refresh_token"])
    assert status == 200
    assert third["refresh_token"] not in (first, once["refresh_token"])


async def test_many_at_once_get_one_successor(client: Client, sign_up: SignUp) -> None:
    ana = await sign_up("ana")
    answers = await asyncio.gather(
        *(refresh(client, ana.tokens["refresh_token"]) for _ in range(10))
    )
    assert {status for status, _ in answers} == {200}
    assert len({tokens["refresh_token"] for _, tokens in answers}) == 1


async def test_a_copied_token_revokes_its_family(
    app: web.Application, client: Client, sign_up: SignUp, clock: FakeClock
) -> None:
    signed_out: list[str] = []
    app[STORE].listen(Topic.SIGN_OUT, signed_out.append)
    ana = await sign_up("ana")
    first = ana.tokens["refresh_token"]
    _, tokens = await refresh(client, first)
    clock.advance(20)
    status, body = await refresh(client, first)
    assert (status, body["error"]["code"]) == (401, "token_reused")
    status, body = await refresh(client, tokens["refresh_token"])
    assert (status, body["error"]["code"]) == (401, "signed_out")
    status, body = await ana.get("/api/auth/me")
    assert (status, body["error"]["code"]) == (401, "signed_out")
    assert len(signed_out) == 1
    assert (await login(client, "ana"))[0] == 200, "another sign-in is another family"


async def test_refresh_tokens_end_after_seven_days(
    client: Client, sign_up: SignUp, clock: FakeClock
) -> None:
    ana = await sign_up("ana")
    clock.advance(hours=7 * 24)
    status, body = await refresh(client, ana.tokens["refresh_token"])
    assert (status, body["error"]["code"]) == (401, "token_expired")


async def test_access_tokens_end_after_25_minutes(
    client: Client, sign_up: SignUp, clock: FakeClock
) -> None:
    ana = await sign_up("ana")
    clock.advance(minutes=25)
    status, body = await ana.get("/api/auth/me")
    assert (status, body["error"]["code"]) == (401, "token_expired")
    status, ana.tokens = await refresh(client, ana.tokens["refresh_token"])
    assert status == 200
    assert (await ana.get("/api/auth/me"))[0] == 200


async def test_unknown_refresh_tokens(client: Client) -> None:
    for token in ("hrr_" + "0" * 64, "", "x"):
        status, body = await refresh(client, token)
        assert (status, body["error"]["code"]) == (401, "token_invalid")
    async with client.post("/api/auth/refresh") as answer:
        assert answer.status == 401


async def test_the_page_keeps_its_refresh_token_in_a_cookie(
    client: Client, sign_up: SignUp
) -> None:
    await sign_up("ana")
    form = {"username": "ana", "password": PASSWORD}
    async with client.post("/api/auth/login", data=form, headers=PAGE) as answer:
        assert (await answer.json())["refresh_token"] is None
        cookie: SimpleCookie = answer.cookies
    morsel = cookie["handraise_refresh"]
    assert morsel["httponly"] is True
    assert morsel["samesite"] == "Strict"
    assert morsel["path"] == "/api/auth"
    assert int(morsel["max-age"]) == 7 * 24 * 3600
    assert not morsel["secure"], "the address is http here"
    # The test client's jar drops cookies of bare addresses, so they are sent by hand.
    sent = {"Cookie": f"handraise_refresh={morsel.value}"}
    async with client.post("/api/auth/refresh", headers=sent) as answer:
        assert answer.status == 403
        assert (await answer.json())["error"]["code"] == "client_header_missing"
    async with client.post("/api/auth/refresh", headers=sent | PAGE) as answer:
        assert answer.status == 200
        successor = answer.cookies["handraise_refresh"].value
    assert successor != morsel.value
    sent = {"Cookie": f"handraise_refresh={successor}"}
    async with client.post("/api/auth/logout", headers=sent | PAGE) as answer:
        assert answer.status == 204
        assert answer.cookies["handraise_refresh"].value == ""
    async with client.post("/api/auth/refresh", headers=sent | PAGE) as answer:
        assert answer.status == 401


async def test_logout_by_either_token(client: Client, sign_up: SignUp) -> None:
    ana = await sign_up("ana")
    assert (await ana.post("/api/auth/logout"))[0] == 204
    assert (await ana.get("/api/auth/me"))[1]["error"]["code"] == "signed_out"
    _, tokens = await login(client, "ana")
    body = {"refresh_token": tokens["refresh_token"]}
    for _ in range(2):
        async with client.post("/api/auth/logout", json=body) as answer:
            assert answer.status == 204
    assert (await refresh(client, tokens["refresh_token"]))[0] == 401
    async with client.post("/api/auth/logout") as answer:
        assert answer.status == 401


async def test_guessing_passwords_is_slowed_down(
    client: Client, sign_up: SignUp, clock: FakeClock
) -> None:
    await sign_up("ana")
    for _ in range(20):
        assert (await login(client, "ana", "guess123"))[0] == 401
    form = {"username": "ANA", "password": PASSWORD}
    async with client.post("/api/auth/login", data=form) as answer:
        assert answer.status == 429
        assert answer.headers["Retry-After"] == answer.headers["RateLimit-Reset"] == "3"
        assert answer.headers["RateLimit-Limit"] == "20"
        assert answer.headers["RateLimit-Remaining"] == "0"
    clock.advance(3)
    assert (await login(client, "ana"))[0] == 200
