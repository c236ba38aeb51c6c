"""A question's story over HTTP: its asker reads all of it, others what concerns them."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bot.domain.journal import Entry
from bot.service.ports.store import Transaction
from tests.flows.conftest import SignedIn, SignUp
from tests.flows.test_sessions_api import asked
from web.keys import STORE


async def story(person: SignedIn, question_id: str) -> tuple[int, Any]:
    return await person.get(f"/api/questions/{question_id}/journal")


async def test_the_asker_reads_all_and_a_responder_their_part(
    app: web.Application, sign_up: SignUp
) -> None:
    ana, ben, cleo = [await sign_up(name) for name in ("ana", "ben", "cleo")]
    question = await asked(ana, "ask ben, cleo: Ship it? options: yes, no")
    status, answered = await ben.post(
        f"/api/questions/{question['id']}/answer",
        {"digest": question["digest"], "choices": ["yes"]},
    )
    assert status == 200, answered
    late = {"digest": question["digest"], "choices": ["no"]}
    await cleo.post(f"/api/questions/{question['id']}/answer", late)

    status, all_of_it = await story(ana, question["id"])
    assert (status, all_of_it["verified"]) == (200, True)
    kinds = [entry["kind"] for entry in all_of_it["entries"]]
    assert kinds == ["request.asked", "request.answered", "response.late"]
    assert [entry["person"]["name"] for entry in all_of_it["entries"]] == ["ana", "ben", "cleo"]
    assert all_of_it["entries"][1]["channel"] == "chat"

    _, bens = await story(ben, question["id"])
    assert [entry["kind"] for entry in bens["entries"]] == kinds[:2]
    assert bens["entries"][0]["data"].keys() <= {"digest", "version"}
    _, cleos = await story(cleo, question["id"])
    assert [entry["kind"] for entry in cleos["entries"]] == kinds

    def meddle(tx: Transaction) -> None:
        tx.journal.erase(question["id"], [1])
        tx.journal.add(Entry(kind="surface.failed", at=1, request_id=question["id"]))

    await app[STORE].run(meddle)
    _, more = await story(ana, question["id"])
    assert [entry["kind"] for entry in more["entries"]][-1] == "surface.failed"
    assert (more["entries"][0]["data"], more["verified"]) == ({}, True)
    _, bens = await story(ben, question["id"])
    assert len(bens["entries"]) == 2


async def test_strangers_do_not_learn_that_it_exists(sign_up: SignUp) -> None:
    ana, _, dan = [await sign_up(name) for name in ("ana", "ben", "dan")]
    question = await asked(ana, "ask ben: Ship it?")
    assert (await story(dan, question["id"]))[0] == 404
    assert (await story(ana, "nothing"))[0] == 404
    assert (await story(ana, question["id"]))[0] == 200
