"""The cycle on this product: through Intake, Store, Orchestrator and Courier on an SQLite file."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from bot.adapters.clock import SystemClock
from bot.adapters.store.sqlite import SqliteStore
from bot.domain.card import Card
from bot.domain.commands import Actor, AnswerRequest, StartSession
from bot.domain.feedback import FeedbackRequest, Kind
from bot.domain.instants import HOUR, SECOND
from bot.domain.person import Person
from bot.domain.planning import AskHuman, Plan, PlanContext, Reply, Role, Spoken
from bot.domain.routing import Routing
from bot.domain.surface import Surface
from bot.service.asking import Terms
from bot.service.courier import Courier
from bot.service.deliveries import Deliveries
from bot.service.handoff import Handoff
from bot.service.identifiers import new_id
from bot.service.intake import Intake
from bot.service.limits import RateLimits
from bot.service.orchestrator import Orchestrator
from bot.service.ports.accounts import Account
from bot.service.ports.channel import Delivery, Fate
from bot.service.ports.planner import ShowText
from bot.service.ports.store import Topic, Transaction
from bot.service.turns import Turns
from bot.service.worker import Worker
from web.footprint import collect_briefly, give_back

PEOPLE = 4_000
UNLIMITED = RateLimits(per_user=10**6, per_session=10**6, per_person_channel=10**6)


class InstantPlanner:
    """Asks at a person's message, replies to a fact: no time of its own."""

    name = "instant"

    async def plan(self, context: PlanContext, show: ShowText) -> Plan:  # noqa: ARG002 - a port
        last = context.new_lines[-1]
        if last.role is Role.SYSTEM:
            return Plan(steps=(Reply(text="Thank you, done."),))
        return Plan(
            steps=(
                AskHuman(
                    people=("responder",),
                    question="May I go on?",
                    kind=Kind.CHOICE,
                    options=("yes", "no"),
                ),
            )
        )

    async def summarise(self, summary: str, messages: Sequence[Spoken]) -> str:
        return (summary + " " + messages[-1].text)[-1000:]

    async def name_session(self, text: str) -> str | None:  # noqa: ARG002 - the port
        return None

    async def aclose(self) -> None:
        pass


class PresentChannel:
    """A channel whose people all look at the page; hands open cards to who waits for them."""

    name = "chat"

    def __init__(self) -> None:
        self._cards: dict[str, asyncio.Future[FeedbackRequest]] = {}

    async def deliver(
        self,
        surface: Surface,  # noqa: ARG002
        request: FeedbackRequest,
        card: Card | None,  # noqa: ARG002
    ) -> Delivery:
        if request.is_open:
            self._card(request.session_id).set_result(request)
        return Delivery(fate=Fate.SHOWN)

    async def card_of(self, session_id: str) -> FeedbackRequest:
        """Wait for a session's card to arrive."""
        card = await self._card(session_id)
        del self._cards[session_id]
        return card

    def _card(self, session_id: str) -> asyncio.Future[FeedbackRequest]:
        if session_id not in self._cards:
            self._cards[session_id] = asyncio.get_running_loop().create_future()
        return self._cards[session_id]


class HandraiseCycles:
    """One server's parts, wired as the composition root wires them, without HTTP."""

    def __init__(self, path: Path) -> None:
        clock = SystemClock()
        self._channel = PresentChannel()
        self.store = SqliteStore(path)
        handoff = Handoff(self.store)
        turns = Turns(
            lease=30 * SECOND, session_timeout=24 * HOUR, terms=Terms(feedback_timeout=48 * HOUR)
        )
        self._intake = Intake(
            store=self.store,
            clock=clock,
            limits=UNLIMITED,
            max_concurrent=10**6,
            handoff=handoff,
        )
        orchestrator = Orchestrator(
            store=self.store, clock=clock, planner=InstantPlanner(), turns=turns, handoff=handoff
        )
        self._worker = Worker(
            name="bench",
            store=self.store,
            clock=clock,
            orchestrator=orchestrator,
            turns=turns,
            handoff=handoff,
        )
        self._courier = Courier(
            name="bench",
            store=self.store,
            clock=clock,
            channels=("chat",),
            desks=[
                Deliveries(
                    routing=Routing(),
                    session_timeout=24 * HOUR,
                    channels={"chat": self._channel},
                )
            ],
            handoff=handoff,
        )
        self._waiting: dict[str, asyncio.Event] = {}
        self._owners = [new_id() for _ in range(PEOPLE)]
        self._responder = new_id()

    async def open(self) -> None:
        await self.store.open()
        await self.store.run(self._people)
        self.store.listen(Topic.FEED, self._wake)
        await self._worker.start()
        await self._courier.start()
        # As the server does once it is up.
        give_back()
        collect_briefly()

    async def close(self) -> None:
        await self._worker.close()
        await self._courier.close()
        await self.store.close()

    def _people(self, tx: Transaction) -> None:
        for i, id_ in enumerate([self._responder, *self._owners]):
            name = "responder" if i == 0 else f"owner{i}"
            tx.people.add(
                Person(id=id_, name=name, zone="UTC", feed_seq=0, merged_into=None, created_at=0)
            )
            tx.accounts.add(
                Account(
                    id=id_,
                    person_id=id_,
                    username=name,
                    email=f"{name}@example.org",
                    password_hash="",
                    verified_at=1,
                    disabled_at=None,
                    created_at=0,
                )
            )

    def _wake(self, key: str) -> None:
        event = self._waiting.get(key)
        if event is not None:
            event.set()

    async def cycle(self, number: int) -> str:
        """Run one: ask, persist, answer, resume, done; return its session."""
        owner = Actor(person_id=self._owners[number % PEOPLE], channel="chat")
        started = await self._intake.submit(
            StartSession(
                external_key=new_id(), actor=owner, text="Please go on, but ask responder first"
            )
        )
        session_id = started.session_id
        assert session_id is not None
        card = await self._channel.card_of(session_id)
        done = self._waiting[session_id] = asyncio.Event()
        await self._intake.submit(
            AnswerRequest(
                external_key=new_id(),
                actor=Actor(person_id=self._responder, channel="chat"),
                request_id=card.id,
                digest=card.digest,
                choices=("yes",),
            )
        )
        # The answer's own entry in the feed is told before `submit` returns: the next is the end.
        done.clear()
        await done.wait()
        del self._waiting[session_id]
        return session_id
