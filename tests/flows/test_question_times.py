"""What time and people's hours do to a question, on a clock moved by hand."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bot.domain.instants import HOUR, MINUTE, iso
from bot.domain.planning import Escalation
from bot.domain.surface import Surface
from tests.clock import START, FakeClock
from tests.flows.asking import acted, cast, put, refused, renew, seen_by, waiting_for
from tests.flows.conftest import SignedIn, SignUp
from tests.flows.question_app import app, planner
from tests.flows.stage import ScriptedPlanner
from tests.flows.test_sessions_api import settled
from web.keys import AGENT, STORE

__all__ = ["app", "planner"]


async def change(person: SignedIn, **profile: Any) -> Any:
    """Change a profile and return it."""
    async with person.client.patch("/api/profile", json=profile, headers=person.headers) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def surfaces(app: web.Application, question: dict[str, Any]) -> list[Surface]:
    """Return where a question is shown, in the order in which it was planned."""
    found = await app[STORE].read(lambda tx: tx.surfaces.of_request(question["id"]))
    return list(found)


async def pass_time(app: web.Application, clock: FakeClock, hours: float, *who: SignedIn) -> None:
    """Let hours go by, sign people in again, and do what is due."""
    clock.advance(hours=hours)
    await renew(*who)
    await app[AGENT].sweeper.sweep()


async def test_reminders_escalation_and_the_end(
    sign_up: SignUp, planner: ScriptedPlanner, app: web.Application, clock: FakeClock
) -> None:
    ann, bob, carl = await cast(sign_up, "ann", "bob", "carl")
    question = await put(
        ann,
        planner,
        "bob",
        also="carl",
        within=8 * HOUR,
        escalations=(Escalation(people=("carl",), after=5 * HOUR),),
    )
    everybody = (ann, bob, carl)
    assert question["next_reminder_at"] == iso(START + 4 * HOUR)
    await pass_time(app, clock, 4, *everybody)
    reminded = await seen_by(ann, question)
    assert reminded["version"] == question["version"] + 1
    assert reminded["next_reminder_at"] == iso(START + 6 * HOUR)
    assert await waiting_for(carl) == []
    await pass_time(app, clock, 1, *everybody)
    escalated = await seen_by(ann, question)
    assert [(r["name"], r["part"], r["route"]) for r in escalated["recipients"]] == [
        ("bob", "decider", "asked"),
        ("carl", "decider", "escalated"),
    ]
    assert [(e["people"], e["done"]) for e in escalated["escalations"]] == [(["carl"], True)]
    assert await waiting_for(carl) == [question["id"]]
    await pass_time(app, clock, 1, *everybody)
    assert (await seen_by(ann, question))["next_reminder_at"] is None
    plans = len(planner.contexts)
    await pass_time(app, clock, 2, *everybody)
    expired = await seen_by(ann, question)
    assert (expired["state"], expired["outcome"]["words"]) == ("expired", "no answer in time")
    assert expired["outcome"]["by"] is None
    await settled(ann, question["session_id"], "idle")
    assert len(planner.contexts) == plans + 1
    _, page = await ann.get(f"/api/sessions/{question['session_id']}/messages")
    facts = [each["text"] for each in page["messages"] if each["role"] == "system"]
    assert facts == [
        "Nobody has decided “Ship it?” so far, so carl is asked too.",
        "Nobody decided “Ship it?” in time: it has expired.",
    ]


async def test_a_server_that_slept_reminds_once_and_catches_up_in_order(
    sign_up: SignUp, planner: ScriptedPlanner, app: web.Application, clock: FakeClock
) -> None:
    ann, bob, carl = await cast(sign_up, "ann", "bob", "carl")
    question = await put(
        ann,
        planner,
        "bob",
        also="carl",
        within=8 * HOUR,
        escalations=(Escalation(people=("carl",), after=5 * HOUR),),
    )
    await pass_time(app, clock, 7, ann, bob, carl)
    late = await seen_by(ann, question)
    assert (late["state"], late["next_reminder_at"]) == ("pending", None)
    assert late["version"] == question["version"] + 2  # one reminder, one escalation
    await acted(carl, question, "answer", approved=True)
    assert (await seen_by(ann, question))["outcome"]["by"]["name"] == "carl"


async def test_who_is_away_is_told_and_their_delegate_is_asked(
    sign_up: SignUp, planner: ScriptedPlanner, clock: FakeClock
) -> None:
    ann, bob, carl = await cast(sign_up, "ann", "bob", "carl")
    away = {"from": iso(clock.now() - HOUR), "until": iso(clock.now() + 72 * HOUR)}
    await change(bob, away=away, delegate="carl")
    question = await put(ann, planner, "bob")
    assert [(r["name"], r["part"], r["route"], r["by"]) for r in question["recipients"]] == [
        ("bob", "notified", "asked", None),
        ("carl", "decider", "away", {"id": question["recipients"][0]["id"], "name": "bob"}),
    ]
    assert (await waiting_for(bob), await waiting_for(carl)) == ([], [question["id"]])
    assert await refused(bob, question, "answer", approved=True) == (403, "not_a_decider")
    _, page = await ann.get(f"/api/sessions/{question['session_id']}/messages")
    assert "bob is away, so carl is asked instead." in page["messages"][-1]["text"]
    assert (await acted(carl, question, "answer", approved=True))["outcome"]["status"] == "decided"


async def test_an_owner_does_not_stand_in_for_their_own_approver(
    sign_up: SignUp, planner: ScriptedPlanner, clock: FakeClock
) -> None:
    ann, bob = await cast(sign_up, "ann", "bob")
    away = {"from": iso(clock.now()), "until": iso(clock.now() + 72 * HOUR)}
    await change(bob, away=away, delegate="ann")
    question = await put(ann, planner, "bob")
    assert [(r["name"], r["part"]) for r in question["recipients"]] == [("bob", "decider")]
    assert await refused(ann, question, "answer", approved=True) == (403, "not_allowed")


async def test_a_question_outside_hours_waits_unless_it_is_urgent(
    sign_up: SignUp, planner: ScriptedPlanner, app: web.Application, clock: FakeClock
) -> None:
    ann, bob, _ = await cast(sign_up, "ann", "bob", "carl")
    # Monday 09:00 UTC is 04:00 in New York.
    week = {day: ["09:00", "17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
    await change(bob, zone="America/New_York", working_hours=week)
    waits = await put(ann, planner, "bob", "carl")
    now = clock.now()
    dues = {s.person_id: s.due_at for s in await surfaces(app, waits)}
    bobs, carls = (r["id"] for r in waits["recipients"])
    assert dues[bobs] == now + 5 * HOUR
    assert dues[carls] is None or dues[carls] <= now + MINUTE
    # It is in his inbox all the same, for when he looks.
    assert await waiting_for(bob) == [waits["id"]]
    urgent = await put(ann, planner, "bob", urgent=True)
    assert urgent["urgent"]
    assert {s.due_at for s in await surfaces(app, urgent)} <= {None, now}
    await acted(bob, waits, "answer", approved=True)


async def test_working_time_counts_the_first_recipients_hours(
    sign_up: SignUp, planner: ScriptedPlanner
) -> None:
    ann, bob = await cast(sign_up, "ann", "bob")
    await change(bob, working_hours={"mon": ["09:00", "12:00"], "thu": ["10:00", "11:00"]})
    question = await put(ann, planner, "bob", within=4 * HOUR, working_time=True)
    assert question["deadline"] == "2026-03-05T11:00:00.000000Z"
