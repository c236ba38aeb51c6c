"""Delivery that does not give up: a question over a person's channels, whatever these do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.commands import CHAT, ChangeProfile, MarkSeen, Outcome, RedriveSurface
from bot.domain.errors import Conflict, NotFound
from bot.domain.feedback import FeedbackRequest, Kind
from bot.domain.instants import HOUR, MINUTE, SECOND, Micros
from bot.domain.planning import AskHuman, Plan, Role
from bot.domain.routing import Routing
from bot.domain.surface import Surface, SurfaceState
from bot.service import courier as courier_module
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
from tests.flows.second_channel import EmptyPage, Mood, SecondChannel
from tests.flows.stage import LEASE, SOON, UNLIMITED, Stage, staged

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


async def order_of(post: Post, request: FeedbackRequest) -> list[tuple[str, Micros | None]]:
    surfaces = sorted(await post.surfaces(request), key=lambda s: s.position)
    return [(s.channel, s.due_at and (s.due_at - START) // SECOND) for s in surfaces]


async def test_without_a_preference_the_operator_s_order_holds(post: Post) -> None:
    await post.on_slack("bob")
    assert await order_of(post, await post.put("bob")) == [
        ("chat", 0),
        ("slack", 2),
        ("email", 902),
    ]


async def test_only_channels_with_an_address_are_used(post: Post) -> None:
    assert await order_of(post, await post.put("bob")) == [("chat", 0), ("email", 2)]


async def test_preference_comes_before_where_one_was_last(post: Post) -> None:
    await post.on_slack("bob")
    await post.change("bob", preferred_channel="email", last_channel="slack")
    assert await order_of(post, await post.put("bob")) == [
        ("email", 0),
        ("slack", 900),
        ("chat", 1800),
    ]
    await post.change("bob", preferred_channel=None)
    assert [c for c, _ in await order_of(post, await post.put("bob"))] == ["slack", "chat", "email"]


async def test_a_card_that_nobody_sees_goes_to_the_next_channel_after_two_seconds(
    post: Post,
) -> None:
    request = await post.put("bob")
    await post.pass_time()
    await post.pass_time(1.999)
    assert post.email.tried == []
    await post.pass_time(0.001)
    assert post.times(post.email) == [2]
    sent = await post.on(request, "email")
    assert (sent.state, sent.shown_version, sent.sent_at) == (
        SurfaceState.SENT,
        1,
        START + 2 * SECOND,
    )
    assert (sent.landed, sent.attempts, sent.due_at) == (f"email/{sent.id}", 0, None)
    assert await post.kinds(request) == ["surface.delivered"]


async def test_a_card_that_is_seen_in_time_gives_fifteen_minutes(post: Post) -> None:
    await post.on_slack("bob")
    request = await post.put("bob")
    await post.pass_time(1)
    await post.seen("bob", request, 1)
    assert await order_of(post, request) == [("chat", None), ("slack", 901), ("email", 1801)]
    await post.pass_time(899.999)
    assert post.slack.tried == []
    await post.until_quiet()
    assert (post.times(post.slack), post.times(post.email)) == ([901], [1801])


async def test_unanswered_for_fifteen_minutes_after_it_was_shown(post: Post) -> None:
    """A channel that was slow to deliver gives its person the whole time all the same."""
    await post.on_slack("bob")
    post.slack.moods = [Mood.FAILS] * 3
    await post.put("bob")
    await post.until_quiet()
    assert post.times(post.slack) == [2, 3, 5, 9]
    assert post.times(post.email) == [9 + 900]


async def test_who_has_answered_is_not_asked_on_further_channels(post: Post) -> None:
    request = await post.put("bob", "carl", everybody=True)
    await post.pass_time()
    assert (await post.answer("bob", request, approved=True)).status == "counted"
    await post.until_quiet()
    assert {s.person_id for _, s, _ in post.email.tried} == {post.people["carl"].id}


async def test_what_is_urgent_goes_everywhere_at_once(post: Post) -> None:
    await post.on_slack("bob")
    hours = json.dumps({"mon": ["22:00", "23:00"]})
    await post.change("bob", working_hours=hours)
    await post.put("bob", urgent=True)
    await post.pass_time()
    assert (post.times(post.slack), post.times(post.email)) == ([0], [0])


async def test_outside_working_hours_everything_waits(post: Post) -> None:
    """It is Monday, 09:00; bob begins at ten and ends at ten past."""
    await post.on_slack("bob")
    hours = {day: ["10:00", "10:10"] for day in ("mon", "tue")}
    await post.change("bob", preferred_channel="slack", working_hours=json.dumps(hours))
    request = await post.put("bob")
    assert await order_of(post, request) == [("slack", 3600), ("chat", 90_000), ("email", 90_000)]
    await post.until_quiet()
    # Fifteen minutes after it was shown are past the end of the day.
    assert (post.times(post.slack), post.times(post.email)) == ([3600], [90_000])


async def test_a_reminder_goes_to_the_next_channel(post: Post) -> None:
    await post.on_slack("bob")
    await post.change("bob", preferred_channel="slack")
    request = await post.put("bob", remind_at=(START + 10 * MINUTE,))
    await post.pass_time()
    await post.pass_time(minutes=10)
    await post.sweeper.sweep()
    assert [c for c, due in await order_of(post, request) if due == 600] == ["slack", "chat"]
    await post.pass_time()
    assert post.times(post.slack) == [0, 600]
    await post.pass_time(2)
    assert post.times(post.email) == [602]


async def test_the_owner_s_reminder_goes_to_the_next_channel_too(post: Post) -> None:
    await post.on_slack("bob")
    await post.change("bob", preferred_channel="slack")
    request = await post.put("bob")
    await post.pass_time()
    post.clock.advance(minutes=1)
    await post.say("ann", request.session_id, "remind")
    await post.settle_down()
    await post.pass_time(2)
    assert (post.times(post.slack), post.times(post.email)) == ([0, 60], [62])


async def test_a_reminder_reaches_who_was_found_to_be_somebody_else(post: Post) -> None:
    """The cards stay with the identity that was asked."""
    await post.on_slack("bob")
    await post.change("bob", preferred_channel="slack")
    await post.put("bob", remind_at=(START + 10 * MINUTE,))
    await post.pass_time()
    bob, carl = post.people["bob"].id, post.people["carl"].id
    await post.store.run(lambda tx: tx.people.merge(bob, carl))
    await post.pass_time(minutes=10)
    await post.sweeper.sweep()
    await post.until_quiet()
    assert (post.times(post.slack), post.times(post.email)) == ([0, 600], [602])


async def test_the_schedule_of_retries_is_exact_and_then_it_is_given_up(post: Post) -> None:
    await post.change("bob", preferred_channel="email")
    post.email.mood = Mood.FAILS
    request = await post.put("bob")
    await post.pass_time()
    expected = [0.0]
    for wait in (1, 2, 4, 8, 16, 32, 64, 128, 256):
        await post.pass_time(wait - 0.001)
        assert post.times(post.email) == expected
        await post.pass_time(0.001)
        expected.append(expected[-1] + wait)
        assert post.times(post.email) == expected
    assert [s.attempts for _, s, _ in post.email.tried] == list(range(1, 11))
    dead = await post.on(request, "email")
    assert (dead.state, dead.due_at, dead.last_error) == (SurfaceState.DEAD, None, "503")
    await post.until_quiet()
    assert len(post.email.tried) == 10
    assert await post.kinds(request) == [
        *["surface.failed"] * 9,
        "surface.dead",
        "recipient.unreachable",
    ]


async def test_the_asker_is_told_once_when_nothing_is_left(post: Post) -> None:
    await post.on_slack("bob")
    post.email.mood = post.slack.mood = Mood.REFUSES
    request = await post.put("bob", "carl")
    await post.until_quiet()
    facts = sorted(await post.said(request.session_id, Role.SYSTEM))
    rest = "It waits in their inbox on the web. You can have it tried again, or ask somebody else."
    assert facts == [
        "I could not reach bob about “Ship it?” (slack: no such address; email: no such address). "
        + rest,
        "I could not reach carl about “Ship it?” (email: no such address). " + rest,
    ]
    for surface in await post.surfaces(request):
        if surface.state is SurfaceState.DEAD:
            await post.redrive("ann", surface)
    await post.until_quiet()
    assert len(await post.said(request.session_id, Role.SYSTEM)) == 2
    session = await post.session(request.session_id)
    assert session.open_questions == 1


async def test_a_channel_that_fails_for_good_makes_the_next_one_due_at_once(post: Post) -> None:
    await post.on_slack("bob")
    await post.change("bob", preferred_channel="slack", last_channel="email")
    post.slack.mood = Mood.REFUSES
    request = await post.put("bob")
    await post.pass_time()
    assert (post.times(post.slack), post.times(post.email)) == ([0], [0])
    assert await post.kinds(request) == ["surface.dead", "surface.delivered"]
    assert await post.said(request.session_id, Role.SYSTEM) == []


async def test_who_sees_it_on_the_page_is_reached(post: Post) -> None:
    post.email.mood = Mood.REFUSES
    request = await post.put("bob")
    await post.pass_time()
    await post.seen("bob", request, 1)
    await post.until_quiet()
    assert (await post.on(request, "email")).state is SurfaceState.DEAD
    assert await post.said(request.session_id, Role.SYSTEM) == []


async def test_what_was_given_up_is_tried_again_by_its_asker_alone(post: Post) -> None:
    post.email.mood = Mood.REFUSES
    request = await post.put("bob")
    await post.until_quiet()
    dead = await post.on(request, "email")
    asker = post.people["ann"].id
    assert await post.read(lambda tx: tx.surfaces.given_up(asker, 9)) == [dead]
    for stranger in ("bob", "carl"):
        with pytest.raises(NotFound):
            await post.redrive(stranger, dead)
    post.email.mood = Mood.WORKS
    assert (await post.redrive("ann", dead)).status == "redriven"
    with pytest.raises(Conflict):
        await post.redrive("ann", dead)
    await post.courier.drain()
    sent = await post.on(request, "email")
    assert (sent.state, sent.last_error, post.email.shown) == (SurfaceState.SENT, None, ["pending"])
    assert await post.read(lambda tx: tx.surfaces.given_up(asker, 9)) == []
    assert (await post.kinds(request))[-2:] == ["surface.redriven", "surface.delivered"]


async def test_what_was_never_shown_is_not_redriven_once_it_is_settled(post: Post) -> None:
    post.email.mood = Mood.REFUSES
    request = await post.put("bob")
    await post.until_quiet()
    await post.answer("bob", request, approved=True)
    with pytest.raises(Conflict) as refused:
        await post.redrive("ann", await post.on(request, "email"))
    assert refused.value.code == "already_settled"
    await post.until_quiet()
    assert len(post.email.tried) == 1


async def test_who_is_told_to_come_back_later_does_not_come_earlier(post: Post) -> None:
    await post.change("bob", preferred_channel="email")
    await post.change("carl", preferred_channel="email")
    post.email.moods = [Mood.LIMITS]
    await post.put("bob", "carl")
    await post.pass_time()
    assert post.times(post.email) == [0]  # nor with what is for others over the same mailbox
    await post.until_quiet()
    assert post.times(post.email) == [0, 90, 90]
    assert [s.attempts for _, s, _ in post.email.tried] == [1, 1, 1]  # it costs no try


async def test_a_channel_that_hangs_is_left_and_tried_again(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier_module, "DELIVERY_TIMEOUT", 0.02)
    post.email.moods = [Mood.HANGS]
    request = await post.put("bob")
    await post.until_quiet()
    assert post.times(post.email) == [2, 3]
    [_, (_, again, _)] = post.email.tried
    assert again.may_be_there
    assert (await post.on(request, "email")).shown_version == 1


async def test_what_may_have_arrived_is_recognised(post: Post) -> None:
    """The same surface and version twice is one card at the other side."""
    post.email.moods = [Mood.LOSES, Mood.FAILS, Mood.LOSES]
    await post.put("bob")
    await post.until_quiet()
    tries = [(s.id, s.attempts, r.version, s.may_be_there) for _, s, r in post.email.tried]
    assert [(n, v, there) for _, n, v, there in tries] == [
        (1, 1, False),
        (2, 1, True),
        (3, 1, True),
        (4, 1, True),
    ]
    assert len({id_ for id_, *_ in tries}) == 1
    assert (post.email.shown, post.email.recognised) == (["pending"], 2)


async def test_a_server_that_died_between_sending_and_recording_is_recognised(post: Post) -> None:
    request = await post.put("bob")
    await post.pass_time()
    post.email.hold = asyncio.Event()
    post.clock.advance(2)
    flight = asyncio.create_task(post.courier.drain())
    async with asyncio.timeout(SOON):
        await post.email.begun.wait()
    surface = await post.on(request, "email")
    post.email._take(surface, request)  # it has arrived, and nobody will record it
    post.clock.advance(61)
    second = Post(post.store, post.clock, name="second")
    second.email.world = post.email.world
    await second.courier.drain()
    [(_, again, _)] = second.email.tried
    assert (again.attempts, again.may_be_there, again.id) == (2, True, surface.id)
    assert (second.email.shown, second.email.recognised) == (["pending"], 1)
    post.email.hold.set()
    await flight


async def test_a_breaker_opens_lets_one_through_and_closes(post: Post) -> None:
    """Five failures in a row; then nothing for half a minute, which costs nobody an attempt."""
    post = Post(post.store, post.clock, failures=5)
    people = ("dora", "ed", "fay", "gus", "hal", "ida")
    await post.cast("anne", *people)
    for who in people:
        await post.change(who, preferred_channel="email")
    post.people["ann"] = post.people["anne"]
    post.email.mood = Mood.FAILS
    request = await post.put(*people)
    assert [(h.name, h.state) for h in post.courier.health()][1] == ("email", "ready")
    await post.courier.drain()
    assert len(post.email.tried) == 5
    [_, email, _] = post.courier.health()
    assert (email.name, email.state) == ("email", "degraded")
    [lane] = email.lanes
    assert (lane.lane, lane.breaker, lane.failures) == ("email", "open", 5)
    waiting = [s for s in await post.surfaces(request) if s.channel == "email"]
    assert sorted(s.attempts for s in waiting) == [0, 1, 1, 1, 1, 1]
    await post.pass_time(29.999)
    assert len(post.email.tried) == 5
    waiting = [s for s in await post.surfaces(request) if s.channel == "email"]
    assert sorted(s.attempts for s in waiting) == [0, 1, 1, 1, 1, 1]
    assert {s.due_at for s in waiting} == {START + 30 * SECOND}
    # Half open: one is let through, fails, and the rest wait for another half minute.
    await post.pass_time(0.001)
    assert len(post.email.tried) == 6
    assert post.courier.health()[1].lanes[0].breaker == "open"
    post.email.mood = Mood.WORKS
    await post.pass_time(30)
    assert post.courier.health()[1].state == "ready"
    assert post.courier.health()[1].lanes == ()
    assert len(post.email.shown) == 6
    assert {s.state for s in await post.surfaces(request) if s.channel == "email"} == {
        SurfaceState.SENT
    }


async def test_the_decision_repaints_what_was_shown_and_drops_what_was_not(post: Post) -> None:
    await post.on_slack("bob", "carl")
    await post.change("carl", preferred_channel="slack")
    request = await post.put("bob", "carl")
    await post.pass_time()
    await post.pass_time(2)
    assert (len(post.slack.tried), post.email.tried) == (2, [])
    await post.answer("bob", request, approved=True)
    await post.until_quiet()
    assert sorted(post.slack.shown) == ["approved", "approved", "pending", "pending"]
    assert post.email.tried == []
    settled = await post.request(request)
    for surface in await post.surfaces(request):
        assert (surface.wanted_version, surface.due_at) == (settled.version, None)
        if surface.channel == "slack":
            assert surface.shown_version == settled.version


async def test_a_try_that_failed_for_sure_is_dropped_with_the_decision(post: Post) -> None:
    post.email.moods = [Mood.FAILS]
    request = await post.put("bob")
    await post.pass_time()
    await post.pass_time(2)
    await post.answer("bob", request, approved=True)
    await post.until_quiet()
    assert (len(post.email.tried), post.email.shown) == (1, [])


async def test_a_try_that_may_have_arrived_is_repainted_with_the_decision(post: Post) -> None:
    post.email.moods = [Mood.LOSES]
    request = await post.put("bob")
    await post.pass_time()
    await post.pass_time(2)
    await post.answer("bob", request, approved=False)
    await post.until_quiet()
    assert post.email.shown == ["pending", "rejected"]


async def test_a_card_in_flight_is_repainted_when_it_lands(post: Post) -> None:
    post.email.hold = asyncio.Event()
    request = await post.put("bob")
    await post.pass_time()
    post.clock.advance(2)
    flight = asyncio.create_task(post.courier.drain())
    async with asyncio.timeout(SOON):
        await post.email.begun.wait()
    await post.answer("bob", request, approved=True)
    post.email.hold.set()
    async with asyncio.timeout(SOON):
        await flight
        await post.until_quiet()
    assert post.email.shown == ["pending", "approved"]


async def test_decisions_are_repainted_before_new_questions_go_out(post: Post) -> None:
    await post.change("bob", preferred_channel="email")
    await post.change("carl", preferred_channel="email")
    first = await post.put("bob")
    await post.courier.drain()
    await post.put("carl", question="And this?")
    await post.answer("bob", first, approved=True)
    await post.courier.drain()
    assert [r.state.value for _, _, r in post.email.tried] == ["pending", "approved", "pending"]


async def test_what_is_being_sent_ends_on_its_channel_when_a_preference_changes(
    post: Post,
) -> None:
    await post.on_slack("bob")
    await post.change("bob", preferred_channel="email")
    post.email.hold = asyncio.Event()
    request = await post.put("bob")
    flight = asyncio.create_task(post.courier.drain())
    async with asyncio.timeout(SOON):
        await post.email.begun.wait()
    await post.intake.submit(
        ChangeProfile(external_key=post.key(), actor=post.actor("bob"), preferred_channel="slack")
    )
    post.email.hold.set()
    async with asyncio.timeout(SOON):
        await flight
    assert (post.email.shown, post.slack.tried) == (["pending"], [])
    assert (await post.on(request, "email")).state is SurfaceState.SENT
    await post.put("bob", question="Next?")
    await post.courier.drain()
    assert [r.question for _, _, r in post.slack.tried] == ["Next?"]


async def test_a_failed_repaint_does_not_lose_where_it_landed(post: Post) -> None:
    await post.change("bob", preferred_channel="email")
    request = await post.put("bob")
    await post.courier.drain()
    post.email.moods = [Mood.FAILS] * 3
    await post.answer("bob", request, approved=True)
    await post.until_quiet()
    surface = await post.on(request, "email")
    assert [s.landed for _, s, _ in post.email.tried[1:]] == [surface.landed] * 4
    assert surface.landed == f"email/{surface.id}"
    assert post.email.shown == ["pending", "approved"]


async def test_another_channel_s_card_that_is_looked_at_counts_too(post: Post) -> None:
    """A link page, opened from the mail, says that the mail was seen."""
    await post.on_slack("bob")
    await post.change("bob", preferred_channel="email", last_channel="slack")
    request = await post.put("bob")
    await post.courier.drain()
    await post.pass_time(minutes=10)
    await post.intake.submit(
        MarkSeen(
            external_key=post.key(),
            actor=post.actor("bob", channel="email"),
            request_id=request.id,
            version=1,
        )
    )
    await post.until_quiet()
    assert post.times(post.slack) == [25 * 60]


MOODS = st.lists(st.sampled_from([m for m in Mood if m is not Mood.HANGS]), max_size=14)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    MOODS,
    MOODS,
    st.sampled_from([None, 0, 1, 3, 60, 600, 1_000]),
    st.sampled_from(["chat", "slack", "email"]),
)
async def test_whatever_the_channels_do_it_comes_to_an_end(
    tmp_path_factory: pytest.TempPathFactory,
    slack: list[Mood],
    email: list[Mood],
    answered_after: int | None,
    preferred: str,
) -> None:
    """Nothing stays due, nothing is tried for ever, and what anybody sees is the outcome."""
    async with staged(tmp_path_factory.mktemp("moods") / "core.db") as stage:
        post = Post(stage.store, stage.clock, failures=5)
        await post.cast("ann", "bob")
        await post.on_slack("bob")
        await post.change("bob", preferred_channel=preferred)
        post.slack.moods, post.email.moods = list(slack), list(email)
        request = await post.put("bob")
        if answered_after is not None:
            await post.until_quiet_or(answered_after)
            await post.answer("bob", request, approved=True)
        await post.until_quiet(200)
        settled = await post.request(request)
        for channel in (post.slack, post.email):
            surface = await post.on(request, channel.name)
            assert surface.due_at is None
            assert surface.attempts <= 10
            assert len(channel.tried) <= 20
            seen = channel.world.get(surface.id)
            if seen is None:
                assert surface.shown_version == 0
            elif surface.state is SurfaceState.SENT:
                assert seen[-1] == (settled.version, settled.state.value)
            if surface.state is SurfaceState.PLANNED:  # dropped, before anybody could see it
                assert seen is None
                assert not settled.is_open
        told = await post.said(request.session_id, Role.SYSTEM)
        unreachable = [text for text in told if text.startswith("I could not reach")]
        states = {(await post.on(request, name)).state for name in ("slack", "email")}
        if settled.is_open:
            assert len(unreachable) == (states == {SurfaceState.DEAD})
