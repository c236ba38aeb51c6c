"""Two servers on one store, and hands that submit commands to either and note what came of it."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from hypothesis.stateful import RuleBasedStateMachine

from bot.adapters.store.sqlite import SqliteStore
from bot.domain.commands import (
    AnswerRequest,
    Command,
    CommentOn,
    Outcome,
)
from bot.domain.errors import HandraiseError
from bot.domain.feedback import FeedbackRequest, Kind, Part, Standing, State
from bot.domain.instants import MINUTE
from bot.service.ports.store import Transaction
from tests.clock import FakeClock
from tests.flows.lock_order import WatchedStore
from tests.flows.order_world import OWNERS, PEOPLE, ByNumber, World
from tests.flows.stage import Stage

T = TypeVar("T")


class TwoServers(RuleBasedStateMachine):
    """Two servers on one store, who is asked at them, and what is known of it from outside."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.mkdtemp()
        self.runner = asyncio.Runner()
        self.clock = FakeClock()
        self.store = WatchedStore(SqliteStore(Path(self.folder) / "any.db"))
        self.planner = ByNumber()
        self.kept: dict[str, int] = {}
        self.decided: dict[str, str] = {}
        self.finals: dict[str, State] = {}
        self.done: list[tuple[Command, Outcome]] = []
        self.sessions: list[str] = []
        self.run(self.begin())

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(coroutine)

    async def begin(self) -> None:
        await self.store.open()
        self.stages = [
            Stage(
                self.store,
                self.clock,
                planner=self.planner,
                name=name,
                channels=("chat", "email"),
            )
            for name in ("first", "second")
        ]
        self.stages[1].prefix = "second"
        self.stages[1].people = self.stages[0].people
        await self.stages[0].cast(*PEOPLE)
        self.sessions = [await self.stages[0].opened(owner) for owner in OWNERS]

    # What is known from outside.

    def stage(self, number: int) -> Stage:
        return self.stages[number % 2]

    def requests(self) -> list[FeedbackRequest]:
        return [
            request
            for session_id in self.sessions
            for request in self.run(self.stages[0].requests(session_id))
        ]

    def chosen(self, number: int, *states: State) -> FeedbackRequest | None:
        """Return one of the requests in these states, the newest most often."""
        found = [r for r in self.requests() if not states or r.state in states]
        found.sort(key=lambda r: r.id, reverse=True)
        return found[number % min(3, len(found))] if found else None

    def canonical(self, who: str) -> str:
        id_ = self.stages[0].people[who].id
        person = self.run(self.stages[0].read(lambda tx: tx.people.get(id_)))
        assert person is not None
        return person.canonical_id

    def owner(self, request: FeedbackRequest) -> str:
        return OWNERS[self.sessions.index(request.session_id)]

    def deciders(self, request: FeedbackRequest) -> set[str]:
        found = self.run(self.stages[0].read(lambda tx: tx.requests.recipients(request.id)))
        return {r.canonical_id for r in found if r.part is Part.DECIDER}

    def somebody(self, request: FeedbackRequest, number: int) -> str:
        """Return a name, by any identity: mostly who is asked, sometimes who is only told."""
        found = self.run(self.stages[0].read(lambda tx: tx.requests.recipients(request.id)))
        asked = self.deciders(request)
        wanted = {r.canonical_id for r in found} - asked if number % 4 == 0 else asked
        names = [name for name in PEOPLE if self.canonical(name) in wanted]
        chosen = PEOPLE if number % 7 == 0 or not names else names
        return chosen[number // 28 % len(chosen)]

    async def submit(self, stage: Stage, command: Command) -> Outcome | None:
        """Submit a command; a refusal is an outcome, too."""
        try:
            outcome = await stage.intake.submit(command)
        except HandraiseError:
            return None
        self.done.append((command, outcome))
        if outcome.replayed:
            return outcome
        if isinstance(command, AnswerRequest | CommentOn):
            self.kept[command.request_id] = self.kept.get(command.request_id, 0) + 1
        return outcome

    def act(
        self, kind: type[Command], who: str, channel: str, number: int, **given: Any
    ) -> Outcome | None:
        stage = self.stage(number)
        actor = stage.actor(who, channel=channel)
        command = kind(external_key=stage.key(), actor=actor, **given)
        return self.run(self.submit(stage, command))

    def an_answer(
        self, request: FeedbackRequest, who: str, channel: str, number: int, says: int, late: int
    ) -> AnswerRequest:
        stage = self.stage(number)
        given: dict[str, Any] = {"text": ("yes", "no", "perhaps")[says % 3]}
        if says < 6 and request.kind is Kind.APPROVAL:
            given = {"approved": says % 2 == 0}
        elif says < 6 and request.kind is Kind.CHOICE:
            given = {"choices": (request.options[says % 2],)}
        if channel == "email":
            given["sent_at"] = self.clock.now() - late * MINUTE
        return AnswerRequest(
            external_key=stage.key(),
            actor=stage.actor(who, channel=channel),
            request_id=request.id,
            digest=request.digest,
            **given,
        )

    def judged(
        self, request: FeedbackRequest, command: AnswerRequest, outcome: Outcome | None
    ) -> None:
        """Note who has decided."""
        if outcome is None or outcome.replayed or outcome.status != Standing.DECIDED:
            return
        assert request.id not in self.decided
        self.decided[request.id] = self.canonical(self.name_of(command))

    def name_of(self, command: Command) -> str:
        people = self.stages[0].people.items()
        return next(name for name, person in people if person.id == command.actor.person_id)

    def world(self) -> World:
        def look(tx: Transaction) -> World:
            world = World()
            ids = [person.id for person in self.stages[0].people.values()]
            for id_ in self.sessions:
                session = tx.sessions.get(id_)
                assert session is not None
                world.sessions.append(session)
                for request in tx.requests.of_session(id_):
                    world.requests.append(request)
                    world.surfaces[request.id] = list(tx.surfaces.of_request(request.id))
                    world.responses[request.id] = len(tx.requests.responses(request.id))
                    world.story[request.id] = [e.kind for e in tx.journal.of_request(request.id)]
            for id_ in ids:
                person = tx.people.get(id_)
                assert person is not None
                world.people.append(person)
            for id_ in [*self.sessions, *ids]:
                world.feeds[id_] = [entry.number for entry in tx.feeds.after(id_, 0, 10**6)]
            return world

        return self.run(self.store.read(look))
