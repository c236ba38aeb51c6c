"""What the simulated Slack tells a real Bolt app, in what order and how often."""

from __future__ import annotations

import time

import pytest

from tests.slack.bolt_app import App, code_of
from tests.slack.server import Slack
from tests.slack.signing import Tampering


async def test_a_mention_comes_as_two_events_with_one_ts(slack: Slack, app: App) -> None:
    message = await slack.mention("ana", "general", "hello")
    assert sorted(app.types()) == ["app_mention", "message"]
    assert {body["event"]["ts"] for body in app.heard} == {message.ts}
    assert len({body["event_id"] for body in app.heard}) == 2
    assert all(d.ok for d in slack.post.deliveries)


async def test_edits_deletions_files_and_comings_are_told(slack: Slack, app: App) -> None:
    message = await slack.post_as("ana", "general", "one")
    await slack.edit_as("ana", "general", message.ts, "two")
    await slack.react_as("bob", "general", message.ts, "eyes")
    await slack.delete_as("ana", "general", message.ts)
    await slack.post_as("ana", "dm", "see", files=(slack.add_file("ana", "a.txt"),))
    await slack.open_home("ana")
    await slack.open_assistant("ana", "general")
    (team,) = slack.workspace.teams.values()
    await slack.invite(slack.add_user("carol", team), "general")
    await slack.change_user("bob", deleted=True)
    assert app.types() == [
        "message",
        "message.message_changed",
        "reaction_added",
        "message.message_deleted",
        "message.file_share",
        "app_home_opened",
        "assistant_thread_started",
        "member_joined_channel",
        "user_change",
    ]
    changed = app.heard[1]["event"]
    assert (changed["message"]["text"], changed["previous_message"]["text"]) == ("two", "one")


async def test_only_what_is_subscribed_and_allowed_is_sent(slack: Slack, app: App) -> None:
    slack.app.events = frozenset({"app_mention", "message.im"})
    await slack.mention("ana", "general", "hello")
    await slack.post_as("ana", "dm", "hello")
    assert app.types() == ["app_mention", "message"]
    slack.installed().scopes -= {"im:history"}
    await slack.post_as("ana", "dm", "hello")
    slack.add_channel("elsewhere", "ana")
    await slack.post_as("ana", "elsewhere", "hello")
    assert len(app.heard) == 2


async def test_failed_events_come_again_as_slack_does(slack: Slack, app: App) -> None:
    app.statuses = [500, 500, 500]
    slack.post.signing_clock = time.time
    await slack.post_as("ana", "dm", "hello")
    assert "X-Slack-Retry-Num" not in app.headers[0]
    assert app.headers[1]["X-Slack-Retry-Num"] == "1"
    assert app.headers[1]["X-Slack-Retry-Reason"] == "http_error"
    assert await slack.post.retry_due() == []
    slack.clock.advance(minutes=1)
    await slack.post.retry_due()
    slack.clock.advance(minutes=5)
    (delivery,) = await slack.post.retry_due()
    assert [attempt.retry_num for attempt in delivery.attempts] == [0, 1, 2, 3]
    assert delivery.ok


async def test_events_come_twice_late_and_backwards(slack: Slack, app: App) -> None:
    slack.post.copies = 2
    await slack.post_as("ana", "dm", "one")
    assert len({body["event_id"] for body in app.heard}) == 1
    assert len(app.heard) == 2
    slack.post.copies = 1
    slack.post.holding = True
    for text in ("two", "three"):
        await slack.post_as("ana", "dm", text)
    assert len(app.heard) == 2
    await slack.post.release([1, 0])
    assert [body["event"]["text"] for body in app.heard[2:]] == ["three", "two"]


@pytest.mark.parametrize(
    "tampering",
    [
        Tampering(secret="another"),
        Tampering(age=301),
        Tampering(signature="v0=0"),
        Tampering(body=b'{"type": "event_callback"}'),
    ],
)
async def test_forged_requests_are_refused_by_bolt(
    slack: Slack, app: App, tampering: Tampering
) -> None:
    slack.post.tampering = tampering
    slack.post.retry_at_once = False
    await slack.post_as("ana", "dm", "hello")
    assert slack.post.deliveries[0].status == 401
    assert app.heard == []


async def test_the_request_url_is_verified(slack: Slack, app: App) -> None:
    assert await slack.verify_url()


async def test_an_uninstalled_app_is_told_and_locked_out(slack: Slack, app: App) -> None:
    await slack.uninstall()
    assert sorted(app.types()) == ["app_uninstalled", "tokens_revoked"]
    assert await code_of(app.bolt.client.auth_test()) == "token_revoked"
    await slack.post_as("bob", "general", "anyone?")
    assert len(app.heard) == 2


async def test_bots_and_people_of_other_teams_are_told_apart(slack: Slack, app: App) -> None:
    (team,) = slack.workspace.teams.values()
    other = slack.add_team("Other", "zoe")
    robot = slack.add_user("robot", team, is_bot=True)
    shared = slack.add_channel("shared", "ana", "zoe", robot, shared_with=[other.id])
    await slack.invite(slack.workspace.bot_of(team.id), shared)
    await slack.post_as(robot, "shared", "beep")
    await slack.post_as(robot, "shared", "beep", subtype="bot_message")
    await slack.post_as("zoe", "shared", "hello")
    await slack.post_as("zoe", "dm", "hello you")
    beep, old, zoe, direct = app.heard[-4:]
    assert beep["event"]["bot_id"] == robot.bot_id
    assert "user" not in old["event"]
    assert zoe["event"]["user_team"] == other.id
    assert zoe["is_ext_shared_channel"]
    assert (direct["team_id"], direct["event"]["channel_type"]) == (team.id, "im")
