"""A decision and the cards that are out: repainted where shown, dropped where not, first of all."""

from __future__ import annotations

import asyncio

from bot.domain.commands import ChangeProfile, MarkSeen
from bot.domain.surface import SurfaceState
from tests.flows.post_stage import Post, post
from tests.flows.second_channel import Mood
from tests.flows.stage import SOON

__all__ = ["post"]


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
