"""What the first visit costs: bytes over the wire, round trips, and how little the second needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import House, Visit, arrive, no_complaints

pytestmark = pytest.mark.browser

MOST_BYTES = 100_000


class Wire:
    """What a page asks for, who made it ask, and what each answer weighs, headers included."""

    def __init__(self) -> None:
        self.asked: dict[str, tuple[str, str]] = {}
        self.bytes: dict[str, float] = {}

    async def tap(self, page: Page) -> None:
        """Listen on a page from now on."""
        session = await page.context.new_cdp_session(page)
        await session.send("Network.enable")
        session.on("Network.requestWillBeSent", self._sent)
        session.on("Network.loadingFinished", self._finished)

    def _sent(self, event: Mapping[str, Any]) -> None:
        initiator = event["initiator"]
        by = initiator.get("url") or initiator["type"]
        self.asked[event["requestId"]] = (event["request"]["url"], by)

    def _finished(self, event: Mapping[str, Any]) -> None:
        self.bytes[event["requestId"]] = event["encodedDataLength"]

    def of(self, part: str) -> dict[str, float]:
        """Return the bytes of each address with `part` in it."""
        return {
            url: self.bytes.get(request, 0.0)
            for request, (url, _) in self.asked.items()
            if part in url
        }


async def test_the_first_load_is_light_and_two_round_trips_deep(
    house: House, visit_at: Visit
) -> None:
    ana = await visit_at("about:blank")
    wire = Wire()
    await wire.tap(ana.page)
    await ana.page.goto(f"{house.url}/", wait_until="networkidle")
    await expect(ana.page.get_by_test_id("register-email")).to_be_visible()
    total = sum(wire.bytes.values())
    assert total < MOST_BYTES, f"{total:.0f} bytes"
    # The page names all that is drawn and run, and nothing in that names anything more: two round
    # trips, the second within the six connections of HTTP/1.1. The browser asks for the icon when
    # it likes, and the form does not wait for the data.
    asked = {url.rpartition("/")[2]: by.rstrip("/") for url, by in wire.asked.values()}
    assert asked.pop("icon.svg") == "other"
    assert asked.pop("ways") == "script"
    assert asked == {"": "other", "main.js": house.url, "page.css": house.url}

    # Signed in, the second visit asks for the page and for data, for no file.
    await arrive(house, ana, "ana")
    await ana.page.goto(f"{house.url}/#/profile")
    await expect(ana.page.get_by_test_id("profile-save")).to_be_visible()
    await ana.page.wait_for_load_state("networkidle")  # what is loaded when there is time
    again = Wire()
    await again.tap(ana.page)
    await ana.page.reload(wait_until="networkidle")
    await expect(ana.page.get_by_test_id("profile-save")).to_be_visible()
    assert sum(again.of("/static/").values()) == 0
    no_complaints(ana)
