"""A server for the page's benchmarks in a process of its own, and people who visit it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from playwright.async_api import BrowserContext

from bench.server_process import KEPT

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
AS_PAGE = {"X-Handraise-Client": "page"}
PASSWORD = "password123"
PATIENCE = 60.0


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody with an account, and a token to act by without the page."""

    username: str
    token: str

    async def sign_in(self, context: BrowserContext, url: str) -> None:
        """Leave in a browser what signing in by the form leaves there."""
        answer = await context.request.post(
            f"{url}/api/auth/login",
            form={"username": self.username, "password": PASSWORD},
            headers=AS_PAGE,
        )
        assert answer.ok, await answer.text()
        await context.add_init_script("localStorage.setItem('handraise.known', 'in')")


@dataclass(frozen=True, kw_only=True)
class Server:
    """The server's process; `url` is where it serves."""

    process: asyncio.subprocess.Process
    url: str

    async def tell(self, *words: object) -> Any:
        """Let the server do something and return what it tells once it is done."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write((" ".join(map(str, words)) + "\n").encode())
        line = await self.process.stdout.readline()
        return json.loads(line)

    async def register(self, username: str) -> Person:
        """Make an account and confirm its address."""
        account = {
            "email": f"{username}@example.org",
            "username": username,
            "password": PASSWORD,
        }
        auth = f"{self.url}/api/auth"
        async with aiohttp.ClientSession(headers=AS_PAGE) as http:
            async with http.post(f"{auth}/register", json=account) as answer:
                assert answer.ok, await answer.text()
                token = (await answer.json())["access_token"]
            bearer = {"Authorization": f"Bearer {token}"}
            code = {"code": await self.tell("code", username)}
            async with http.post(f"{auth}/verify", json=code, headers=bearer) as answer:
                assert answer.ok, await answer.text()
        return Person(username=username, token=token)

    async def start_session(self, person: Person, text: str) -> str:
        """Open a session and return its id."""
        headers = {**AS_PAGE, "Authorization": f"Bearer {person.token}"}
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{self.url}/api/sessions", json={"text": text}, headers=headers) as answer,
        ):
            assert answer.ok, await answer.text()
            told: str = (await answer.json())["session"]["id"]
            return told


@contextlib.asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[Server]:
    """Serve from `folder` until the end."""
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.page_server",
        str(folder),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**environment, "PYTHONUTF8": "1"},
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            port = json.loads(await process.stdout.readline())
        yield Server(process=process, url=f"http://127.0.0.1:{port}")
    finally:
        assert process.stdin is not None
        process.stdin.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), 20)
        if process.returncode is None:
            process.kill()
            await process.wait()
