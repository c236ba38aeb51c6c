"""Asking with every rule there is, over the doors: a planner that proposes what the test says."""

from __future__ import annotations

from typing import Any

from bot.domain.feedback import Kind
from bot.domain.planning import AskHuman, Plan
from tests.flows.conftest import SignedIn, SignUp
from tests.flows.stage import ScriptedPlanner
from tests.flows.test_sessions_api import opened, settled

Question = dict[str, Any]


async def cast(sign_up: SignUp, *names: str) -> list[SignedIn]:
    """Sign people up, each with a verified address."""
    return [await sign_up(name) for name in names]


async def put(
    asker: SignedIn, planner: ScriptedPlanner, *people: str, also: str = "", **how: Any
) -> Question:
    """Have the agent ask `people`, and return the question as its asker sees it.

    `also` names those whom the owner names besides, to be told or asked later.
    """
    how = {"question": "Ship it?", "kind": Kind.APPROVAL, **how}
    planner.script.append(Plan(steps=(AskHuman(people=people, **how),)))
    session_id = await opened(asker, f"ask {', '.join(people)} {also}")
    found: Question = (await settled(asker, session_id, "awaiting"))["questions"][-1]
    return found


async def act(person: SignedIn, question: Question, name: str, **body: Any) -> tuple[int, Any]:
    """Do something with a question; an answer carries the digest that was shown."""
    if name == "answer":
        body.setdefault("digest", question["digest"])
    return await person.post(f"/api/questions/{question['id']}/{name}", body or None)


async def acted(person: SignedIn, question: Question, name: str, **body: Any) -> Any:
    """Do something that is taken, and return the answer."""
    status, answer = await act(person, question, name, **body)
    assert status == 200, answer
    return answer


async def refused(person: SignedIn, question: Question, name: str, **body: Any) -> tuple[int, str]:
    """Do something that is refused, and return the status and the code."""
    status, answer = await act(person, question, name, **body)
    assert set(answer) == {"error"}, answer
    assert set(answer["error"]) == {"code", "message", "details"}
    assert answer["error"]["message"].endswith((".", "!", "?")), answer
    return status, answer["error"]["code"]


async def seen_by(person: SignedIn, question: Question) -> Question:
    """Return the question as a person sees it now."""
    status, read = await person.get(f"/api/questions/{question['id']}")
    assert status == 200, read
    found: Question = read["question"]
    return found


async def waiting_for(person: SignedIn) -> list[str]:
    """Return the ids of the open questions that wait for a person."""
    _, listed = await person.get("/api/questions", params={"state": "open"})
    return [each["id"] for each in listed["questions"]]


async def renew(*people: SignedIn) -> None:
    """Sign people in afresh: tokens do not outlive the hours that a test lets pass."""
    for person in people:
        status, tokens = await person.post(
            "/api/auth/refresh", {"refresh_token": person.tokens["refresh_token"]}
        )
        assert status == 200, tokens
        person.tokens = tokens
