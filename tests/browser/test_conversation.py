"""The conversation: what is written, how it looks, and that the reader's place is kept."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from itertools import count

import pytest
from playwright.async_api import Page, Route, expect

from bot.domain.instants import DAY
from bot.domain.planning import Plan, PlanContext, Reply, Role
from bot.domain.session import Message
from bot.service.identifiers import new_id
from bot.service.ports.planner import ShowText
from bot.service.ports.store import Transaction
from tests.browser.conftest import House, Visit, arrive, ask, no_complaints
from web.keys import STORE

pytestmark = pytest.mark.browser

ANSWER = """Two ways:

| way | price |
|---|---:|
| by train | 40 EUR |

```python
print("by train")
```
"""


async def test_tables_code_days_channels_and_names(house: House, visit_at: Visit) -> None:
    ana = await visit_at("about:blank", permissions=["clipboard-read", "clipboard-write"])
    ben = await visit_at("about:blank")
    await arrive(house, ana, "ana")
    await arrive(house, ben, "ben")
    page, composer = ana.page, ana.page.get_by_test_id("composer")

    # Names are completed after an @, and Enter takes the name, it does not send.
    await composer.press_sequentially("ask @be")
    await expect(page.get_by_test_id("person")).to_have_text("Bben")
    await composer.press("Enter")
    await expect(composer).to_have_value("ask @ben ")
    await composer.press_sequentially("for approval: Ship it?")
    await composer.press("Shift+Enter")
    await composer.press_sequentially("All of it")
    await page.reload()
    await expect(composer).to_have_value("ask @ben for approval: Ship it?\nAll of it")
    house.planner.script = [Plan(steps=(Reply(text=ANSWER),))]
    await composer.press("Enter")
    await expect(composer).to_have_value("")

    reply = page.locator('[data-testid="message"][data-role="agent"]').first
    await expect(reply.get_by_role("table")).to_contain_text("40 EUR")
    await expect(reply.get_by_test_id("via")).to_have_text("on the page")
    await reply.get_by_test_id("copy").click()
    await expect(reply.get_by_test_id("copy")).to_have_text("Copied")
    assert await page.evaluate("navigator.clipboard.readText()") == 'print("by train")'
    await expect(page.get_by_test_id("session-status")).to_have_text("Answered")

    session_id = page.url.rpartition("/")[2]
    await house.app[STORE].run(_said_before, session_id, house.clock.now() - DAY)
    await page.reload()
    await expect(page.locator(".day")).to_have_text(["Yesterday", "Today"])
    await expect(page.locator('.via[data-channel="email"]')).to_have_text("by mail")
    no_complaints(ana, ben)


async def test_the_reader_s_place_is_kept_while_text_streams_and_older_ones_load(
    house: House, visit_at: Visit
) -> None:
    ana = await visit_at("about:blank")
    await arrive(house, ana, "ana")
    page = ana.page
    house.planner.script = [Plan(steps=(Reply(text="First."),))]
    await ask(ana, "begin")
    await expect(page.get_by_test_id("message").filter(has_text="First.")).to_be_visible()
    session_id = page.url.rpartition("/")[2]
    await house.app[STORE].run(_many, session_id, 200, house.clock.now())
    await page.reload()
    await expect(page.get_by_test_id("message").last).to_contain_text("Line 201")
    view = page.locator("#log-view")
    gap = "e => e.scrollHeight - e.scrollTop - e.clientHeight"
    assert await view.evaluate(gap) < 5, "it opens at its end"
    assert await page.get_by_test_id("message").count() == 50

    await view.evaluate("e => { e.scrollTop = 100; }")
    await expect(page.get_by_test_id("message")).to_have_count(100)
    mark = page.locator('[data-testid="message"][data-seq="158"]')
    before = await _top(page, "158")

    go_on = asyncio.Event()

    async def plan(context: PlanContext, show: ShowText) -> Plan:
        words = ""
        for number in count():
            words += f"word {number} " * 4
            show(words)
            await asyncio.sleep(0.02)
            if go_on.is_set():
                break
        return Plan(steps=(Reply(text=words),))

    house.planner.plan = plan  # type: ignore[method-assign]
    # Another tab writes: what one writes oneself would be scrolled to.
    other = await ana.context.new_page()
    ana.watch(other)
    await other.goto(f"{house.url}/#/s/{session_id}")
    await other.get_by_test_id("composer").fill("go on")
    await other.get_by_test_id("send").click()
    await expect(page.get_by_test_id("preview")).to_contain_text("word 30")
    assert abs(await _top(page, "158") - before) < 2, "nothing jumps while streaming"
    await expect(page.locator("#jump-words")).to_have_text("1 new")
    go_on.set()
    await expect(page.get_by_test_id("preview")).to_have_count(0)
    await expect(page.locator("#jump-words")).to_have_text("2 new")
    assert abs(await _top(page, "158") - before) < 2
    await expect(mark).to_be_in_viewport()
    await page.locator("#jump").click()
    assert await view.evaluate(gap) < 5
    no_complaints(ana)


async def test_a_turn_is_stopped_and_what_is_too_long_is_not_lost(
    house: House, visit_at: Visit
) -> None:
    ana = await visit_at("about:blank", width=390, height=780)
    await arrive(house, ana, "ana")
    page = ana.page
    begun = asyncio.Event()

    async def plan(context: PlanContext, show: ShowText) -> Plan:
        for number in count():
            show("I begin" + "." * number)
            begun.set()
            await asyncio.sleep(0.05)
        raise AssertionError

    house.planner.plan = plan  # type: ignore[method-assign]
    await ask(ana, "think long")
    await begun.wait()
    await expect(page.get_by_test_id("preview")).to_contain_text("I begin")
    await expect(page.get_by_test_id("session-status")).to_contain_text("Thinking")
    await page.get_by_test_id("stop-turn").click()
    await expect(page.get_by_test_id("stop-turn")).to_be_hidden()
    await expect(page.get_by_test_id("session-status")).not_to_contain_text("Thinking")

    long = "word " * 14_000
    await page.get_by_test_id("composer").fill(long)
    await page.get_by_test_id("send").click()
    await expect(page.get_by_test_id("toast").last).to_contain_text("64 KiB fit in one message")
    await expect(page.get_by_test_id("composer")).to_have_value(long)
    no_complaints(ana)


async def test_an_answer_that_was_under_way_makes_no_session_think_for_ever(
    house: House, visit_at: Visit
) -> None:
    ana = await visit_at("about:blank")
    await arrive(house, ana, "ana")
    page, status = ana.page, ana.page.get_by_test_id("session-status")
    go = asyncio.Event()

    async def slow(_: PlanContext) -> Plan:
        await go.wait()
        return Plan(steps=(Reply(text="Done."),))

    async def late(route: Route) -> None:
        read = await route.fetch()  # while the turn runs; it arrives when that is over
        go.set()
        await expect(status).to_have_text("Answered")
        await route.fulfill(response=read)

    house.planner.script = [slow]
    await page.route(re.compile(r"/api/sessions/[^/?]+$"), late)
    async with page.expect_response(re.compile("/messages\\?before")):
        await ask(ana, "Go")
    await expect(status).to_have_text("Answered")
    await expect(page.get_by_test_id("session-item")).not_to_contain_text("Thinking")
    no_complaints(ana)


async def _top(page: Page, seq: str) -> float:
    box = await page.locator(f'[data-testid="message"][data-seq="{seq}"]').bounding_box()
    assert box is not None
    return box["y"]


def _said_before(tx: Transaction, session_id: str, at: int) -> None:
    """Have the first message come from yesterday, by mail."""
    first = tx.messages.get(session_id, 1)
    assert first is not None
    tx.messages._db._cursor.execute(  # type: ignore[attr-defined]
        "UPDATE messages SET at = :at, channel = 'email' WHERE session_id = :id AND seq = 1",
        {"at": at, "id": session_id},
    )


def _many(tx: Transaction, session_id: str, more: int, at: int) -> None:
    """Have a session hold so many messages more, as one that went on for months does."""
    session = tx.sessions.lock(session_id)
    assert session is not None
    for number in range(session.message_seq + 1, session.message_seq + 1 + more):
        tx.messages.add(
            Message(
                id=new_id(),
                session_id=session_id,
                seq=number,
                role=Role.AGENT,
                person_id=None,
                channel="chat",
                text=f"Line {number - 1}: what was said then, at some length",
                at=at,
                request_id=None,
                turn_id=None,
            )
        )
    last = session.message_seq + more
    tx.sessions.save(replace(session, message_seq=last, wake_seq=last, planned_seq=last))
