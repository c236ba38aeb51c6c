"""The agent's parts on a real store, driven by hand: commands in, rows and deliveries out."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from bot.adapters.planner.rules import RulesPlanner
from bot.adapters.store.sqlite import SqliteStore
from bot.domain.commands import (
    CHAT,
    Actor,
    AnswerRequest,
    CancelRequest,
    ChangeProfile,
    CloseSession,
    Command,
    MarkSeen,
    Outcome,
    ReceiveMessage,
    ResumeSession,
    StartSession,
    StopTurn,
)
from bot.domain.feedback import FeedbackRequest, FeedbackResponse, Part
from bot.domain.instants import HOUR, SECOND, Micros
from bot.domain.person import Person
from bot.domain.planning import AskHuman, Plan, PlanContext, Role, Spoken
from bot.domain.routing import Routing
from bot.domain.session import Message, Session
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
from bot.service.ports.planner import Planner, ShowText
from bot.service.ports.store import Store, Topic, Transaction
from bot.service.ports.tables import FeedEntry
from bot.service.sweeper import Sweeper
from bot.service.turns import Turns
from bot.service.worker import Worker
from tests.clock import FakeClock
from tests.flows.fake_channel import FakeChannel

T = TypeVar("T")
UNLIMITED = RateLimits(per_user=10**6, per_session=10**6, per_person_channel=10**6)
LEASE = 30 * SECOND
SOON = 20.0
"""Seconds of real time in which anything that is waited for must come."""

Act = Callable[[PlanContext], Any]
"""What a planner does at one call: returns a plan, raises, or is a coroutine function."""


class ScriptedPlanner:
    """Does what `script` says, call by call; when that is used up, it obeys the grammar."""

    name = "scripted"

    def __init__(self, *script: Plan | Act) -> None:
        self.script: list[Plan | Act] = list(script)
        self.contexts: list[PlanContext] = []
        self.summarised: list[tuple[str, tuple[str, ...]]] = []
        self._rules = RulesPlanner()

    async def plan(self, context: PlanContext, show: ShowText) -> Plan:
        self.contexts.append(context)
        if not self.script:
            return await self._rules.plan(context, show)
        act = self.script.pop(0)
        if isinstance(act, Plan):
            return act
        plan = act(context)
        return await plan if asyncio.iscoroutine(plan) else plan

    async def summarise(self, summary: str, messages: Sequence[Spoken]) -> str:
        self.summarised.append((summary, tuple(message.text for message in messages)))
        return f"summary {len(self.summarised)}"

    async def name_session(self, text: str) -> str | None:
        return None

    async def aclose(self) -> None:
        pass


class Stage:
    """One server's parts without HTTP; nothing moves unless it is driven."""

    def __init__(
        self,
        store: Store,
        clock: FakeClock,
        *,
        limits: RateLimits = UNLIMITED,
        handed_over: bool = False,
        lease: Micros = LEASE,
        planner: Planner | None = None,
        name: str = "first",
        channels: Sequence[str] = (CHAT,),
    ) -> None:
        self.store = store
        self.clock = clock
        self.planner = ScriptedPlanner()
        self.channels = {channel: FakeChannel(channel) for channel in channels}
        self.channel = self.channels[CHAT]
        routing = Routing(order=tuple(channels))
        self.people: dict[str, Person] = {}
        self.turns = Turns(
            lease=lease,
            session_timeout=24 * HOUR,
            terms=Terms(feedback_timeout=48 * HOUR, routing=routing),
        )
        self.prefix = "key"
        self._keys = itertools.count(1)
        handoff = self.handoff = Handoff(store)
        self.intake = Intake(
            store=store,
            clock=clock,
            limits=limits,
            handoff=handoff,
            channels=tuple(channels),
            routing=routing,
        )
        self.worker = Worker(
            name=name,
            store=store,
            clock=clock,
            turns=self.turns,
            handoff=handoff,
            orchestrator=Orchestrator(
                store=store,
                clock=clock,
                planner=planner or self.planner,
                turns=self.turns,
                handoff=handoff,
            ),
        )
        self.courier = Courier(
            name=name,
            store=store,
            clock=clock,
            channels=tuple(self.channels),
            desks=[Deliveries(routing=routing, session_timeout=24 * HOUR, channels=self.channels)],
            handoff=handoff,
        )
        self.sweeper = Sweeper(store=store, clock=clock, intake=self.intake)
        if handed_over:
            handoff.offer_to(Topic.TURN, self.worker)
            self.courier.take_over()

    def key(self) -> str:
        """Return an external key that was not used before."""
        return f"{self.prefix}-{next(self._keys)}"

    async def person(self, name: str, *, verified: bool = True) -> Person:
        """Keep a person with an account, whose address is `<name>@example.org`."""
        now = self.clock.now()
        id_ = new_id()
        person = Person(id=id_, name=name, zone="UTC", feed_seq=0, merged_into=None, created_at=now)
        account = Account(
            id=id_,
            person_id=id_,
            username=name,
            email=f"{name}@example.org",
            password_hash="x",
            verified_at=now if verified else None,
            disabled_at=None,
            created_at=now,
        )

        def keep(tx: Transaction) -> None:
            tx.people.add(person)
            tx.accounts.add(account)
            if verified:
                tx.people.add_identity("email", account.email, id_, now)

        await self.store.run(keep)
        self.people[name] = person
        return person

    async def profile(self, who: str, **changes: Any) -> Outcome:
        """Change how a person can be reached."""
        return await self.intake.submit(
            ChangeProfile(external_key=self.key(), actor=self.actor(who), **changes)
        )

    async def cast(self, *names: str) -> None:
        """Keep verified people with these names."""
        for name in names:
            await self.person(name)

    def actor(self, name: str, *, verified: bool = True, channel: str = CHAT) -> Actor:
        return Actor(person_id=self.people[name].id, channel=channel, verified=verified)

    async def start(
        self, who: str, text: str | None = None, *, end: str | None = None, key: str | None = None
    ) -> Outcome:
        return await self.intake.submit(
            StartSession(external_key=key or self.key(), actor=self.actor(who), text=text, end=end)
        )

    async def opened(self, who: str, text: str | None = None) -> str:
        """Start a session and return its id."""
        outcome = await self.start(who, text)
        assert outcome.session_id is not None
        return outcome.session_id

    async def say(
        self, who: str, session_id: str, text: str, *, key: str | None = None, channel: str = CHAT
    ) -> Outcome:
        return await self.intake.submit(
            ReceiveMessage(
                external_key=key or self.key(),
                actor=self.actor(who, channel=channel),
                session_id=session_id,
                text=text,
            )
        )

    async def answer(
        self,
        who: str,
        request: FeedbackRequest,
        *,
        verified: bool = True,
        channel: str = CHAT,
        **given: Any,
    ) -> Outcome:
        """Answer by `text`, `approved` or `choices`; the digest is the request's unless given."""
        given.setdefault("digest", request.digest)
        return await self.act(
            AnswerRequest, who, request, verified=verified, channel=channel, **given
        )

    async def act(
        self,
        command: type[Command],
        who: str,
        request: FeedbackRequest,
        *,
        verified: bool = True,
        channel: str = CHAT,
        **given: Any,
    ) -> Outcome:
        """Let a person do something with a question: any command that names one."""
        given.setdefault("external_key", self.key())
        actor = self.actor(who, verified=verified, channel=channel)
        return await self.intake.submit(command(actor=actor, request_id=request.id, **given))

    async def cancel(
        self, who: str, request: FeedbackRequest, *, key: str | None = None
    ) -> Outcome:
        return await self.intake.submit(
            CancelRequest(
                external_key=key or self.key(), actor=self.actor(who), request_id=request.id
            )
        )

    async def close_session(self, who: str, session_id: str) -> Outcome:
        return await self.intake.submit(
            CloseSession(external_key=self.key(), actor=self.actor(who), session_id=session_id)
        )

    async def resume(self, who: str, session_id: str, *, end: str | None = None) -> Outcome:
        return await self.intake.submit(
            ResumeSession(
                external_key=self.key(), actor=self.actor(who), session_id=session_id, end=end
            )
        )

    async def stop(self, who: str, session_id: str) -> Outcome:
        return await self.intake.submit(
            StopTurn(external_key=self.key(), actor=self.actor(who), session_id=session_id)
        )

    async def seen(self, who: str, request: FeedbackRequest, version: int) -> Outcome:
        return await self.intake.submit(
            MarkSeen(
                external_key=self.key(),
                actor=self.actor(who),
                request_id=request.id,
                version=version,
            )
        )

    async def settle_down(self) -> None:
        """Run every turn and every delivery that is due."""
        await self.worker.drain()
        await self.courier.drain()

    async def asked(self, who: str, text: str) -> FeedbackRequest:
        """Start a session with one command that asks, run it, and return the question."""
        session_id = await self.opened(who, text)
        await self.settle_down()
        requests = await self.requests(session_id)
        assert requests, [m.text for m in await self.messages(session_id)]
        return requests[-1]

    async def put(self, who: str, ask: AskHuman, *also: str) -> FeedbackRequest:
        """Have a person's session ask a question, naming its people and `also` others."""
        named = ", ".join(
            [*ask.people, *ask.notify, *(p for e in ask.escalations for p in e.people), *also]
        )
        self.planner.script.insert(0, Plan(steps=(ask,)))
        return await self.asked(who, f"They know: {named}.")

    async def read(self, function: Callable[[Transaction], T]) -> T:
        return await self.store.read(function)

    async def session(self, session_id: str) -> Session:
        session = await self.read(lambda tx: tx.sessions.get(session_id))
        assert session is not None
        return session

    async def request(self, request: FeedbackRequest) -> FeedbackRequest:
        """Return the request as it stands now."""
        found = await self.read(lambda tx: tx.requests.get(request.id))
        assert found is not None
        return found

    async def requests(self, session_id: str) -> Sequence[FeedbackRequest]:
        return await self.read(lambda tx: tx.requests.of_session(session_id))

    async def responses(self, request: FeedbackRequest) -> Sequence[FeedbackResponse]:
        return await self.read(lambda tx: tx.requests.responses(request.id))

    async def surfaces(self, request: FeedbackRequest) -> Sequence[Surface]:
        return await self.read(lambda tx: tx.surfaces.of_request(request.id))

    async def messages(self, session_id: str, role: Role | None = None) -> list[Message]:
        """Return a session's messages, those of one role if it is given."""
        found = await self.read(lambda tx: tx.messages.after(session_id, 0, 10**6))
        return [message for message in found if role in (None, message.role)]

    async def said(self, session_id: str, role: Role = Role.AGENT) -> list[str]:
        """Return the texts of one role."""
        return [message.text for message in await self.messages(session_id, role)]

    async def deciders(self, request: FeedbackRequest) -> list[str]:
        """Return the names of those who are asked now."""
        found = await self.read(lambda tx: tx.requests.recipients(request.id))
        return [recipient.name for recipient in found if recipient.part is Part.DECIDER]

    async def story(self, request: FeedbackRequest) -> list[str]:
        """Return the kinds of a question's journal entries, oldest first, but deliveries."""
        entries = await self.read(lambda tx: tx.journal.of_request(request.id))
        return [entry.kind for entry in entries if not entry.kind.startswith("surface.")]

    async def feed(self, feed_id: str) -> Sequence[FeedEntry]:
        return await self.read(lambda tx: tx.feeds.after(feed_id, 0, 10**6))

    async def journal(self, session_id: str) -> list[str]:
        """Return the kinds of a session's journal entries, oldest first."""
        entries = await self.read(lambda tx: tx.journal.of_session(session_id))
        return [entry.kind for entry in entries]


@asynccontextmanager
async def staged(path: Path, clock: FakeClock | None = None, **how: Any) -> AsyncIterator[Stage]:
    """Open a store on `path` with the agent's parts over it."""
    store = SqliteStore(path)
    await store.open()
    try:
        stage = Stage(store, clock or FakeClock(), **how)
        yield stage
        if how.get("handed_over"):
            async with asyncio.timeout(SOON):
                await stage.settle_down()  # such work runs by itself
    finally:
        await store.close()
