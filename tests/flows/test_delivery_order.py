"""Where a question goes first, and when it goes on to the next channel."""

from __future__ import annotations

import json

from bot.domain.feedback import FeedbackRequest
from bot.domain.instants import MINUTE, SECOND, Micros
from bot.domain.surface import SurfaceState
from tests.clock import START
from tests.flows.post_stage import Post, post
from tests.flows.second_channel import Mood

__all__ = ["post"]


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
