"""Real server processes: started, killed, paused, and what they leave behind."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

ROOT = Path(__file__).parents[2]
PASSWORD = "password123"
LEASE_SECONDS = 1
SAID = "said.jsonl"
"""In the data folder: what the side channel said to people, besides its cards."""

# A busy crowd that nothing but faults may slow down; claims of the dead run out quickly.
SETTINGS: Mapping[str, str] = {
    "SECRET_KEY": "the-secret-of-the-fault-kit-which-servers-share",
    "HOST": "127.0.0.1",
    "RATE_LIMIT_PER_USER": "100000",
    "RATE_LIMIT_PER_SESSION": "100000",
    "RATE_LIMIT_PER_PERSON_CHANNEL": "100000",
    "ASKS_PER_SESSION_DAY": "0",
    "ASKS_PER_RECIPIENT_DAY": "0",
    "MAX_CONCURRENT_SESSIONS": "1000",
    "ACCESS_TOKEN_MINUTES": "1440",
    "TURN_LEASE_SECONDS": str(LEASE_SECONDS),
    "SWEEP_SECONDS": "0.5",
    "LOG_FORMAT": "json",
    "LOG_LEVEL": "INFO",
}


def free_port() -> int:
    """Return a port that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Server:
    """A server process with a folder of its own; `module` is what `python -m` runs."""

    data: Path
    database_url: str = ""
    module: str = "web"
    settings: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: asyncio.subprocess.Process | None = None
    starts: int = 0

    def __post_init__(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)

    @property
    def url(self) -> str:
        """Return where it serves."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """Return the file that its starts write to."""
        return self.data / "server.log"

    @property
    def environment(self) -> dict[str, str]:
        """Return all that the process knows of its surroundings."""
        kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG")}
        ours = {"PYTHONPATH": str(ROOT), "PORT": str(self.port), "DATA_DIR": str(self.data)}
        if self.database_url:
            ours["DATABASE_URL"] = self.database_url
        return {**kept, **SETTINGS, **ours, **self.settings}

    @property
    def pid(self) -> int | None:
        """Return the process's number."""
        return None if self.process is None else self.process.pid

    @property
    def alive(self) -> bool:
        """Tell whether the process runs."""
        return self.process is not None and self.process.returncode is None

    async def spawn(self) -> None:
        """Start the process, not waiting for it to serve."""
        # In its own folder, where there is no `.env` of whoever runs the tests.
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", self.module),
                cwd=self.data,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment,
            )
        self.starts += 1

    async def start(self) -> None:
        """Start it and wait until it is ready."""
        await self.spawn()
        assert await self.ready(), f"it did not start: {self.log.read_text()[-2000:]}"

    async def ready(self, patience: float = 40) -> bool:
        """Wait until it serves; False when it ended before."""
        process = self.process
        assert process is not None
        async with aiohttp.ClientSession() as http, asyncio.timeout(patience):
            while process.returncode is None:
                try:
                    async with http.get(f"{self.url}/ready") as answer:
                        if answer.status == 200:
                            return True
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.03)
        return False

    def send(self, number: signal.Signals) -> None:
        """Send the process a signal, if it still runs."""
        if self.process is not None and self.alive:
            self.process.send_signal(number)

    async def ended(self) -> int:
        """Wait for the process's end and return how it ended."""
        assert self.process is not None
        return await self.process.wait()

    async def kill(self) -> None:
        """Kill it without a warning."""
        self.send(signal.SIGKILL)
        if self.process is not None:
            await self.process.wait()

    async def stop(self) -> tuple[int, float]:
        """Ask it to end; return its exit code and how many seconds that took."""
        began = time.monotonic()
        self.send(signal.SIGTERM)
        code = await self.ended()
        return code, time.monotonic() - began

    def complaints(self) -> list[str]:
        """Return what the log holds of faults that nobody foresaw."""
        lines = self.log.read_text(errors="replace").splitlines()
        return [line for line in lines if "Traceback" in line or '"level": "critical"' in line]

    async def sign_up(self, username: str) -> str:
        """Register an account, verify it by the code it is sent, and return an access token."""
        async with aiohttp.ClientSession(self.url) as http:
            body = {"email": f"{username}@x.org", "username": username, "password": PASSWORD}
            async with http.post("/api/auth/register", json=body) as answer:
                assert answer.status == 201, await answer.text()
                token: str = (await answer.json())["access_token"]
            headers = {"Authorization": f"Bearer {token}"}
            async with http.post(
                "/api/auth/verify", json={"code": await self._code_of(username)}, headers=headers
            ) as answer:
                assert answer.status == 200, await answer.text()
        return token

    async def prefer(self, token: str, channel: str) -> None:
        """Choose a channel, as the person whose token it is."""
        headers = {"Authorization": f"Bearer {token}"}
        async with aiohttp.ClientSession(self.url, headers=headers) as http:
            change = {"preferred_channel": channel}
            async with http.patch("/api/profile", json=change) as answer:
                assert answer.status == 200, await answer.text()

    async def _code_of(self, username: str, patience: float = 20) -> str:
        """Return the code from the log, or from the side channel: a mail takes its time."""
        end = time.monotonic() + patience
        while True:
            for told in (self._logged(username), self._said(f"{username}@x.org")):
                if found := re.search(r"\b\d{8}\b", told):
                    return found[0]
            assert time.monotonic() < end, f"no code for {username} in {self.data}"
            await asyncio.sleep(0.03)

    def _logged(self, username: str) -> str:
        """Return the last code that was written to the log."""
        lines = self.log.read_text(errors="replace").splitlines()
        told = [line for line in lines if "verification_code" in line and f'"{username}"' in line]
        found = re.search(r'"code": "(\d+)"', told[-1]) if told else None
        return found[1] if found else ""

    def _said(self, address: str) -> str:
        """Return what the side channel said last to an address."""
        said = self.data / SAID
        lines = said.read_text().splitlines() if said.exists() else []
        told = [line["text"] for line in map(json.loads, lines) if line["to"] == address]
        return told[-1] if told else ""
