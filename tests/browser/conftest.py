"""The real server in a process of its own, and headless Chromium looking at it."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

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
]


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


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    server = Server(tmp_path)
    await server.start()
    yield server
    await server.kill()


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed (Debian: apt-get install chromium)")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@dataclass
class Visitor:
    """A person with a browser of their own; whatever it complains of fails the test."""

    context: BrowserContext
    page: Page
    complaints: list[str]


@pytest.fixture
async def visit(chromium: Browser, server: Server) -> AsyncIterator[object]:
    """Open a browser of its own for each call."""
    visitors: list[Visitor] = []

    async def visit(*, width: int = 1280, height: int = 800) -> Visitor:
        context = await chromium.new_context(viewport={"width": width, "height": height})
        page = await context.new_page()
        visitor = Visitor(context, page, [])
        page.on(
            "console",
            lambda m: visitor.complaints.append(m.text) if m.type == "error" else None,
        )
        page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
        visitors.append(visitor)
        await page.goto(server.url)
        return visitor

    yield visit
    for visitor in visitors:
        await visitor.context.close()
