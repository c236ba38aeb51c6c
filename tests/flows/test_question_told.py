"""What is told of a question: who was shown it, what was given up, who acted where."""

from __future__ import annotations

from dataclasses import replace

from aiohttp import web

from bot.domain.commands import Actor, CommentOn
from bot.domain.instants import HOUR
from bot.domain.planning import Escalation
from bot.domain.surface import SurfaceState
from bot.service.ports.store import Transaction
from tests.flows.asking import acted, cast, put, refused, seen_by, waiting_for
from tests.flows.conftest import SignUp
from tests.flows.line import Line
from tests.flows.question_app import app, parts, planner
from tests.flows.stage import ScriptedPlanner
from web.keys import INTAKE, STORE

__all__ = ["app", "planner"]


async def test_what_only_the_asker_may_know(sign_up: SignUp, planner: ScriptedPlanner) -> None:
    ann, bob, carl, _ = await cast(sign_up, "ann", "bob", "carl", "dana")
    question = await put(
        ann,
        planner,
        "bob",
        also="carl, dana",
        notify=("carl",),
        within=8 * HOUR,
        escalations=(Escalation(people=("dana",), after=6 * HOUR),),
    )
    assert question["escalations"] == [
        {"at": "2026-03-02T15:00:00.000000Z", "people": ["dana"], "done": False}
    ]
    deliveries = [each["delivery"] for each in question["recipients"]]
    assert [[d["channel"] for d in each] for each in deliveries] == [["chat"], ["chat"]]
    for person, for_me in ((bob, True), (carl, False)):
        seen = await seen_by(person, question)
        assert (seen["for_me"], seen["mine"], seen["session_id"]) == (for_me, False, None)
        assert seen["escalations"] == []
        assert [each["delivery"] for each in seen["recipients"]] == [[], []]
        assert seen["next_reminder_at"] == "2026-03-02T13:00:00.000000Z"
    assert await waiting_for(carl) == []
    _, listed = await carl.get("/api/questions")
    assert [each["id"] for each in listed["questions"]] == [question["id"]]
    assert await refused(carl, question, "answer", approved=True) == (403, "not_a_decider")
    assert (await acted(carl, question, "comment", text="I would."))["outcome"]["status"] == (
        "comment"
    )


async def test_a_shown_and_a_seen_card_are_told_to_the_asker(
    sign_up: SignUp, planner: ScriptedPlanner
) -> None:
    ann, bob = await cast(sign_up, "ann", "bob")
    line = await Line.sign_in(bob)
    question = await put(ann, planner, "bob")
    await line.until("event", lambda f: f["event"]["kind"] == "question")
    await line.send(type="seen", request_id=question["id"], version=question["version"])
    await line.act(type="claim", client_id="1", request_id=question["id"])  # frames keep order
    (recipient,) = (await seen_by(ann, question))["recipients"]
    assert recipient["seen"]
    assert recipient["delivery"] == [
        {"channel": "chat", "state": "seen", "at": "2026-03-02T09:00:00.000000Z"}
    ]


async def test_what_was_given_up_is_told_to_the_asker(
    sign_up: SignUp, planner: ScriptedPlanner, app: web.Application
) -> None:
    ann, _ = await cast(sign_up, "ann", "bob")
    question = await put(ann, planner, "bob")
    (planned,) = question["recipients"][0]["delivery"]
    assert planned == {"channel": "chat", "state": "planned", "at": None}

    def give_up(tx: Transaction) -> None:
        (surface,) = tx.surfaces.of_request(question["id"])
        tx.surfaces.add(replace(surface, id="dead", channel="pigeon", state=SurfaceState.DEAD))

    await app[STORE].run(give_up)
    (recipient,) = (await seen_by(ann, question))["recipients"]
    assert [(d["channel"], d["state"]) for d in recipient["delivery"]] == [
        ("chat", "planned"),
        ("pigeon", "failed"),
    ]


async def test_who_acts_here_was_last_active_here(
    sign_up: SignUp, planner: ScriptedPlanner, app: web.Application
) -> None:
    ann, bob = await cast(sign_up, "ann", "bob")
    question = await put(ann, planner, "bob")
    me = question["recipients"][0]["id"]

    async def last_channel() -> str | None:
        person = await app[STORE].read(lambda tx: tx.people.get(me))
        assert person is not None
        return person.last_channel

    assert await last_channel() is None
    await acted(bob, question, "claim")
    assert await last_channel() == "chat"
    status, profile = await bob.get("/api/profile")
    assert (status, profile["zone"]) == (200, "UTC")
    by_mail = Actor(person_id=me, channel="email")
    await app[INTAKE].submit(
        CommentOn(external_key="m:1", actor=by_mail, request_id=question["id"], text="Hm.")
    )
    assert await last_channel() == "email"


async def test_two_who_are_one_have_the_greater_part(
    sign_up: SignUp, planner: ScriptedPlanner, app: web.Application
) -> None:
    ann, bob, carl = await cast(sign_up, "ann", "bob", "carl")
    told = await put(ann, planner, "carl", also="bob", notify=("bob",))
    asked = await put(ann, planner, "bob", "carl", everybody=True)
    bobs, carls = (r["id"] for r in asked["recipients"])
    await app[STORE].run(lambda tx: tx.people.merge(carls, bobs))
    assert (await acted(bob, told, "claim"))["question"]["claimed_by"]["name"] == "bob"
    assert (await seen_by(ann, asked))["needed"] == 1
    await sign_up("dana")
    await acted(bob, asked, "delegate", to="dana")
    assert [part for _, part, *_ in parts(await seen_by(ann, asked))] == [
        "notified",
        "notified",
        "decider",
    ]
    assert await refused(carl, asked, "answer", approved=True) == (403, "not_a_decider")
