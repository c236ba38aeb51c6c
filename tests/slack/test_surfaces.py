"""Clicks, modals, Home tabs and commands of the simulated Slack with a real Bolt app."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from tests.slack.bolt_app import BUTTONS, App, code_of, modal
from tests.slack.failures import NotOnScreen
from tests.slack.records import Channel
from tests.slack.server import Slack


async def test_a_click_carries_what_stands_in_the_message(
    slack: Slack, app: App, general: Channel
) -> None:
    seen: list[dict[str, Any]] = []

    @app.bolt.action("approve")
    async def approve(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        seen.append(body)
        await ack()
        await client.chat_update(
            channel=body["channel"]["id"], ts=body["message"]["ts"], text="Approved"
        )

    @app.bolt.action("pick")
    async def pick(ack: Any, body: dict[str, Any]) -> None:
        seen.append(body)
        await ack()

    posted = await app.bolt.client.chat_postMessage(channel=general.id, text="?", blocks=[BUTTONS])
    ts = posted["ts"]
    await slack.click("bob", "general", ts, "pick", "b")
    assert (await slack.click("ana", "general", ts, "approve")).ok
    assert seen[0]["actions"][0]["selected_option"]["value"] == "b"
    assert seen[1]["actions"][0]["value"] == "q1"
    assert seen[1]["user"]["id"] == slack.user("ana").id
    assert slack.messages("general")[0].text == "Approved"
    with pytest.raises(NotOnScreen):
        await slack.click("ana", "general", ts, "approve")
    with pytest.raises(NotOnScreen):
        await slack.click("ana", "general", ts, "pick", "a")
    forged = await slack.forge_click(
        "ana", "general", ts, {"action_id": "approve", "value": "another"}
    )
    assert forged.ok
    assert seen[-1]["actions"][0]["value"] == "another"


async def test_a_response_url_works_five_times(slack: Slack, app: App, general: Channel) -> None:
    urls: list[str] = []

    @app.bolt.action("approve")
    async def approve(ack: Any, body: dict[str, Any], respond: Any) -> None:
        await ack()
        urls.append(body["response_url"])
        await respond("only you see this", replace_original=False)

    posted = await app.bolt.client.chat_postMessage(channel=general.id, text="?", blocks=[BUTTONS])
    await slack.click("ana", "general", posted["ts"], "approve")
    assert [m.text for m in slack.ephemerals("ana")] == ["only you see this"]
    assert slack.ephemerals("bob") == []
    async with aiohttp.ClientSession() as session:
        replace = {"text": "done", "replace_original": True}
        statuses = [(await session.post(urls[0], json=replace)).status for _ in range(5)]
    assert statuses == [200, 200, 200, 200, 404]
    assert slack.messages("general")[0].text == "done"


async def test_a_modal_is_opened_filled_in_refused_and_taken(
    slack: Slack, app: App, general: Channel
) -> None:
    taken: list[dict[str, Any]] = []
    triggers: list[str] = []

    @app.bolt.shortcut("ask")
    async def ask(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        triggers.append(body["trigger_id"])
        await client.views_open(trigger_id=body["trigger_id"], view=modal())

    @app.bolt.options("person")
    async def person(ack: Any, payload: dict[str, Any]) -> None:
        label = {"type": "plain_text", "text": payload["value"]}
        await ack(options=[{"text": label, "value": f"id-{payload['value']}"}])

    @app.bolt.view("answer")
    async def answer(ack: Any, view: dict[str, Any]) -> None:
        values = view["state"]["values"]
        if values["why"]["reason"]["value"] == "no":
            await ack(response_action="errors", errors={"why": "Say more."})
            return
        taken.append(values)
        await ack()

    message = await slack.post_as("bob", "general", "what now?")
    await slack.message_shortcut("ana", "general", message.ts, "ask")
    view = slack.modal_of("ana")
    assert view is not None
    assert slack.modal_of("bob") is None
    with pytest.raises(NotOnScreen, match="filled in"):
        await slack.submit("ana", view.id)
    with pytest.raises(NotOnScreen, match="20 characters"):
        await slack.submit("ana", view.id, {"reason": "x" * 21})
    await slack.submit("ana", view.id, {"reason": "no"})
    assert view.open
    assert view.errors == {"why": "Say more."}
    options, _ = await slack.suggest("ana", view.id, "person", "bob")
    assert options[0]["value"] == "id-bob"
    await slack.submit("ana", view.id, {"reason": "because", "person": "id-bob"})
    assert not view.open
    assert taken[0]["why"]["reason"]["value"] == "because"
    assert taken[0]["who"]["person"]["selected_option"]["value"] == "id-bob"
    client = app.bolt.client
    refused = await code_of(client.views_open(trigger_id=triggers[0], view=modal()))
    assert refused == "exchanged_trigger_id"


async def test_triggers_age_and_modals_pile_up(slack: Slack, app: App) -> None:
    client = app.bolt.client
    (team,) = slack.workspace.teams.values()
    ana = slack.user("ana").id
    stale = slack.triggers.issue(team.id, ana)
    slack.clock.advance(3.5)
    assert await code_of(client.views_open(trigger_id=stale, view=modal())) == "expired_trigger_id"
    long = modal(title={"type": "plain_text", "text": "x" * 25})
    fresh = slack.triggers.issue(team.id, ana)
    assert await code_of(client.views_open(trigger_id=fresh, view=long)) == "invalid_arguments"
    opened = await client.views_open(trigger_id=fresh, view=modal(external_id="e1"))
    root = opened["view"]["id"]
    for _ in range(2):
        above = slack.triggers.issue(team.id, ana, root)
        await client.views_push(trigger_id=above, view=modal())
    above = slack.triggers.issue(team.id, ana, root)
    assert await code_of(client.views_push(trigger_id=above, view=modal())) == "push_limit_reached"
    changed = await client.views_update(external_id="e1", view=modal(), hash=opened["view"]["hash"])
    stale_hash = opened["view"]["hash"]
    assert changed["view"]["hash"] != stale_hash
    conflict = client.views_update(view_id=root, view=modal(), hash=stale_hash)
    assert await code_of(conflict) == "hash_conflict"


async def test_home_and_commands(slack: Slack, app: App) -> None:
    @app.bolt.command("/handraise")
    async def command(ack: Any, command: dict[str, Any]) -> None:
        await ack(f"You said {command['text']}")

    @app.bolt.action("end")
    async def end(ack: Any) -> None:
        await ack()

    await slack.slash("ana", "/handraise", "status", "general")
    assert slack.ephemerals("ana")[0].text == "You said status"
    button = {**BUTTONS["elements"][0], "action_id": "end"}
    home = {"type": "home", "blocks": [{"type": "actions", "elements": [button]}]}
    await app.bolt.client.views_publish(user_id=slack.user("ana").id, view=home)
    assert (await slack.click_in_home("ana", "end")).ok
    await slack.open_home("ana")
    assert app.heard[-1]["event"]["view"]["type"] == "home"
    slack.app.commands = frozenset({"/handraise"})
    with pytest.raises(NotOnScreen):
        await slack.slash("ana", "/other")


async def test_a_slow_app_times_out(slack: Slack, app: App) -> None:
    slack.post.ack_timeout = 0.05
    slack.post.retry_at_once = False
    gate = asyncio.Event()

    @app.bolt.action("approve")
    async def approve(ack: Any) -> None:
        await gate.wait()
        await ack()

    posted = await app.bolt.client.chat_postMessage(
        channel=slack.channel("general").id, text="?", blocks=[BUTTONS]
    )
    clicked = await slack.click("ana", "general", posted["ts"], "approve")
    gate.set()
    assert clicked.attempts[0].reason == "http_timeout"


async def test_a_submission_can_change_cover_and_clear_modals(slack: Slack, app: App) -> None:
    answers: list[dict[str, Any]] = [
        {"response_action": "update", "view": modal(callback_id="answer")},
        {"response_action": "push", "view": modal(callback_id="answer")},
        {"response_action": "push", "view": modal(title={"type": "plain_text", "text": "x" * 25})},
        {"response_action": "errors", "errors": {"no such block": "!"}},
        {"response_action": "clear"},
    ]

    @app.bolt.view("answer")
    async def answer(ack: Any) -> None:
        await ack(**answers.pop(0))

    (team,) = slack.workspace.teams.values()
    ana = slack.user("ana")
    trigger = slack.triggers.issue(team.id, ana.id)
    opened = await app.bolt.client.views_open(trigger_id=trigger, view=modal())
    root = opened["view"]["id"]
    filled = {"reason": "because"}
    assert (await slack.submit("ana", root, filled)).ok
    assert (await slack.submit("ana", root, filled)).ok
    above = slack.modal_of("ana")
    assert above is not None
    assert above.previous_view_id == root
    too_long = await slack.submit("ana", above.id, filled)
    assert "less than 25" in too_long.faults[0]
    assert (await slack.submit("ana", above.id, filled)).faults
    await slack.submit("ana", above.id, filled)
    assert slack.modal_of("ana") is None


async def test_a_closed_modal_is_told_if_wished(slack: Slack, app: App) -> None:
    closed: list[dict[str, Any]] = []

    @app.bolt.view_closed("answer")
    async def gone(ack: Any, body: dict[str, Any]) -> None:
        closed.append(body)
        await ack()

    (team,) = slack.workspace.teams.values()
    for wished in (False, True):
        trigger = slack.triggers.issue(team.id, slack.user("ana").id)
        view = modal(notify_on_close=wished)
        opened = await app.bolt.client.views_open(trigger_id=trigger, view=view)
        await slack.close_view("ana", opened["view"]["id"])
    assert len(closed) == 1
