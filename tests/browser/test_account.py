"""One's account on the page: a forgotten password, sign-ins that end, and where a session lives."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from bot.channels.gmail.threads import Head, Thread
from bot.domain.commands import Actor, BindSession
from tests.browser.conftest import House, Visit, arrive, ask, no_complaints
from web.keys import INTAKE, STORE

pytestmark = pytest.mark.browser


async def test_a_forgotten_password_is_set_by_the_link_and_other_sign_ins_end(
    house: House, visit_at: Visit
) -> None:
    ana, other = await visit_at("about:blank"), await visit_at(house.url, width=320, height=640)
    await arrive(house, ana, "ana")
    page = other.page
    await page.get_by_test_id("show-login").click()
    await expect(page.get_by_test_id("sign-in-slack")).to_be_hidden()
    await page.get_by_test_id("show-forgot").click()
    await page.get_by_test_id("forgot-name").fill("ana")
    await page.get_by_test_id("forgot-submit").click()
    await expect(page.get_by_test_id("forgot-sent")).to_be_visible()
    await page.goto(house.codes["ana"])
    await page.get_by_test_id("reset-password").fill("a few other words")
    await page.get_by_test_id("reset-submit").click()
    await expect(page.get_by_test_id("login-username")).to_be_visible()
    # Where one was signed in before, one is not any more.
    await expect(ana.page.get_by_test_id("login-username")).to_be_visible()
    for one in (ana.page, page):
        await one.get_by_test_id("login-username").fill("ana")
        await one.get_by_test_id("login-password").fill("a few other words")
        await one.get_by_test_id("login-submit").click()
        await expect(one.get_by_test_id("composer")).to_be_visible()
        await one.goto(f"{house.url}/#/profile")
    await page.reload()
    rows = page.get_by_test_id("sign-in")
    await expect(rows).to_have_count(2)
    await expect(rows.first).to_contain_text("Chrome")
    await page.locator('[data-testid="sign-in"][data-current="false"] button').click()
    await expect(rows).to_have_count(1)
    await expect(ana.page.get_by_test_id("login-username")).to_be_visible()
    no_complaints(ana, other)


async def test_where_a_session_lives_is_said_above_it(house: House, visit_at: Visit) -> None:
    ana = await visit_at("about:blank")
    await arrive(house, ana, "ana")
    await ask(ana, "status")
    await expect(ana.page.get_by_test_id("message")).to_have_count(2)
    await expect(ana.page.get_by_test_id("place")).to_have_count(0)
    person = await house.app[STORE].read(lambda tx: tx.people.find("ana"))
    assert person is not None
    head = Head(thread=Thread(subject="The trip"), people=(("cy@example.org", "Cy"),))
    for place in ("slack:T024BE7LD/C061EG9SL/1700000000.000100", "email:mfrggzdfmy"):
        command = BindSession(
            external_key=place,
            actor=Actor(person_id=person.id, channel="chat", verified=True),
            session_id=ana.page.url.rpartition("/")[2],
            place=place,
            head=head.to_json() if place.startswith("email") else "{}",
        )
        await house.app[INTAKE].submit(command)
        house.clock.advance(seconds=1)
    await ana.page.reload()
    places = ana.page.get_by_test_id("place")
    await expect(places).to_have_text(["in a Slack thread", "by mail with Cy"])
    await expect(places.first).to_have_attribute(
        "href", "https://slack.com/app_redirect?team=T024BE7LD&channel=C061EG9SL"
    )
    no_complaints(ana)
