"""What people do with a question besides answering it, over REST and the socket."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from bot.domain.commands import Actor, AnswerRequest
from bot.domain.feedback import Field, FieldKind, Kind
from bot.domain.instants import HOUR
from tests.clock import FakeClock
from tests.flows.asking import act, acted, cast, put, refused, renew, seen_by, waiting_for
from tests.flows.conftest import SignUp
from tests.flows.line import Line
from tests.flows.question_app import app, parts, planner
from tests.flows.stage import ScriptedPlanner
from tests.flows.test_sessions_api import settled
from web.keys import AGENT, INTAKE

__all__ = ["app", "planner"]


async def test_a_question_is_handed_on_and_its_asker_sees_the_chain(
    sign_up: SignUp, planner: ScriptedPlanner
) -> None:
    ann, bob, carl, dana = await cast(sign_up, "ann", "bob", "carl", "dana")
    question = await put(ann, planner, "bob")
    handed = await acted(bob, question, "delegate", to="@carl")
    assert handed["outcome"]["text"] == "Thank you. carl is asked now."
    assert not handed["question"]["for_me"]
    await acted(carl, question, "delegate", to="dana@example.org")
    hers = await seen_by(ann, question)
    assert parts(hers) == [
        ("bob", "notified", "asked", None),
        ("carl", "notified", "delegated", "bob"),
        ("dana", "decider", "delegated", "carl"),
    ]
    assert [await waiting_for(one) for one in (bob, carl, dana)] == [[], [], [question["id"]]]
    _, listed = await bob.get("/api/questions")
    assert [each["id"] for each in listed["questions"]] == [question["id"]]
    _, read = await ann.get(f"/api/sessions/{hers['session_id']}")
    assert read["session"]["awaiting"][0]["people"] == ["dana"]
    _, page = await ann.get(f"/api/sessions/{hers['session_id']}/messages")
    facts = [each["text"] for each in page["messages"] if each["role"] == "system"]
    assert facts == [
        "bob handed “Ship it?” on to carl.",
        "carl handed “Ship it?” on to dana.",
    ]
    assert await refused(bob, question, "answer", approved=True) == (403, "not_a_decider")
    assert await refused(carl, question, "delegate", to="eve") == (403, "not_a_decider")
    decided = await acted(dana, question, "answer", approved=True)
    assert decided["outcome"]["status"] == "decided"
    assert (await seen_by(bob, question))["outcome"]["by"]["name"] == "dana"


async def test_handing_on_that_leads_nowhere_is_refused(
    sign_up: SignUp, planner: ScriptedPlanner
) -> None:
    ann, bob, carl, eve = await cast(sign_up, "ann", "bob", "carl", "eve")
    await sign_up("uma", verify=False)
    question = await put(ann, planner, "bob", "eve")
    await acted(bob, question, "delegate", to="carl")
    wrong: list[tuple[Any, dict[str, str], tuple[int, str]]] = [
        (carl, {"to": "carl"}, (422, "circle")),
        (carl, {"to": "bob"}, (422, "circle")),
        (carl, {"to": "ann"}, (422, "self_approval")),
        (carl, {"to": "eve"}, (422, "asked_already")),
        (carl, {"to": "nobody"}, (422, "unknown_person")),
        (carl, {"to": "uma"}, (422, "unknown_person")),
        (carl, {"to": " @ "}, (422, "unknown_person")),
        (carl, {"to": "x" * 255}, (422, "invalid")),
        (carl, {}, (422, "invalid")),
        (ann, {"to": "carl"}, (403, "not_allowed")),
        (await sign_up("mallory"), {"to": "bob"}, (404, "not_found")),
    ]
    for person, body, refusal in wrong:
        assert await refused(person, question, "delegate", **body) == refusal, (body, refusal)
    assert parts(await seen_by(ann, question)) == [
        ("bob", "notified", "asked", None),
        ("eve", "decider", "asked", None),
        ("carl", "decider", "delegated", "bob"),
    ]
    await acted(carl, question, "answer", approved=False)
    assert await refused(eve, question, "delegate", to="ann") == (409, "already_settled")
    # What is no approval may go back to who asked.
    fact = await put(ann, planner, "bob", kind=Kind.INPUT, question="Which day?")
    await acted(bob, fact, "delegate", to="ann")
    assert (await acted(ann, fact, "answer", text="Friday"))["outcome"]["status"] == "decided"


async def test_a_claim_is_seen_and_held_by_one(sign_up: SignUp, planner: ScriptedPlanner) -> None:
    ann, bob, carl, eve = await cast(sign_up, "ann", "bob", "carl", "eve")
    question = await put(ann, planner, "bob", "carl", also="eve", notify=("eve",))
    claims = await asyncio.gather(act(bob, question, "claim"), act(carl, question, "claim"))
    assert sorted(status for status, _ in claims) == [200, 409]
    holder, other = (bob, carl) if claims[0][0] == 200 else (carl, bob)
    refusal = next(body for status, body in claims if status == 409)["error"]
    assert (refusal["code"], refusal["message"]) == (
        "claimed",
        f"{holder.username} is on it already.",
    )
    assert (await acted(holder, question, "claim"))["outcome"]["status"] == "claimed"
    for one in (ann, bob, carl, eve):
        assert (await seen_by(one, question))["claimed_by"]["name"] == holder.username
    assert await refused(other, question, "release") == (409, "not_claimed")
    assert await refused(eve, question, "claim") == (403, "not_a_decider")
    assert await refused(ann, question, "claim") == (403, "not_allowed")
    freed = await acted(holder, question, "release")
    assert freed["question"]["claimed_by"] is None
    await acted(other, question, "claim")
    # Who hands a question on is not on it any more, and a claim keeps nobody from answering.
    await acted(other, question, "delegate", to="eve")
    assert (await seen_by(ann, question))["claimed_by"] is None
    await acted(eve, question, "claim")
    assert (await acted(holder, question, "answer", approved=True))["outcome"]["status"] == (
        "decided"
    )
    assert await refused(eve, question, "claim") == (409, "already_settled")
    assert await refused(eve, question, "release") == (409, "already_settled")


async def test_a_comment_ends_nothing_and_changes_wake_the_agent(
    sign_up: SignUp, planner: ScriptedPlanner
) -> None:
    ann, bob, carl = await cast(sign_up, "ann", "bob", "carl")
    question = await put(ann, planner, "bob", "carl")
    plans = len(planner.contexts)
    commented = await acted(bob, question, "comment", text="Looks big.")
    assert commented["outcome"]["status"] == "comment"
    assert commented["question"]["state"] == "pending"
    assert not commented["question"]["answered_by_me"]
    await settled(ann, question["session_id"], "awaiting")
    assert len(planner.contexts) == plans
    changed = await acted(bob, question, "comment", text="Add a test first.", changes=True)
    assert changed["outcome"]["status"] == "changes"
    await settled(ann, question["session_id"], "awaiting")
    assert len(planner.contexts) == plans + 1
    new = [line.text for line in planner.contexts[-1].new_lines]
    assert "bob asks for changes to “Ship it?”: Add a test first." in new
    hers = await seen_by(ann, question)
    assert [(r["by"]["name"], r["standing"], r["words"]) for r in hers["responses"]] == [
        ("bob", "comment", "Looks big."),
        ("bob", "changes", "Add a test first."),
    ]
    assert (await seen_by(carl, question))["responses"] == []
    assert await waiting_for(bob) == [question["id"]]
    await acted(carl, question, "answer", approved=True)
    late = await acted(bob, question, "comment", text="Too late?", changes=True)
    assert (late["outcome"]["status"], late["question"]["state"]) == ("comment", "approved")
    assert await refused(bob, question, "comment", text="  ") == (422, "empty")
    assert await refused(bob, question, "comment", text="a\x07") == (422, "control_character")
    assert await refused(bob, question, "comment", text="x" * 20_000) == (413, "too_large")


async def test_what_nobody_decided_is_asked_again(
    sign_up: SignUp, planner: ScriptedPlanner, app: web.Application, clock: FakeClock
) -> None:
    ann, bob, _ = await cast(sign_up, "ann", "bob", "carl")
    question = await put(ann, planner, "bob", also="carl", notify=("carl",), within=2 * HOUR)
    assert await refused(ann, question, "again") == (409, "not_over")
    await acted(ann, question, "cancel")
    assert await refused(bob, question, "again") == (403, "not_allowed")
    for hours, code in ((0, "in_the_past"), (-5, "in_the_past"), (1e5, "too_far")):
        assert await refused(ann, question, "again", within_hours=hours) == (422, code)
    for hours in (1e300, "2", True):
        assert await refused(ann, question, "again", within_hours=hours) == (422, "invalid")
    asked = await acted(ann, question, "again", within_hours=1.5)
    new = asked["question"]
    assert (asked["outcome"]["status"], asked["outcome"]["request_id"]) == ("asked", new["id"])
    assert new["id"] != question["id"] == new["replaces"]
    assert (new["state"], new["digest"], parts(new)) == (
        "pending",
        question["digest"],
        [("bob", "decider", "asked", None), ("carl", "notified", "asked", None)],
    )
    assert (new["asked_at"], new["deadline"]) == (
        "2026-03-02T09:00:00.000000Z",
        "2026-03-02T10:30:00.000000Z",
    )
    assert await waiting_for(bob) == [new["id"]]
    clock.advance(hours=2)
    await renew(ann, bob)
    await app[AGENT].sweeper.sweep()
    expired = await seen_by(ann, new)
    assert (expired["state"], expired["outcome"]["words"]) == ("expired", "no answer in time")
    again = (await acted(ann, new, "again"))["question"]
    assert (again["replaces"], again["deadline"]) == (new["id"], "2026-03-04T11:00:00.000000Z")
    assert (await acted(bob, again, "answer", approved=True))["outcome"]["status"] == "decided"
    assert await refused(ann, again, "again") == (409, "not_over")


async def test_a_late_answer_that_was_sent_in_time_can_decide(
    sign_up: SignUp, planner: ScriptedPlanner, app: web.Application, clock: FakeClock
) -> None:
    ann, bob, carl = await cast(sign_up, "ann", "bob", "carl")
    question = await put(ann, planner, "bob", "carl", within=HOUR)
    sent_at = clock.now() + HOUR // 2
    clock.advance(hours=1, minutes=1)
    await renew(ann, bob, carl)
    await app[AGENT].sweeper.sweep()
    me = next(r["id"] for r in question["recipients"] if r["name"] == "bob")
    # As an entrance with a way to travel brings it; the page's own answers arrive as they are sent.
    await app[INTAKE].submit(
        AnswerRequest(
            external_key="mail:1",
            actor=Actor(person_id=me, channel="email"),
            request_id=question["id"],
            text="yes",
            sent_at=sent_at,
        )
    )
    late = await acted(carl, question, "answer", approved=False)
    assert (late["outcome"]["status"], late["question"]["state"]) == ("late", "expired")
    responses = (await seen_by(ann, question))["responses"]
    assert [(r["by"]["name"], r["standing"], r["in_time"]) for r in responses] == [
        ("bob", "late", True),
        ("carl", "late", False),
    ]
    bobs, carls = (r["id"] for r in responses)
    assert await refused(bob, question, "reopen", response_id=bobs) == (403, "not_allowed")
    assert await refused(ann, question, "reopen", response_id=carls) == (409, "not_in_time")
    assert await refused(ann, question, "reopen", response_id="x") == (404, "not_found")
    plans = len(planner.contexts)
    reopened = await acted(ann, question, "reopen", response_id=bobs)
    assert (reopened["outcome"]["status"], reopened["question"]["state"]) == (
        "reopened",
        "approved",
    )
    outcome = reopened["question"]["outcome"]
    assert (outcome["by"]["name"], outcome["via"], outcome["words"]) == ("bob", "email", "approved")
    await settled(ann, question["session_id"], "idle")
    assert len(planner.contexts) > plans
    assert await refused(ann, question, "reopen", response_id=bobs) == (409, "not_expired")


async def test_every_act_has_its_frame(
    sign_up: SignUp, planner: ScriptedPlanner, clock: FakeClock
) -> None:
    ann, bob, carl = await cast(sign_up, "ann", "bob", "carl")
    form = (Field(name="day", label="Day", kind=FieldKind.DATE),)
    question = await put(ann, planner, "bob", kind=Kind.FORM, question="When?", fields=form)
    anns, bobs, carls = [await Line.sign_in(one) for one in (ann, bob, carl)]

    async def done(line: Line, client_id: str, **frame: Any) -> dict[str, Any]:
        answer = await line.act(client_id=client_id, request_id=question["id"], **frame)
        assert answer["type"] == "ack", answer
        outcome: dict[str, Any] = answer["outcome"]
        return outcome

    assert (await done(bobs, "1", type="claim"))["status"] == "claimed"
    assert (await done(bobs, "2", type="release"))["status"] == "released"
    assert (await done(bobs, "3", type="comment", text="Hm."))["status"] == "comment"
    first = await done(bobs, "4", type="delegate", to="carl")
    again = await done(bobs, "4", type="delegate", to="carl")
    assert again == first | {"replayed": True}
    shown = await carls.until("event", lambda f: f["event"]["kind"] == "question")
    assert shown["event"]["question"]["for_me"]
    assert shown["event"]["question"]["fields"] == [
        {"name": "day", "label": "Day", "kind": "date", "required": True, "options": []}
    ]
    refusal = await carls.act(type="delegate", client_id="1", request_id=question["id"], to="bob")
    assert refusal["error"]["code"] == "circle"
    assert (await done(anns, "1", type="cancel"))["status"] == "cancelled"
    asked = await done(anns, "2", type="ask_again", within_hours=3)
    assert asked["status"] == "asked"
    question = await seen_by(ann, {"id": asked["request_id"]})
    assert question["deadline"] == "2026-03-02T12:00:00.000000Z"
    refusal = await anns.act(
        type="reopen", client_id="3", request_id=question["id"], response_id="x"
    )
    assert refusal["error"]["code"] == "not_found"
    wrong = await carls.act(
        type="answer",
        client_id="2",
        request_id=question["id"],
        digest=question["digest"],
        values={"day": "soon"},
    )
    assert (wrong["error"]["code"], wrong["error"]["message"]) == (
        "form",
        "“Day” is not a date like 2026-03-14.",
    )
    decided = await done(
        carls, "3", type="answer", digest=question["digest"], values={"day": "2026-03-14"}
    )
    assert decided["status"] == "decided"
    assert (await seen_by(ann, question))["outcome"]["words"] == "day: 2026-03-14"


async def test_the_unverified_do_nothing(sign_up: SignUp, planner: ScriptedPlanner) -> None:
    """An address that is not proven is nobody's: such a question does not exist for them."""
    ann, _ = await cast(sign_up, "ann", "bob")
    uma = await sign_up("uma", verify=False)
    question = await put(ann, planner, "bob")
    for name, body in (
        ("answer", {"approved": True}),
        ("comment", {"text": "x"}),
        ("delegate", {"to": "bob"}),
        ("claim", {}),
        ("release", {}),
        ("cancel", {}),
        ("again", {}),
        ("reopen", {"response_id": "x"}),
    ):
        assert await refused(uma, question, name, **body) == (404, "not_found"), name
