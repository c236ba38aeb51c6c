"""Whatever happens in whatever order, to questions on two servers: what always holds, holds.

`HYPOTHESIS_PROFILE=deep` looks much longer (docs/testing.md).
"""

from __future__ import annotations

import asyncio
import os
import shutil
from contextlib import suppress
from dataclasses import replace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from bot.domain.commands import (
    SYSTEM_CHANNEL,
    Actor,
    AskAgain,
    CancelRequest,
    ClaimRequest,
    Command,
    CommentOn,
    Delegate,
    MarkSeen,
    MergePeople,
    Outcome,
    ReceiveMessage,
    ReleaseRequest,
    ReopenWith,
)
from bot.domain.errors import HandraiseError
from bot.domain.feedback import FeedbackRequest, Kind, Standing, State
from bot.domain.instants import HOUR, MINUTE
from bot.domain.session import Session, SessionState
from bot.service.advancing import GRACE
from bot.service.ports.channel import Fate
from tests.flows.order_servers import TwoServers
from tests.flows.order_world import OTHERS, OWNERS, PEOPLE, Asked, World, asks, jumps, pick

CHANNELS = ("chat", "slack", "email")
DECISIONS = (State.APPROVED, State.REJECTED, State.ANSWERED)

SIZE = (
    settings(max_examples=1_000, stateful_step_count=60)
    if os.environ.get("HYPOTHESIS_PROFILE") == "deep"
    else settings(max_examples=50, stateful_step_count=40)
)


class AnyOrder(TwoServers):
    """People, time and two servers act on questions, each on its own."""

    # What happens.

    @initialize(asks=st.lists(asks, min_size=1, max_size=3), number=pick)
    def first_asks(self, asks: list[Asked], number: int) -> None:
        for asked in asks:
            self.ask(asked, number, True)

    @rule(asked=asks, number=pick, at_once=st.sampled_from([True, True, True, False]))
    def ask(self, asked: Asked, number: int, at_once: bool) -> None:
        session_id = self.sessions[asked.session]
        earlier = [r for r in self.run(self.stages[0].requests(session_id)) if r.is_open]
        text = f"Ask {len(self.planner.asks)} of {', '.join(PEOPLE)}"
        self.planner.asks.append(
            replace(
                asked.ask,
                question=f"Question {len(self.planner.asks)}?",
                replaces=earlier[-1].id if asked.replaces and earlier else None,
            )
        )
        stage = self.stage(number)
        self.run(stage.say(OWNERS[asked.session], session_id, text))
        if at_once:
            self.run(stage.worker.drain())

    @rule(
        who=pick,
        channel=st.sampled_from(CHANNELS),
        says=st.integers(0, 8),
        late=st.sampled_from([0, 5, 90]),
        number=pick,
    )
    def answer(self, who: int, channel: str, says: int, late: int, number: int) -> None:
        request = self.chosen(number, *([State.PENDING] if number % 3 else []))
        if request is not None:
            self.say_to(request, self.somebody(request, who), channel, says, late, number)

    @rule(who=pick, says=st.integers(0, 5), number=pick)
    def mail_comes_late(self, who: int, says: int, number: int) -> None:
        """It was sent a minute before the deadline."""
        request = self.chosen(number, State.EXPIRED)
        if request is not None:
            late = (self.clock.now() - request.deadline) // MINUTE + 1
            self.say_to(request, self.somebody(request, who), "email", says, late, number)

            if number % 4:
                self.reopen(-1)

    def say_to(
        self,
        request: FeedbackRequest,
        who: str,
        channel: str,
        says: int,
        late: int,
        number: int,
    ) -> None:
        asked = self.deciders(request)
        command = self.an_answer(request, who, channel, number, says, late)
        outcome = self.run(self.submit(self.stage(number), command))
        self.judged(request, command, outcome)
        if request.is_open:
            # Who is asked is heard, and nobody else; but nobody approves their own request.
            own = self.canonical(who) == self.canonical(self.owner(request))
            heard = self.canonical(who) in asked and not (own and request.kind is Kind.APPROVAL)
            assert (outcome is not None) == heard

    @rule(
        whos=st.lists(pick, min_size=2, max_size=4),
        says=st.lists(st.integers(0, 8), min_size=4, max_size=4),
        number=pick,
    )
    def several_at_once(self, whos: list[int], says: list[int], number: int) -> None:
        """Answers, a double of the first, and the sweepers, over both servers at once."""
        request = self.chosen(number, State.PENDING)
        if request is None:
            return
        asked = self.deciders(request)
        commands = [
            self.an_answer(request, self.somebody(request, who), "chat", number + n, says[n], 0)
            for n, who in enumerate(whos)
        ]
        commands.append(commands[0])

        async def at_once() -> list[Outcome | None]:
            sweeps = [asyncio.ensure_future(stage.sweeper.sweep()) for stage in self.stages]
            outcomes = await asyncio.gather(
                *(self.submit(self.stage(number + n), each) for n, each in enumerate(commands))
            )
            await asyncio.gather(*sweeps)
            return outcomes

        outcomes = self.run(at_once())
        assert sum(o is not None and o.replayed for o in outcomes[::4]) <= 1
        for command, outcome in zip(commands, outcomes, strict=True):
            self.judged(request, command, outcome)
        asked |= self.deciders(request)  # it may have escalated meanwhile
        for command, outcome in zip(commands, outcomes, strict=True):
            if outcome is not None and outcome.status != Standing.LATE:
                assert self.canonical(self.name_of(command)) in asked

    @precondition(lambda self: self.done)
    @rule(number=pick)
    def double(self, number: int) -> None:
        """What came once comes again: the same outcome, and nothing happens."""
        command, outcome = self.done[-1 - number % len(self.done)]
        again = self.run(self.submit(self.stage(number), command))
        # What was seen is remembered by its surface, and leaves no receipt.
        assert again == replace(outcome, replayed=not isinstance(command, MarkSeen))

    @rule(who=pick, to=st.sampled_from(PEOPLE), number=pick)
    def delegate(self, who: int, to: str, number: int) -> None:
        request = self.chosen(number, State.PENDING)
        if request is not None:
            name = self.somebody(request, who)
            self.act(Delegate, name, "chat", number, request_id=request.id, to=to)

    @rule(
        who=pick,
        kind=st.sampled_from([ClaimRequest, ReleaseRequest, CommentOn, MarkSeen]),
        channel=st.sampled_from(CHANNELS),
        number=pick,
    )
    def remark(self, who: int, kind: type[Command], channel: str, number: int) -> None:
        request = self.chosen(number)
        if request is None:
            return
        given: dict[str, Any] = {"request_id": request.id}
        if kind is CommentOn:
            given |= {"text": "Which one?", "changes": number % 2 == 0}
        if kind is MarkSeen:
            given["version"] = request.version
        self.act(kind, self.somebody(request, who), channel, number, **given)

    @rule(kind=st.sampled_from([CancelRequest, AskAgain]), by_asker=st.booleans(), number=pick)
    def asker_acts(self, kind: type[Command], by_asker: bool, number: int) -> None:
        """Take a question back, or ask it again; who did not ask cannot."""
        over = kind is AskAgain
        request = self.chosen(
            number, *([State.EXPIRED, State.CANCELLED] if over else [State.PENDING])
        )
        if request is None:
            return
        owner = self.owner(request)
        who = owner if by_asker else PEOPLE[number % len(PEOPLE)]
        done = self.act(kind, who, "chat", number, request_id=request.id)
        assert done is None or self.canonical(who) == self.canonical(owner)

    @rule(number=pick)
    def reopen(self, number: int) -> None:
        request = self.chosen(number, State.EXPIRED)
        if request is None:
            return
        responses = self.run(self.stages[0].responses(request))
        if not responses:
            return
        response = responses[number % len(responses)]
        asked = self.deciders(request)
        owner = self.owner(request)
        done = self.act(
            ReopenWith, owner, "chat", number, request_id=request.id, response_id=response.id
        )
        if done is None:
            return
        assert response.standing is Standing.LATE
        assert response.sent_at <= request.deadline
        after = self.run(self.stages[0].request(request))
        assert after.decided_by in asked
        self.decided[request.id] = after.decided_by
        self.finals[request.id] = after.state

    @rule(one=st.sampled_from(OTHERS), into=st.sampled_from(["bob", *OTHERS]))
    def merge(self, one: str, into: str) -> None:
        """Two people are found to be one: what waits for them is judged again."""
        stage = self.stages[0]
        people = stage.people
        if self.canonical(one) != people[one].id or self.canonical(into) == people[one].id:
            return
        pending = {r.id for r in self.requests() if r.is_open}
        command = MergePeople(
            external_key=stage.key(),
            actor=Actor(person_id="", channel=SYSTEM_CHANNEL),
            person_id=people[one].id,
            into=people[into].id,
            proof="the same address",
        )
        assert self.run(stage.intake.submit(command)).status == "merged"
        for request in self.requests():
            if request.id in pending and not request.is_open:
                assert request.decided_by in self.deciders(request)
                self.decided[request.id] = request.decided_by

    @rule(who=st.sampled_from(OTHERS), to=st.sampled_from(PEOPLE), hours=st.sampled_from([0, 30]))
    def leave(self, who: str, to: str, hours: int) -> None:
        """Somebody is away, or back; somebody stands in for them."""
        now = self.clock.now()
        away = (now, now + hours * HOUR) if hours else None
        with suppress(HandraiseError):
            self.run(self.stages[0].profile(who, away=away, delegate=to))

    @rule(minutes=jumps, sweeps=st.integers(0, 3))
    def time_passes(self, minutes: int, sweeps: int) -> None:
        self.clock.advance(minutes=minutes)

        async def sweep() -> None:
            swept = [stage for n, stage in enumerate(self.stages) if sweeps & (n + 1)]
            await asyncio.gather(*(stage.sweeper.sweep() for stage in swept))

        self.run(sweep())

    @rule()
    def mail_is_read(self) -> None:
        now = self.clock.now()
        self.run(self.store.run(lambda tx: tx.inbound.note("email", now)))

    @rule(number=pick)
    def turns(self, number: int) -> None:
        self.run(self.stage(number).worker.drain())

    @rule(number=pick, fates=st.lists(st.sampled_from(Fate), max_size=3))
    def deliveries(self, number: int, fates: list[Fate]) -> None:
        stage = self.stage(number)
        for channel in stage.channels.values():
            channel.fates = list(fates)
        self.run(stage.courier.drain())
        for channel in stage.channels.values():
            channel.fates = []

    @rule(session=st.integers(0, 2), number=pick)
    def hello(self, session: int, number: int) -> None:
        """An owner writes, which reopens a session that has ended."""
        self.act(
            ReceiveMessage,
            OWNERS[session],
            "chat",
            number,
            session_id=self.sessions[session],
            text="Hello",
        )

    # What always holds.

    @invariant()
    def what_always_holds(self) -> None:
        if not self.sessions:
            return
        assert not self.store.broken, self.store.broken
        world = self.world()
        for request in world.requests:
            self.request_holds(world, request)
        for session in world.sessions:
            mine = [r for r in world.requests if r.session_id == session.id]
            session_holds(session, [r for r in mine if r.is_open])
            assert world.feeds[session.id] == list(range(1, session.feed_seq + 1))
        for person in world.people:
            assert world.feeds[person.id] == list(range(1, person.feed_seq + 1))

    def request_holds(self, world: World, request: FeedbackRequest) -> None:
        story = world.story[request.id]
        assert world.responses[request.id] == self.kept.get(request.id, 0)
        ends = [kind for kind in story if kind in {f"request.{state.value}" for state in State}]
        assert len(ends) == (0 if request.is_open else 1)
        assert story.count("request.reopened") <= 1
        # Once only, and by whom it was put to then.
        if request.state in DECISIONS:
            assert request.decided_by == self.decided[request.id]
            assert request.outcome is not None
        else:
            assert request.id not in self.decided
            assert request.outcome is None
        # Settled is settled: only an expired one is reopened, by the rule that does it.
        if not request.is_open:
            assert self.finals.setdefault(request.id, request.state) is request.state
        if request.is_open:
            assert request.next_at is not None
            assert request.next_at <= request.deadline + GRACE
        else:
            assert request.next_at is None
        for surface in world.surfaces[request.id]:
            assert surface.wanted_version == request.version
            assert surface.shown_version <= request.version
        places = [(s.person_id, s.channel) for s in world.surfaces[request.id]]
        assert len(places) == len(set(places))

    def teardown(self) -> None:
        try:
            if self.sessions:
                self.all_comes_to_its_end()
        finally:
            self.run(self.store.close())
            self.runner.close()
            shutil.rmtree(self.folder)

    def all_comes_to_its_end(self) -> None:
        """Leave everybody alone for days: every question ends, and every place shows that."""

        async def days() -> None:
            for _ in range(14):
                self.clock.advance(hours=13)
                await asyncio.gather(*(stage.sweeper.sweep() for stage in self.stages))
                for stage in self.stages:
                    await stage.settle_down()

        self.run(days())
        self.what_always_holds()
        world = self.world()
        for request in world.requests:
            assert not request.is_open
            for surface in world.surfaces[request.id]:
                assert surface.due_at is None
                assert surface.claim_owner is None
        assert {session.state for session in world.sessions} == {SessionState.ENDED}


def session_holds(session: Session, pending: list[FeedbackRequest]) -> None:
    assert session.open_questions == len(pending)
    if session.state is not SessionState.ACTIVE:
        assert not pending
        assert session.turn_due_at is None
        return
    # Something is always going to happen to it: a turn, an answer's time, or its end.
    assert (session.turn_due_at is not None) == session.has_input
    assert session.has_input or pending or session.idle_at is not None


AnyOrder.TestCase.settings = SIZE
TestAnyOrder = AnyOrder.TestCase
