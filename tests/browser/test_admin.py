"""The administration on the page: numbers, what failed, people and the journal."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from bot.domain.feedback import State
from bot.domain.instants import DAY, HOUR, MINUTE, Micros, to_micros
from bot.domain.journal import Entry
from bot.domain.surface import SurfaceState
from bot.service.ports.accounts import Account
from bot.service.ports.inbox import Received
from bot.service.ports.store import Transaction
from bot.settings import Settings
from tests.browser.conftest import House, Visit, arrive, ask, free_port, no_complaints
from tests.clock import FakeClock
from tests.contract.records import a_person, a_request, a_surface, add_session
from tests.contract.test_places import a_post
from tests.flows.stage import ScriptedPlanner
from web.app import build_app
from web.keys import STORE

pytestmark = pytest.mark.browser
PARTS = ("numbers", "channels", "people", "journal", "limits")
REFUSED = "this mailbox does not exist"


def a_month(tx: Transaction, now: Micros) -> None:
    """Keep a month of questions, some that failed, and what was set aside."""
    rng = random.Random(7)
    ann, bob, cleo = (a_person(name, created_at=now - 40 * DAY) for name in ("Zoe", "Bob", "Cleo"))
    session = add_session(tx, ann)
    for person, address in ((bob, "bob@example.com"), (cleo, "U7")):
        tx.people.add(person)
        tx.people.add_identity("slack" if "@" not in address else "email", address, person.id, now)
    for number in range(60):
        at = now - (number * 12 * HOUR + rng.randrange(HOUR))
        expired, by = number % 9 == 4, rng.choice((bob, cleo))
        took = rng.randrange(MINUTE, 5 * HOUR)
        request = a_request(
            session,
            asked_at=at,
            question=f"Can we ship part {number}?",
            state=State.EXPIRED if expired else State.ANSWERED,
            decided_at=at + took,
            decided_by=None if expired else by.id,
            decided_via=None if expired else rng.choice(("slack", "email")),
        )
        tx.requests.add(request)
        if expired:
            dead = a_surface(
                request,
                by,
                channel="email",
                state=SurfaceState.DEAD,
                due_at=None,
                last_error=REFUSED,
            )
            tx.surfaces.add(dead)
    # One that is still open: only such a one is worth trying again.
    open_ = a_request(session, asked_at=now - 40 * DAY, deadline=now + DAY, question="And now?")
    tx.requests.add(open_)
    tx.surfaces.add(
        a_surface(
            open_, bob, channel="email", state=SurfaceState.DEAD, due_at=None, last_error=REFUSED
        )
    )
    tx.posts.add(a_post(channel="slack", created_at=now - HOUR, due_at=now - HOUR))
    (claimed,) = tx.posts.claim_due("test", now, now + HOUR, 9)
    tx.posts.failed(claimed.id, claimed.claim_number, "channel_not_found", None, certain=True)
    for _ in range(30):
        tx.journal.add(Entry(kind="session.started", at=now))
    for key in ("gmail:18c2", "gmail:18c3"):
        tx.inbox.add(
            Received(
                key=key,
                kind="gmail.mail",
                payload="x",
                due_at=None,
                received_at=now - HOUR,
                last_error="The mail has no end.",
            )
        )


async def fits(page: Page) -> bool:
    """Tell whether nothing stands out at the side."""
    return bool(
        await page.evaluate(
            "() => [document.documentElement, document.querySelector('#page')]"
            ".every((one) => one.scrollWidth <= one.clientWidth)"
        )
    )


async def test_an_administrator_sees_what_failed_and_tries_again(
    house: House, visit_at: Visit
) -> None:
    ann, ben = await visit_at("about:blank"), await visit_at("about:blank")
    await arrive(house, ann, "ann")  # the first one is an administrator
    await arrive(house, ben, "ben")
    await expect(ben.page.get_by_test_id("nav-admin")).to_be_hidden()
    await ben.page.goto(f"{house.url}/#/admin")
    await expect(ben.page.locator("#page")).to_contain_text("For administrators")

    await house.app[STORE].run(a_month, house.clock.now())
    page = ann.page
    await page.get_by_test_id("nav-admin").click()
    await expect(page.get_by_test_id("number-asked")).to_contain_text("2")
    await page.get_by_test_id("span-month").check()
    await expect(page.get_by_test_id("number-asked")).to_contain_text("60")
    await expect(page.get_by_test_id("number-expired")).to_contain_text("7")
    plot = page.get_by_test_id("plot-asked").get_by_role("img")
    assert "Questions asked: 60. Most: " in str(await plot.get_attribute("aria-label"))
    await page.get_by_test_id("plots-as-table").click()
    slots = page.get_by_role("table", name="The same in numbers")
    await expect(slots.get_by_role("row")).to_have_count(31)
    people = page.get_by_role("table", name="Time to answer, by person")
    await expect(people.get_by_role("rowheader", name="Bob")).to_be_visible()

    await page.get_by_test_id("admin-channels").click()
    await expect(page.locator("[data-testid=channel][data-channel=email]")).to_contain_text(
        "It is not configured."
    )
    rows = page.get_by_test_id("failed-surface")
    await expect(rows).to_have_count(8)
    await expect(rows.last).to_contain_text("It is expired by now.")
    first = rows.first
    await expect(first).to_contain_text(REFUSED)
    await first.get_by_test_id("try-again").click()
    await expect(first.get_by_test_id("settled")).to_have_text("It is tried again now.")
    await expect(first.get_by_test_id("settled")).to_be_focused()
    kept = page.locator("tr[data-testid=set-aside]")
    await kept.first.get_by_test_id("forget").click()
    await expect(page.get_by_test_id("admin-dialog")).to_contain_text("gmail:18c3")
    await page.get_by_test_id("dialog-yes").click()
    await expect(kept.first.get_by_test_id("settled")).to_have_text("It is forgotten.")
    await page.reload()
    await expect(kept).to_have_count(1)

    await page.get_by_test_id("admin-journal").click()
    await page.get_by_test_id("journal-kind").select_option("inbox.")
    await page.get_by_test_id("journal-person").fill("ANN")
    await page.get_by_test_id("journal-search").click()
    entries = page.get_by_test_id("entry")
    await expect(entries).to_have_count(1)
    await expect(entries).to_contain_text("inbox.dropped")
    await page.get_by_test_id("journal-person").fill("nobody like that")
    await page.get_by_test_id("journal-search").click()
    await expect(page.get_by_test_id("journal-error")).to_contain_text("Nobody is found")
    await page.get_by_test_id("journal-clear").click()
    await expect(entries).to_have_count(25)
    await page.get_by_test_id("journal-older").click()
    await expect(page.get_by_test_id("journal-older")).to_be_hidden()
    no_complaints(ann, ben)


async def test_an_administrator_looks_after_people(house: House, visit_at: Visit) -> None:
    ann, ben = await visit_at("about:blank"), await visit_at("about:blank")
    await arrive(house, ann, "ann")
    await arrive(house, ben, "ben")
    await house.app[STORE].run(a_month, house.clock.now())
    page = ann.page
    await page.goto(f"{house.url}/#/admin/people")
    await page.get_by_test_id("people-search").fill("ben@")
    await expect(page.get_by_test_id("people-told")).to_have_text("1 found.")
    await expect(page.get_by_test_id("person")).to_have_count(1)
    await page.get_by_test_id("account-disable").click()
    await expect(page.get_by_test_id("admin-dialog")).to_contain_text("ben is signed out")
    await page.get_by_test_id("dialog-yes").click()
    await expect(page.get_by_test_id("account")).to_contain_text("Disabled")
    await expect(ben.page.locator("#auth")).to_be_visible()
    await page.get_by_test_id("account-enable").click()
    await expect(page.get_by_test_id("account")).not_to_contain_text("Disabled")

    await page.get_by_test_id("merge").click()
    dialog = page.get_by_test_id("admin-dialog")
    await page.get_by_test_id("dialog-yes").click()
    await expect(page.get_by_test_id("dialog-error")).to_contain_text("Choose who")
    await page.get_by_test_id("merge-search").fill("bob")
    await dialog.get_by_test_id("merge-other").check()
    await dialog.get_by_test_id("merge-into").first.check()
    await expect(page.get_by_test_id("merge-summary")).to_contain_text("Bob (E-mail: bob@")
    await expect(page.get_by_test_id("merge-summary")).to_contain_text("becomes ben (")
    await page.get_by_test_id("merge-proof").fill("He said so.")
    await page.get_by_test_id("dialog-yes").click()
    await expect(page.get_by_test_id("person")).to_contain_text("bob@example.com")
    await expect(page.get_by_test_id("toast").last).to_contain_text("one person now")

    await page.get_by_test_id("invite-email").fill("eve@example.org")
    await page.get_by_test_id("invite-make").click()
    link = await page.get_by_test_id("invite-url").input_value()
    assert link.startswith(house.url)
    await page.get_by_test_id("invite-take-back").click()
    await page.get_by_test_id("dialog-yes").click()
    await expect(page.get_by_test_id("invite").get_by_test_id("settled")).to_have_text(
        "Taken back."
    )
    no_complaints(ann, ben)


async def test_it_fits_a_phone_and_needs_no_mouse(house: House, visit_at: Visit) -> None:
    ann = await visit_at("about:blank", width=320, height=640)
    await arrive(house, ann, "ann")
    await ask(ann, "ask nobody: " + "w" * 300)
    await house.app[STORE].run(a_month, house.clock.now())
    page = ann.page
    for part in PARTS:
        await page.goto(f"{house.url}/#/admin/{part}")
        await expect(page.locator(f"[data-testid=admin-part][data-part={part}]")).to_be_visible()
        assert await fits(page), part
        found = (await Axe().run(page)).response["violations"]
        assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == [], part
    # The stacked rows are a table still.
    await expect(page.get_by_role("columnheader", name="Allowed")).to_be_attached()
    await page.get_by_test_id("admin-numbers").focus()
    await page.keyboard.press("Enter")
    await page.get_by_test_id("span-day").focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_test_id("span-week")).to_be_checked()
    await expect(page.get_by_test_id("number-asked")).to_contain_text("14")
    no_complaints(ann)


async def test_an_administrator_is_sent_to_slack_and_to_google(
    tmp_path: Path, visit_at: Visit
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = Settings.load(
        env_file=None,
        data_dir=tmp_path,
        secret_key="s" * 40,
        public_url=url,
        slack_client_id="1.2",
        slack_client_secret="shh",
        slack_signing_secret="shh",
        slack_api_url="http://127.0.0.1:9/api/",
        gmail_client_id="x.apps.googleusercontent.com",
        gmail_client_secret="shh",
        gmail_api_url="http://127.0.0.1:9",
        google_token_url="http://127.0.0.1:9",
    )
    codes: dict[str, str] = {}

    def keep(account: Account, code: str) -> None:
        codes[account.username] = code

    clock, planner = FakeClock(to_micros(datetime.now(UTC))), ScriptedPlanner()
    app = build_app(settings, clock=clock, planner=planner, send_code=keep, password_cost=4)
    async with TestServer(app, port=port):
        ann = await visit_at("about:blank")
        await arrive(House(app, url, clock, planner, codes), ann, "ann")
        page = ann.page
        for channel, place, asked in (
            ("slack", "https://slack.com/oauth/v2/authorize", "client_id=1.2&scope="),
            ("email", "https://accounts.google.com/o/oauth2/v2/auth", "code_challenge="),
        ):
            await page.route(f"{place}?*", lambda route: route.fulfill(body="Do you agree?"))
            await page.goto(f"{url}/#/admin/channels")
            card = page.locator(f"[data-testid=channel][data-channel={channel}]")
            await expect(card).to_have_attribute("data-state", "closed")
            await card.get_by_test_id(f"connect-{channel}").click()
            await expect(page.get_by_text("Do you agree?")).to_be_visible()
            assert page.url.startswith(place)
            assert asked in page.url
            assert "state=" in page.url
        await ann.context.close()
