"""People talk at places outside the web while the server dies and the channel fails.

What the agent says there is said once, in order, and nothing that was acknowledged goes unheard.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from tests.faults.checks import violations
from tests.faults.crowd import NAMES
from tests.faults.forked import ForkedServer
from tests.faults.kills import Report, keep, settled
from tests.faults.records import Records
from tests.faults.side_channel import MOOD, MOODS, said_posts

THREADS = 2
"""Of each person's."""


@dataclass
class Words:
    """What somebody said in a thread, and where it was stored, once that was acknowledged."""

    key: str
    address: str
    thread: str
    text: str
    sent: int = 0
    outcome: dict[str, str | int] | None = None


@dataclass
class Writer:
    """Somebody who writes to the agent by the side channel, and again until it is taken."""

    name: str
    server: ForkedServer
    random: random.Random
    words: list[Words] = field(default_factory=list)

    async def write(self, busy: asyncio.Event) -> None:
        """Write one thing after another while it is `busy`."""
        async with aiohttp.ClientSession() as http:
            while busy.is_set():
                await self._say(http, self._next())
                await asyncio.sleep(self.random.uniform(0.01, 0.1))

    def _next(self) -> Words:
        key = f"{self.name}-{len(self.words):04}"
        other = self.random.choice([name for name in NAMES if name != self.name])
        text = f"ask {other}: May {key} be?" if self.random.random() < 0.3 else f"So much for {key}"
        thread = f"{self.name}/{self.random.randrange(THREADS)}"
        words = Words(key=key, address=f"{self.name}@x.org", thread=thread, text=text)
        self.words.append(words)
        return words

    async def _say(self, http: aiohttp.ClientSession, words: Words) -> None:
        body = {name: getattr(words, name) for name in ("key", "address", "thread", "text")}
        while words.outcome is None:
            words.sent += 1
            try:
                async with http.post(f"{self.server.url}/side", json=body) as answer:
                    if answer.status == 200:
                        words.outcome = await answer.json()
            except (aiohttp.ClientError, OSError):
                pass
            if words.outcome is None:
                await asyncio.sleep(0.05)


async def talk_at_places(folder: Path, *, kills: int, seed: int) -> Report:
    """Kill the server so often while people talk at places; return what that broke."""
    report, began = Report(seed=seed, kills=kills), time.monotonic()
    chance = random.Random(f"{seed}-places")
    url = f"sqlite:///{folder}/handraise.db"
    server = ForkedServer(folder / "server-1", url, settings={"FAULTS_CHANNEL": "1"})
    await server.start()
    busy = asyncio.Event()
    busy.set()
    moods = [MOODS[number % len(MOODS)] for number in range(kills)]
    chance.shuffle(moods)
    try:
        for name in NAMES:
            await server.sign_up(name)
        writers = [Writer(name, server, random.Random(f"{seed}-{name}")) for name in NAMES]
        async with asyncio.timeout(60 + 5 * kills), asyncio.TaskGroup() as group:
            for writer in writers:
                group.create_task(writer.write(busy))
            for mood in moods:
                (server.data / MOOD).write_text(mood)
                await asyncio.sleep(chance.uniform(0.2, 1.5))
                await server.kill()
                await server.start()
            (server.data / MOOD).write_text("works")
            busy.clear()
        await settled(url)
        records = Records.read(url)
    finally:
        await server.kill()
    said = [words for writer in writers for words in writer.words]
    report.broken = [
        *violations(records, []),
        *_heard(records, said),
        *_spoken(records, server.data),
        *server.complaints(),
    ]
    report.seconds = time.monotonic() - began
    report.acknowledged = len(said)
    report.resent = sum(words.sent > 1 for words in said)
    report.messages = len(records.messages)
    report.requests = len(records.requests)
    if report.broken:
        report.kept = keep(folder, f"places-{seed}")
    return report


def _heard(records: Records, said: Iterable[Words]) -> Iterable[str]:
    """Every acknowledged word is stored once, at its place, and was reacted to there."""
    stored = {(m["session_id"], m["seq"]): m for m in records.messages}
    count = Counter(m["text"] for m in records.messages if m["role"] == "user")
    planned = {session["id"]: session["planned_seq"] for session in records.sessions}
    for words in said:
        assert words.outcome is not None
        where = words.outcome["session_id"], words.outcome["seq"]
        if count[words.text] != 1 or stored[where]["text"] != words.text:
            yield f"{words.key} was acknowledged and is stored {count[words.text]} times"
        elif stored[where]["place"] != f"email:{words.thread}":
            yield f"{words.key} is stored as said elsewhere"
        elif planned[where[0]] < where[1]:
            yield f"no turn has reacted to {words.key}"


def _spoken(records: Records, data: Path) -> Iterable[str]:
    """Every post was said once, as its message reads, and those of a place in their order."""
    spoken = said_posts(data)
    texts = {(m["session_id"], m["seq"]): m["text"] for m in records.messages}
    places = {post["id"]: post["place"] for post in records.posts}
    for post in records.posts:
        words = [line["text"] for line in spoken.get(post["id"], [])]
        if len(words) != 1:
            yield f"post {post['id']} ({post['kind']}) was said {len(words)} times"
        elif post["kind"] == "message" and words[0] != texts[post["session_id"], post["seq"]]:
            yield f"post {post['id']} was said in other words"
    last: dict[str, str] = {}
    for id_ in spoken:  # in the order in which they were said
        place = places.get(id_, "")
        if not place:
            yield f"post {id_} was said and is not stored"
        elif id_ < last.get(place, ""):
            yield f"post {id_} was said at {place} after a later one"
        last[place] = id_
