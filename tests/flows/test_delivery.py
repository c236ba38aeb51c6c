"""Delivery that does not give up: retries, redriving, and an end whatever the channels do."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.errors import Conflict, NotFound
from bot.domain.instants import SECOND
from bot.domain.planning import Role
from bot.domain.surface import SurfaceState
from bot.service import courier as courier_module
from tests.clock import START
from tests.flows.post_stage import Post, post
from tests.flows.second_channel import Mood
from tests.flows.stage import SOON, staged

__all__ = ["post"]


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
