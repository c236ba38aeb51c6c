"""Several people who talk at once: a seeded generator of everything that can be said."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.faults.talker import Act, Frame, Talker

NAMES = ("ana", "ben", "cleo", "dora", "emil")
MOST_PENDING = 6
MOST_WATCHED = 10
"""Sessions in use by one person; older ones are left alone, as people do."""


@dataclass
class Member:
    """A talker, and what they know of their own doing."""

    talker: Talker
    random: random.Random
    number: int = 0
    mine: list[str] = field(default_factory=list)
    asked_back: set[str] = field(default_factory=set)
    """Questions they have answered, or taken back."""

    def marker(self) -> str:
        """Return a text that stands in this very act and in no other."""
        self.number += 1
        return f"{self.talker.name}-{self.number:06}"


class Crowd:
    """Everybody; `interrupted` are sessions that their owner ended or stopped at some time."""

    def __init__(
        self, tokens: dict[str, str], urls: Callable[[], Sequence[str]], seed: int
    ) -> None:
        self.members = [
            Member(
                talker=Talker(
                    name=name, token=token, urls=urls, random=random.Random(f"{seed}-{name}-net")
                ),
                random=random.Random(f"{seed}-{name}"),
            )
            for name, token in tokens.items()
        ]
        self.interrupted: set[str] = set()
        self.busy = asyncio.Event()

    @property
    def talkers(self) -> list[Talker]:
        """Return everybody's client."""
        return [member.talker for member in self.members]

    @property
    def acts(self) -> list[tuple[Talker, Act]]:
        """Return everything that anybody ever sent."""
        return [(t, act) for t in self.talkers for act in t.acts.values()]

    @property
    def violations(self) -> list[str]:
        """Return what clients saw that must not be."""
        return [violation for talker in self.talkers for violation in talker.violations]

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Let them talk, while `busy`, until the block ends; they stay connected within it."""
        self.busy.set()
        async with asyncio.TaskGroup() as group:
            lines = [group.create_task(talker.run()) for talker in self.talkers]
            habits = [group.create_task(self._live(member)) for member in self.members]
            try:
                yield
            finally:
                for talker in self.talkers:
                    talker.stopped = True
                for task in (*lines, *habits):
                    task.cancel()

    async def calm_down(self, patience: float = 60) -> None:
        """Say nothing new, and wait until everything that was said is answered."""
        self.busy.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                for talker in self.talkers:
                    await talker.until(lambda each=talker: not each.pending, patience)

    async def catch_up(self) -> None:
        """Let everybody read all of their sessions to the end, through their sockets."""
        for member in self.members:
            talker = member.talker
            for session_id in list(talker.watched):
                await talker.unwatch(session_id)
            for session_id in member.mine:
                async with asyncio.timeout(20):
                    await talker.catch_up(session_id)
                await talker.unwatch(session_id)

    async def _live(self, member: Member) -> None:
        while True:
            await self.busy.wait()
            if len(member.talker.pending) < MOST_PENDING:
                await self._do_something(member)
            await asyncio.sleep(member.random.uniform(0.01, 0.1))

    async def _do_something(self, member: Member) -> None:
        chance = member.random.random()
        waiting = [
            q
            for q in member.talker.questions.values()
            if q["for_me"] and q["state"] == "pending" and q["id"] not in member.asked_back
        ]
        if waiting and chance < 0.45:
            await self._answer(member, member.random.choice(waiting))
        elif not member.mine or chance < 0.53:
            await self._start(member)
        elif chance < 0.58 and await self._cancel(member):
            pass
        elif chance < 0.60:
            await self._interrupt(member)
        elif chance < 0.62:
            member.talker.break_off()
        else:
            await self._speak(member)

    def _text(self, member: Member, marker: str) -> str:
        others = [m.talker.name for m in self.members if m is not member]
        kind = member.random.random()
        if kind < 0.3:
            return f"ask {member.random.choice(others)}: May {marker} be? options: yes, no"
        if kind < 0.4:
            return f"ask {member.random.choice(others)} for approval: Is {marker} right?"
        if kind < 0.5:
            return f"ask {member.random.choice(others)}: What of {marker}?"
        if kind < 0.6:
            first, second = member.random.sample(others, 2)
            return f"ask {first}, {second}: Which {marker}? options: red, green"
        return f"So much for {marker}."

    async def _start(self, member: Member) -> None:
        marker = member.marker()
        act = await member.talker.act(
            {"type": "start", "client_id": marker, "text": self._text(member, marker)}
        )
        # In the background of this person: others go on, and so do their other acts.
        await self._adopt(member, act)

    async def _adopt(self, member: Member, act: Act) -> None:
        await act.done.wait()
        if act.outcome is None:
            return
        session_id = act.outcome["session_id"]
        member.mine.append(session_id)
        await member.talker.watch(session_id)
        live = member.mine[-MOST_WATCHED:]
        for old in [s for s in member.talker.watched if s not in live]:
            await member.talker.unwatch(old)

    def _one_of_mine(self, member: Member) -> str:
        return member.random.choice(member.mine[-MOST_WATCHED:])

    async def _speak(self, member: Member) -> None:
        marker = member.marker()
        await member.talker.act(
            {
                "type": "message",
                "client_id": marker,
                "session_id": self._one_of_mine(member),
                "text": self._text(member, marker),
            }
        )

    async def _answer(self, member: Member, question: Frame) -> None:
        member.asked_back.add(question["id"])
        for _ in range(2 if member.random.random() < 0.15 else 1):
            marker = member.marker()
            frame: Frame = {
                "type": "answer",
                "client_id": marker,
                "request_id": question["id"],
                "digest": question["digest"],
                "text": f"because of {marker}",
            }
            if question["kind"] == "choice":
                frame["choices"] = [member.random.choice(question["options"])]
            elif question["kind"] == "approval":
                frame["approved"] = member.random.random() < 0.5
            seen = {
                "type": "seen",
                "request_id": question["id"],
                "version": question["version"],
            }
            await member.talker._send(seen)
            await member.talker.act(frame)

    async def _cancel(self, member: Member) -> bool:
        open_ = [
            q
            for q in member.talker.questions.values()
            if q["mine"] and q["state"] == "pending" and q["id"] not in member.asked_back
        ]
        if not open_:
            return False
        question = member.random.choice(open_)
        member.asked_back.add(question["id"])
        await member.talker.act(
            {"type": "cancel", "client_id": member.marker(), "request_id": question["id"]}
        )
        return True

    async def _interrupt(self, member: Member) -> None:
        session_id = self._one_of_mine(member)
        self.interrupted.add(session_id)
        kind = member.random.choice(("end", "stop"))
        await member.talker.act(
            {"type": kind, "client_id": member.marker(), "session_id": session_id}
        )
