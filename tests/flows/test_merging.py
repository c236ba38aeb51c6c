"""Two people are found to be one: votes, sessions, channels and feeds follow the one they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import WSMsgType

from bot.domain.commands import SYSTEM_CHANNEL, Actor, MergePeople, Outcome
from bot.domain.errors import Invalid, NotAllowed, NotFound
from bot.domain.feedback import FeedbackRequest, Kind, State
from bot.domain.planning import AskHuman, Role
from bot.service.conversation import FEED_PERSON
from bot.service.intake import Intake
from tests.flows.conftest import Client, SignUp
from tests.flows.lock_order import WatchedStore
from tests.flows.stage import SOON, UNLIMITED, Stage, staged
from web.keys import INTAKE

SYSTEM = Actor(person_id="", channel=SYSTEM_CHANNEL)


async def merge(stage: Stage, one: str, into: str, **how: object) -> Outcome:
    command = MergePeople(
        external_key=stage.key(),
        actor=SYSTEM,
        person_id=stage.people[one].id,
        into=stage.people[into].id,
        proof="both proved robert@example.org",
    )
    return await stage.intake.submit(replace(command, **how))


async def asked(stage: Stage, *people: str, **how: object) -> FeedbackRequest:
    if not stage.people:
        await stage.cast("ann", "bob", "rob", "carl")
    ask = AskHuman(people=people, question="Ship?", kind=Kind.APPROVAL)
    return await stage.put("ann", replace(ask, **how))


async def test_two_votes_of_one_human_become_one(tmp_path: Path) -> None:
    async with staged(tmp_path / "one.db") as stage:
        request = await asked(stage, "bob", "rob", "carl", quorum=3)
        await stage.answer("bob", request, approved=True)
        await stage.answer("rob", request, approved=True)
        await merge(stage, "rob", "bob")
        told = (await stage.said(request.session_id, Role.SYSTEM))[-1]
        assert told.startswith("rob and bob are one person, so of “Ship?”: what answers can still")
        assert (await stage.answer("carl", request, approved=True)).status == "counted"
        assert (await stage.request(request)).state is State.PENDING
        assert "request.judged_again" in await stage.story(request)


async def test_the_asker_hears_of_a_stalemate_once(tmp_path: Path) -> None:
    async with staged(tmp_path / "one.db") as stage:
        request = await asked(stage, "bob", "rob", quorum=2)
        await merge(stage, "rob", "bob")
        await stage.worker.drain()
        heard = stage.planner.contexts[-1].lines[-1].text
        assert "cannot decide it" in heard
        await merge(stage, "bob", "carl")
        told = await stage.said(request.session_id, Role.SYSTEM)
        assert sum("are one person" in text for text in told) == 1


async def test_a_merge_can_decide(tmp_path: Path) -> None:
    async with staged(tmp_path / "one.db") as stage:
        request = await asked(stage, "bob", "rob", everybody=True)
        await stage.answer("rob", request, approved=True, channel="email")
        await merge(stage, "rob", "bob")
        after = await stage.request(request)
        assert (after.state, after.decided_by, after.decided_via) == (
            State.APPROVED,
            stage.people["bob"].id,
            "email",
        )
        assert "decide it: approved" in (await stage.said(request.session_id, Role.SYSTEM))[-1]


async def test_the_last_word_of_the_two_is_theirs(tmp_path: Path) -> None:
    async with staged(tmp_path / "one.db") as stage:
        request = await asked(
            stage,
            "rob",
            "bob",
            "carl",
            kind=Kind.CHOICE,
            options=("red", "blue"),
            everybody=True,
        )
        await stage.answer("bob", request, choices=("red",))
        await stage.answer("rob", request, choices=("blue",))
        await merge(stage, "rob", "bob")
        decided = await stage.answer("carl", request, choices=("blue",))
        assert decided.status == "decided"


async def test_nobody_approves_their_own_under_another_name(tmp_path: Path) -> None:
    async with staged(tmp_path / "one.db") as stage:
        request = await asked(stage, "rob")
        await merge(stage, "rob", "ann")
        assert (
            "nobody is left who may approve it"
            in (await stage.said(request.session_id, Role.SYSTEM))[-1]
        )
        for who in ("rob", "ann"):
            with pytest.raises(NotAllowed, match="cannot approve your own"):
                await stage.answer(who, request, approved=True)
        # Nor are they asked for it from now on.
        before = len(await stage.requests(request.session_id))
        await stage.say("ann", request.session_id, "ask rob for approval: Ship now?")
        await stage.worker.drain()
        assert len(await stage.requests(request.session_id)) == before
        assert "cannot approve your own" in (await stage.said(request.session_id))[-1]


async def test_what_the_alias_owned_is_the_other_one_s(tmp_path: Path) -> None:
    async with staged(tmp_path / "one.db") as stage:
        await stage.cast("ann", "bob", "rob", "carl")
        session_id = await stage.opened("rob", "ask carl: Which day?")
        await stage.settle_down()
        (request,) = await stage.requests(session_id)
        own = await stage.opened("bob", "Hello.")
        await merge(stage, "rob", "bob")
        bob = stage.people["bob"].id
        found = await stage.read(lambda tx: tx.sessions.of_owner(bob, None, None, 10))
        assert {s.id for s in found} == {session_id, own}
        assert {s.owner_id for s in found} == {bob}
        listed = await stage.read(lambda tx: tx.requests.of_asker(bob, True, None, 10))
        assert [r.id for r in listed] == [request.id]
        # Both names may write, and both are the owner to the planner.
        for who in ("bob", "rob"):
            await stage.say(who, session_id, f"{who} writes.")
            await stage.say(who, own, f"{who} writes.")
        await stage.worker.drain()
        written = [line for context in stage.planner.contexts[-2:] for line in context.lines]
        assert [line.text for line in written if line.is_owner and line.new].count(
            "rob writes."
        ) == 2
        # The answer is told in the feed that they follow now.
        before = len(await stage.feed(bob))
        await stage.answer("carl", request, text="Monday")
        assert len(await stage.feed(bob)) > before
        await stage.cast("dora")
        assert (await stage.start("bob", "Two.")).status == "started"
        assert (await stage.start("rob", "Three.")).status == "held"


async def test_both_feeds_get_an_entry(tmp_path: Path) -> None:
    async with staged(tmp_path / "one.db") as stage:
        request = await asked(stage, "rob", "carl")
        await merge(stage, "rob", "bob")
        ids = {name: stage.people[name].id for name in ("rob", "bob")}
        for name in ("rob", "bob"):
            assert (await stage.feed(ids[name]))[-1].kind in (FEED_PERSON, "question")
            kinds = [(entry.kind, entry.ref) for entry in await stage.feed(ids[name])]
            assert (FEED_PERSON, ids["bob"]) in kinds
        assert ("question", request.id) in [(e.kind, e.ref) for e in await stage.feed(ids["bob"])]


async def test_who_may_say_so(tmp_path: Path) -> None:
    async with staged(tmp_path / "one.db") as stage:
        await stage.cast("ann", "bob", "rob")
        with pytest.raises(Invalid, match="how it was found"):
            await merge(stage, "rob", "bob", proof="")
        with pytest.raises(Invalid, match="two people"):
            await merge(stage, "rob", "rob")
        with pytest.raises(NotFound):
            await merge(stage, "rob", "bob", person_id="nobody")
        with pytest.raises(NotAllowed):
            await merge(stage, "rob", "bob", actor=stage.actor("ann"))
        ann = stage.people["ann"].id
        stage.intake = Intake(
            store=stage.store,
            clock=stage.clock,
            limits=UNLIMITED,
            is_administrator=lambda _, person_id: person_id == ann,
        )
        with pytest.raises(NotAllowed):
            await merge(stage, "rob", "bob", actor=stage.actor("bob"))
        with pytest.raises(NotAllowed):
            await merge(stage, "rob", "bob", actor=stage.actor("ann", verified=False))
        done = await merge(stage, "rob", "bob", actor=stage.actor("ann"), proof="")
        assert done.text == "rob and bob are one person now."
        again = await merge(stage, "rob", "bob")
        assert again.text == "They are one person already: bob."


async def test_both_accounts_sign_in_as_the_one_they_are(client: Client, sign_up: SignUp) -> None:
    bob, rob, carl = [await sign_up(name) for name in ("bob", "rob", "carl")]
    _, theirs = await rob.post("/api/sessions", {"text": "ask carl: Which day?"})
    _, his = await bob.post("/api/sessions", {"text": "Hello."})
    ids = [(await each.get("/api/auth/me"))[1]["person_id"] for each in (rob, bob)]
    async with client.ws_connect("/ws") as socket:
        await socket.send_json({"type": "auth", "token": rob.tokens["access_token"]})
        assert (await socket.receive_json())["person"]["id"] == ids[0]
        merged = MergePeople(
            external_key="merge", actor=SYSTEM, person_id=ids[0], into=ids[1], proof="same address"
        )
        await client.app[INTAKE].submit(merged)
        # Whoever is connected under the old name comes back under the new one.
        while (frame := await socket.receive(timeout=SOON)).type is WSMsgType.TEXT:
            pass
        assert frame.data == 1001
    for each in (rob, bob):
        _, listed = await each.get("/api/sessions")
        assert {s["id"] for s in listed["sessions"]} == {
            theirs["session"]["id"],
            his["session"]["id"],
        }
        for session_id in (theirs["session"]["id"], his["session"]["id"]):
            status, _ = await each.post(f"/api/sessions/{session_id}/messages", {"text": "Mine."})
            assert status == 202
    _, me = await rob.get("/api/auth/me")
    assert (me["person_id"], me["username"]) == (ids[1], "rob")
    assert (await carl.get("/api/sessions"))[1]["sessions"] == []


async def test_a_merge_takes_rows_in_the_order_of_all(tmp_path: Path) -> None:
    async with staged(tmp_path / "one.db") as stage:
        stage.store = WatchedStore(stage.store)
        await asked(stage, "carl", "rob", quorum=2)
        await asked(stage, "bob", "rob", everybody=True)
        watched = WatchedStore(stage.store._store)
        again = Stage(watched, stage.clock, name="other")
        again.prefix, again.people = "again", stage.people
        await merge(again, "rob", "bob")
        await merge(again, "bob", "ann")
        assert watched.broken == []
