"""`python -m tests.fuzz`: serve the real application and let schemathesis loose on it.

Zero server errors and zero answers that are not as described, or the exit code says so. Bounded in
time; a failure prints the request that repeats it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path

from aiohttp import ClientSession, web

from bot.service.ports.accounts import Account
from bot.settings import Settings
from tests.fuzz.known_ids import KNOWN
from web.app import build_app
from web.keys import AGENT
from web.logs import configure_logging
from web.reception import FrontDoor

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "ignored_auth",
)
PASSWORD = "password123"
ENDS_SIGN_IN = (
    r"^/api/auth/(logout|sign-ins)|^/api/me$|/erase$"
    r"|^/api/admin/accounts/[^/]+/(sign-out|disable|rights)$"
)
"""Paths below which the run would sign itself out; they have a short run of their own, last."""


async def main() -> int:
    """Run, and return the process's exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=50, help="for the first run (default 50)")
    parser.add_argument("--seed", type=int, default=None, help="repeat the run with this seed")
    parser.add_argument("more", nargs="*", help="handed on to `schemathesis run`, after `--`")
    given = parser.parse_args()
    configure_logging("ERROR", "json")
    for name in Settings.model_fields:  # this machine's environment is not the test's
        os.environ.pop(name.upper(), None)
    with tempfile.TemporaryDirectory() as folder:
        codes: dict[str, str] = {}
        app = build_app(
            _settings(Path(folder)),
            send_code=lambda account, code: _note(codes, account, code),
            password_cost=4,
        )
        runner = FrontDoor(app, shutdown_timeout=1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            ann = await _cast(app, url, codes)
            first = await _run(
                url,
                ann,
                given.seconds,
                given.seed,
                "--exclude-path-regex",
                ENDS_SIGN_IN,
                *given.more,
            )
            if not await _is_signed_in(url, ann):
                sys.stderr.write("The run signed itself out: add what did to ENDS_SIGN_IN.\n")
                return 1
            last = await _run(
                url, ann, 10, given.seed, "--include-path-regex", ENDS_SIGN_IN, *given.more
            )
            return first or last
        finally:
            await runner.cleanup()


def _settings(folder: Path) -> Settings:
    much = 100_000  # limits are tested elsewhere; here they would hide what is behind them
    return Settings.load(
        env_file=None,
        data_dir=folder,
        secret_key="of-the-fuzzed-server-" * 3,
        rate_limit_per_user=much,
        rate_limit_per_session=much,
        rate_limit_per_person_channel=much,
        max_concurrent_sessions=1_000,
        log_level="ERROR",
    )


def _note(codes: dict[str, str], account: Account, code: str) -> None:
    codes[account.username] = code


async def _is_signed_in(url: str, token: str) -> bool:
    headers = {"Authorization": f"Bearer {token}"}
    async with ClientSession() as session, session.get(f"{url}/api/auth/me", headers=headers) as me:
        if me.status != 200:
            sys.stderr.write(f"{me.status} {await me.text()}\n")
        return me.status == 200


async def _cast(app: web.Application, url: str, codes: dict[str, str]) -> str:
    """Sign two people up, let one ask the other, and return the asker's token."""
    tokens = {}
    sessions = []
    async with ClientSession(base_url=url, raise_for_status=True) as session:
        for name in ("ann", "bob"):
            body = {"email": f"{name}@example.org", "username": name, "password": PASSWORD}
            async with session.post("/api/auth/register", json=body) as answer:
                tokens[name] = (await answer.json())["access_token"]
            headers = {"Authorization": f"Bearer {tokens[name]}"}
            code = {"code": codes[name]}
            async with session.post("/api/auth/verify", json=code, headers=headers):
                pass
        headers = {"Authorization": f"Bearer {tokens['ann']}"}
        for text in ("ask bob: Ship? options: yes, no", "Good morning"):
            body = {"text": text}
            async with session.post("/api/sessions", json=body, headers=headers) as answer:
                sessions.append((await answer.json())["session"]["id"])
        await app[AGENT].worker.drain()
        async with session.get("/api/questions?role=asker", headers=headers) as answer:
            asked = [each["id"] for each in (await answer.json())["questions"]]
    known = {"/api/sessions/": sessions, "/api/questions/": asked}
    os.environ[KNOWN] = json.dumps(known)
    return str(tokens["ann"])


async def _run(url: str, token: str, seconds: int, seed: int | None, *more: str) -> int:
    """Run schemathesis once, and return its exit code."""
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{url}/openapi.json", "--url", url),
        *("--checks", ",".join(CHECKS), "--max-time", str(seconds), "--workers", "1"),
        *("--phases", "examples,coverage,fuzzing", "--max-examples", "40"),
        *("-H", f"Authorization: Bearer {token}", "--request-timeout", "10", "--no-shrink"),
        *("--continue-on-failure", "--suppress-health-check", "all", "--warnings", "off"),
        *([] if seed is None else ["--seed", str(seed)]),
        *more,
    ]
    hooked = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.fuzz.known_ids"}
    process = await asyncio.create_subprocess_exec(*command, env=hooked)
    try:
        async with asyncio.timeout(seconds + 120):
            return await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
        return 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
