"""Two tabs of one browser agree, and lose nothing when their sign-in or their clock is wrong."""

from __future__ import annotations

import asyncio
from time import time

import pytest
from playwright.async_api import Request, expect

from bot.domain.commands import Actor, AnswerRequest
from tests.browser.conftest import (
    House,
    Server,
    Visit,
    arrive,
    ask,
    connected,
    no_complaints,
    register,
)
from web.keys import INTAKE, STORE

pytestmark = pytest.mark.browser

NOTE_DECISIONS = """() => {
  const painted = new Map();
  const waiting = new Map();
  new MutationObserver((changes) => {
    for (const { target } of changes) {
      const { requestId: id, state } = target.dataset;
      if (!id || state === "pending" || painted.has(id)) continue;
      painted.set(id, null);
      requestAnimationFrame(() => setTimeout(() => {
        painted.set(id, performance.timeOrigin + performance.now());
        waiting.get(id)?.(painted.get(id));
      }));
    }
  }).observe(document.body, { attributes: true, attributeFilter: ["data-state"], subtree: true });
  globalThis.decided = (id) => painted.get(id) ?? new Promise((tell) => waiting.set(id, tell));
}"""
"""`decided(id)` resolves with the moment when a question's card was painted as closed."""


async def test_two_tabs_agree_and_refresh_one_at_a_time(house: House, visit_at: Visit) -> None:
    ana, ben = await visit_at("about:blank"), await visit_at("about:blank")
    await arrive(house, ana, "ana")
    await arrive(house, ben, "ben")
    for what in ("ship", "sing", "rest"):
        await ask(ana, f"ask ben: Can we {what}? Options: yes, no.")
        await expect(ana.page.get_by_test_id("composer")).to_have_value("")
    first = ben.page
    second = await ben.context.new_page()
    ben.watch(second)
    for page in (first, second):
        await page.goto(f"{house.url}/#/questions")
        await expect(page.get_by_test_id("answer-option")).to_have_count(6)
        await page.evaluate(NOTE_DECISIONS)

    # Answered by mail, one after the other: both tabs show each within a second of its commit.
    # Looking every few seconds instead of being told would be late for all but the first.
    cards = await first.get_by_test_id("question-card").all()
    ids = [str(await card.get_attribute("data-request-id")) for card in cards]
    delays = []
    for request_id in ids:
        committed = await _answer_by_mail(house, request_id)
        painted = [
            await page.evaluate("(id) => decided(id)", request_id) for page in (first, second)
        ]
        delays.append(max(painted) - committed)
    assert sorted(delays)[1] < 1_000, f"milliseconds to each: {delays}"
    assert delays[-1] < 5_000, f"milliseconds to each: {delays}"
    for page in (first, second):
        done = page.get_by_test_id("question-card").first
        await expect(done.get_by_test_id("outcome")).to_contain_text("by e-mail")

    # Both tokens end at once: one refresh does for both.
    asked: list[str] = []

    def note(request: Request) -> None:
        if request.url.endswith("/api/auth/refresh"):
            asked.append(request.url)

    running = most = 0

    async def slowly(route: object) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.2)
        response = await route.fetch()  # type: ignore[attr-defined]
        running -= 1
        await route.fulfill(response=response)  # type: ignore[attr-defined]

    ben.context.on("request", note)
    await ben.context.route("**/api/auth/refresh", slowly)
    # The line that its token's end has cut is taken up again.
    async with first.expect_websocket(), second.expect_websocket():
        house.clock.advance(minutes=26)
    for page in (first, second):
        state = page.get_by_test_id("connection-state")
        await expect(state).to_have_attribute("data-state", "connected", timeout=20_000)
    assert most == 1, "never two at a time"
    assert 1 <= len(asked) <= 2
    await ben.context.unroute("**/api/auth/refresh")

    # Signed out in one is signed out in the other, and nothing of it stays.
    await first.get_by_test_id("sign-out").click()
    await expect(first.get_by_test_id("login-username")).to_be_visible()
    await expect(second.get_by_test_id("login-username")).to_be_visible()
    no_complaints(ana, ben)


async def _answer_by_mail(house: House, request_id: str) -> float:
    """Let Ben's answer come by mail; return when it was committed, in milliseconds."""
    person = await house.app[STORE].read(lambda tx: tx.people.find("ben"))
    assert person is not None
    answer = AnswerRequest(
        external_key=f"mail:{request_id}",
        actor=Actor(person_id=person.id, channel="email", verified=True),
        request_id=request_id,
        choices=("yes",),
    )
    await house.app[INTAKE].submit(answer)
    return time() * 1_000


async def test_what_is_typed_outlives_a_sign_in_that_dies(house: House, visit_at: Visit) -> None:
    ana = await visit_at("about:blank")
    await arrive(house, ana, "ana")
    page = ana.page
    await page.get_by_test_id("composer").fill("half a thought")
    # Its refresh token is gone too, as after "sign out everywhere" on another device.
    await ana.context.clear_cookies()
    house.clock.advance(minutes=26)
    await expect(page.get_by_test_id("login-username")).to_be_visible(timeout=20_000)
    await page.get_by_test_id("login-username").fill("ana")
    await page.get_by_test_id("login-password").fill("password123")
    await page.get_by_test_id("login-submit").click()
    await expect(page.get_by_test_id("composer")).to_have_value("half a thought")
    await page.get_by_test_id("send").click()
    await expect(page.get_by_test_id("message").first).to_contain_text("half a thought")
    no_complaints(ana)


async def test_what_is_written_while_the_server_is_gone_goes_out_once(
    server: Server, visit: Visit
) -> None:
    ana = await visit(width=390, height=780)
    ana.expected += ["net::ERR_", "WebSocket connection"]
    await register(server, ana, "ana")
    page = ana.page
    await ask(ana, "status")
    await expect(page.get_by_test_id("message")).to_have_count(2)
    await server.kill()
    await expect(page.get_by_test_id("lost-banner")).to_be_visible()
    await expect(page.get_by_test_id("lost-banner")).to_contain_text("what you write is kept")
    await ask(ana, "said while it was gone")
    await expect(page.get_by_test_id("unsent")).to_contain_text("Will be sent")
    await page.get_by_test_id("composer").fill("and a draft")
    await server.start()
    await page.locator("#connection-retry").click(timeout=20_000)
    await connected(ana)
    await expect(page.get_by_test_id("lost-banner")).to_be_hidden()
    await expect(page.get_by_test_id("unsent")).to_have_count(0)
    await expect(page.get_by_test_id("message").filter(has_text="said while")).to_have_count(1)
    await page.reload()
    await expect(page.get_by_test_id("message").filter(has_text="said while")).to_have_count(1)
    await expect(page.get_by_test_id("composer")).to_have_value("and a draft")


async def test_without_cookies_and_storage_one_works_until_the_reload(
    house: House, visit_at: Visit
) -> None:
    ana = await visit_at("about:blank")
    await ana.context.add_init_script(
        """
        Object.defineProperty(navigator, "cookieEnabled", { get: () => false });
        const off = () => { throw new DOMException("off", "SecurityError"); };
        Object.defineProperty(window, "localStorage", { get: off });
        """
    )
    # A browser that keeps no cookie is one whose answers set none.
    await ana.context.route("**/api/auth/*", _without_cookies)
    await ana.page.goto(house.url)
    await expect(ana.page.get_by_test_id("cookies-off")).to_be_visible()
    await register(house, ana, "ana")
    await ask(ana, "status")
    await expect(ana.page.get_by_test_id("message")).to_have_count(2)
    await ana.page.reload()
    await expect(ana.page.get_by_test_id("register-email")).to_be_visible()
    no_complaints(ana)


async def _without_cookies(route: object) -> None:
    response = await route.fetch()  # type: ignore[attr-defined]
    headers = {k: v for k, v in response.headers.items() if k.lower() != "set-cookie"}
    await route.fulfill(response=response, headers=headers)  # type: ignore[attr-defined]


async def test_a_clock_that_is_hours_off_changes_no_time_that_is_shown(
    house: House, visit_at: Visit
) -> None:
    ana, ben = await visit_at("about:blank"), await visit_at("about:blank")
    await arrive(house, ana, "ana")
    skew = 5 * 3_600_000
    await ben.context.add_init_script(
        f"""
        const Real = Date;
        globalThis.Date = class extends Real {{
          constructor(...given) {{ given.length ? super(...given) : super(Real.now() + {skew}); }}
          static now() {{ return Real.now() + {skew}; }}
        }};
        """
    )
    await arrive(house, ben, "ben")
    await ask(ana, "ask ben for approval within 2h: Ship it?")
    await ben.page.goto(f"{house.url}/#/questions")
    card = ben.page.get_by_test_id("question-card").first
    await expect(card.locator(".deadline")).to_contain_text("in 2 hours")
    await expect(card).to_contain_text("just now")
    await connected(ben)
    await card.get_by_test_id("answer-approve").click()
    await expect(card).to_have_attribute("data-state", "approved")
    no_complaints(ana, ben)
