"""The pages that links in mails open: looking decides nothing, pressing a button does."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from bot.domain.feedback import Kind
from bot.service.links import Purpose
from tests.clock import FakeClock
from tests.flows.asking import acted, cast, put, renew, seen_by
from tests.flows.conftest import Client, SignUp
from tests.flows.linking import filled, link_to, opened, pressed, sent, settings
from tests.flows.question_app import app, planner
from tests.flows.stage import ScriptedPlanner
from web.keys import AGENT, STORE

__all__ = ["app", "planner", "settings"]


async def test_a_button_decides_and_looking_does_not(
    sign_up: SignUp, planner: ScriptedPlanner, app: web.Application, client: Client
) -> None:
    ann, *_ = await cast(sign_up, "ann", "bob")
    question = await put(ann, planner, "bob", context="All tests are **green**.")
    link = await link_to(app, question, "bob")
    surfaces = await app[STORE].read(lambda tx: tx.surfaces.of_request(question["id"]))
    for number in range(100):
        page = await opened(client, link + ("?choose=approve" if number % 2 else ""))
        assert page.status == 200
    async with client.head(link) as answer:
        assert (answer.status, await answer.read()) == (200, b"")
        assert answer.headers["Cache-Control"] == "no-store"
    assert "Ship it?" in page.text
    assert "ann asks for your approval" in page.text
    assert "<strong>green</strong>" in page.html
    assert "Answer by" in page.part("deadline")
    assert "(UTC)" in page.part("deadline")
    assert page.acts == ["approve", "reject", "words", "changes", "comment", "delegate"]
    assert (await seen_by(ann, question))["state"] == "pending"
    assert await app[STORE].read(lambda tx: tx.surfaces.of_request(question["id"])) == surfaces

    told = await pressed(client, link, "approve", note="Go.")
    assert (told.status, told.part("notice")) == (200, "Thank you. That decides it.")
    assert told.part("outcome").startswith("You approved this by e-mail, today, 09:00 (UTC).")
    hers = await seen_by(ann, question)
    assert (hers["state"], hers["outcome"]["by"]["name"]) == ("approved", "bob")
    assert (hers["outcome"]["via"], hers["outcome"]["words"]) == ("email", "approved: Go.")
    _, story = await ann.get(f"/api/questions/{question['id']}/journal")
    decided = next(e for e in story["entries"] if e["kind"] == "request.approved")
    assert decided["data"]["through"] == "the link sent to b…@example.org"
    again = await opened(client, link)
    assert "You approved this" in again.part("outcome")
    assert "approved: Go." in again.part("said")
    assert again.acts == ["comment"]


async def test_a_double_press_is_one_act(
    sign_up: SignUp, planner: ScriptedPlanner, app: web.Application, client: Client
) -> None:
    ann, *_ = await cast(sign_up, "ann", "bob")
    question = await put(ann, planner, "bob")
    link = await link_to(app, question, "bob")
    page = await opened(client, link)
    body = filled(page.form("approve"), "approve", {})
    answers = await asyncio.gather(*(sent(client, link, body) for _ in range(5)))
    assert [a.status for a in answers] == [200] * 5
    assert {a.part("notice") for a in answers} == {"Thank you. That decides it."}
    assert len((await seen_by(ann, question))["responses"]) == 1
    # The other button of the same form, gone back to.
    other = await sent(client, link, filled(page.form("reject"), "reject", {}))
    assert other.status == 409
    late = await pressed(client, link, "reject", await opened_before(client, link, page))
    assert late.status == 409
    assert len((await seen_by(ann, question))["responses"]) == 1
    used = await app[STORE].read(_link_of(link))
    assert used is not None
    assert used.used_at is not None


def _link_of(path: str) -> Any:
    from bot.service.links import hash_of

    return lambda tx: tx.links.find(hash_of(path.removeprefix("/f/"), Purpose.CLICK))


async def opened_before(client: Client, link: str, page: Any) -> Any:
    """Return a page as another tab still shows it: with the buttons, under a name of its own."""
    newer = await opened(client, link)
    nonce = dict(newer.form("comment").pairs)["nonce"]
    old = dict(page.form("approve").pairs)["nonce"]
    page.html = page.html.replace(old, nonce)
    return page


async def test_a_mind_is_changed_by_its_own_button_only(
    sign_up: SignUp, planner: ScriptedPlanner, app: web.Application, client: Client
) -> None:
    ann, *_ = await cast(sign_up, "ann", "bob", "carl")
    question = await put(
        ann,
        planner,
        "bob",
        "carl",
        kind=Kind.CHOICE,
        question="Which?",
        options=("red", "blue"),
        everybody=True,
    )
    link, other = await link_to(app, question, "bob"), await link_to(app, question, "carl")
    assert link != other
    stale = await opened(client, link)
    first = await pressed(client, link, "answer", choice="0")
    assert "1 more answer is needed" in first.part("notice")
    assert "You have answered: red It counts." in first.part("answered")
    refused = await pressed(client, link, "answer", stale, choice="1")
    assert refused.status == 409
    assert "You have answered already" in refused.part("notice")
    assert 'value="1" checked' in refused.html
    changed = await pressed(client, link, "answer", refused, choice="1")
    assert changed.status == 200
    assert "Change my answer to this" in changed.html
    assert "You have answered" not in (await opened(client, other)).text
    last = await pressed(client, other, "answer", choice="1")
    assert last.part("notice") == "Thank you. That decides it."
    hers = await seen_by(ann, question)
    assert hers["outcome"]["words"] == "blue"
    decided = await opened(client, link)
    assert decided.part("outcome").startswith("carl answered this by e-mail, today")
    assert "blue" in decided.part("said")
    # What still stands open in a tab says who decided.
    told = await sent(client, link, filled(changed.form("answer"), "answer", {"choice": "0"}))
    assert told.status == 409
    assert "it is decided" in told.part("notice")
    assert len((await seen_by(ann, question))["responses"]) == 3


async def test_decided_elsewhere_and_too_late(
    sign_up: SignUp, planner: ScriptedPlanner, app: web.Application, client: Client
) -> None:
    ann, _, carl = await cast(sign_up, "ann", "bob", "carl")
    question = await put(ann, planner, "bob", "carl")
    link = await link_to(app, question, "bob")
    page = await opened(client, link)
    await acted(carl, question, "answer", approved=True)
    told = await pressed(client, link, "reject", page, note="No!")
    assert told.status == 200
    assert "carl already answered “approved”" in told.part("notice")
    assert "carl approved this on the page, today" in told.part("outcome")
    assert "which came too late" in told.part("said")
    late = (await seen_by(ann, question))["responses"][-1]
    assert (late["standing"], late["agrees"]) == ("late", False)


async def test_past_the_deadline_nothing_decides(
    sign_up: SignUp,
    planner: ScriptedPlanner,
    app: web.Application,
    client: Client,
    clock: FakeClock,
) -> None:
    ann, *_ = await cast(sign_up, "ann", "bob")
    question = await put(ann, planner, "bob")
    link = await link_to(app, question, "bob")
    page = await opened(client, link)
    clock.advance(hours=49)
    over = await opened(client, link)
    assert "The time to answer was over" in over.part("outcome")
    assert over.acts == ["comment"]
    again = await pressed(client, link, "approve", page, note="sorry, late")
    assert again.status == 409
    await app[AGENT].sweeper.sweep()
    await renew(ann)
    expired = await opened(client, link)
    assert "Nobody answered in time" in expired.part("outcome")
    assert (await pressed(client, link, "comment", words="Sorry!")).status == 200
    said = (await seen_by(ann, question))["responses"]
    assert [(r["standing"], r["words"]) for r in said] == [("comment", "Sorry!")]
    clock.advance(hours=24 * 31)
    assert (await opened(client, link)).html == (await opened(client, "/f/nothing")).html


async def test_changes_comments_and_handing_on(
    sign_up: SignUp, planner: ScriptedPlanner, app: web.Application, client: Client
) -> None:
    ann, *_ = await cast(sign_up, "ann", "bob", "carl")
    question = await put(ann, planner, "bob")
    link = await link_to(app, question, "bob")
    page = await opened(client, link)
    wish = await pressed(client, link, "changes", page, words="Shorter, please.")
    assert "the question stays open" in wish.part("notice")
    assert "You asked for changes" in wish.part("said")
    handed = await pressed(client, link, "delegate", page, to="carl")
    assert handed.part("notice") == "Thank you. carl is asked now."
    assert handed.part("handed-on").startswith("You handed this on to carl")
    assert handed.acts == ["changes", "comment"]
    refused = await pressed(client, link, "approve", page)
    assert refused.status == 403
    assert "it is for carl to answer" in refused.part("notice")
    assert (await seen_by(ann, question))["state"] == "pending"
    _, story = await ann.get(f"/api/questions/{question['id']}/journal")
    through = {e["kind"]: e["data"].get("through") for e in story["entries"]}
    assert through["request.delegated"] == "the link sent to b…@example.org"
    assert through["response.changes"] == "the link sent to b…@example.org"
    his = await link_to(app, question, "carl")
    assert "bob handed this on to you." in (await opened(client, his)).text
    assert (await pressed(client, his, "reject")).status == 200
    assert "carl rejected this" in (await opened(client, link)).part("outcome")


async def test_a_cancelled_question_says_so(
    sign_up: SignUp, planner: ScriptedPlanner, app: web.Application, client: Client
) -> None:
    ann, *_ = await cast(sign_up, "ann", "bob")
    question = await put(ann, planner, "bob")
    link = await link_to(app, question, "bob")
    page = await opened(client, link)
    await acted(ann, question, "cancel")
    assert "was taken back" in (await opened(client, link)).part("outcome")
    late = await pressed(client, link, "approve", page)
    assert late.status == 200
    assert "cancelled" in late.part("notice")


async def test_times_are_said_in_the_reader_s_zone(
    sign_up: SignUp, planner: ScriptedPlanner, app: web.Application, client: Client
) -> None:
    ann, bob = await cast(sign_up, "ann", "bob")
    status, _ = await bob_zone(bob, "Asia/Tokyo")
    assert status == 200
    question = await put(ann, planner, "bob")
    link = await link_to(app, question, "bob")
    assert "(Asia/Tokyo)" in (await opened(client, link)).part("deadline")
    await acted(bob, question, "answer", approved=True)
    assert "today, 18:00 (Asia/Tokyo)" in (await opened(client, link)).part("outcome")


async def bob_zone(bob: Any, zone: str) -> tuple[int, Any]:
    async with bob.client.patch("/api/profile", json={"zone": zone}, headers=bob.headers) as answer:
        return answer.status, await answer.json()
