"""Whom one may name, and where a session lives, over REST."""

from __future__ import annotations

from bot.channels.gmail.threads import Head, Thread
from bot.domain.commands import Actor, BindSession
from bot.service.ports.store import Transaction
from tests.clock import FakeClock
from tests.flows.conftest import SignedIn, SignUp
from tests.flows.test_sessions_api import asked, opened
from web.keys import INTAKE, STORE


async def test_only_those_i_know_or_can_spell_are_found(sign_up: SignUp) -> None:
    ann, bob = await sign_up("ann"), await sign_up("bob")
    await sign_up("bo-peep")
    await sign_up("bono", verify=False)

    async def found(who: SignedIn, q: str) -> list[tuple[str, bool]]:
        status, body = await who.get("/api/people", params={"q": q})
        assert status == 200, body
        return [(one["handle"], one["known"]) for one in body["people"]]

    assert await found(ann, "") == []
    assert await found(ann, "b") == [], "one letter would list everybody"
    assert await found(ann, "BO") == [("bo-peep", False), ("bob", False)]
    assert await found(ann, "@bob") == [("bob", False)]
    await asked(ann)
    assert await found(ann, "") == [("bob", True)]
    assert await found(ann, "b") == [("bob", True)]
    assert await found(ann, "bo") == [("bob", True), ("bo-peep", False)]
    assert await found(bob, "") == [], "being asked is not knowing the asker's contacts"
    for wild in ("%", "_", "__", "!", "b%", "\\", "'"):
        assert await found(ann, wild) == []
    status, _ = await ann.get("/api/people", params={"q": "x" * 65})
    assert status == 422


async def test_names_are_looked_up_at_a_person_s_speed(sign_up: SignUp, clock: FakeClock) -> None:
    ann, bob = await sign_up("ann"), await sign_up("bob")
    for _ in range(120):
        status, _ = await ann.get("/api/people", params={"q": "bo"})
        assert status == 200
    status, body = await ann.get("/api/people", params={"q": "bo"})
    assert (status, body["error"]["code"]) == (429, "rate_limited")
    assert (await bob.get("/api/people", params={"q": "an"}))[0] == 200
    clock.advance(seconds=2)
    assert (await ann.get("/api/people", params={"q": "bo"}))[0] == 200


async def test_places_are_shown_to_who_takes_part(sign_up: SignUp) -> None:
    ann, bob = await sign_up("ann"), await sign_up("bob")
    session_id = await opened(ann)
    assert await ann.get(f"/api/sessions/{session_id}/places") == (
        200,
        {"places": [], "ways": []},
    )
    app = ann.client.app
    owner = await app[STORE].read(_person_of, "ann")
    head = Head(thread=Thread(subject="The trip"), people=(("cy@example.org", "Cy"),))
    for number, (place, kept) in enumerate(
        [
            ("slack:T024BE7LD/C061EG9SL/1700000000.000100", "{}"),
            ("slack:T024BE7LD/D061EG9SL/1700000000.000200", "{}"),
            ("email:mfrggzdfmy", head.to_json()),
        ]
    ):
        await app[INTAKE].submit(
            BindSession(
                external_key=f"bind:{number}",
                actor=Actor(person_id=owner, channel="chat", verified=True),
                session_id=session_id,
                place=place,
                head=kept,
            )
        )
    status, body = await ann.get(f"/api/sessions/{session_id}/places")
    assert status == 200
    shown = {(one["channel"], one["name"]): one for one in body["places"]}
    assert set(shown) == {("slack", "thread"), ("slack", "direct message"), ("email", "The trip")}
    assert shown["email", "The trip"]["people"] == ["Cy"]
    assert shown["slack", "thread"]["url"].endswith("?team=T024BE7LD&channel=C061EG9SL")
    assert (await bob.get(f"/api/sessions/{session_id}/places"))[0] == 404


def _person_of(tx: Transaction, username: str) -> str:
    person = tx.people.find(username)
    assert person is not None
    return person.id
