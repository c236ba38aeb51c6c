"""How the page bears long sessions and much news: opening, and typing while messages come.

The real server, its real socket, and Chromium. *Opening* is the time from the click on a session to
its newest message painted in view. *A keystroke* is the time from the key (as the browser stamped
it) to the frame after it being drawn. Needs the packages of the tests.

    .venv/bin/python -m bench.page
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from playwright.async_api import CDPSession, Page, async_playwright

from bench.browsing import CHROMIUM, FLAGS, Person, Server, serving
from bench.machine import describe

SHORT, LONG = 50, 5_000
WORDS = "the quick brown fox jumps over the lazy dog and goes on to the next field "
KEY_EVERY = 70
"""Milliseconds between two keys: faster than most people write."""

OPEN = """async ([id, seq]) => {
  const frame = () => new Promise((drawn) => requestAnimationFrame(drawn));
  const item = document.querySelector(`[data-session-id="${id}"]`);
  const view = document.getElementById("log-view");
  const start = performance.now();
  item.click();
  for (;;) {
    await frame();
    const newest = document.querySelector(`[data-testid="message"][data-seq="${seq}"]`);
    const box = newest?.getBoundingClientRect();
    if (box?.height && box.top < view.getBoundingClientRect().bottom) break;
  }
  await new Promise((done) => setTimeout(done));
  return performance.now() - start;
}"""

WATCH = """() => {
  const seen = (globalThis.seen = { keys: [], gaps: [], tasks: [] });
  addEventListener("keydown", ({ timeStamp }) => {
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => seen.keys.push(performance.now() - timeStamp);
      port2.postMessage(null);
    });
  }, { capture: true });
  let last = performance.now();
  const tick = (now) => { seen.gaps.push(now - last); last = now; requestAnimationFrame(tick); };
  requestAnimationFrame(tick);
  new PerformanceObserver((list) => seen.tasks.push(...list.getEntries().map((e) => e.duration)))
    .observe({ type: "longtask" });
}"""

SEEN = """() => {
  const now = { ...seen, nodes: document.querySelectorAll("#log *").length,
    messages: document.querySelectorAll('[data-testid="message"]').length };
  Object.assign(seen, { keys: [], gaps: [], tasks: [] });
  return now;
}"""


def _spread(values: Sequence[float]) -> str:
    if not values:
        return "none"
    ordered = sorted(values)
    at = [ordered[min(len(ordered) - 1, int(len(ordered) * part))] for part in (0.5, 0.99)]
    return f"p50 {at[0]:6.1f}   p99 {at[1]:6.1f}   max {ordered[-1]:6.1f}"


async def _opening(page: Page, sessions: Mapping[str, int], url: str, rounds: int) -> None:
    times: dict[str, list[float]] = {session: [] for session in sessions}
    for _ in range(rounds + 1):
        for session, length in sessions.items():
            await page.goto("about:blank")
            await page.goto(f"{url}/#/")
            await page.wait_for_selector(f'[data-session-id="{session}"]')
            await page.wait_for_load_state("networkidle")
            times[session].append(await page.evaluate(OPEN, [session, length]))
    print("\nopening a session, ms from the click to its newest message painted")
    medians = []
    for session, length in sessions.items():
        taken = times[session][1:]  # the first visit compiles the page's scripts
        medians.append(statistics.median(taken))
        print(f"  {length:>6} messages: median {medians[-1]:6.1f}   max {max(taken):6.1f}")
    print(f"  ratio {medians[-1] / medians[0]:.2f}")


async def _typing(page: Page, server: Server, session: str, rate: int, seconds: float) -> None:
    """Type into the composer, first in peace, then while messages come."""
    await page.locator("#composer").click()
    await page.evaluate(WATCH)
    wire = await page.context.new_cdp_session(page)
    # Counted in the thread's own time: other processes do not add to it.
    await wire.send("Performance.enable", {"timeDomain": "threadTicks"})
    for each in (0, rate):
        news = asyncio.create_task(
            server.tell("stream", session, each, seconds) if each else asyncio.sleep(seconds, 0.0)
        )
        await page.evaluate(SEEN)
        before = await _busy(wire)
        while not news.done():
            await page.keyboard.type(WORDS[:20], delay=KEY_EVERY)
        busy = (await _busy(wire) - before) / seconds
        _tell(await page.evaluate(SEEN), await news, seconds, busy)
        await page.locator("#composer").fill("")


async def _busy(wire: CDPSession) -> float:
    """Return the seconds of CPU that the page's main thread has used."""
    metrics = (await wire.send("Performance.getMetrics"))["metrics"]
    busy: float = next(each["value"] for each in metrics if each["name"] == "TaskDuration")
    return busy


def _tell(seen: Mapping[str, Any], rate: float, seconds: float, busy: float) -> None:
    print(f"\ntyping while {rate:.0f} messages a second come, ms")
    print(f"  key to paint      {_spread(seen['keys'])}   ({len(seen['keys'])} keys)")
    print(f"  between frames    {_spread(seen['gaps'])}")
    tasks = seen["tasks"]
    print(f"  long tasks        {len(tasks)} in {seconds:.0f} s, {sum(tasks):.0f} ms in all")
    print(f"  main thread       {busy:.0%} of its time on a CPU")
    print(f"  in the page       {seen['messages']} messages, {seen['nodes']} nodes")


async def measure(rounds: int, rate: int, seconds: float) -> None:
    """Fill the store, open both sessions in turn, type."""
    print(describe())
    with tempfile.TemporaryDirectory() as folder:
        async with serving(Path(folder)) as server, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            print(f"Chromium {browser.version}")
            ana = await server.register("ana")
            sessions = await _sessions(server, ana)
            context = await browser.new_context(viewport={"width": 1280, "height": 800})
            await ana.sign_in(context, server.url)
            page = await context.new_page()
            await _opening(page, sessions, server.url, rounds)
            # Opened last, and still shown: the long one.
            await _typing(page, server, list(sessions)[-1], rate, seconds)
            await browser.close()


async def _sessions(server: Server, owner: Person) -> dict[str, int]:
    """Return the sessions by id, with their lengths."""
    made = {}
    for length in (SHORT, LONG):
        session = await server.start_session(owner, f"{length} messages")
        made[session] = await server.tell("fill", session, length)
    return made


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rate", type=int, default=50, help="messages a second")
    parser.add_argument("--seconds", type=float, default=20.0)
    given = parser.parse_args()
    asyncio.run(measure(given.rounds, given.rate, given.seconds))


if __name__ == "__main__":
    main()
