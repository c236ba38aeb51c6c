"""The simulated Slack against the real SDK: posts, checks, threads, people, faults."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.slack.clock import Clock
from tests.slack.failures import NotOnScreen
from tests.slack.records import Channel, Token
from tests.slack.scopes import ALL_BOT_SCOPES, RULES
from tests.slack.server import Slack
from tests.slack.web_api import ANONYMOUS, METHODS

BUTTON = {
    "type": "button",
    "action_id": "approve",
    "text": {"type": "plain_text", "text": "Approve"},
    "value": "q1",
}


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


@dataclass
class Stage:
    slack: Slack
    client: AsyncWebClient
    token: Token
    general: Channel

    async def refused(self, method: str, **args: Any) -> str:
        """Call a method that must fail; return Slack's code."""
        with pytest.raises(SlackApiError) as caught:
            await self.client.api_call(method, json=args)
        return str(caught.value.response["error"])


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with Slack(clock=Clock(lambda: 1_772_442_000.0)) as slack:
        team = slack.add_team("Acme", "ana", "bob")
        token = slack.install(team, "ana")
        general = slack.add_channel("general", "ana", "bob", slack.workspace.bot_of(team.id))
        async with aiohttp.ClientSession() as session:
            client = AsyncWebClient(
                token.value, base_url=slack.api_url, session=session, retry_handlers=[]
            )
            yield Stage(slack, client, token, general)


def test_every_method_has_a_rule() -> None:
    assert set(RULES) == set(METHODS) | set(ANONYMOUS)


async def test_a_message_is_kept_with_its_metadata_and_found_again(stage: Stage) -> None:
    metadata = {"event_type": "card", "event_payload": {"surface": "s1"}}
    posted = await stage.client.chat_postMessage(
        channel=stage.general.id,
        text="hello",
        blocks=[section("*hello*"), {"type": "actions", "elements": [BUTTON]}],
        metadata=metadata,
    )
    (message,) = stage.slack.messages("general")
    assert posted["ts"] == message.ts
    assert message.metadata == metadata
    assert posted["message"]["blocks"][0]["block_id"]
    found = await stage.client.conversations_history(
        channel=stage.general.id, include_all_metadata=True
    )
    assert found["messages"][0]["metadata"] == metadata
    assert stage.slack.calls("chat.postMessage")[0].args["text"] == "hello"


async def test_history_is_read_once_a_minute(stage: Stage) -> None:
    await stage.client.conversations_history(channel=stage.general.id)
    with pytest.raises(SlackApiError) as caught:
        await stage.client.conversations_history(channel=stage.general.id)
    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "60"
    stage.slack.clock.advance(minutes=1)
    await stage.client.conversations_history(channel=stage.general.id)


async def test_what_is_not_there_is_refused(stage: Stage) -> None:
    slack, general = stage.slack, stage.general.id
    private = slack.add_channel("secret", "ana", kind="group")
    public = slack.add_channel("public", "ana")
    old = slack.add_channel("old", slack.installed().bot_user_id, is_archived=True)
    post = "chat.postMessage"
    assert await stage.refused(post, channel="C0NOTTHERE", text="x") == "channel_not_found"
    assert await stage.refused(post, channel=private.id, text="x") == "channel_not_found"
    assert await stage.refused(post, channel=public.id, text="x") == "not_in_channel"
    assert await stage.refused(post, channel=old.id, text="x") == "is_archived"
    assert await stage.refused(post, channel=general) == "no_text"
    assert await stage.refused(post, channel=general, text="x" * 40_001) == "msg_too_long"
    ghost = "1772442000.999999"
    assert (
        await stage.refused(post, channel=general, text="x", thread_ts=ghost) == "thread_not_found"
    )
    assert (
        await stage.refused("chat.update", channel=general, ts=ghost, text="x")
        == "message_not_found"
    )
    message = await slack.post_as("ana", "general", "mine")
    assert (
        await stage.refused("chat.update", channel=general, ts=message.ts, text="x")
        == "cant_update_message"
    )
    assert await stage.refused("no.such.method") == "unknown_method"


@pytest.mark.parametrize(
    ("blocks", "complaint"),
    [
        ([section("x" * 3_001)], "less than 3001"),
        ([section("")], "more than 0"),
        ([section("x")] * 51, "no more than 50 items"),
        ([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "unsupported type: mrkdwn"),
        ([{"type": "nonsense"}], "unsupported type: nonsense"),
        ([{"type": "actions", "elements": [BUTTON, BUTTON]}], "`approve` already exists"),
        ([{"type": "actions", "elements": [BUTTON | {"value": "x" * 2_001}]}], "2001"),
        ([{"type": "actions", "elements": [BUTTON | {"action_id": "x" * 256}]}], "256"),
        ([{"type": "actions", "elements": [BUTTON | {"style": "huge"}]}], "primary or danger"),
        ([{"type": "actions", "elements": []}], "1 to 25"),
        ([{"type": "markdown", "text": "x" * 12_001}], "12001"),
        ([section("a") | {"block_id": "b"}, section("c") | {"block_id": "b"}], "`b` already"),
    ],
)
async def test_blocks_are_checked(
    stage: Stage, blocks: list[dict[str, Any]], complaint: str
) -> None:
    with pytest.raises(SlackApiError) as caught:
        await stage.client.chat_postMessage(channel=stage.general.id, text="x", blocks=blocks)
    assert caught.value.response["error"] == "invalid_blocks"
    assert complaint in str(caught.value.response["response_metadata"]["messages"])
    assert stage.slack.messages("general") == []


async def test_tokens_are_checked(stage: Stage) -> None:
    slack = stage.slack
    bare = stage.slack.tokens.issue_bot(
        slack.workspace.install(stage.token.team_id, "", ALL_BOT_SCOPES - {"chat:write"})
    )
    with pytest.raises(SlackApiError) as caught:
        await stage.client.chat_postMessage(channel="C1", text="x", token=bare.value)
    assert caught.value.response["error"] == "missing_scope"
    assert caught.value.response["needed"] == "chat:write"
    for value, code in (
        ("xoxb-nobody", "invalid_auth"),
        (slack.app.app_token, "not_allowed_token_type"),
    ):
        with pytest.raises(SlackApiError, match=code):
            await stage.client.users_info(user="U1", token=value)
    rotating = slack.tokens.issue_bot(slack.installed(), rotating=True)
    assert (await stage.client.auth_test(token=rotating.value))["ok"]
    slack.clock.advance(hours=12)
    with pytest.raises(SlackApiError, match="token_expired"):
        await stage.client.auth_test(token=rotating.value)
    await stage.client.auth_revoke()
    with pytest.raises(SlackApiError, match="token_revoked"):
        await stage.client.auth_test()


async def test_people_are_told_of_as_far_as_they_may_be_seen(stage: Stage) -> None:
    slack = stage.slack
    other = slack.add_team("Other", "zoe")
    slack.add_user("sam", other, is_stranger=True)
    slack.add_user("gus", stage.token.team_id, is_restricted=True, is_email_confirmed=False)
    ana = await stage.client.users_info(user=slack.user("ana").id)
    assert ana["user"]["profile"]["email"] == "ana@example.org"
    assert ana["user"]["is_admin"]
    sam = await stage.client.users_info(user=slack.user("sam").id)
    assert sam["user"]["is_stranger"]
    assert "email" not in sam["user"]["profile"]
    gus = await stage.client.users_lookupByEmail(email="GUS@example.org")
    assert gus["user"]["is_restricted"]
    assert gus["user"]["is_email_confirmed"] is False
    with pytest.raises(SlackApiError, match="user_not_visible"):
        await stage.client.users_info(user=slack.user("zoe").id)
    with pytest.raises(SlackApiError, match="users_not_found"):
        await stage.client.users_lookupByEmail(email="zoe@example.org")
    listed = await stage.client.users_list(limit=2)
    assert len(listed["members"]) == 2
    assert listed["response_metadata"]["next_cursor"]


async def test_direct_messages_open_only_with_people_who_are_there(stage: Stage) -> None:
    slack = stage.slack
    opened = await stage.client.conversations_open(users=slack.user("ana").id)
    again = await stage.client.chat_postMessage(channel=slack.user("ana").id, text="hi")
    assert opened["channel"]["id"] == again["channel"] == slack.dm("ana").id
    await slack.change_user("bob", deleted=True)
    assert await stage.refused("conversations.open", users=slack.user("bob").id) == "user_disabled"
    bot = slack.installed().bot_user_id
    assert await stage.refused("conversations.open", users=bot) == "cannot_dm_bot"
    assert await stage.refused("conversations.open", users="U0NOBODY") == "user_not_found"
    group = await stage.client.conversations_open(
        users=[slack.user("ana").id, slack.add_user("carol", stage.token.team_id).id]
    )
    assert group["channel"]["id"].startswith("G")


async def test_a_stream_is_written_stopped_and_dies(stage: Stage) -> None:
    slack, client = stage.slack, stage.client
    asked = await slack.mention("ana", "general", "hello")
    started = await client.chat_stream(
        channel=stage.general.id,
        thread_ts=asked.ts,
        recipient_team_id=stage.token.team_id,
        recipient_user_id=slack.user("ana").id,
        buffer_size=1,
    )
    await started.append(markdown_text="**one** ")
    await started.append(markdown_text="two")
    (_, streamed) = slack.messages("general", thread_ts=asked.ts)
    assert streamed.text == "**one** two"
    assert slack.is_streaming("general", streamed.ts)
    assert (
        await stage.refused("chat.update", channel=stage.general.id, ts=streamed.ts, text="x")
        == "streaming_state_conflict"
    )
    await started.stop(blocks=[section("the end")])
    assert streamed.blocks[-1]["text"]["text"] == "the end"
    here = {"channel": stage.general.id, "ts": streamed.ts}
    late = await stage.refused("chat.appendStream", **here, markdown_text="x")
    assert late == "message_not_in_streaming_state"
    await client.chat_update(channel=stage.general.id, ts=streamed.ts, text="instead")
    lost = await client.chat_startStream(
        channel=slack.dm("ana").id, thread_ts=(await slack.post_as("ana", "dm", "hi")).ts
    )
    slack.clock.advance(minutes=5, seconds=1)
    died = {"channel": slack.dm("ana").id, "ts": lost["ts"]}
    assert await stage.refused("chat.stopStream", **died) == "message_not_in_streaming_state"
    bare = {"channel": stage.general.id, "thread_ts": asked.ts}
    assert await stage.refused("chat.startStream", **bare) == "missing_recipient_team_id"


async def test_an_update_by_text_removes_the_buttons_and_one_by_blocks_is_no_edit(
    stage: Stage,
) -> None:
    post, general = stage.client, stage.general.id
    posted = await post.chat_postMessage(
        channel=general, text="?", blocks=[{"type": "actions", "elements": [BUTTON]}]
    )
    (message,) = stage.slack.messages("general")
    await post.chat_update(channel=general, ts=posted["ts"], text="!", blocks=[section("!")])
    assert message.edited is None
    await post.chat_update(channel=general, ts=posted["ts"], text="done")
    assert [block["type"] for block in message.blocks] == ["rich_text"]
    assert message.edited is not None
    assert len(message.history) == 2


async def test_calls_of_a_whole_channel_are_noted(stage: Stage) -> None:
    post = stage.client.chat_postMessage
    await post(channel=stage.general.id, text="&lt;!channel&gt; @here is fine")
    assert stage.slack.workspace.mass_mentions == []
    await post(channel=stage.general.id, text="<!channel> look")
    await post(channel=stage.general.id, text="x", blocks=[section("<!here|here>")])
    await post(channel=stage.general.id, markdown_text="<!everyone>")
    found = [(m.what, m.where) for m in stage.slack.workspace.mass_mentions]
    assert ("channel", "text") in found
    assert ("here", "blocks") in found
    assert ("everyone", "text") in found


async def test_assistant_threads_and_sessions(stage: Stage) -> None:
    slack, client = stage.slack, stage.client
    opened = await slack.open_assistant("ana", "general")
    dm = slack.dm("ana").id
    where = {"channel_id": dm, "thread_ts": opened.ts}
    await client.assistant_threads_setStatus(
        channel_id=dm, thread_ts=opened.ts, status="is thinking…"
    )
    assert slack.status_of(dm, opened.ts) == "is thinking…"
    slack.clock.advance(minutes=2, seconds=1)
    assert slack.status_of(dm, opened.ts) == ""
    await client.assistant_threads_setTitle(**where, title="Budget")
    assert slack.workspace.titles[dm, opened.ts] == "Budget"
    prompts = [{"title": "Ask", "message": "Ask Bob"}]
    await client.assistant_threads_setSuggestedPrompts(**where, prompts=prompts)
    five = {"channel_id": dm, "prompts": prompts * 5}
    refused = await stage.refused("assistant.threads.setSuggestedPrompts", **five)
    assert refused == "invalid_arguments"
    await client.agents_sessions_setStatus(**where, status="processing", title="Budget")
    await client.agents_sessions_rename(**where, title="Budget 2027")
    assert slack.workspace.sessions[dm, opened.ts]["title"] == "Budget 2027"


async def test_a_person_stops_a_session_and_its_stream(stage: Stage) -> None:
    slack, client = stage.slack, stage.client
    asked = await slack.post_as("ana", "dm", "count to a million")
    dm = slack.dm("ana").id
    streamed = await client.chat_startStream(channel=dm, thread_ts=asked.ts, markdown_text="1, 2")
    with pytest.raises(NotOnScreen):
        await slack.stop_session("ana", dm, asked.ts)
    await client.agents_sessions_setStatus(channel_id=dm, thread_ts=asked.ts, status="processing")
    await slack.stop_session("ana", dm, asked.ts)
    here = {"channel": dm, "ts": streamed["ts"], "markdown_text": ", 3"}
    assert await stage.refused("chat.appendStream", **here) == "stopped_by_user"
    assert slack.workspace.sessions[dm, asked.ts]["status"] == "processing"


async def test_faults_strike_before_or_after_the_effect(stage: Stage) -> None:
    slack, client, general = stage.slack, stage.client, stage.general.id
    slack.fail("chat.postMessage", kind="ratelimited", retry_after=7)
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel=general, text="one")
    assert caught.value.response.headers["Retry-After"] == "7"
    slack.fail("chat.postMessage", error="fatal_error")
    assert await stage.refused("chat.postMessage", channel=general, text="two") == "fatal_error"
    slack.fail("chat.postMessage", kind="status", status=502)
    with pytest.raises(SlackApiError):
        await client.chat_postMessage(channel=general, text="three")
    assert slack.messages("general") == []
    slack.fail("chat.postMessage", kind="drop", after_effect=True, where={"text": "four"})
    await client.chat_postMessage(channel=general, text="unharmed")
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel=general, text="four")
    assert [m.text for m in slack.messages("general")] == ["unharmed", "four"]
    gate = slack.fail("chat.postMessage", kind="gate")
    waiting = asyncio.ensure_future(client.chat_postMessage(channel=general, text="five"))
    await gate.reached.wait()
    assert len(slack.messages("general")) == 2
    gate.release.set()
    assert (await waiting)["ok"]


async def test_rates_hold_when_they_are_enforced(stage: Stage) -> None:
    stage.slack.rates.enforced = True
    for number in range(3):
        await stage.client.chat_postMessage(channel=stage.general.id, text=str(number))
    assert await stage.refused("chat.postMessage", channel=stage.general.id, text="x") == (
        "ratelimited"
    )
    await stage.client.chat_postMessage(channel=stage.slack.user("ana").id, text="elsewhere")
    stage.slack.clock.advance(3)
    await stage.client.chat_postMessage(channel=stage.general.id, text="again")


async def test_files_are_fetched_with_a_token_only(stage: Stage) -> None:
    slack = stage.slack
    file = slack.add_file("ana", "plan.txt", b"the plan")
    message = await slack.post_as("ana", "general", "see", files=(file,))
    assert message.subtype == "file_share"
    told = await stage.client.files_info(file=file.id)
    url = told["file"]["url_private"]
    async with aiohttp.ClientSession() as session:
        head = {"Authorization": f"Bearer {stage.token.value}"}
        async with session.get(url, headers=head) as response:
            assert await response.read() == b"the plan"
        async with session.get(url) as response:
            assert response.content_type == "text/html"


async def test_deleted_parents_leave_a_tombstone_while_replies_live(stage: Stage) -> None:
    slack = stage.slack
    parent = await slack.post_as("ana", "general", "parent")
    await stage.client.chat_postMessage(channel=stage.general.id, text="reply", thread_ts=parent.ts)
    await slack.delete_as("ana", "general", parent.ts)
    found = await stage.client.conversations_replies(channel=stage.general.id, ts=parent.ts)
    assert found["messages"][0]["subtype"] == "tombstone"
    await slack.delete_thread("general", parent.ts)
    gone = {"channel": stage.general.id, "text": "x", "thread_ts": parent.ts}
    assert await stage.refused("chat.postMessage", **gone) == "thread_not_found"
    stage.slack.backend.lost_thread = ""
    landed = await stage.client.chat_postMessage(**gone)
    assert "thread_ts" not in landed["message"]
