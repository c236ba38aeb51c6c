"""A stage with mail and Slack beside a chat at which nobody is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.domain.commands import CHAT, Outcome, RedriveSurface
from bot.domain.feedback import FeedbackRequest, Kind
from bot.domain.instants import HOUR, SECOND
from bot.domain.planning import AskHuman, Plan
from bot.domain.routing import Routing
from bot.domain.surface import Surface
from bot.service.asking import Terms
from bot.service.breakers import Breakers
from bot.service.courier import Courier
from bot.service.deliveries import Deliveries
from bot.service.handoff import Handoff
from bot.service.intake import Intake
from bot.service.orchestrator import Orchestrator
from bot.service.ports.store import Store, Transaction
from bot.service.sweeper import Sweeper
from bot.service.turns import Turns
from bot.service.worker import Worker
from tests.clock import START, FakeClock
from tests.flows.second_channel import EmptyPage, SecondChannel
from tests.flows.stage import LEASE, UNLIMITED, Stage, staged

ROUTING = Routing(order=("chat", "slack", "email"))
PATIENT = 10**6


class Post(Stage):
    """A stage with mail and Slack beside a chat at which nobody is."""

    def __init__(
        self, store: Store, clock: FakeClock, *, failures: int = PATIENT, name: str = "post"
    ) -> None:
        super().__init__(store, clock, name=name)
        self.email = SecondChannel("email", clock)
        self.slack = SecondChannel("slack", clock)
        self.handoff = Handoff(store)
        self.intake = Intake(
            store=store,
            clock=clock,
            limits=UNLIMITED,
            handoff=self.handoff,
            channels=ROUTING.order,
            routing=ROUTING,
        )
        self.turns = Turns(
            lease=LEASE,
            session_timeout=24 * HOUR,
            terms=Terms(feedback_timeout=48 * HOUR, routing=ROUTING),
        )
        brain = Orchestrator(
            store=store, clock=clock, planner=self.planner, turns=self.turns, handoff=self.handoff
        )
        self.worker = Worker(
            name=name,
            store=store,
            clock=clock,
            turns=self.turns,
            handoff=self.handoff,
            orchestrator=brain,
        )
        channels = {CHAT: EmptyPage(), "email": self.email, "slack": self.slack}
        self.courier = Courier(
            name=name,
            store=store,
            clock=clock,
            channels=tuple(channels),
            desks=[Deliveries(routing=ROUTING, session_timeout=24 * HOUR, channels=channels)],
            handoff=self.handoff,
            breakers=Breakers(failures=failures),
        )
        self.sweeper = Sweeper(store=store, clock=clock, intake=self.intake)

    async def on_slack(self, *names: str) -> None:
        """Give people a Slack user."""
        for name in names:
            key = f"T1:{name}"
            id_ = self.people[name].id
            await self.store.run(
                lambda tx, key=key, id_=id_: tx.people.add_identity("slack", key, id_, START)
            )

    async def change(self, who: str, **fields: Any) -> None:
        """Change how somebody can be reached."""

        def write(tx: Transaction) -> None:
            person = tx.people.get(self.people[who].id)
            assert person is not None
            tx.people.save(replace(person, **fields))

        await self.store.run(write)

    async def put(self, *people: str, **how: Any) -> FeedbackRequest:
        """Have the agent ask people, without delivering anything yet."""
        how = {"question": "Ship it?", "kind": Kind.APPROVAL, **how}
        self.planner.script.append(Plan(steps=(AskHuman(people=people, **how),)))
        session_id = await self.opened("ann", f"ask {', '.join(people)}")
        await self.worker.drain()
        return (await self.requests(session_id))[-1]

    async def pass_time(self, seconds: float = 0, **more: float) -> None:
        """Move the clock, and deliver what is due then."""
        self.clock.advance(seconds, **more)
        await self.courier.drain()

    async def until_quiet(self, most: int = 100) -> None:
        """Deliver until nothing is left to try, the clock going from one due time to the next."""
        for _ in range(most):
            await self.courier.drain()
            due = await self.store.read(lambda tx: tx.surfaces.next_due())
            if due is None:
                return
            self.clock.advance((due - self.clock.now()) / SECOND)
        raise AssertionError("it never ends")

    async def until_quiet_or(self, seconds: int) -> None:
        """Deliver what is due until so many seconds from the start."""
        until = START + seconds * SECOND
        while True:
            await self.courier.drain()
            due = await self.store.read(lambda tx: tx.surfaces.next_due())
            if due is None or due >= until:
                self.clock.advance((until - self.clock.now()) / SECOND)
                return
            self.clock.advance((due - self.clock.now()) / SECOND)

    async def on(self, request: FeedbackRequest, channel: str) -> Surface:
        """Return the one surface of a question on a channel."""
        [found] = [s for s in await self.surfaces(request) if s.channel == channel]
        return found

    async def kinds(self, request: FeedbackRequest) -> list[str]:
        """Return what was journalled of a question's surfaces."""
        entries = await self.read(lambda tx: tx.journal.of_request(request.id))
        return [e.kind for e in entries if e.kind.startswith(("surface", "recipient"))]

    async def redrive(self, who: str, surface: Surface) -> Outcome:
        return await self.intake.submit(
            RedriveSurface(external_key=self.key(), actor=self.actor(who), surface_id=surface.id)
        )

    def times(self, channel: SecondChannel) -> list[float]:
        """Return when a channel was tried, in seconds from the start."""
        return [(at - START) / SECOND for at in channel.times]


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    async with staged(tmp_path / "core.db") as stage:
        post = Post(stage.store, stage.clock)
        await post.cast("ann", "bob", "carl")
        yield post
