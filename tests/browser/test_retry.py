"""What failed is said with what can be done about it, and works once it is tried again."""

from __future__ import annotations

import json

import pytest
from playwright.async_api import WebSocketRoute, expect

from tests.browser.conftest import House, Visit, arrive, ask, connected, no_complaints

pytestmark = pytest.mark.browser


async def test_a_session_that_could_not_be_read_is_read_again(
    house: House, visit_at: Visit
) -> None:
    ana = await visit_at("about:blank", width=320, height=640)
    ana.expected.append("503")
    await arrive(house, ana, "ana")
    page = ana.page
    await ask(ana, "help")
    await expect(page.get_by_test_id("message")).to_have_count(2)
    messages = f"{house.url}/api/sessions/*/messages*"
    await page.route(messages, lambda route: route.fulfill(status=503, json={}))
    await page.reload()
    note = page.locator("#log .log-note")
    await expect(note).to_contain_text("The server is busy. Try again in a moment.")
    # What one writes meanwhile is kept where it is written.
    await page.get_by_test_id("composer").fill("half a thought")
    async with page.expect_response(messages):
        await note.get_by_role("button", name="Try again").click()
    await expect(note).to_contain_text("The server is busy")
    await page.unroute(messages)
    await note.get_by_role("button", name="Try again").click()
    await expect(page.get_by_test_id("message")).to_have_count(2)
    await expect(page.get_by_test_id("composer")).to_have_value("half a thought")
    # One that is not there, or not ours, is no matter of trying.
    await page.goto(f"{house.url}/#/s/01a00000-0000-7000-8000-000000000000")
    await expect(note).to_contain_text("no such session")
    await expect(note.get_by_role("button")).to_have_count(0)
    no_complaints(ana)


async def test_a_message_that_was_refused_is_kept_and_sent_again_as_the_same(
    house: House, visit_at: Visit
) -> None:
    ana = await visit_at("about:blank")
    await arrive(house, ana, "ana")
    page = ana.page
    await ask(ana, "help")
    await expect(page.get_by_test_id("message")).to_have_count(2)
    ids: list[str] = []
    refused = True

    def refusing(line: WebSocketRoute) -> None:
        server = line.connect_to_server()

        def onwards(text: str | bytes) -> None:
            frame = json.loads(text)
            if frame["type"] != "message":
                server.send(text)
                return
            ids.append(frame["client_id"])
            if refused:
                error = {"code": "not_allowed", "message": "Not just now."}
                told = {"type": "error", "client_id": frame["client_id"], "error": error}
                line.send(json.dumps(told))
            else:
                server.send(text)

        line.on_message(onwards)

    await page.route_web_socket("**/ws", refusing)
    await page.reload()
    await connected(ana)
    await ask(ana, "status")
    unsent = page.get_by_test_id("unsent")
    await expect(unsent).to_have_attribute("data-state", "failed")
    await expect(unsent.get_by_role("alert")).to_have_text("Not sent: Not just now.")
    # It outlives the page, and is not sent behind one's back.
    await page.reload()
    await expect(unsent).to_have_attribute("data-state", "failed")
    await connected(ana)
    assert len(ids) == 1
    refused = False
    await unsent.get_by_test_id("retry").click()
    await expect(unsent).to_have_count(0)
    await expect(page.get_by_test_id("message")).to_have_count(4)
    assert ids == [ids[0]] * 2, "the same message, whatever became of the first try"

    # What is thrown away is gone for good.
    refused = True
    await ask(ana, "never mind")
    await unsent.get_by_role("button", name="Throw away").click()
    await page.reload()
    await connected(ana)
    await expect(page.get_by_test_id("message")).to_have_count(4)
    await expect(unsent).to_have_count(0)
    no_complaints(ana)


async def test_an_empty_field_is_named(house: House, visit_at: Visit) -> None:
    ana = await visit_at(house.url, width=320, height=640)
    await ana.page.get_by_test_id("register-email").fill("ana@example.org")
    await ana.page.get_by_test_id("register-submit").click()
    await expect(ana.page.locator("#register .form-error")).to_have_text("Fill in “User name”.")
    await expect(ana.page.get_by_test_id("register-username")).to_be_focused()
    no_complaints(ana)


async def test_a_phone_that_is_offline_says_so_once_and_keeps_its_title(
    house: House, visit_at: Visit
) -> None:
    ana = await visit_at("about:blank", width=320, height=640)
    ana.expected += ["net::ERR_", "WebSocket connection"]
    await arrive(house, ana, "ana")
    page = ana.page
    await ask(ana, "help")
    await expect(page.get_by_test_id("message")).to_have_count(2)
    height = await page.locator(".bar").evaluate("(bar) => bar.offsetHeight")
    await page.context.set_offline(True)
    try:
        await expect(page.get_by_test_id("lost-banner")).to_be_visible()
        await expect(page.locator("#bar-title")).to_be_visible()
        assert await page.locator(".bar").evaluate("(bar) => bar.offsetHeight") <= height
        assert await page.locator("#bar-title").evaluate("(title) => title.offsetWidth") > 60
    finally:
        await page.context.set_offline(False)
    await connected(ana)
    await expect(page.get_by_test_id("lost-banner")).to_be_hidden()
    no_complaints(ana)


async def test_a_part_that_cannot_be_loaded_says_so_and_what_to_do(
    house: House, visit_at: Visit
) -> None:
    ana = await visit_at("about:blank", width=320, height=640)
    ana.expected += ["net::ERR_", "503"]
    await arrive(house, ana, "ana")
    page = ana.page
    await page.route("**/scripts/admin.js", lambda route: route.abort())
    await page.goto(f"{house.url}/#/admin")
    note = page.locator("#page .log-note")
    await expect(note).to_contain_text("could not be loaded")
    await page.unroute("**/scripts/admin.js")
    numbers = f"{house.url}/api/admin/numbers*"
    await page.route(numbers, lambda route: route.fulfill(status=503, json={}))
    await note.get_by_role("button", name="Load the page again").click()
    await expect(page.locator("#page")).to_contain_text("The server is busy")
    await page.unroute(numbers)
    await page.locator("#page").get_by_role("button", name="Try again").click()
    await expect(page.get_by_test_id("span-day")).to_be_visible()
    no_complaints(ana)
