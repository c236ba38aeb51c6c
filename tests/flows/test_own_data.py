"""All about oneself, written out and erased: what is left in the database says nothing of it."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.domain.feedback import Kind
from bot.domain.planning import AskHuman, Plan, PlanContext, Reply
from bot.service import erasing
from bot.service.erasing import carry_on
from bot.service.ports.store import Transaction
from bot.settings import Settings
from tests.clock import FakeClock
from tests.flows.asking import act, acted, cast, put, seen_by, waiting_for
from tests.flows.conftest import PASSWORD, Outbox, SignedIn, SignUp
from tests.flows.stage import ScriptedPlanner
from tests.flows.test_sessions_api import opened, settled
from web.app import build_app
from web.keys import AGENT, STORE

SECRETLY = "the-heron-flies-at-noon"


@pytest.fixture
def planner() -> ScriptedPlanner:
    return ScriptedPlanner()


@pytest.fixture
def app(
    settings: Settings, clock: FakeClock, outbox: Outbox, planner: ScriptedPlanner
) -> web.Application:
    many = settings.model_copy(update={"max_concurrent_sessions": 9})
    return build_app(many, clock=clock, planner=planner, send_code=outbox, password_cost=4)


async def erased(person: SignedIn, password: str = PASSWORD) -> tuple[int, Any]:
    async with person.client.delete(
        "/api/me", json={"password": password}, headers=person.headers
    ) as answer:
        return answer.status, await answer.json()


async def exported(person: SignedIn) -> list[dict[str, Any]]:
    async with person.client.get("/api/me/export", headers=person.headers) as answer:
        assert answer.status == 200
        assert answer.content_type == "application/x-ndjson"
        return [json.loads(line) for line in (await answer.text()).splitlines()]


def holding(database: Path, *words: str) -> dict[str, str]:
    """Return the tables that hold any of these words, with a row that does."""
    found = {}
    with closing(sqlite3.connect(database)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (table,) in tables.fetchall():
            for row in connection.execute(f"SELECT * FROM {table}"):
                if any(word in str(row).casefold() for word in words):
                    found[table] = str(row)
    return found


async def test_all_that_is_kept_about_oneself_is_written_out(
    sign_up: SignUp, planner: ScriptedPlanner
) -> None:
    ann, ben = await cast(sign_up, "ann", "ben")
    question = await put(ann, planner, "ben", question="Which?", kind=Kind.INPUT)
    await acted(ben, question, "answer", text=SECRETLY)
    mine = await exported(ben)
    kinds = [each["record"] for each in mine]
    assert kinds[:4] == ["person", "identity", "account", "sign_in"]
    assert mine[1] == {"record": "identity", "channel": "email", "address": "ben@example.org"}
    answers = [each for each in mine if each["record"] == "answer"]
    assert [(each["words"], each["question"]["text"]) for each in answers] == [(SECRETLY, "Which?")]
    assert {"account.registered", "request.answered"} <= {
        each["kind"] for each in mine if each["record"] == "journal"
    }
    assert "ann@example.org" not in json.dumps(mine)
    hers = await exported(ann)
    assert [each["title"] for each in hers if each["record"] == "session"] == ["ask ben"]
    assert [each["text"] for each in hers if each["record"] == "message"] == ["ask ben"]
    asked = [each for each in hers if each["record"] == "question"]
    assert [(each["question"], each["state"]) for each in asked] == [("Which?", "answered")]
    assert asked[0]["outcome"]["text"] == SECRETLY  # what her session was told


async def test_who_erases_themselves_leaves_no_word_behind(
    sign_up: SignUp, planner: ScriptedPlanner, app: web.Application, tmp_path: Path
) -> None:
    ann, ben, cleo = await cast(sign_up, "ann", "benjamin", "cleo")
    answered = await put(ann, planner, "benjamin", question="Which one?", kind=Kind.INPUT)
    await acted(ben, answered, "answer", text=SECRETLY)
    approved = await put(ann, planner, "benjamin", question="May we?")
    await acted(ben, approved, "answer", approved=True, text=SECRETLY)
    both = await put(ann, planner, "benjamin", "cleo", question="Both?", everybody=True)
    await acted(cleo, both, "answer", approved=True)
    alone = await put(ann, planner, "benjamin", question="Only you?")
    own = await put(ben, planner, "cleo", question=f"Is it {SECRETLY}?")
    assert (await erased(ben, "wrong-password"))[0] == 403
    assert own["id"] in await waiting_for(cleo)

    status, said = await erased(ben)
    assert (status, "erased" in said["message"]) == (200, True)
    status, gone = await ben.get("/api/auth/me")
    assert (status, gone["error"]["code"]) == (401, "token_invalid")
    login = {"username": "benjamin", "password": PASSWORD}
    async with ann.client.post("/api/auth/login", data=login) as answer:
        assert answer.status == 401

    assert (await seen_by(ann, both))["state"] == "approved"  # the other's answer is enough now
    left = await seen_by(ann, alone)
    assert left["state"] == "pending"
    _, read = await ann.get(f"/api/sessions/{alone['session_id']}/messages")
    told = [
        m["text"] for m in read["messages"] if "no longer" in m["text"] and m["role"] == "system"
    ]
    assert len(told) == 1
    assert "nobody is left who can answer it" in told[0]
    assert await waiting_for(cleo) == []  # what he asked was taken back
    assert (await seen_by(cleo, own))["state"] == "cancelled"

    agent = app[AGENT]
    await agent.sweeper.sweep()
    words = holding(tmp_path / "handraise.db", SECRETLY, "benjamin@", "benjamin")
    # Who wrote his name in her own message said so; receipts and counted tries fade by themselves.
    assert set(words) <= {"messages", "rates", "receipts", "sessions"}, words
    with closing(sqlite3.connect(tmp_path / "handraise.db")) as connection:
        texts = {row[0] for row in connection.execute("SELECT text FROM messages")}
    assert not any(SECRETLY in text for text in texts)
    kept = await seen_by(ann, approved)
    assert kept["state"] == "approved"
    assert [each["name"] for each in kept["recipients"]] == ["(erased)"]
    for question in (answered, approved, both, alone, own):
        verdict = await app[STORE].read(
            lambda tx, id_=question["id"]: tx.journal.verify(id_)  # type: ignore[misc]
        )
        assert verdict.fault is None
    erasing = await app[STORE].read(lambda tx: tx.marks.like("erasing:"))
    assert list(erasing) == []
    # The name is free, and whoever takes it is somebody else.
    again = await sign_up("benjamin")
    assert await waiting_for(again) == []


async def test_a_session_of_an_erased_owner_is_ended(sign_up: SignUp, app: web.Application) -> None:
    ann, ben = await cast(sign_up, "ann", "ben")
    session_id = await opened(ben, f"hello {SECRETLY}")
    await settled(ben, session_id, "idle")

    def owner(tx: Transaction) -> str:
        session = tx.sessions.get(session_id)
        assert session is not None
        assert session.state.value == "ended"
        return session.title

    await erased(ben)
    await app[AGENT].sweeper.sweep()
    assert await app[STORE].read(owner) == "(erased)"
    status, _ = await ann.get(f"/api/sessions/{session_id}")
    assert status == 404


async def test_one_question_can_be_answered_by_those_who_are_left(
    sign_up: SignUp, planner: ScriptedPlanner
) -> None:
    ann, ben, cleo = await cast(sign_up, "ann", "ben", "cleo")
    question = await put(ann, planner, "ben", "cleo")
    await acted(ben, question, "claim")
    await erased(ben)
    left = await seen_by(cleo, question)
    assert left["claimed_by"] is None
    assert (await act(cleo, question, "answer", approved=True))[0] == 200
    assert (await seen_by(ann, question))["state"] == "approved"


async def test_the_only_administrator_is_not_erased(sign_up: SignUp, app: web.Application) -> None:
    ann, ben = await cast(sign_up, "ann", "ben")  # in development the first is administrator
    status, refused = await erased(ann)
    assert (status, refused["error"]["code"]) == (409, "last_administrator")
    assert (await ann.get("/api/auth/me"))[0] == 200

    def promote(tx: Transaction) -> None:
        account = tx.accounts.by_username("ben")
        assert account is not None
        tx.accounts.set_admin(account.id, True)

    await app[STORE].run(promote)
    assert (await erased(ann))[0] == 200
    assert (await erased(ben))[1]["error"]["code"] == "last_administrator"


WORDS = "I would rather not fly over the old mill before noon"


async def test_what_the_agent_repeated_goes_and_what_it_made_of_it_is_made_anew(
    sign_up: SignUp,
    planner: ScriptedPlanner,
    app: web.Application,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(erasing, "LINES", 1)  # a portion of its own for each session
    ann, ben, cleo = await cast(sign_up, "ann", "benjamin", "cleo")
    told = "benjamin told me: Rather NOT fly, over the old mill. What now?"
    other = await put(cleo, planner, "benjamin", question="And when?", kind=Kind.INPUT)
    planner.script.append(Plan(steps=(Reply(text=told),)))
    await acted(ben, other, "answer", text=WORDS)
    await settled(cleo, other["session_id"], "idle")
    waits = await put(cleo, planner, "benjamin", question="Any news?", kind=Kind.INPUT)
    first = await put(ann, planner, "benjamin", question="May we fly?", kind=Kind.INPUT)
    await acted(ben, first, "answer", text=WORDS)
    session_id = first["session_id"]
    await settled(ann, session_id, "idle")
    planner.script.append(Plan(steps=(Reply(text=told),)))
    await ann.post(f"/api/sessions/{session_id}/messages", {"text": "And so?"})
    await settled(ann, session_id, "idle")
    asks = AskHuman(
        people=("cleo",),
        question=f"Somebody said “{WORDS}”. Do you agree?",
        context="over the old mill before noon",
        kind=Kind.APPROVAL,
    )
    planner.script.append(Plan(steps=(asks,)))
    await ann.post(f"/api/sessions/{session_id}/messages", {"text": "Ask cleo then"})
    await settled(ann, session_id, "awaiting")

    def summarised(tx: Transaction) -> None:
        session = tx.sessions.lock(session_id)
        assert session is not None
        tx.sessions.save(replace(session, summary="He is afraid of mills", summary_seq=4))

    await app[STORE].run(summarised)
    _, listed = await cleo.get("/api/questions?role=responder")
    (second,) = listed["questions"]
    assert WORDS in second["question"]
    await erased(ben)
    while await app[STORE].run(lambda tx: carry_on(tx, 1)):
        pass

    assert "messages" not in holding(tmp_path / "handraise.db", "over the old mill")
    assert "requests" not in holding(tmp_path / "handraise.db", "over the old mill")
    _, read = await ann.get(f"/api/sessions/{session_id}/messages")
    texts = [each["text"] for each in read["messages"]]
    assert "(erased) told me: (erased). What now?" in texts
    assert "And so?" in texts, "what others said stays theirs"
    _, unanswered = await cleo.get(f"/api/sessions/{waits['session_id']}/messages")
    # Their name goes from what the agent said, also where they were asked and said nothing.
    assert [m["text"] for m in unanswered["messages"][:2]] == [
        "ask benjamin",
        "I asked (erased): Any news?",
    ]
    session = await app[STORE].read(lambda tx: tx.sessions.get(session_id))
    assert (session.summary, session.summary_seq) == ("", 0), "the next turns make it anew"
    left = await seen_by(cleo, second)
    assert left["question"] == "Somebody said “(erased)”. Do you agree?"
    # It can still be answered by whoever was shown the former words.
    assert (await act(cleo, second, "answer", approved=True))[0] == 200


async def test_a_question_that_waited_for_its_asker_s_click_goes_with_them(
    sign_up: SignUp, planner: ScriptedPlanner, app: web.Application, tmp_path: Path
) -> None:
    """It stands in the arguments of what they were to approve."""
    _, ann, ben = await cast(sign_up, "root", "ann", "ben")
    asks = AskHuman(people=("ben",), question=f"Is it {SECRETLY}?", kind=Kind.APPROVAL)
    planner.script.append(Plan(steps=(asks,)))
    session_id = await opened(ann, "hello")  # and ben is not named
    (held,) = (await settled(ann, session_id, "awaiting"))["questions"]
    assert held["action"] is not None
    assert SECRETLY in held["action"]["arguments"]
    assert await waiting_for(ben) == []
    assert (await erased(ann))[0] == 200
    await app[AGENT].sweeper.sweep()
    assert holding(tmp_path / "handraise.db", SECRETLY) == {}
    assert (await app[STORE].read(lambda tx: tx.journal.verify(held["id"]))).fault is None


async def test_a_turn_that_has_read_the_words_begins_again(
    sign_up: SignUp, planner: ScriptedPlanner, app: web.Application, tmp_path: Path
) -> None:
    ann, ben = await cast(sign_up, "ann", "ben")
    question = await put(ann, planner, "ben", question="Which?", kind=Kind.INPUT)
    thinking, goes_on = asyncio.Event(), asyncio.Event()

    async def slowly(_: PlanContext) -> Plan:
        thinking.set()
        await goes_on.wait()
        return Plan(steps=(Reply(text=f"It is {WORDS}"),), summary=WORDS)

    planner.script.append(slowly)
    await acted(ben, question, "answer", text=WORDS)
    await asyncio.wait_for(thinking.wait(), 10)
    await erased(ben)
    while await app[STORE].run(lambda tx: carry_on(tx, 1)):
        pass
    goes_on.set()
    await settled(ann, question["session_id"], "idle")
    assert len(planner.contexts) == 3, "once to ask, once in vain, once more"
    assert WORDS not in str(planner.contexts[-1])
    assert not {"messages", "sessions"} & set(holding(tmp_path / "handraise.db", WORDS.casefold()))
