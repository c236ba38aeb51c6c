"""From Slack's clicks, selects, modals and other interactions to facts."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from bot.channels.slack.facts import (
    Clicked,
    Closed,
    Commanded,
    Ignored,
    Pointed,
    Submitted,
)
from bot.channels.slack.translate import translate
from tests.unit.slack_payloads import THREAD, TS, a_click, a_view


def clicked(payload: dict[str, Any]) -> Clicked:
    fact = translate(payload)
    assert isinstance(fact, Clicked)
    return fact


def test_a_click() -> None:
    click = clicked(a_click())
    assert click.key == f"slack:T1:click:{TS}:1773000100.000001:U1"
    assert (click.action_id, click.value, click.channel) == ("hr.approve", "1:r:d::", "D1")
    assert click.at == 1_773_000_100_000_001
    assert click.view_id is None
    assert not click.is_home


def test_a_select_and_what_was_picked() -> None:
    base = {"action_id": "hr.pick", "block_id": "b", "action_ts": "1773000100.000001"}
    one = clicked(a_click(actions=[{**base, "type": "static_select",
                                    "selected_option": {"value": "v3"}}]))  # fmt: skip
    assert one.value == "v3"
    picked = [{"value": "v1"}, {"value": "v2"}]
    several = clicked(a_click(
        actions=[{**base, "action_id": "hr.submit", "type": "button", "value": "x"}],
        state={"values": {"b": {"hr.pick": {"type": "multi_static_select",
                                            "selected_options": picked}}}},
    ))  # fmt: skip
    assert dict(several.inputs) == {"hr.pick": ("v1", "v2")}


def test_a_click_on_home() -> None:
    payload = a_click(
        view={"id": "V1", "type": "home", "app_installed_team_id": "T1"},
        container={"type": "view", "view_id": "V1"},
    )
    del payload["message"], payload["channel"]
    click = clicked(payload)
    assert click.is_home
    assert click.key == "slack:T1:click:V1:1773000100.000001:U1"


def test_a_modal_that_was_sent() -> None:
    fact = translate(a_view())
    assert isinstance(fact, Submitted)
    assert dict(fact.inputs) == {
        "words": "yes", "field.0": "2026-03-14", "field.1": "2", "user": "U2",
        "people": ("U2", "U3"),
    }  # fmt: skip
    assert fact == translate(a_view())


def test_a_modal_that_was_mended_is_another_act() -> None:
    mended = deepcopy(a_view())
    mended["view"]["state"]["values"]["words"]["v"]["value"] = "no"
    assert translate(mended).key != translate(a_view()).key  # type: ignore[union-attr]


def test_the_other_interactions() -> None:
    closed = translate(a_view(type="view_closed"))
    assert isinstance(closed, Closed)
    pointed = translate({
        "type": "message_action", "callback_id": "hr.ask", "trigger_id": "t", "action_ts": TS,
        "team": {"id": "T1"}, "user": {"id": "U1"}, "channel": {"id": "C1"},
        "message": {"ts": TS, "thread_ts": THREAD, "text": "is it so?", "user": "U2"},
    })  # fmt: skip
    assert isinstance(pointed, Pointed)
    assert (pointed.text, pointed.author, pointed.thread_ts) == ("is it so?", "U2", THREAD)
    anywhere = translate({"type": "shortcut", "callback_id": "hr.ask", "trigger_id": "t",
                          "action_ts": TS, "team": {"id": "T1"}, "user": {"id": "U1"}})  # fmt: skip
    assert isinstance(anywhere, Pointed)
    assert anywhere.channel is None
    command = translate({"command": "/handraise", "text": "status", "team_id": "T1",
                         "user_id": "U1", "channel_id": "C1", "trigger_id": "t",
                         "response_url": "https://hooks.slack.test/2"})  # fmt: skip
    assert isinstance(command, Commanded)
    assert (command.command, command.text) == ("/handraise", "status")
    assert isinstance(translate({"type": "block_suggestion"}), Ignored)
