"""What administrators and the operator do with accounts, and what nobody else can."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from aiohttp import WSMsgType, web

from bot.service.directory import people_called, person_listed
from bot.service.ports.directory import Listed
from bot.settings import Settings
from tests.clock import FakeClock
from tests.flows.conftest import PASSWORD, Client, Outbox, SignedIn, SignUp
from web.api.endpoint import ENDPOINTS
from web.cli.main import main
from web.keys import STORE


async def call(who: SignedIn, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with who.client.request(method, path, json=body, headers=who.headers) as answer:
        text = await answer.text()
        return answer.status, (json.loads(text) if text else None)


async def id_of(who: SignedIn) -> str:
    return str((await who.get("/api/auth/me"))[1]["id"])


async def login(client: Client, name: str, password: str = PASSWORD) -> tuple[int, Any]:
    form = {"username": name, "password": password}
    async with client.post("/api/auth/login", data=form) as answer:
        return answer.status, await answer.json()


async def test_only_administrators_come_through_the_administration_s_doors(
    app: web.Application, sign_up: SignUp
) -> None:
    await sign_up("ana")
    ben = await sign_up("ben")
    guarded = [each for each in app[ENDPOINTS] if each.path.startswith("/api/admin/")]
    assert len(guarded) >= 11
    for each in guarded:
        assert each.admin_only, each.path
        path = each.path.replace("{id}", await id_of(ben))
        status, body = await call(ben, each.method, path, {})
        assert (status, body["error"]["code"]) == (403, "admin_only"), path
        async with ben.client.request(each.method, path, json={}) as answer:
            assert answer.status == 401, path


async def test_the_document_says_who_may(client: Client) -> None:
    async with client.get("/openapi.json") as answer:
        document = await answer.json()
    merge = document["paths"]["/api/admin/people/merge"]["post"]
    assert "Only administrators may" in merge["description"]
    assert "403" in merge["responses"]


async def test_a_disabled_account_is_out_at_once(
    app: web.Application, client: Client, sign_up: SignUp, clock: FakeClock
) -> None:
    ana, ben = await sign_up("ana"), await sign_up("ben")
    listed = Listed(
        kind="slack", key="T1/U1", name="Ben Low", email=ben.email, handle="benlow", updated_at=1
    )

    def known(tx: Any) -> None:
        tx.directory.put(listed)
        person_listed(tx, listed, clock.now())

    await app[STORE].run(known)

    async def found(name: str) -> int:
        return await app[STORE].run(lambda tx: len(people_called(tx, name, clock.now())))

    for name in ("ben", ben.email, "benlow", "Ben Low"):
        assert await found(name) == 1, name
    async with client.ws_connect("/ws") as socket:
        await socket.send_json({"type": "auth", "token": ben.tokens["access_token"]})
        assert (await socket.receive_json())["type"] == "ready"
        status, shown = await call(ana, "POST", f"/api/admin/accounts/{await id_of(ben)}/disable")
        assert (status, shown["disabled"]) == (200, True)
        while (message := await socket.receive(timeout=5)).type is WSMsgType.TEXT:
            pass
        assert message.type is WSMsgType.CLOSE
        assert socket.close_code == 4409
    assert (await ben.get("/api/auth/me"))[1]["error"]["code"] == "signed_out"
    body = {"refresh_token": ben.tokens["refresh_token"]}
    async with client.post("/api/auth/refresh", json=body) as answer:
        assert answer.status == 401
    status, refused = await login(client, "ben")
    assert (status, refused["error"]["code"]) == (403, "account_disabled")
    for name in ("ben", ben.email, "benlow", "Ben Low"):
        assert await found(name) == 0, name
    async with client.post("/api/auth/reset", json={"name": "ben"}) as answer:
        assert answer.status == 202


async def test_enabling_lets_in_again_but_no_former_sign_in(
    client: Client, sign_up: SignUp
) -> None:
    ana, ben = await sign_up("ana"), await sign_up("ben")
    ben_id = await id_of(ben)
    for _ in range(2):
        assert (await call(ana, "POST", f"/api/admin/accounts/{ben_id}/disable"))[0] == 200
    for _ in range(2):
        _, shown = await call(ana, "POST", f"/api/admin/accounts/{ben_id}/enable")
        assert shown["disabled"] is False
    assert (await ben.get("/api/auth/me"))[0] == 401
    assert (await login(client, "ben"))[0] == 200
    status, _ = await call(ana, "POST", f"/api/admin/accounts/{ben_id}/sign-out")
    assert status == 200


async def test_the_last_administrator_stays(client: Client, sign_up: SignUp) -> None:
    ana, ben = await sign_up("ana"), await sign_up("ben")
    ana_id, ben_id = await id_of(ana), await id_of(ben)
    for method, path, body in (
        ("POST", f"/api/admin/accounts/{ana_id}/disable", None),
        ("PUT", f"/api/admin/accounts/{ana_id}/rights", {"is_admin": False}),
    ):
        status, refused = await call(ana, method, path, body)
        assert (status, refused["error"]["code"]) == (409, "last_administrator")
    rights = {"is_admin": True}
    _, shown = await call(ana, "PUT", f"/api/admin/accounts/{ben_id}/rights", rights)
    assert shown["is_admin"] is True
    assert (await call(ben, "POST", f"/api/admin/accounts/{ana_id}/disable"))[0] == 200
    assert (await call(ana, "GET", "/api/admin/accounts"))[0] == 401
    status, refused = await call(
        ben, "PUT", f"/api/admin/accounts/{ben_id}/rights", {"is_admin": False}
    )
    assert (status, refused["error"]["code"]) == (409, "last_administrator")


async def test_an_administrator_vouches_for_an_address_and_has_a_link_sent(
    client: Client, sign_up: SignUp, outbox: Outbox, clock: FakeClock
) -> None:
    ana, ben = await sign_up("ana"), await sign_up("ben", verify=False)
    ben_id = await id_of(ben)
    status, refused = await call(ana, "POST", f"/api/admin/accounts/{ben_id}/reset")
    assert (status, refused["error"]["code"]) == (409, "no_way_to_send")
    _, shown = await call(ana, "POST", f"/api/admin/accounts/{ben_id}/confirm")
    assert shown["verified"] is True
    assert (await call(ana, "POST", f"/api/admin/accounts/{ben_id}/reset"))[0] == 202
    assert "/#/reset/" in outbox.codes["ben"]
    for act in ("disable", "enable", "confirm", "sign-out", "reset"):
        assert (await call(ana, "POST", f"/api/admin/accounts/{'0' * 36}/{act}"))[0] == 404


async def test_pages_of_accounts(client: Client, sign_up: SignUp) -> None:
    ana = await sign_up("ana")
    for name in ("ben", "cleo", "dana"):
        await sign_up(name, verify=False)
    names: list[str] = []
    before = ""
    while True:
        _, page = await ana.get(f"/api/admin/accounts?limit=3{before}")
        names += [each["username"] for each in page["accounts"]]
        if page["next"] is None:
            break
        before = f"&before={page['next']}"
    assert names == ["dana", "cleo", "ben", "ana"]
    assert "password" not in json.dumps(page).replace("has_password", "")


async def test_administrators_merge_people(
    app: web.Application, client: Client, sign_up: SignUp
) -> None:
    ana, ben, rob = await sign_up("ana"), await sign_up("ben"), await sign_up("rob")
    people = [(await who.get("/api/auth/me"))[1]["person_id"] for who in (ben, rob)]
    body = {"person": people[1], "into": people[0], "proof": "one desk, one chair"}
    status, done = await ana.post("/api/admin/people/merge", body)
    assert (status, done["outcome"]["status"]) == (200, "merged")
    assert (await rob.get("/api/auth/me"))[1]["person_id"] == people[0]
    journal = await app[STORE].read(
        lambda tx: [r.entry for r in tx.journal.records(0, 0, 2**62, 500)]
    )
    (entry,) = [each for each in journal if each.kind == "person.merged"]
    assert entry.data["proof"] == "one desk, one chair"
    assert entry.person_id == (await ana.get("/api/auth/me"))[1]["person_id"]
    for wrong in ({"person": "x", "into": people[0]}, {"person": people[0], "into": people[0]}):
        assert (await ana.post("/api/admin/people/merge", wrong))[0] in (404, 422)


async def test_what_is_another_s_is_not_there(client: Client, sign_up: SignUp) -> None:
    """Ids are guessed in vain: another's session, question or sign-in reads as none at all."""
    ana, eve = await sign_up("ana"), await sign_up("eve")
    _, started = await ana.post("/api/sessions", {"text": "Hello."})
    session_id = started["outcome"]["session_id"]
    _, sign_ins = await ana.get("/api/auth/sign-ins")
    unknown = "01a20499-cdb1-745c-8311-e2e3494e0153"
    for method, path in (
        ("GET", "/api/sessions/{}"),
        ("GET", "/api/sessions/{}/messages"),
        ("POST", "/api/sessions/{}/close"),
        ("GET", "/api/questions/{}"),
        ("GET", "/api/questions/{}/journal"),
    ):
        theirs = await call(eve, method, path.format(session_id))
        none = await call(eve, method, path.format(unknown))
        assert theirs == none, path
        assert theirs[0] in (404, 405), path
    theirs = await call(eve, "DELETE", f"/api/auth/sign-ins/{sign_ins['sign_ins'][0]['id']}")
    assert theirs == await call(eve, "DELETE", f"/api/auth/sign-ins/{unknown}")
    assert (await ana.get("/api/auth/me"))[0] == 200


# --- the operator's command line --------------------------------------------------------------


@pytest.fixture
def handraise(
    client: Client,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Any:
    """Run a command beside the server that runs; return its exit code and output."""
    monkeypatch.setenv("DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("SECRET_KEY", settings.secret_key.get_secret_value())
    monkeypatch.chdir(settings.data_dir)

    def run(*words: str) -> tuple[int, str]:
        capsys.readouterr()
        code = main(words)
        told = capsys.readouterr()
        return code, told.out + told.err

    return run


async def test_the_operator_s_accounts(client: Client, sign_up: SignUp, handraise: Any) -> None:
    code, told = handraise("user", "create", "root", "root@example.org", "--admin")
    assert (code, "as an administrator" in told) == (0, True)
    body = {"token": told.split()[-1].rpartition("/")[2], "password": PASSWORD}
    async with client.post("/api/auth/reset/confirm", json=body) as answer:
        assert answer.status == 204, await answer.text()
    assert (await login(client, "root"))[0] == 200
    ben = await sign_up("ben")
    assert (await ben.get("/api/auth/me"))[1]["is_admin"] is False
    assert handraise("user", "create", "root", "other@example.org")[0] == 2
    assert handraise("user", "create", "no one", "other@example.org")[0] == 2
    code, told = handraise("user", "list")
    assert code == 0
    assert told.splitlines() == [
        "ben  <ben@example.org>  confirmed",
        "root  <root@example.org>  confirmed, administrator",
    ]
    assert handraise("user", "disable", "root")[0] == 2, "the only administrator"
    assert handraise("user", "admin", "ben")[0] == 0
    assert (await ben.get("/api/auth/me"))[1]["is_admin"] is True
    assert handraise("user", "disable", "root@example.org")[0] == 0
    assert handraise("user", "disable", "ben")[0] == 2
    assert "disabled" in handraise("user", "list")[1]
    assert handraise("user", "enable", "root")[0] == 0
    assert handraise("user", "admin", "--revoke", "ben")[0] == 0
    assert handraise("user", "sign-out", "ben")[0] == 0
    assert (await ben.get("/api/auth/me"))[0] == 401
    una = await sign_up("una", verify=False)
    assert handraise("user", "confirm", "una")[0] == 0
    assert (await una.get("/api/auth/me"))[1]["verified"] is True
    code, told = handraise("user", "disable", "nobody")
    assert (code, told) == (1, "There is no account called nobody.\n")


async def test_the_operator_s_password_link(
    client: Client, sign_up: SignUp, handraise: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sign_up("ana")
    assert handraise("user", "reset", "ana")[0] == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("from-a-script\n"))
    code, told = handraise("user", "create", "bot", "bot@example.org", "--password-stdin")
    assert (code, "/#/reset/" in told) == (0, False)
    assert (await login(client, "bot", "from-a-script"))[0] == 200
