"""XSS through every field that a person, a model or a tool can fill: nothing of it ever runs."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

from bot.domain.feedback import Field, FieldKind, Kind
from bot.domain.planning import AskHuman, Plan, PlanContext, Reply
from tests.browser.conftest import House, Visit, Visitor, arrive, ask, no_complaints
from web.keys import STORE

pytestmark = pytest.mark.browser

PAYLOADS = (
    "<script>__ran(1)</script>",
    "<img src=x onerror=__ran(2)>",
    '"><svg onload=__ran(3)>',
    "';__ran(4);//",
    "[click](javascript:__ran(5))",
    "[click](  JaVaScRiPt&colon;__ran(6))",
    "![x](https://evil.example/pixel.png)",
    "<iframe srcdoc='<script>parent.__ran(7)</script>'></iframe>",
    "<a href='data:text/html,<script>__ran(8)</script>'>x</a>",
    "<math><mi//xlink:href='javascript:__ran(9)'>x",
    "<style>@import 'https://evil.example/x.css';</style>",
    "<form action=https://evil.example><button>Send</button></form>",
    "<template><img src=x onerror=__ran(10)></template>",
    "${__ran(11)}{{constructor.constructor('__ran(12)')()}}",
    "<base href=https://evil.example/>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "```html\n<script>__ran(13)</script>\n```",
    '<https://evil.example/" onmouseover="__ran(14)>',
    "<object data='javascript:__ran(15)'></object>",
    "&lt;script&gt;__ran(16)&lt;/script&gt;",
)
ALL = "\n\n".join(PAYLOADS)
SHORT = "<img src=x onerror=__ran(0)>"
WATCH = """
window.__calls = [];
window.__ran = (which) => window.__calls.push(which);
addEventListener("securitypolicyviolation", (e) => window.__calls.push("csp " + e.blockedURI));
"""


async def watched(visitor: Visitor, house: House, abroad: list[str]) -> Page:
    """Note what runs, what the policy had to stop, and what is fetched from elsewhere."""
    page = visitor.page
    page.on(
        "request",
        lambda r: None if r.url.startswith((house.url, "data:")) else abroad.append(r.url),
    )
    page.on("dialog", lambda dialog: abroad.append(f"dialog {dialog.message}"))
    await page.add_init_script(WATCH)
    await page.reload()
    return page


async def nothing_ran(*pages: Page) -> None:
    for page in pages:
        assert await page.evaluate("window.__calls") == []
        # Whatever was written is there to be read, and is no element.
        for tag in ("iframe", "object", "base", "meta[http-equiv]", "math", "form[action*=evil]"):
            assert await page.locator(f"body {tag}, head {tag}").count() == 0, tag
        assert await page.locator("[onerror], [onload], [onmouseover]").count() == 0
        hrefs = await page.eval_on_selector_all("a[href]", "all => all.map(a => a.protocol)")
        assert set(hrefs) <= {"http:", "https:", "mailto:"}, hrefs
        assert await page.locator("main img[src*=evil]").count() == 0


async def rename(house: House, username: str) -> None:
    """Give a person the name that another channel tells of them."""

    def write(tx: Any) -> None:
        person = tx.people.find(username)
        tx.people.rename(person.id, f"{username} {SHORT}")

    await house.app[STORE].run(write)


async def test_nothing_that_anybody_writes_runs(house: House, visit_at: Visit) -> None:
    ana, ben = await visit_at("about:blank"), await visit_at("about:blank", width=390, height=780)
    abroad: list[str] = []
    await arrive(house, ana, "ana")
    await arrive(house, ben, "ben")
    anas, bens = await watched(ana, house, abroad), await watched(ben, house, abroad)
    await rename(house, "ana")
    await rename(house, "ben")

    def plan(context: PlanContext) -> Plan:
        common: dict[str, Any] = {"people": ("ben",), "question": ALL[:1_900], "context": ALL}
        fields = tuple(
            Field(name=f"f{n}", label=f"{n} {text[:60]}", kind=FieldKind.TEXT, required=False)
            for n, text in enumerate(PAYLOADS[:5])
        )
        select = Field(
            name="s", label=SHORT, kind=FieldKind.SELECT, options=(SHORT, "x"), required=False
        )
        return Plan(
            steps=(
                Reply(text=ALL),
                AskHuman(
                    kind=Kind.CHOICE, options=tuple(text[:75] for text in PAYLOADS[:6]), **common
                ),
                AskHuman(kind=Kind.FORM, fields=(*fields, select), **common),
                AskHuman(kind=Kind.INPUT, **common),
            )
        )

    house.planner.script = [plan]
    await expect(anas.get_by_test_id("composer")).to_be_visible()
    # The first line becomes the session's title.
    await ask(ana, f"{SHORT} ben\n\n{ALL}")
    await expect(anas.get_by_test_id("question-card")).to_have_count(3)
    await nothing_ran(anas)

    await bens.goto(f"{house.url}/#/questions")
    await expect(bens.get_by_test_id("question-card")).to_have_count(3)
    await nothing_ran(bens)
    box = bens.get_by_test_id("answer-text").locator("visible=true").first
    await box.fill(ALL)
    card = bens.get_by_test_id("question-card").filter(has=box)
    await card.get_by_test_id("answer-submit").locator("visible=true").first.click()
    await expect(anas.locator("[data-state=answered]").first).to_be_visible()
    await nothing_ran(anas, bens)

    # Each again from the beginning: lists, the story, and what was stored.
    for page in (anas, bens):
        for place in ("", "#/questions", "#/profile"):
            await page.goto(f"{house.url}/{place}")
            await page.reload()
            await expect(page.locator("body")).not_to_have_text("")
            await page.wait_for_load_state("networkidle")
            await nothing_ran(page)
    links = anas.locator("a[href*='/questions/']")
    if await links.count():
        await anas.goto(f"{house.url}/{await links.first.get_attribute('href')}")
        await nothing_ran(anas)
    assert abroad == []
    no_complaints(ana, ben)


async def test_a_comment_and_a_note_do_not_run_either(house: House, visit_at: Visit) -> None:
    ana, ben = await visit_at("about:blank"), await visit_at("about:blank")
    abroad: list[str] = []
    await arrive(house, ana, "ana")
    await arrive(house, ben, "ben")
    anas, bens = await watched(ana, house, abroad), await watched(ben, house, abroad)
    await expect(anas.get_by_test_id("composer")).to_be_visible()
    await ask(ana, "ask ben for approval: Can we take the trip?")
    await bens.goto(f"{house.url}/#/questions")
    card = bens.get_by_test_id("question-card").first
    await expect(card).to_be_visible()
    for path, body in (
        ("comment", {"text": ALL}),
        ("answer", {"approved": False, "text": ALL}),
    ):
        posted = await bens.evaluate(POST, [path, body])
        assert posted in (200, 201, 202), (path, posted)
    await expect(anas.get_by_test_id("message").filter(has_text="__ran").first).to_be_visible()
    await anas.reload()
    await expect(anas.get_by_test_id("message").filter(has_text="__ran").first).to_be_visible()
    await nothing_ran(anas, bens)
    assert abroad == []
    no_complaints(ana, ben)


POST = """async ([path, body]) => {
  const page = { "X-Handraise-Client": "page" };
  const fresh = await fetch("/api/auth/refresh", { method: "POST", headers: page });
  const token = (await fresh.json()).access_token;
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  const all = await (await fetch("/api/questions", { headers })).json();
  const id = all.questions[0].id;
  const sent = { ...body, ...(path === "answer" ? { digest: all.questions[0].digest } : {}) };
  const answer = await fetch(`/api/questions/${id}/${path}`,
    { method: "POST", headers, body: JSON.stringify(sent) });
  return answer.ok ? answer.status : [answer.status, await answer.text()];
}"""
