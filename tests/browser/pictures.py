"""Takes the README's two pictures of a real server, as `make pictures` does."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from playwright.async_api import Browser, async_playwright, expect

from tests.browser.conftest import (
    CHROMIUM,
    FLAGS,
    ROOT,
    Server,
    Visitor,
    arrive,
    ask,
)

IMAGES = ROOT / "docs" / "images"
ASKED = (
    "ask ben: Can we ship on Friday? Options: yes, no, only to the pilot customers. Within 2 days."
)


async def visitor(browser: Browser, url: str, width: int, height: int) -> Visitor:
    """Open a browser of its own, as sharp as a good screen."""
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=2,
        locale="en-GB",
        reduced_motion="reduce",
    )
    page = await context.new_page()
    await page.goto(url)
    return Visitor(context, page, [])


async def take(server: Server, browser: Browser) -> None:
    """Play the story and take its two pictures."""
    ana = await visitor(browser, server.url, 1080, 760)
    ben = await visitor(browser, server.url, 390, 720)
    await arrive(server, ana, "ana")
    await arrive(server, ben, "ben")
    await ask(ana, ASKED)
    await expect(ben.page.get_by_test_id("inbox-count")).to_have_text("1")
    await ben.page.goto(f"{server.url}/#/questions")
    card = ben.page.get_by_test_id("question-card").first
    await expect(card).to_be_visible()
    await expect(ben.page.get_by_test_id("toast")).to_have_count(0)
    await ben.page.screenshot(path=IMAGES / "question-on-a-phone.png")
    await card.get_by_test_id("answer-option").first.click()
    said = ana.page.get_by_test_id("message").filter(has_text="ben says: yes.")
    await expect(said).to_be_visible()
    await expect(ana.page.get_by_test_id("toast")).to_have_count(0)
    await ana.page.screenshot(path=IMAGES / "asked-and-answered.png")


async def main() -> None:
    """Start a server and a browser for it, and end both."""
    with tempfile.TemporaryDirectory() as data:
        server = Server(Path(data))
        await server.start()
        try:
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
                await take(server, browser)
                await browser.close()
        finally:
            await server.kill()


if __name__ == "__main__":
    asyncio.run(main())
