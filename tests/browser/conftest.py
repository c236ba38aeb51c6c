"""The real server in a process of its own, and headless Chromium looking at it."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from bot.domain.instants import to_micros
from bot.service.ports.accounts import Account
from bot.settings import Settings
from tests.clock import FakeClock
from tests.flows.stage import ScriptedPlanner
from web.app import build_app

# What should come at once may take its time on a machine that does much else.
expect.set_options(timeout=15_000)
ROOT = Path(__file__).parents[2]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--disable-breakpad",
    "--disable-component-extensions-with-background-pages",
    "--mute-audio",
]
HERE = Path(__file__).parent
WORKER_LOOP = {"loop_scope": "session"}
"""One browser serves all tests of a worker, so they share the loop in which it was started."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let this folder's tests run in the worker's one loop."""
    for item in items:
        if item.path.is_relative_to(HERE) and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(**WORKER_LOOP), append=False)


def free_port() -> int:
    """Return a port that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Server:
    """`python -m web` on a port and a data directory of its own."""

    data: Path
    port: int = field(default_factory=free_port)
    process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """Return where it serves."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """Return what it wrote."""
        return self.data / "server.log"

    async def start(self) -> None:
        """Start it and wait until it is ready."""
        keep = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG")}
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "web",
                cwd=ROOT,
                stdout=log,
                stderr=log,
                env={**keep, "PORT": str(self.port), "DATA_DIR": str(self.data)},
            )
        async with aiohttp.ClientSession() as http, asyncio.timeout(30):
            while True:
                try:
                    async with http.get(f"{self.url}/ready") as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                assert self.process.returncode is None, self.log.read_text()
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """Kill it without a warning."""
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    def code_of(self, username: str) -> str:
        """Return the newest verification code that the log shows for an account."""
        lines = [line for line in self.log.read_text().splitlines() if username in line]
        codes = re.findall(r"\b(\d{6,8})\b", "\n".join(re.sub(r"timestamp\S*\s*\S+", "", x)
                                                       for x in lines))  # fmt: skip
        assert codes, f"no code for {username} in the log"
        return str(codes[-1])


@dataclass
class House:
    """The real application in this process, on a clock and with a planner that the test drives."""

    app: web.Application
    url: str
    clock: FakeClock
    planner: ScriptedPlanner
    codes: dict[str, str]

    def code_of(self, username: str) -> str:
        """Return the newest verification code of an account."""
        return self.codes[username]


@pytest_asyncio.fixture(**WORKER_LOOP)
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    for name in Settings.model_fields:  # this machine's environment is not the test's
        monkeypatch.delenv(name.upper(), raising=False)
    port = free_port()
    settings = Settings.load(
        env_file=None,
        data_dir=tmp_path,
        secret_key="s" * 8 + "ecret-of-the-tests" * 2,
        public_url=f"http://127.0.0.1:{port}",
        action_hosts="shop.example.org",
    )
    codes: dict[str, str] = {}

    def send_code(account: Account, code: str) -> None:
        codes[account.username] = code

    # The page tells the time by the browser's clock, so this one starts there too.
    clock, planner = FakeClock(to_micros(datetime.now(UTC))), ScriptedPlanner()
    app = build_app(settings, clock=clock, planner=planner, send_code=send_code, password_cost=4)
    async with TestServer(app, port=port) as server:
        yield House(app, str(server.make_url("")).rstrip("/"), clock, planner, codes)


@pytest_asyncio.fixture(**WORKER_LOOP)
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    server = Server(tmp_path)
    await server.start()
    yield server
    await server.kill()


@pytest_asyncio.fixture(scope="session", **WORKER_LOOP)
async def chromium() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed (Debian: apt-get install chromium)")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


# A refresh without a cookie is how the page finds out that nobody is signed in.
EXPECTED = "401 (Unauthorized)"
# What the policy stops is told by an event; a test fails by what the page says of it.
TELL = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`Content-Security-Policy: ${event.violatedDirective} ${event.blockedURI}`));
"""


@dataclass
class Visitor:
    """A person with a browser of their own; whatever it complains of fails the test."""

    context: BrowserContext
    page: Page
    complaints: list[str]
    expected: list[str] = field(default_factory=lambda: [EXPECTED])
    """Parts of what it may complain of in this test."""

    def watch(self, page: Page) -> None:
        """Note what a page complains of: errors in its console, and what nobody caught."""
        page.on(
            "console",
            lambda m: self.complaints.append(m.text) if m.type == "error" else None,
        )
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    @property
    def unexpected(self) -> list[str]:
        """Return the complaints that this test does not provoke."""
        return [c for c in self.complaints if not any(part in c for part in self.expected)]


Visit = Callable[..., Awaitable[Visitor]]


@pytest_asyncio.fixture(**WORKER_LOOP)
async def visit_at(chromium: Browser) -> AsyncIterator[Visit]:
    """Open a browser of its own at an address for each call."""
    visitors: list[Visitor] = []

    async def visit(
        url: str, *, width: int = 1280, height: int = 800, **context_options: Any
    ) -> Visitor:
        context = await chromium.new_context(
            **{
                "viewport": {"width": width, "height": height},
                "reduced_motion": "reduce",  # what moves is drawn again and again, and waited for
                **context_options,
            }
        )
        await context.add_init_script(TELL)
        page = await context.new_page()
        visitor = Visitor(context, page, [])
        visitor.watch(page)
        visitors.append(visitor)
        if url != page.url:
            await page.goto(url)
        return visitor

    yield visit
    for visitor in visitors:
        await visitor.context.close()
    assert [each.unexpected for each in visitors if each.unexpected] == []


@pytest.fixture
def visit(visit_at: Visit, server: Server) -> Visit:
    """Open a browser of its own at the server's page for each call."""
    return partial(visit_at, server.url)


async def register(server: Server | House, visitor: Visitor, username: str) -> None:
    """Register and verify through the page."""
    page = visitor.page
    # The skeleton is there before its script has read who is signed in.
    await expect(page.locator("#auth")).to_be_visible()
    if not await page.get_by_test_id("register-email").is_visible():
        await page.get_by_test_id("show-register").click()
    await page.get_by_test_id("register-email").fill(f"{username}@example.org")
    await page.get_by_test_id("register-username").fill(username)
    await page.get_by_test_id("register-password").fill("password123")
    await page.get_by_test_id("register-submit").click()
    await expect(page.get_by_test_id("verify-code")).to_be_visible()
    await page.get_by_test_id("verify-code").fill(server.code_of(username))
    await page.get_by_test_id("verify-submit").click()
    await expect(page.get_by_test_id("composer")).to_be_visible()


async def arrive(server: Server | House, visitor: Visitor, username: str) -> None:
    """Register and verify without the forms, which have tests of their own, and open the page.

    Who comes from `about:blank` loads the page but once.
    """
    request, url = visitor.context.request, server.url
    as_page = {"X-Handraise-Client": "page"}
    account = {
        "email": f"{username}@example.org",
        "username": username,
        "password": "password123",
    }
    answer = await request.post(f"{url}/api/auth/register", data=account, headers=as_page)
    assert answer.ok, await answer.text()
    token = (await answer.json())["access_token"]
    answer = await request.post(
        f"{url}/api/auth/verify",
        data={"code": server.code_of(username)},
        headers={**as_page, "Authorization": f"Bearer {token}"},
    )
    assert answer.ok, await answer.text()
    # What signing in by the form leaves in this browser, besides the cookie that it has now.
    if visitor.page.url == "about:blank":
        await visitor.page.goto(f"{url}/health")
    await visitor.page.evaluate("localStorage.setItem('handraise.known', 'in')")
    await visitor.page.goto(f"{url}/")
    await expect(visitor.page.get_by_test_id("composer")).to_be_visible()


async def connected(visitor: Visitor) -> None:
    """Wait until the page is connected."""
    state = visitor.page.get_by_test_id("connection-state")
    await expect(state).to_have_attribute("data-state", "connected")


async def ask(visitor: Visitor, text: str) -> None:
    """Write to the agent."""
    await visitor.page.get_by_test_id("composer").fill(text)
    await visitor.page.get_by_test_id("send").click()


def no_complaints(*visitors: Visitor, but: str = EXPECTED) -> None:
    """Fail on console errors, CSP violations and uncaught exceptions, as every test's end does."""
    for visitor in visitors:
        visitor.expected.append(but)
        assert visitor.unexpected == []
