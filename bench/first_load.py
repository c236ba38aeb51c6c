"""What a first visit costs over a slow line: requests, bytes, round trips, time to the first view.

The real server, and Chromium whose line has 100 ms of latency (CDP emulation: each request waits
that long; six connections, as for any HTTP/1.1 server). Needs the packages of the tests.

    .venv/bin/python -m bench.first_load
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, async_playwright

from bench.browsing import CHROMIUM, FLAGS, Person, serving
from bench.machine import describe

DRAWN = """() => new Promise((drawn) => requestAnimationFrame(() => setTimeout(() =>
  drawn(performance.now()))))"""
"""Resolves right after the next frame, with the milliseconds since the visit began."""


@dataclass
class Wire:
    """What one visit asked for until it was quiet."""

    urls: dict[str, str] = field(default_factory=dict)
    bytes: dict[str, float] = field(default_factory=dict)

    def sent(self, event: Mapping[str, Any]) -> None:
        """Note a request."""
        self.urls[event["requestId"]] = event["request"]["url"]

    def finished(self, event: Mapping[str, Any]) -> None:
        """Note what an answer weighed, with its headers."""
        self.bytes[event["requestId"]] = event["encodedDataLength"]

    @property
    def files(self) -> int:
        """Return how many requests were for the page and its files, not for data."""
        return sum("/api/" not in url and not url.startswith("data:") for url in self.urls.values())


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One visit's figures; times in milliseconds since it began."""

    first_view: float
    loaded: float
    requests: int
    files: int
    kilobytes: float


async def _slow(page: Page, latency: float) -> Wire:
    wire = Wire()
    session = await page.context.new_cdp_session(page)
    await session.send("Network.enable")
    await session.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": latency,
            "downloadThroughput": -1,
            "uploadThroughput": -1,
        },
    )
    session.on("Network.requestWillBeSent", wire.sent)
    session.on("Network.loadingFinished", wire.finished)
    return wire


async def _visit(page: Page, wire: Wire, url: str, wanted: str) -> Visit:
    """Open the page and wait until `wanted` is there and painted, then until nothing is asked."""
    await page.goto(url, wait_until="commit")
    await page.wait_for_selector(wanted, state="visible")
    first_view = await page.evaluate(DRAWN)
    await page.wait_for_load_state("networkidle")
    ends = "() => Math.max(...performance.getEntriesByType('resource').map((e) => e.responseEnd))"
    return Visit(
        first_view=first_view,
        loaded=await page.evaluate(ends),
        requests=len(wire.urls),
        files=wire.files,
        kilobytes=sum(wire.bytes.values()) / 1000,
    )


async def _stranger(browser: Browser, url: str, latency: float) -> Visit:
    """Visit as somebody who has never been here: the first view is the form to register."""
    context = await browser.new_context()
    try:
        page = await context.new_page()
        wire = await _slow(page, latency)
        return await _visit(page, wire, url, "#register input[name=email]")
    finally:
        await context.close()


async def _returning(browser: Browser, url: str, person: Person, latency: float) -> Visit:
    """Visit as somebody signed in, with an empty cache: first comes their list of sessions."""
    context = await browser.new_context()
    try:
        page = await context.new_page()
        await person.sign_in(context, url)
        wire = await _slow(page, latency)
        return await _visit(page, wire, url, "#session-lists a")
    finally:
        await context.close()


def _row(name: str, visits: list[Visit]) -> str:
    def middle(part: str) -> float:
        return statistics.median(getattr(visit, part) for visit in visits)

    return (
        f"{name:<10} {middle('first_view'):>10.0f} {middle('loaded'):>11.0f} "
        f"{middle('requests'):>9.0f} {middle('files'):>6.0f} {middle('kilobytes'):>7.1f}"
    )


async def measure(rounds: int, latency: float) -> None:
    """Measure both visits, some rounds in turn, and print their medians."""
    print(describe())
    strangers: list[Visit] = []
    returning: list[Visit] = []
    with tempfile.TemporaryDirectory() as folder:
        async with serving(Path(folder)) as server, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            ana = await server.register("ana")
            await server.start_session(ana, "help")
            for _ in range(rounds + 1):
                strangers.append(await _stranger(browser, server.url, latency))
                returning.append(await _returning(browser, server.url, ana, latency))
            print(f"Chromium {browser.version}, {latency:.0f} ms of latency, {rounds} rounds")
            await browser.close()
    print("visit      first view  all loaded  requests  files      kB")
    # The first round warms the server and the browser up.
    print(_row("first", strangers[1:]))
    print(_row("signed in", returning[1:]))


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--latency", type=float, default=100.0, help="milliseconds")
    given = parser.parse_args()
    started = time.perf_counter()
    asyncio.run(measure(given.rounds, given.latency))
    print(f"took {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
