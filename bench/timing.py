"""Whether the doors' delays tell who has an account: known and unknown names, side by side."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from math import erf, sqrt
from pathlib import Path

import aiohttp

from bench.machine import describe, disk_directory
from bench.server_process import KEPT, free_port

ACCOUNTS = 40
"""So many known names that no limit of one name, nor of letters to one address, is reached."""
KINDS = ("known", "ghost")
PASSWORD = "a password of the bench"


@dataclass(frozen=True, kw_only=True)
class Door:
    """A request that is sent with a name that is known, and with one that is not."""

    name: str
    known: Callable[[int], Awaitable[int]]
    unknown: Callable[[int], Awaitable[int]]
    rounds: int


@dataclass(frozen=True, kw_only=True)
class Compared:
    """What two samples have in common; times in milliseconds."""

    known: float
    unknown: float
    difference: float
    """Of the medians; whether it is more than chance is `p`'s to say."""
    p: float
    guess: float
    """How often a single request's delay tells known from unknown rightly; 0.5 is a coin's."""
    same: str
    """What the same kind of names, cut in two, differ by: the noise of this machine."""


class Doors:
    """Sends each request from an address of its own, so that no limit by address is reached."""

    def __init__(self, http: aiohttp.ClientSession, url: str, log: Path) -> None:
        self._http, self._url, self._log = http, url, log
        self._numbers = itertools.count(1)
        self._random = random.Random(7)

    async def people(self) -> None:
        """Make accounts with confirmed addresses."""
        for number in range(ACCOUNTS):
            name = f"known{number}"
            account = {"email": f"{name}@example.org", "username": name, "password": PASSWORD}
            answer = await self._post("/api/auth/register", json=account)
            token = answer["access_token"]
            await self._post(
                "/api/auth/verify",
                json={"code": self._code(name)},
                headers={"Authorization": f"Bearer {token}"},
            )

    def doors(self, rounds: int) -> list[Door]:
        """Return what is compared; a sign-in costs a quarter of a second, so it is tried less."""
        few = max(20, rounds // 4)
        return [
            Door(
                name="login, user name",
                known=lambda n: self._login(f"known{n % ACCOUNTS}"),
                unknown=lambda n: self._login(f"ghost{n % ACCOUNTS}"),
                rounds=few,
            ),
            Door(
                name="login, address",
                known=lambda n: self._login(f"known{n % ACCOUNTS}@example.org"),
                unknown=lambda n: self._login(f"ghost{n % ACCOUNTS}@example.org"),
                rounds=few,
            ),
            Door(
                name="reset, user name",
                known=lambda n: self._reset(f"known{n % ACCOUNTS}"),
                unknown=lambda n: self._reset(f"ghost{n % ACCOUNTS}"),
                rounds=rounds,
            ),
            Door(
                name="reset, address",
                known=lambda n: self._reset(f"known{n % ACCOUNTS}@example.org"),
                unknown=lambda n: self._reset(f"ghost{n % ACCOUNTS}@example.org"),
                rounds=rounds,
            ),
            Door(
                name="register, address",
                known=lambda n: self._register(f"known{n % ACCOUNTS}@example.org"),
                unknown=lambda n: self._register(f"ghost{n % ACCOUNTS}@example.org"),
                rounds=few,
            ),
        ]

    async def compare(self, door: Door) -> Compared:
        """Send both kinds in pairs, in an order that a coin decides, and compare their delays."""
        times: dict[bool, list[float]] = {True: [], False: []}
        statuses: dict[bool, set[int]] = {True: set(), False: set()}
        for number in range(-5, door.rounds):
            for known in self._random.sample((True, False), 2):
                start = time.perf_counter()
                status = await (door.known if known else door.unknown)(number % 10_000)
                took = (time.perf_counter() - start) * 1000
                if number >= 0:  # the first ones warm up
                    times[known].append(took)
                    statuses[known].add(status)
        if statuses[True] != statuses[False]:
            sys.exit(f"{door.name}: the answers differ, {statuses}; no clock is needed for that")
        return compared(times[True], times[False])

    async def _login(self, name: str) -> int:
        return await self._status("/api/auth/login", data={"username": name, "password": "wrong"})

    async def _reset(self, name: str) -> int:
        return await self._status("/api/auth/reset", json={"name": name})

    async def _register(self, email: str) -> int:
        name = f"new{next(self._numbers)}"
        body = {"email": email, "username": name, "password": PASSWORD}
        return await self._status("/api/auth/register", json=body)

    async def _status(self, path: str, **body: object) -> int:
        async with self._http.post(self._url + path, headers=self._from(), **body) as answer:  # type: ignore[arg-type]
            await answer.read()
            return answer.status

    async def _post(
        self, path: str, *, json: object, headers: dict[str, str] | None = None
    ) -> dict[str, str]:
        sent = self._from() | (headers or {})
        async with self._http.post(self._url + path, json=json, headers=sent) as answer:
            if answer.status >= 300:
                sys.exit(f"{path} answered {answer.status}: {await answer.text()}")
            found: dict[str, str] = await answer.json()
            return found

    def _from(self) -> dict[str, str]:
        # The server trusts this machine as its proxy.
        parts = (self._random.randrange(1, 255) for _ in range(3))
        return {"X-Forwarded-For": "11." + ".".join(map(str, parts))}

    def _code(self, name: str) -> str:
        lines = [each for each in self._log.read_text("utf-8").splitlines() if name in each]
        found = re.findall(r"\bcode\W+(\d{8})\b", lines[-1]) if lines else []
        if not found:
            sys.exit(f"There is no code for {name} in the server's log.")
        return str(found[-1])


def compared(known: list[float], unknown: list[float]) -> Compared:
    """Compare two samples by their medians and by their ranks (Mann and Whitney's U)."""
    guess, p = ranked(known, unknown)
    noise = (ranked(each[::2], each[1::2])[0] for each in (known, unknown))
    return Compared(
        known=statistics.median(known),
        unknown=statistics.median(unknown),
        difference=statistics.median(known) - statistics.median(unknown),
        p=p,
        guess=max(guess, 1 - guess),
        same=" ".join(f"{max(each, 1 - each):.2f}" for each in noise),
    )


def ranked(first: list[float], second: list[float]) -> tuple[float, float]:
    """Return how often one of `first` is the larger of a pair, and the two-sided p of chance."""
    ordered = sorted([(each, True) for each in first] + [(each, False) for each in second])
    ranks = sum(rank for rank, (_, is_first) in enumerate(ordered, 1) if is_first)
    n, m = len(first), len(second)
    u = ranks - n * (n + 1) / 2
    z = (u - n * m / 2) / sqrt(n * m * (n + m + 1) / 12)
    return u / (n * m), 1 - erf(abs(z) / sqrt(2))


@contextlib.contextmanager
def running(
    arguments: list[str], folder: Path, log: Path, variables: dict[str, str]
) -> Iterator[None]:
    """Run a program until the block ends; what it writes goes to `log`."""
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    environment |= {"PYTHONPATH": str(Path.cwd()), "PYTHONUNBUFFERED": "1", **variables}
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=folder,
            env=environment,
            stdout=written,
            stderr=written,
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(20)


@contextlib.contextmanager
def mailbox(folder: Path, wanted: bool) -> Iterator[dict[str, str]]:
    """Play Gmail in a process of its own, and yield the settings that point the server there."""
    if not wanted:
        yield {}
        return
    log, bot = folder / "gmail.log", "bot@example.org"
    people = [f"--person={kind}{n}@example.org" for kind in KINDS for n in range(ACCOUNTS)]
    arguments = ["-m", "tests.gmail", "--bot", bot, "--port", str(free_port()), *people]
    with running(arguments, folder, log, {}):
        for _ in range(200):
            found = dict(re.findall(r"^  ([A-Z_]+)=(\S+)$", log.read_text("utf-8"), re.MULTILINE))
            if found:
                yield found
                return
            time.sleep(0.1)
        sys.exit(f"Gmail is not played: {log.read_text('utf-8')[-500:]}")


async def measure(url: str, log: Path, rounds: int) -> None:
    """Compare each door and print a table; without rounds, make who is known."""
    async with aiohttp.ClientSession() as http:
        for _ in range(300):
            with contextlib.suppress(aiohttp.ClientError):
                async with http.get(f"{url}/ready") as answer:
                    if answer.status == 200:
                        break
            await asyncio.sleep(0.1)
        doors = Doors(http, url, log)
        if not rounds:
            await doors.people()
            return
        print("| door | known, ms | unknown, ms | difference | p | guess | noise |")
        print("|---|---|---|---|---|---|---|")
        for door in doors.doors(rounds):
            found = await doors.compare(door)
            print(
                f"| {door.name} | {found.known:.2f} | {found.unknown:.2f} "
                f"| {found.difference:+.3f} | {found.p:.3f} | {found.guess:.3f} | {found.same} |",
                flush=True,
            )


def run(rounds: int, mail: bool) -> None:
    """Measure the real server."""
    with tempfile.TemporaryDirectory(dir=disk_directory()) as made:
        folder, port = Path(made), free_port()
        log = folder / "server.log"
        with mailbox(folder, mail) as posted:
            # The codes that confirm the known addresses come by the log first, in both cases.
            for times, variables in ((0, {}), (rounds, posted)):
                settings = {
                    "DATA_DIR": str(folder / "data"),
                    "PORT": str(port),
                    "TRUSTED_PROXIES": "127.0.0.1",
                    **variables,
                }
                with running(["-m", "web"], folder, log, settings):
                    asyncio.run(measure(f"http://127.0.0.1:{port}", log, times))


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(prog="python -m bench.timing", description=__doc__)
    parser.add_argument("--rounds", type=int, default=400, help="pairs of requests at each door")
    parser.add_argument("--mail", action="store_true", help="send letters to a played Gmail")
    options = parser.parse_args()
    print(describe())
    run(options.rounds, options.mail)


if __name__ == "__main__":
    main()
