"""Sessions, messages and questions over REST, as their people and as strangers see them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.flows.conftest import SignedIn, SignUp
from tests.flows.line import PATIENCE

UNKNOWN = "01a203dc-2280-74f5-85f4-000000000000"


async def settled(person: SignedIn, session_id: str, status: str) -> dict[str, Any]:
    """Read a session until it is `status`."""
    read: dict[str, Any] = {}
    for _ in range(int(PATIENCE * 50)):
        _, read = await person.get(f"/api/sessions/{session_id}")
        if read["session"]["status"] == status:
            return read
        await asyncio.sleep(0.02)
    raise AssertionError(read)


async def opened(person: SignedIn, text: str | None = "status") -> str:
    status, body = await person.post("/api/sessions", {} if text is None else {"text": text})
    assert status == 201, body
    return str(body["session"]["id"])


async def asked(asker: SignedIn, text: str = "ask bob: Ship it? options: yes, no") -> Any:
    """Ask bob something and return the question as its asker sees it."""
    session_id = await opened(asker, text)
    return (await settled(asker, session_id, "awaiting"))["questions"][0]


async def test_open_speak_read_end(sign_up: SignUp) -> None:
    ann = await sign_up("ann")
    session_id = await opened(ann, None)
    status, said = await ann.post(f"/api/sessions/{session_id}/messages", {"text": "**status**"})
    assert (status, said["outcome"]["seq"]) == (202, 1)
    read = await settled(ann, session_id, "idle")
    assert read["session"]["mine"]
    _, page = await ann.get(f"/api/sessions/{session_id}/messages")
    mine, reply = page["messages"]
    assert (mine["role"], mine["text"], mine["html"]) == ("user", "**status**", None)
    assert mine["author"]["name"] == "ann"
    assert (reply["role"], reply["author"]) == ("agent", None)
    assert reply["html"].startswith("<")
    assert page["cursor"] == read["session"]["cursor"]
    status, done = await ann.post(f"/api/sessions/{session_id}/end")
    assert (status, done["outcome"]["status"]) == (200, "ended")
    _, read = await ann.get(f"/api/sessions/{session_id}")
    assert (read["session"]["state"], read["session"]["end_reason"]) == ("ended", "owner")


async def test_messages_are_read_in_pages_both_ways(sign_up: SignUp) -> None:
    ann = await sign_up("ann")
    session_id = await opened(ann)
    path = f"/api/sessions/{session_id}/messages"
    for number in range(4):
        await settled(ann, session_id, "idle")
        await ann.post(path, {"text": f"m{number}"})
    await settled(ann, session_id, "idle")

    async def seqs(**query: int) -> list[int]:
        status, body = await ann.get(path, params=query)
        assert status == 200, body
        return [message["seq"] for message in body["messages"]]

    everything = await seqs()
    assert everything == list(range(1, 11))
    assert await seqs(limit=3) == [8, 9, 10]
    assert await seqs(before=8, limit=3) == [5, 6, 7]
    assert await seqs(after=0, limit=3) == [1, 2, 3]
    assert await seqs(after=3, limit=200) == [4, 5, 6, 7, 8, 9, 10]
    assert await seqs(after=3, before=6) == [4, 5]
    assert await seqs(after=99) == []


async def test_sessions_are_listed_newest_first_in_pages(sign_up: SignUp) -> None:
    ann, bob = await sign_up("ann"), await sign_up("bob")
    ids = [await opened(ann) for _ in range(3)]
    await opened(bob)
    _, first = await ann.get("/api/sessions", params={"limit": 2})
    assert [each["id"] for each in first["sessions"]] == ids[:0:-1]
    assert first["next"] == ids[1]
    _, second = await ann.get("/api/sessions", params={"limit": 2, "before": first["next"]})
    assert ([each["id"] for each in second["sessions"]], second["next"]) == ([ids[0]], None)
    _, ended = await ann.get("/api/sessions", params={"state": "ended"})
    assert ended == {"sessions": [], "next": None}


async def test_the_fourth_session_is_held_with_its_text_and_an_offer(sign_up: SignUp) -> None:
    ann = await sign_up("ann")
    ids = [await opened(ann) for _ in range(3)]
    status, body = await ann.post("/api/sessions", {"text": "status"})
    assert (status, body["session"]["state"], body["outcome"]["status"]) == (201, "held", "held")
    assert {each["session_id"] for each in body["outcome"]["offer"]} == set(ids)
    held = body["session"]["id"]
    status, refused = await ann.post(f"/api/sessions/{held}/resume", {})
    assert (status, refused["error"]["code"]) == (409, "too_many_sessions")
    status, done = await ann.post(f"/api/sessions/{held}/resume", {"end": ids[0]})
    assert (status, done["outcome"]["status"]) == (200, "started")
    await settled(ann, held, "idle")
    _, page = await ann.get(f"/api/sessions/{held}/messages")
    assert [message["role"] for message in page["messages"]] == ["user", "agent"]
    _, read = await ann.get(f"/api/sessions/{ids[0]}")
    assert read["session"]["state"] == "ended"


async def test_a_question_is_seen_by_what_one_is_to_it(sign_up: SignUp) -> None:
    ann, bob, eve = await sign_up("ann"), await sign_up("bob"), await sign_up("eve")
    hers = await asked(ann)
    _, listed = await bob.get("/api/questions", params={"state": "open"})
    (his,) = listed["questions"]
    assert his["id"] == hers["id"]
    assert (hers["mine"], hers["for_me"], his["mine"], his["for_me"]) == (True, False, False, True)
    assert hers["session_id"]
    assert his["session_id"] is None
    session_id = hers["session_id"]
    for path in (f"/api/sessions/{session_id}", f"/api/sessions/{session_id}/messages"):
        assert (await bob.get(path))[0] == 404
    assert (await eve.get(f"/api/questions/{hers['id']}"))[0] == 404
    assert (await eve.get("/api/questions"))[1]["questions"] == []
    _, mine = await ann.get("/api/questions", params={"role": "asker"})
    assert [each["id"] for each in mine["questions"]] == [hers["id"]]


async def test_other_answers_are_the_askers_until_the_outcome(sign_up: SignUp) -> None:
    ann, bob, cid = await sign_up("ann"), await sign_up("bob"), await sign_up("cid")
    question = await asked(ann, "ask bob, cid: Ship it? options: yes, no quorum 2")
    assert question["quorum"] == 2
    path = f"/api/questions/{question['id']}"
    answer = {"digest": question["digest"], "choices": ["yes"]}
    status, body = await bob.post(f"{path}/answer", answer)
    assert (status, body["outcome"]["status"]) == (200, "counted")
    assert body["question"]["answered_by_me"]
    assert [each["by"]["name"] for each in body["question"]["responses"]] == ["bob"]
    _, seen = await cid.get(path)
    assert (seen["question"]["responses"], seen["question"]["outcome"]) == ([], None)
    assert not seen["question"]["answered_by_me"]
    _, seen = await ann.get(path)
    assert [each["words"] for each in seen["question"]["responses"]] == ["yes"]
    _, read = await ann.get(f"/api/sessions/{question['session_id']}")
    assert read["session"]["awaiting"][0]["people"] == ["cid"]
    status, body = await cid.post(f"{path}/answer", answer)
    assert (status, body["outcome"]["status"]) == (200, "decided")
    _, seen = await bob.get(path)
    assert seen["question"]["outcome"]["by"]["name"] == "cid"
    assert len(seen["question"]["responses"]) == 1


async def test_an_answer_twice_late_wrong_or_by_others(sign_up: SignUp) -> None:
    ann, bob, eve = await sign_up("ann"), await sign_up("bob"), await sign_up("eve")
    unverified = await sign_up("uma", verify=False)
    question = await asked(ann)
    path, digest = f"/api/questions/{question['id']}/answer", question["digest"]
    wrong: list[tuple[SignedIn, dict[str, Any], int]] = [
        (eve, {"digest": digest, "choices": ["yes"]}, 404),
        (unverified, {"digest": digest, "choices": ["yes"]}, 404),
        (ann, {"digest": digest, "choices": ["yes"]}, 403),
        (bob, {"digest": "0" * 64, "choices": ["yes"]}, 409),
        (bob, {"digest": digest, "choices": ["perhaps"]}, 422),
        (bob, {"digest": digest}, 422),
        (bob, {"choices": ["yes"]}, 422),
        (bob, {"digest": digest, "choices": "yes"}, 422),
        (bob, {"digest": digest, "approved": "yes"}, 422),
    ]
    for person, body, status in wrong:
        got, answer = await person.post(path, body)
        assert got == status, (person.username, body, answer)
        assert set(answer["error"]) == {"code", "message", "details"}
    first = await bob.post(path, {"digest": digest, "choices": ["no"]}, Idempotency_Key="k")
    again = await bob.post(path, {"digest": digest, "choices": ["no"]}, Idempotency_Key="k")
    assert (first[1]["outcome"]["status"], again[1]["outcome"]["replayed"]) == ("decided", True)
    _, late = await bob.post(path, {"digest": digest, "choices": ["yes"]})
    assert late["outcome"]["status"] == "late"
    assert "bob already answered" in late["outcome"]["text"]
    assert [each["agrees"] for each in late["question"]["responses"]] == [None, False]


async def test_only_the_asker_takes_a_question_back(sign_up: SignUp) -> None:
    ann, bob = await sign_up("ann"), await sign_up("bob")
    question = await asked(ann)
    path = f"/api/questions/{question['id']}/cancel"
    assert (await bob.post(path))[0] == 403
    status, body = await ann.post(path)
    assert (status, body["question"]["state"]) == (200, "cancelled")
    assert body["question"]["outcome"]["words"] == "cancelled"
    status, body = await ann.post(path)
    assert (status, body["error"]["code"]) == (409, "already_settled")


async def test_strangers_and_ghosts_get_the_same_answer(sign_up: SignUp) -> None:
    ann, eve = await sign_up("ann"), await sign_up("eve")
    session_id = await opened(ann)
    for path, body in (("end", None), ("stop", None), ("resume", {}), ("messages", {"text": "x"})):
        theirs = await eve.post(f"/api/sessions/{session_id}/{path}", body)
        nobodys = await eve.post(f"/api/sessions/{UNKNOWN}/{path}", body)
        assert theirs == nobodys, path
        assert theirs[0] == 404
    _, read = await ann.get(f"/api/sessions/{session_id}")
    assert read["session"]["state"] == "active"


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/api/sessions", "limit=0", 422),
        ("/api/sessions", "limit=201", 422),
        ("/api/sessions", "limit=x", 422),
        ("/api/sessions", "state=lost", 422),
        ("/api/sessions", "nonsense=1", 422),
        ("/api/sessions", "before=zzz", 200),
        ("/api/questions", "role=boss", 422),
        ("/api/questions", "limit=200", 200),
        (f"/api/sessions/{UNKNOWN}", "", 404),
        ("/api/sessions/%00", "", 404),
        (f"/api/sessions/{UNKNOWN}/messages", "after=-1", 422),
        (f"/api/sessions/{UNKNOWN}/messages", "after=99999999999999999999", 422),
        (f"/api/questions/{UNKNOWN}", "", 404),
    ],
)
async def test_queries_are_checked(sign_up: SignUp, path: str, query: str, status: int) -> None:
    ann = await sign_up("ann")
    got, body = await ann.get(f"{path}?{query}")
    assert got == status, body
    if status != 200:
        assert set(body["error"]) == {"code", "message", "details"}


async def test_texts_are_bounded_and_clean(sign_up: SignUp) -> None:
    ann = await sign_up("ann")
    session_id = await opened(ann)
    path = f"/api/sessions/{session_id}/messages"
    await settled(ann, session_id, "idle")
    for text, status in (("🙂" * 25_000, 413), ("a\x07b", 422), ("", 422), ("a\x00", 422)):
        got, body = await ann.post(path, {"text": text})
        assert got == status, body
    _, page = await ann.get(path)
    assert len(page["messages"]) == 2
