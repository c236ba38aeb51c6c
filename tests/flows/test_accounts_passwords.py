"""How passwords and sign-ins change hands, and how narrow their doors are."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from tests.clock import FakeClock
from tests.flows.conftest import PASSWORD, Client, Outbox, SignedIn, SignUp
from tests.flows.counter import Serve, call, code_of, login, serve
from web.auth.evenness import STEP
from web.keys import STORE

__all__ = ["serve"]

OTHER = "another-password"

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


async def test_every_answer_comes_at_an_even_time(client: Client, sign_up: SignUp) -> None:
    """Found, unknown, or sent too often: what had to be done for it shows in no delay."""
    await sign_up("ana")
    loop = asyncio.get_running_loop()
    for name in ("ana", "nobody", *["ana@example.org"] * 6):
        start = loop.time()
        async with client.post("/api/auth/reset", json={"name": name}) as answer:
            assert answer.status == 202
        assert loop.time() - start > STEP


async def test_letters_of_one_kind_do_not_tell_of_the_other(
    client: Client, sign_up: SignUp, clock: FakeClock
) -> None:
    """Who registers with an address cannot see by a refusal whether a link went to it."""
    await sign_up("ana")
    for _ in range(6):
        async with client.post("/api/auth/reset", json={"name": "ana@example.org"}) as answer:
            assert answer.status == 202

    async def registers(email: str) -> list[int]:
        found = []
        for number in range(6):
            clock.advance(30)
            name = f"{email[:1]}-{number}"
            body = {"email": email, "username": name, "password": PASSWORD}
            async with client.post("/api/auth/register", json=body) as answer:
                found.append(answer.status)
        return found

    await sign_up("bbb", email="b@example.org", verify=False)
    assert await registers("ana@example.org") == await registers("b@example.org")


async def test_nobody_is_flooded_with_links(
    client: Client, sign_up: SignUp, outbox: Outbox, clock: FakeClock
) -> None:
    await sign_up("ana")
    links = set()
    for _ in range(8):
        clock.advance(6)
        async with client.post("/api/auth/reset", json={"name": "ana"}) as answer:
            assert answer.status == 202
        links.add(outbox.codes["ana"])
    assert len(links) == 6
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
