"""A session of thousands of messages opens at its end, and stays where one reads."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

from bot.domain.commands import CHAT
from bot.domain.instants import HOUR, Micros
from bot.domain.planning import Role
from bot.service.conversation import Conversation
from bot.service.ports.store import Transaction
from tests.browser.conftest import House, Visit, arrive, ask, no_complaints
from web.keys import STORE

pytestmark = pytest.mark.browser

LENGTH = 2_000
MOST_DRAWN = 120

PLACE = """() => {
  const view = document.getElementById("log-view").getBoundingClientRect();
  const drawn = [...document.querySelectorAll("#log [data-seq]")];
  const seen = drawn.find((one) => one.getBoundingClientRect().bottom > view.top + 1);
  const box = document.getElementById("log-view");
  return {
    seq: Number(seen.dataset.seq),
    top: seen.getBoundingClientRect().top - view.top,
    first: Number(drawn[0].dataset.seq),
    last: Number(drawn.at(-1).dataset.seq),
    drawn: drawn.length,
    left: box.scrollHeight - box.scrollTop - box.clientHeight,
  };
}"""
"""What is in view, where it stands, and what is drawn around it."""
TOP_OF = """(seq) => document.querySelector(`#log [data-seq="${seq}"]`).getBoundingClientRect().top
  - document.getElementById("log-view").getBoundingClientRect().top"""


def _say(tx: Transaction, session_id: str, number: int, now: Micros) -> None:
    session = tx.sessions.lock(session_id)
    assert session is not None
    conversation = Conversation(tx, session, now, 24 * HOUR)
    for seq in range(session.message_seq + 1, session.message_seq + number + 1):
        text = f"Note {seq}. " + "It is some lines long. " * (seq % 9)
        conversation.say(Role.AGENT, text, channel=CHAT)
    conversation.change(planned_seq=session.message_seq + number)
    conversation.save()


async def _fill(house: House, session_id: str, number: int) -> None:
    await house.app[STORE].run(_say, session_id, number, house.clock.now())


async def _place(page: Page) -> dict[str, Any]:
    place: dict[str, Any] = await page.evaluate(PLACE)
    return place


async def test_a_long_session_opens_at_its_end_and_is_read_backwards(
    house: House, visit_at: Visit
) -> None:
    ana = await visit_at("about:blank")
    ana.expected.append("503")
    await arrive(house, ana, "ana")
    page = ana.page
    await ask(ana, "help")
    await expect(page.get_by_test_id("message")).to_have_count(2)
    session_id = page.url.rpartition("/")[2]
    await page.goto("about:blank")
    await _fill(house, session_id, LENGTH - 2)
    await page.goto(f"{house.url}/#/s/{session_id}")
    newest = page.locator(f'#log [data-seq="{LENGTH}"]')
    await expect(newest).to_be_in_viewport()
    place = await _place(page)
    assert place["drawn"] <= MOST_DRAWN
    assert place["left"] < 2

    # What comes while one is at the end is followed.
    await _fill(house, session_id, 3)
    await expect(page.locator(f'#log [data-seq="{LENGTH + 3}"]')).to_be_in_viewport()
    assert (await _place(page))["left"] < 2

    # Back page by page: each time what is in view stays while more is drawn above it.
    view = page.locator("#log-view")
    first = LENGTH
    for _ in range(5):
        await view.evaluate("(view) => { view.scrollTop = 100; }")
        before = await _place(page)
        await page.wait_for_function(
            "(first) => document.querySelector('#log [data-seq]').dataset.seq < first",
            arg=before["first"],
        )
        after = await _place(page)
        assert abs(await page.evaluate(TOP_OF, before["seq"]) - before["top"]) < 2
        assert after["first"] < first
        first = after["first"]
        assert after["drawn"] <= MOST_DRAWN
    assert first < LENGTH - 150

    # News does not move the reader, and is told of.
    before = await _place(page)
    for _ in range(10):
        await _fill(house, session_id, 3)
    await expect(page.locator("#jump-words")).to_have_text("30 new")
    assert abs(await page.evaluate(TOP_OF, before["seq"]) - before["top"]) < 2
    assert (await _place(page))["drawn"] <= MOST_DRAWN

    # Forwards again, by wheel, to where the newest is.
    await view.hover()
    for _ in range(3):
        before = await _place(page)
        await page.mouse.wheel(0, 4_000)
        await page.wait_for_function(f"(top) => ({PLACE})().seq > top", arg=before["seq"])
        assert (await _place(page))["drawn"] <= MOST_DRAWN
    await page.locator("#jump").click()
    await expect(page.locator(f'#log [data-seq="{LENGTH + 33}"]')).to_be_in_viewport()
    await expect(page.locator("#jump")).to_be_hidden()

    # What cannot be read now is said where it is missed, and asked for again.
    await page.reload()
    await expect(page.locator(f'#log [data-seq="{LENGTH + 33}"]')).to_be_in_viewport()
    messages = f"{house.url}/api/sessions/*/messages*"
    await page.route(messages, lambda route: route.fulfill(status=503, json={}))
    await view.evaluate("(view) => { view.scrollTop = 0; }")
    more = page.get_by_role("button", name="Load what came before")
    await expect(more).to_be_visible()
    await page.unroute(messages)
    before = await _place(page)
    await more.click()
    await expect(more).to_have_count(0)
    await page.wait_for_function(
        "(first) => document.querySelector('#log [data-seq]').dataset.seq < first",
        arg=before["first"],
    )
    no_complaints(ana)


async def test_the_least_step_back_leaves_the_end_while_much_comes_in(
    house: House, visit_at: Visit
) -> None:
    ana = await visit_at("about:blank")
    await arrive(house, ana, "ana")
    page = ana.page
    await ask(ana, "help")
    await expect(page.get_by_test_id("message")).to_have_count(2)
    session_id = page.url.rpartition("/")[2]
    await _fill(house, session_id, 40)
    await expect(page.locator('#log [data-seq="42"]')).to_be_in_viewport()
    await page.locator("#log-view").hover()
    for step in range(10):
        await _fill(house, session_id, 1)
        # A trackpad's slow finger: a few pixels for each message that comes.
        await page.mouse.wheel(0, -6)
        if step == 0:
            await expect(page.locator("#jump")).to_be_visible()
            held = await _place(page)
    assert (await _place(page))["seq"] <= held["seq"]
    await expect(page.locator("#jump-words")).to_contain_text("new")
    await page.locator("#jump").click()
    await expect(page.locator('#log [data-seq="52"]')).to_be_in_viewport()
    no_complaints(ana)
