"""Modals: what they ask, what they are bound to, and what is read of them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.slack.bindings import read as read_bound
from bot.channels.slack.clicks import Act, NotOurs
from bot.channels.slack.facts import Submitted, Value
from bot.channels.slack.modals import (
    answer_modal,
    ask_modal,
    changes_modal,
    delegate_modal,
    note_modal,
    refused,
)
from bot.channels.slack.settings_modal import Settings, hours_text, settings_modal, settings_of
from bot.channels.slack.submissions import (
    HandOn,
    Mistakes,
    choice_of,
    errors_response,
    form_of,
    person_of,
    picked,
    words_of,
)
from bot.domain.feedback import Field, FieldKind, Kind
from bot.domain.forms import MAX_FIELDS
from bot.domain.instants import DAY, HOUR
from bot.domain.working_hours import hours_json, read_hours
from tests.unit.slack_caps import check_view
from tests.unit.test_slack_cards import APPROVAL, DIGEST, NOW, a_card, asked, cards
from tests.unit.test_slack_mrkdwn import NASTY, TEXTS


def sent(inputs: dict[str, Value], metadata: str = "{}") -> Submitted:
    return Submitted(
        key="k", team="T1", user="U1", user_team="T1", callback_id="c", private_metadata=metadata,
        view_id="V1", inputs=tuple(inputs.items()), trigger_id="t",
    )  # fmt: skip


def inputs_of(view: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {b["block_id"]: b["element"] for b in view["blocks"] if b["type"] == "input"}


@pytest.mark.parametrize(
    ("make", "act", "blocks"),
    [
        (answer_modal, Act.ANSWER, {"words"}),
        (note_modal, Act.NOTE, {"words"}),
        (changes_modal, Act.CHANGES, {"words"}),
        (delegate_modal, Act.DELEGATE, {"user", "person"}),
    ],
)
def test_a_modal_is_bound_to_its_question(make: Any, act: Act, blocks: set[str]) -> None:
    view = make(a_card(APPROVAL), origin="D1:1773000000.000100")
    check_view(view)
    assert set(inputs_of(view)) == blocks
    bound = read_bound(view["callback_id"], view["private_metadata"])
    assert (bound.click.act, bound.click.subject, bound.click.digest) == (act, "r1", DIGEST)
    assert bound.origin == "D1:1773000000.000100"


FIELDS = (
    Field(name="name", label="Name", kind=FieldKind.TEXT),
    Field(name="amount", label="Amount", kind=FieldKind.NUMBER),
    Field(name="when", label="When", kind=FieldKind.DATE),
    Field(name="size", label="Size", kind=FieldKind.SELECT, options=("S", "M", "L")),
    Field(name="ok", label="OK?", kind=FieldKind.YES_NO),
    Field(name="note", label="Note", kind=FieldKind.TEXT, required=False),
)
FORM = asked(kind=Kind.FORM, options=(), fields=FIELDS)
FILLED: dict[str, Value] = {
    "field.0": "Ana", "field.1": "12.50", "field.2": "2026-03-14", "field.3": "1", "field.4": "yes",
}  # fmt: skip


def test_a_form_and_back() -> None:
    view = answer_modal(a_card(FORM))
    check_view(view)
    made = inputs_of(view)
    assert [one["type"] for one in made.values()] == [
        "plain_text_input", "number_input", "datepicker", "static_select", "radio_buttons",
        "plain_text_input",
    ]  # fmt: skip
    optional = [b["optional"] for b in view["blocks"] if b["type"] == "input"]
    assert optional == [False] * 5 + [True]
    assert form_of(FIELDS, sent(FILLED)) == (
        ("name", "Ana"), ("amount", "12.50"), ("when", "2026-03-14"), ("size", "M"), ("ok", "yes"),
    )  # fmt: skip


def test_each_mistake_stands_beside_its_field() -> None:
    with pytest.raises(Mistakes) as wrong:
        form_of(FIELDS, sent({**FILLED, "field.0": " ", "field.1": "many", "field.2": "soon"}))
    answer = errors_response(wrong.value.by_block)
    assert answer["response_action"] == "errors"
    assert set(answer["errors"]) == {"field.0", "field.1", "field.2"}
    assert answer["errors"]["field.1"] == "“Amount” is not a number like 12.5."


@pytest.mark.parametrize("value", ["3", "-1", "٣", "M", "1 "])
def test_an_option_that_was_not_shown_is_refused(value: str) -> None:
    with pytest.raises(NotOurs):
        form_of(FIELDS, sent({**FILLED, "field.3": value}))


@pytest.mark.parametrize("multiple", [False, True])
def test_a_choice_and_back(multiple: bool) -> None:
    request = asked(multiple=multiple, options=("red", "green", "blue"))
    view = answer_modal(a_card(request))
    check_view(view)
    values = [one["value"] for one in inputs_of(view)["picked"]["options"]]
    assert picked(request, values[1:]) == ("green", "blue")
    one: Value = tuple(values[:1]) if multiple else values[0]
    assert choice_of(request, sent({"picked": one})) == (("red",), "")
    assert choice_of(request, sent({"words": "red"})) == ((), "red")
    with pytest.raises(Mistakes):
        choice_of(request, sent({}))
    for other in (replace(request, id="r2"), replace(request, digest="cd" * 32)):
        with pytest.raises(NotOurs):
            choice_of(other, sent({"picked": one}))
    with pytest.raises(NotOurs):
        choice_of(request, sent({"picked": "green"}))


def test_words_and_people() -> None:
    assert words_of(sent({"words": " yes "})) == "yes"
    with pytest.raises(Mistakes):
        words_of(sent({"words": " \n"}))
    assert person_of(sent({"user": "U2"})) == HandOn(user="U2")
    assert person_of(sent({"person": " ben "})) == HandOn(name="ben")
    for inputs in ({}, {"user": "U2", "person": "ben"}):
        with pytest.raises(Mistakes):
            person_of(sent(inputs))  # type: ignore[arg-type]


def test_asking_about_a_message() -> None:
    view = ask_modal(metadata="C1:1.2", quoted="is it so?\n" * 1_000)
    check_view(view)
    assert inputs_of(view)["question"]["initial_value"].startswith("is it so?")


@settings(max_examples=60)
@given(cards())
def test_any_text_in_any_field_keeps_all_caps(card: Any) -> None:
    for make in (answer_modal, note_modal, changes_modal, delegate_modal):
        check_view(make(card))
    check_view(ask_modal(metadata="x", quoted=card.request.question))
    check_view(refused(card.request.question, card.request.context))


@settings(max_examples=30)
@given(st.lists(st.one_of(NASTY, st.text(max_size=200)), min_size=1, max_size=20))
def test_the_largest_form_keeps_all_caps(labels: list[str]) -> None:
    fields = tuple(
        Field(name=str(n), label=labels[n % len(labels)], kind=list(FieldKind)[n % 5],
              options=tuple(f"{labels[0]}{m}" for m in range(100)))
        for n in range(MAX_FIELDS)
    )  # fmt: skip
    check_view(answer_modal(a_card(replace(FORM, fields=fields))))


CHANNELS = ("chat", "slack", "email")
HOURS = {"mon": ["09:00", "17:00"], "tue": ["09:00", "17:00"], "fri": ["10:00", "14:00"]}


def sent_as_shown(view: dict[str, Any], **changes: Value) -> Submitted:
    """Send a modal as it came, but for some changes."""
    inputs: dict[str, Value] = {}
    for block_id, element in inputs_of(view).items():
        option = element.get("initial_option")
        value = option["value"] if option else element.get("initial_value")
        value = value or element.get("initial_date")
        if value:
            inputs[block_id] = value
    kept = {name: value for name, value in {**inputs, **changes}.items() if value}
    return sent(kept, view["private_metadata"])


MINE = [
    Settings(zone="Europe/Berlin"),
    Settings(zone="Asia/Tokyo", working_hours=HOURS, channel="email", stand_in="ben"),
    Settings(zone="UTC", away=(NOW + HOUR + 1, NOW + 3 * DAY + 7)),
]


@pytest.mark.parametrize("mine", MINE)
def test_settings_that_are_not_touched_stay(mine: Settings) -> None:
    view = settings_modal(mine, CHANNELS)
    check_view(view)
    assert settings_of(sent_as_shown(view), CHANNELS) == mine


def test_settings_are_changed() -> None:
    view = settings_modal(MINE[0], CHANNELS)
    changed = settings_of(
        sent_as_shown(
            view, zone="Asia/Tokyo", hours="Mon–Thu 9:00-17:30\nfriday: 09:00 to 13:00",
            channel="slack", standin="cleo@example.org",
            **{"from": "2026-03-14"}, until="2026-03-20",
        ),
        CHANNELS,
    )  # fmt: skip
    assert hours_text(hours_json(read_hours(changed.working_hours))) == (
        "mon-thu 09:00-17:30\nfri 09:00-13:00"
    )
    assert (changed.channel, changed.stand_in) == ("slack", "cleo@example.org")
    assert changed.away is not None
    assert changed.away[1] - changed.away[0] == 6 * DAY
    nothing = settings_of(sent_as_shown(settings_modal(MINE[1], CHANNELS), hours=""), CHANNELS)
    assert nothing.working_hours is None


@pytest.mark.parametrize(
    ("changes", "block"),
    [
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"hours": "whenever"}, "hours"),
        ({"hours": "mon 25:00-26:00"}, "hours"),
        ({"hours": "mon 09:00-17:00\nmon 18:00-20:00"}, "hours"),
        ({"hours": "mon-fri 09:00-09:00"}, "hours"),
        ({"from": "2026-03-14"}, "until"),
        ({"until": "2026-03-14"}, "from"),
        ({"from": "2026-03-14", "until": "2026-03-14"}, "until"),
    ],
)
def test_wrong_settings_are_said_beside_their_field(changes: dict[str, str], block: str) -> None:
    with pytest.raises(Mistakes) as wrong:
        settings_of(sent_as_shown(settings_modal(MINE[0], CHANNELS), **changes), CHANNELS)
    assert set(wrong.value.by_block) == {block}


@pytest.mark.parametrize(
    ("changes", "metadata"),
    [
        ({"channel": "fax"}, None),
        ({"from": "x", "until": "y"}, None),
        ({}, "no json"),
        ({"from": "2026-03-14", "until": "2026-03-15"}, json.dumps({"away": [1, "2"]})),
        ({"from": "2026-03-14", "until": "2026-03-15"}, json.dumps({"away": [1 << 60, 1 << 61]})),
        ({"from": "2026-03-14", "until": "2026-03-15"}, json.dumps({"away": [True, 2]})),
    ],
)
def test_forged_settings_are_refused(changes: dict[str, str], metadata: str | None) -> None:
    given = sent_as_shown(settings_modal(MINE[0], CHANNELS), **changes)
    if metadata is not None:
        given = replace(given, private_metadata=metadata)
    with pytest.raises(NotOurs):
        settings_of(given, CHANNELS)


def test_hours_over_the_weekend() -> None:
    view = settings_modal(MINE[0], CHANNELS)
    given = settings_of(sent_as_shown(view, hours="fri-mon 22:00-06:00"), CHANNELS)
    assert set(given.working_hours or {}) == {"fri", "sat", "sun", "mon"}


@given(TEXTS, TEXTS)
def test_any_settings_keep_all_caps(zone: str, person: str) -> None:
    check_view(settings_modal(Settings(zone=zone, stand_in=person, channel=person), CHANNELS))


@given(TEXTS)
def test_any_text_as_hours_is_read_or_refused(text: str) -> None:
    given = sent_as_shown(settings_modal(MINE[0], CHANNELS), hours=text)
    try:
        mistakes = set()
        settings_of(given, CHANNELS)
    except Mistakes as wrong:
        mistakes = set(wrong.by_block)
    assert mistakes <= {"hours"}
