"""What people could gain by doing things twice, late, in circles, or after they were merged."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web

from bot.domain.commands import Actor, AnswerRequest
from bot.domain.instants import HOUR, MINUTE, iso
from bot.domain.planning import Escalation
from tests.clock import FakeClock
from tests.flows.asking import act, acted, cast, put, refused, renew, seen_by
from tests.flows.conftest import SignedIn, SignUp
from tests.flows.question_app import app, planner
from tests.flows.stage import ScriptedPlanner
from web.keys import AGENT, INTAKE, STORE

__all__ = ["app", "planner"]


def id_of(question: dict[str, Any], name: str) -> str:
    """Return a recipient's id."""
    return str(next(r["id"] for r in question["recipients"] if r["name"] == name))


async def mailed(
    app: web.Application, question: dict[str, Any], name: str, text: str, sent_at: int
) -> None:
    """Let an answer arrive now that was sent earlier, as an entrance with a way to travel does."""
    await app[INTAKE].submit(
        AnswerRequest(
            external_key=f"mail:{name}:{text}:{sent_at}",
            actor=Actor(person_id=id_of(question, name), channel="email"),
            request_id=question["id"],
            text=text,
            sent_at=sent_at,
        )
    )


async def lapse(app: web.Application, clock: FakeClock, hours: float, *who: SignedIn) -> None:
    """Let hours go by, sign people in again, and do what is due."""
    clock.advance(hours=hours)
    await renew(*who)
    await app[AGENT].sweeper.sweep()


async def test_a_question_that_was_asked_again_is_not_reopened_besides(
    sign_up: SignUp, planner: ScriptedPlanner, app: web.Application, clock: FakeClock
) -> None:
    ann, bob = await cast(sign_up, "ann", "bob")
    question = await put(ann, planner, "bob", within=HOUR)
    sent_at = clock.now() + HOUR // 2
    await lapse(app, clock, 1.1, ann, bob)
    again = (await acted(ann, question, "again"))["question"]
    await mailed(app, question, "bob", "yes", sent_at)
    late = (await seen_by(ann, question))["responses"][0]["id"]
    # One request, one decision: the copy would be approved, and run, a second time.
    assert await refused(ann, question, "reopen", response_id=late) == (409, "asked_again")
    await acted(bob, again, "answer", approved=True)
    assert await refused(ann, question, "reopen", response_id=late) == (409, "asked_again")


async def test_a_question_may_be_reopened_when_its_copy_came_to_nothing(
    sign_up: SignUp, planner: ScriptedPlanner, app: web.Application, clock: FakeClock
) -> None:
    ann, bob = await cast(sign_up, "ann", "bob")
    question = await put(ann, planner, "bob", within=HOUR)
    sent_at = clock.now() + HOUR // 2
    await lapse(app, clock, 1.1, ann, bob)
    again = (await acted(ann, question, "again"))["question"]
    await mailed(app, question, "bob", "yes", sent_at)
    late = (await seen_by(ann, question))["responses"][0]["id"]
    await acted(ann, again, "cancel")
    reopened = await acted(ann, question, "reopen", response_id=late)
    assert reopened["question"]["state"] == "approved"


async def test_only_the_last_of_somebodys_answers_in_time_reopens(
    sign_up: SignUp, planner: ScriptedPlanner, app: web.Application, clock: FakeClock
) -> None:
    ann, bob = await cast(sign_up, "ann", "bob")
    question = await put(ann, planner, "bob", within=HOUR)
    asked_at = clock.now()
    await lapse(app, clock, 1.1, ann, bob)
    # They arrive in another order than they were sent.
    await mailed(app, question, "bob", "no", asked_at + 20 * MINUTE)
    await mailed(app, question, "bob", "yes", asked_at + 10 * MINUTE)
    no, yes = (r["id"] for r in (await seen_by(ann, question))["responses"])
    assert await refused(ann, question, "reopen", response_id=yes) == (409, "changed_mind")
    reopened = await acted(ann, question, "reopen", response_id=no)
    assert reopened["question"]["state"] == "rejected"


@pytest.mark.parametrize("name", ["claim", "release", "delegate"])
async def test_a_claim_stays_its_holders_after_a_merge(
    sign_up: SignUp, planner: ScriptedPlanner, app: web.Application, name: str
) -> None:
    ann, bob, carl, _ = await cast(sign_up, "ann", "bob", "carl", "dana")
    question = await put(ann, planner, "bob", "carl")
    await acted(carl, question, "claim")
    bobs, carls = id_of(question, "bob"), id_of(question, "carl")
    await app[STORE].run(lambda tx: tx.people.merge(carls, bobs))
    body = {"to": "dana"} if name == "delegate" else {}
    after = (await acted(bob, question, name, **body))["question"]
    assert (after["claimed_by"] is None) == (name != "claim")


async def test_all_of_those_who_can_approve_is_enough_once_one_is_found_to_be_the_asker(
    sign_up: SignUp, planner: ScriptedPlanner, app: web.Application
) -> None:
    ann, bob, _ = await cast(sign_up, "ann", "bob", "carl")
    question = await put(ann, planner, "bob", "carl", everybody=True)
    asker = question["asker"]["id"]
    await app[STORE].run(lambda tx: tx.people.merge(id_of(question, "carl"), asker))
    decided = await acted(bob, question, "answer", approved=True)
    assert decided["outcome"]["status"] == "decided"


async def test_asking_again_goes_to_the_delegate_of_who_is_away_meanwhile(
    sign_up: SignUp, planner: ScriptedPlanner, app: web.Application, clock: FakeClock
) -> None:
    ann, bob, carl = await cast(sign_up, "ann", "bob", "carl")
    question = await put(ann, planner, "bob", within=HOUR)
    await lapse(app, clock, 1.1, ann, bob, carl)
    away = {"from": iso(clock.now() - HOUR), "until": iso(clock.now() + 72 * HOUR)}
    async with bob.client.patch(
        "/api/profile", json={"away": away, "delegate": "carl"}, headers=bob.headers
    ) as answer:
        assert answer.status == 200
    again = (await acted(ann, question, "again"))["question"]
    assert [(r["name"], r["part"], r["route"]) for r in again["recipients"]] == [
        ("bob", "notified", "asked"),
        ("carl", "decider", "away"),
    ]


async def test_fifty_acts_at_once_end_in_one_decision_and_a_whole_journal(
    sign_up: SignUp, planner: ScriptedPlanner, app: web.Application
) -> None:
    names = ["bob", "carl", "dana", "eve", "fay"]
    ann, *people = await cast(sign_up, "ann", *names)
    await cast(sign_up, "gil", "hal")
    question = await put(ann, planner, *names, quorum=3)
    acts = []
    for number, person in enumerate(people):
        acts += [act(person, question, "answer", approved=True) for _ in range(3)]
        acts += [act(person, question, "claim"), act(person, question, "release")]
        acts += [act(person, question, "comment", text="hm", changes=number % 2 == 0)]
        acts += [act(person, question, "answer", approved=False)]
        acts += [act(person, question, "delegate", to="gil" if number % 2 else "hal")]
    acts += [act(ann, question, "cancel") for _ in range(3)]
    acts += [act(ann, question, "again")]
    answers = await asyncio.gather(*acts)
    assert {status for status, _ in answers} <= {200, 403, 409, 422, 429}
    statuses = [body["outcome"]["status"] for status, body in answers if status == 200]
    final = await seen_by(ann, question)
    assert statuses.count("decided") + statuses.count("cancelled") == 1
    assert final["state"] in ("approved", "rejected", "cancelled")
    _, story = await ann.get(f"/api/questions/{question['id']}/journal")
    assert story["verified"]
    ends = [e["kind"] for e in story["entries"] if e["kind"] == f"request.{final['state']}"]
    assert len(ends) == 1


async def test_the_asker_is_not_escalated_to_after_a_merge(
    sign_up: SignUp, planner: ScriptedPlanner, app: web.Application, clock: FakeClock
) -> None:
    ann, bob, _ = await cast(sign_up, "ann", "bob", "carl")
    question = await put(
        ann,
        planner,
        "bob",
        also="carl",
        escalations=(Escalation(people=("carl",), after=HOUR),),
    )
    carls = await app[STORE].read(lambda tx: tx.people.find("carl"))
    await app[STORE].run(lambda tx: tx.people.merge(carls.id, question["asker"]["id"]))
    await lapse(app, clock, 1.1, ann, bob)
    assert [r["name"] for r in (await seen_by(ann, question))["recipients"]] == ["bob"]


async def test_a_last_word_counts_though_the_clock_was_set_back(
    sign_up: SignUp, planner: ScriptedPlanner, clock: FakeClock
) -> None:
    ann, bob, carl, dana = await cast(sign_up, "ann", "bob", "carl", "dana")
    question = await put(ann, planner, "bob", "carl", "dana", quorum=2)
    await acted(bob, question, "answer", approved=True)
    clock.advance(seconds=-5)
    await acted(bob, question, "answer", approved=False)
    counted = await acted(carl, question, "answer", approved=True)
    assert counted["outcome"]["status"] == "counted"
    assert (await acted(dana, question, "answer", approved=True))["outcome"]["status"] == "decided"


async def away(person: SignedIn, clock: FakeClock, delegate: str) -> None:
    """Let somebody be away for three days, with a delegate."""
    absence = {"from": iso(clock.now()), "until": iso(clock.now() + 72 * HOUR)}
    async with person.client.patch(
        "/api/profile", json={"away": absence, "delegate": delegate}, headers=person.headers
    ) as answer:
        assert answer.status == 200


async def test_what_is_handed_to_somebody_away_goes_to_their_delegate(
    sign_up: SignUp, planner: ScriptedPlanner, clock: FakeClock
) -> None:
    ann, bob, carl, _ = await cast(sign_up, "ann", "bob", "carl", "dana")
    await away(carl, clock, "dana")
    question = await put(ann, planner, "bob")
    handed = await acted(bob, question, "delegate", to="carl")
    assert handed["outcome"]["text"] == "Thank you. carl is away, so dana is asked instead."
    people = (await seen_by(ann, question))["recipients"]
    assert [(r["name"], r["part"], r["route"], (r["by"] or {}).get("name")) for r in people] == [
        ("bob", "notified", "asked", None),
        ("carl", "notified", "delegated", "bob"),
        ("dana", "decider", "away", "carl"),
    ]


@pytest.mark.parametrize("delegate", ["ann", "bob"])
async def test_a_stand_in_is_neither_the_asker_nor_who_handed_it_on(
    sign_up: SignUp, planner: ScriptedPlanner, clock: FakeClock, delegate: str
) -> None:
    ann, bob, carl = await cast(sign_up, "ann", "bob", "carl")
    await away(carl, clock, delegate)
    question = await put(ann, planner, "bob")
    await acted(bob, question, "delegate", to="carl")
    people = (await seen_by(ann, question))["recipients"]
    assert [(r["name"], r["part"]) for r in people] == [("bob", "notified"), ("carl", "decider")]
