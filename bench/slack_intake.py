"""How many signed Slack events a second are stored and acknowledged, beside Bolt doing nothing.

python -m bench.slack_intake [--seconds 5] [--rounds 3]
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from bench.machine import describe, disk_directory
from bench.slack_intake_server import CHANNEL, SIGNING_SECRET, TEAM, THREADS, USERS, thread_of

CONNECTIONS = 32
WARM_UP = 1.0
ALONE = 20
"""Events sent one by one to a server with nothing else to do."""
STARTED = int(time.time())
AIM_RATIO, AIM_P99 = 0.8, 0.250


@dataclass(kw_only=True)
class Server:
    """A server in a process of its own."""

    process: subprocess.Popen[str]
    port: int

    def ask(self, what: str) -> float:
        """Have it do or tell something; return the number that it answers."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


@contextmanager
def running(which: str) -> Iterator[Server]:
    """Run one contender on an empty database."""
    with tempfile.TemporaryDirectory(dir=disk_directory()) as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.slack_intake_server", which, folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Server(process=process, port=int(process.stdout.readline()))
            process.stdin.close()
            process.wait(30)
        finally:
            process.kill()
            process.wait()


def ts_of(number: int) -> str:
    """Return the timestamp of an event: no two have the same."""
    return f"{STARTED + number // 1_000_000}.{number % 1_000_000:06}"


def request(number: int) -> bytes:
    """Return one signed event as it goes over the wire: a reply in some session's thread."""
    now = time.time()
    ts = ts_of(number)
    event = {
        "type": "message",
        "user": f"U{number % USERS:05}",
        "text": f"and number {number} as well, please",
        "ts": ts,
        "thread_ts": thread_of(number % THREADS),
        "channel": CHANNEL,
        "channel_type": "channel",
        "team": TEAM,
        "event_ts": ts,
        "client_msg_id": f"{number:032}",
    }
    payload = {
        "token": "x",
        "team_id": TEAM,
        "api_app_id": "A0BENCH",
        "event": event,
        "type": "event_callback",
        "event_id": f"Ev{number:010}",
        "event_time": int(now),
        "authorizations": [{"team_id": TEAM, "user_id": "U0BOT", "is_bot": True}],
    }
    body = json.dumps(payload).encode()
    stamp = str(int(now))
    signed = b"v0:" + stamp.encode() + b":" + body
    mark = hmac.new(SIGNING_SECRET.encode(), signed, hashlib.sha256).hexdigest()
    head = (
        "POST /slack/events HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        f"X-Slack-Request-Timestamp: {stamp}\r\nX-Slack-Signature: v0={mark}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@dataclass(kw_only=True)
class Load:
    """Sends events over connections that stay open, and keeps how long each answer took."""

    port: int
    numbers: Iterator[int] = field(default_factory=itertools.count)
    took: list[float] = field(default_factory=list)
    sent: int = 0
    wrong: int = 0

    async def peak(self, seconds: float) -> float:
        """Send as fast as answers come; return events a second."""
        self.took.clear()
        start = time.perf_counter()
        end = start + seconds
        await asyncio.gather(*(self._busy(end) for _ in range(CONNECTIONS)))
        return len(self.took) / (time.perf_counter() - start)

    async def _busy(self, end: float) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        while time.perf_counter() < end:
            await self._one(reader, writer, time.perf_counter())
        writer.close()

    async def steady(self, rate: float, seconds: float) -> float:
        """Send at a rate, whether answers come or not; return the 99th percentile in seconds."""
        self.took.clear()
        free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        for _ in range(CONNECTIONS * 4):
            free.put_nowait(await asyncio.open_connection("127.0.0.1", self.port))
        start = time.perf_counter()

        async def at(due: float) -> None:
            reader, writer = await free.get()
            await self._one(reader, writer, due)  # it was due then, whenever it could be sent
            free.put_nowait((reader, writer))

        tasks = []
        for number in range(int(rate * seconds)):
            due = start + number / rate
            wait = due - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            tasks.append(asyncio.create_task(at(due)))
        await asyncio.gather(*tasks)
        while not free.empty():
            free.get_nowait()[1].close()
        return statistics.quantiles(self.took, n=100)[98]

    async def alone(self, server: Server) -> float:
        """Send events one by one; return the median time until what one says is in its session."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        delays = []
        for _ in range(ALONE):
            await asyncio.sleep(0.1)
            start = time.perf_counter()
            await self._one(reader, writer, start)
            ts = ts_of(self.sent - 1)
            # Both clocks are the machine's.
            delays.append(await asyncio.to_thread(server.ask, f"applied {ts}") - start)
        writer.close()
        return statistics.median(delays)

    async def _one(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, start: float
    ) -> None:
        writer.write(request(next(self.numbers)))
        self.sent += 1
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if length:
            await reader.readexactly(length)
        self.took.append(time.perf_counter() - start)
        if not head.startswith(b"HTTP/1.1 200"):
            self.wrong += 1


@dataclass(frozen=True, kw_only=True)
class Result:
    """One contender in one round."""

    rate: float
    p99: float
    cpu: float
    """Seconds of the server's processor for an event, of the peak's."""
    lost: int
    caught_up: float = 0.0
    """Events a second that are applied once no more come in."""
    alone: float = 0.0
    """Seconds from sending one event to an idle server until it is applied."""


def measure(which: str, seconds: float) -> Result:
    """Measure one contender: its peak, then its slowest answers at half of that."""
    with running(which) as server:
        load = Load(port=server.port)

        async def run() -> Result:
            await load.peak(WARM_UP)
            cpu, sent = server.ask("cpu"), load.sent
            rate = await load.peak(seconds)
            cpu = (server.ask("cpu") - cpu) / (load.sent - sent)
            p99 = await load.steady(rate / 2, seconds)
            if which == "bolt":
                return Result(rate=rate, p99=p99, cpu=cpu, lost=load.wrong)
            before, start = server.ask("count"), time.perf_counter()
            applied = server.ask("settle") - before
            caught_up = applied / (time.perf_counter() - start)
            alone = await load.alone(server)
            lost = load.wrong + load.sent - int(server.ask("settle"))
            return Result(rate=rate, p99=p99, cpu=cpu, lost=lost, caught_up=caught_up, alone=alone)

        return asyncio.run(run())


def main() -> int:
    """Print both contenders' figures and how they compare; 1 where an event was lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    print(describe())
    results: dict[str, list[Result]] = {"bolt": [], "handraise": []}
    for turn in range(given.rounds):
        for which in ("bolt", "handraise") if turn % 2 == 0 else ("handraise", "bolt"):
            results[which].append(measure(which, given.seconds))
    print(f"\n{'':24}{'events/s':>12}{'CPU each':>12}{'p99 at half of it':>22}")
    for which, name in (("bolt", "Bolt, empty listener"), ("handraise", "Handraise, stored")):
        rate = statistics.median(one.rate for one in results[which])
        p99 = statistics.median(one.p99 for one in results[which])
        cpu = statistics.median(one.cpu for one in results[which])
        print(f"{name:24}{rate:12,.0f}{cpu * 1e6:9.0f} us{p99 * 1000:19.1f} ms")
    ratio = statistics.median(
        ours.rate / theirs.rate
        for ours, theirs in zip(results["handraise"], results["bolt"], strict=True)
    )
    p99 = statistics.median(one.p99 for one in results["handraise"])
    print(f"\nRatio {ratio:.0%} (the aim is {AIM_RATIO:.0%}: {_met(ratio >= AIM_RATIO)}),")
    print(f"p99 {p99 * 1000:.0f} ms (the aim is {AIM_P99 * 1000:.0f} ms: {_met(p99 < AIM_P99)}).")
    caught_up = statistics.median(one.caught_up for one in results["handraise"])
    alone = statistics.median(one.alone for one in results["handraise"])
    print(f"What waits is applied at {caught_up:,.0f} a second once no more comes in;")
    print(f"an event on an idle server is applied {alone * 1000:.1f} ms after it was sent.")
    lost = sum(one.lost for each in results.values() for one in each)
    if lost:
        print(f"{lost} events were not acknowledged, or not applied once: these figures are void.")
        return 1
    print("Every event that was acknowledged was found in its session, once.")
    return 0


def _met(is_met: bool) -> str:
    return "met" if is_met else "missed"


if __name__ == "__main__":
    raise SystemExit(main())
