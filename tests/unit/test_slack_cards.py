"""Cards on Slack: what each reader sees and can click, open and settled."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.slack.cards import card_message
from bot.channels.slack.clicks import Act, decode
from bot.channels.slack.contents import is_complete
from bot.domain.card import Card, Said
from bot.domain.digests import action_of
from bot.domain.feedback import (
    Action,
    Answer,
    FeedbackRequest,
    Field,
    FieldKind,
    Kind,
    Part,
    Risk,
    Route,
    Rule,
    State,
)
from bot.domain.instants import HOUR, SECOND
from tests.unit.deciding_cases import a_request
from tests.unit.slack_caps import buttons, check_message, words
from tests.unit.test_slack_mrkdwn import NASTY, TEXTS

NOW = 1_773_000_000 * SECOND
URL = "https://hand.example.org/#/questions/r1"
DIGEST = "ab" * 32


def asked(**changes: Any) -> FeedbackRequest:
    return a_request(
        **{"id": "r1", "digest": DIGEST, "deadline": NOW + HOUR, "asked_at": NOW, **changes}
    )


def a_card(request: FeedbackRequest | None = None, **changes: Any) -> Card:
    return Card(
        **{
            "request": request or asked(),
            "now": NOW,
            "reader_id": "ben",
            "reader": "Ben",
            "zone": "Europe/Berlin",
            "asker": "Ana",
            "deciders": ("Ben",),
            "url": URL,
            **changes,
        }
    )


APPROVAL = asked(kind=Kind.APPROVAL, options=(), question="Pay the **invoice**?")


def shown(card: Card, **more: Any) -> Any:
    message = card_message(card, surface_id="s-1", **more)
    check_message(message)
    return message


def test_an_approval() -> None:
    message = shown(a_card(APPROVAL), thread_url="https://x.slack.com/archives/C1/p1")
    assert (
        message.text
        == "Ana asks: Pay the **invoice**? (until Sun 8 Mar 2026, 22:00 (Europe/Berlin))"
    )
    assert message.metadata == {
        "event_type": "handraise_surface",
        "event_payload": {"surface_id": "s-1", "version": 1},
    }
    told = words(message.blocks)
    assert "*Ana* asks for approval, in <https://x.slack.com/archives/C1/p1|this thread>" in told
    assert "Pay the *invoice*?" in told
    assert f"<!date^{NOW // SECOND + 3600}^" in told
    assert list(buttons(message.blocks)) == [
        "hr.approve", "hr.reject", "hr.note", "hr.answer", "hr.changes", "hr.delegate",
    ]  # fmt: skip
    for action_id, element in buttons(message.blocks).items():
        click = decode(action_id, element["value"])
        assert (click.subject, click.digest) == ("r1", DIGEST)


def test_what_runs_is_shown_exactly() -> None:
    action = action_of("http_request", {"url": "https://a.b/?c&d", "note": "a\u202eb ```<!here>"})
    message = shown(a_card(replace(APPROVAL, action=action)))
    told = words(message.blocks)
    assert "this runs:* http_request" in told
    fenced = told.split("```\n")[1].rstrip("\n")
    plain = fenced.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert json.loads(plain) == json.loads(action.arguments)
    assert "\\u202e" in plain
    assert "hr.approve" in buttons(message.blocks)


@pytest.mark.parametrize(
    "request_",
    [
        replace(APPROVAL, action=action_of("t", {"body": "x" * 5_000})),
        replace(APPROVAL, action=action_of("t", {"body": "&" * 700})),
        replace(APPROVAL, context="word " * 2_000),
        replace(APPROVAL, question="<" * 2_000),
    ],
)
def test_what_does_not_fit_is_approved_on_the_page_only(request_: FeedbackRequest) -> None:
    message = shown(a_card(request_))
    told, clickable = words(message.blocks), buttons(message.blocks)
    assert "Read all of it on its page" in told
    assert not {"hr.approve", "hr.note", "hr.answer"} & set(clickable)
    assert {"hr.reject", "hr.changes", "hr.delegate"} <= set(clickable)
    assert clickable["hr.open"]["url"] == URL
    assert not is_complete(request_)
    assert is_complete(APPROVAL)


def test_high_risk_is_asked_twice() -> None:
    message = shown(a_card(replace(APPROVAL, risk=Risk.HIGH, urgent=True)))
    told = words(message.blocks)
    assert "*High risk*" in told
    assert "*Urgent*" in told
    assert "confirm" in buttons(message.blocks)["hr.approve"]


def test_a_choice_has_a_button_for_each_of_five() -> None:
    options = tuple("abcde")
    clickable = buttons(shown(a_card(asked(options=options))).blocks)
    for n, label in enumerate(options):
        element = clickable[f"hr.choose.{n}"]
        assert element["text"]["text"] == label
        assert decode(f"hr.choose.{n}", element["value"]).option == n


@pytest.mark.parametrize("count", [6, 20, 100, 150])
def test_a_choice_of_more_has_a_select(count: int) -> None:
    clickable = buttons(shown(a_card(asked(options=tuple(map(str, range(count)))))).blocks)
    picker = clickable["hr.pick"]
    assert picker["type"] == "static_select"
    assert len(picker["options"]) == min(count, 100)
    assert decode("hr.pick", picker["options"][5]["value"]).option == 5
    assert ("hr.open" in clickable) == (count > 100)


def test_several_are_picked_and_sent() -> None:
    clickable = buttons(shown(a_card(asked(multiple=True))).blocks)
    assert clickable["hr.pick"]["type"] == "multi_static_select"
    assert decode("hr.submit", clickable["hr.submit"]["value"]).act is Act.SUBMIT


@pytest.mark.parametrize("kind", [Kind.INPUT, Kind.FORM])
def test_what_is_written_opens_a_modal(kind: Kind) -> None:
    fields = (Field(name="n", label="Name", kind=FieldKind.TEXT),) if kind is Kind.FORM else ()
    clickable = buttons(shown(a_card(asked(kind=kind, options=(), fields=fields))).blocks)
    assert clickable["hr.answer"]["style"] == "primary"


@pytest.mark.parametrize(
    ("changes", "in_channel", "expected"),
    [
        ({}, False, None),
        ({}, True, "hr.claim"),
        ({"deciders": ("Ben", "Cleo")}, False, "hr.claim"),
        ({"deciders": ("Ben", "Cleo"), "claimed_by": "Ben", "claimed_by_reader": True}, False,
         "hr.release"),
        ({"deciders": ("Ben", "Cleo"), "claimed_by": "Cleo"}, False, "hr.claim"),
        ({"claimed_by": "Cleo"}, True, "hr.release"),
    ],
)  # fmt: skip
def test_one_of_several_can_claim_it(
    changes: dict[str, Any], in_channel: bool, expected: str | None
) -> None:
    clickable = buttons(shown(a_card(**changes), in_channel=in_channel).blocks)
    assert {"hr.claim", "hr.release"} & set(clickable) == ({expected} if expected else set())


def test_a_card_in_a_channel_says_you_to_nobody() -> None:
    card = a_card(
        claimed_by="Ben", claimed_by_reader=True, own=Answer(text="yes"), route=Route.DELEGATED,
        by="Cleo",
    )  # fmt: skip
    told = words(shown(card, in_channel=True).blocks)
    assert "Ben is on it" in told
    assert "You" not in told
    assert "to you" not in told


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"rule": Rule.QUORUM, "quorum": 2}, "2 of 3 must agree; 1 more needed."),
        ({"rule": Rule.ALL}, "All 3 must agree; 1 more needed."),
        ({"rule": Rule.FIRST}, "The first answer decides."),
        ({"rule": Rule.QUORUM, "quorum": 2, "veto": True}, "one rejection ends it."),
    ],
)
def test_the_rule_in_words(changes: dict[str, Any], sentence: str) -> None:
    told = words(shown(a_card(asked(**changes), deciders=("Ben", "Cleo", "Dan"))).blocks)
    assert sentence in told


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"route": Route.DELEGATED, "by": "Cleo"}, "Cleo handed this on to you"),
        ({"route": Route.AWAY, "by": "Cleo"}, "in place of Cleo, who is away"),
        ({"route": Route.ESCALATED}, "because nobody had decided in time"),
        ({"claimed_by": "Cleo"}, "Cleo is on it"),
        ({"own": Answer(choices=("yes",))}, "You answered: “yes”."),
        ({"answered": ("Cleo",), "deciders": ("Ben", "Cleo")}, "Answered so far: Cleo"),
    ],
)
def test_what_the_small_print_says(changes: dict[str, Any], sentence: str) -> None:
    assert sentence in words(shown(a_card(**changes)).blocks)


def test_who_is_only_told_can_click_nothing() -> None:
    message = shown(a_card(APPROVAL, part=Part.NOTIFIED, deciders=("Cleo", "Dan")))
    assert buttons(message.blocks) == {}
    assert "*Ana* asked Cleo and Dan" in words(message.blocks)


def the_askers(request: FeedbackRequest, **changes: Any) -> Card:
    return a_card(request, reader_id="ann", part=Part.NOTIFIED, **changes)


def test_the_asker_can_take_it_back() -> None:
    message = shown(the_askers(APPROVAL))
    assert set(buttons(message.blocks)) == {"hr.cancel"}
    assert "You asked Ben" in words(message.blocks)


OUTCOMES = [
    (State.APPROVED, Answer(approved=True, text="within budget"), "*Approved* by Ben in Slack"),
    (State.REJECTED, Answer(approved=False), "*Rejected* by Ben in Slack"),
    (State.ANSWERED, Answer(choices=("yes",)), "*Answered* by Ben in Slack"),
    (State.EXPIRED, None, "*Nobody answered in time.*"),
    (State.CANCELLED, None, "*Taken back* by Ana"),
    (State.SUPERSEDED, None, "*Replaced by a newer question.*"),
]


@pytest.mark.parametrize(("state", "outcome", "sentence"), OUTCOMES)
def test_a_settled_card_says_how_it_ended(
    state: State, outcome: Answer | None, sentence: str
) -> None:
    request = replace(
        APPROVAL,
        state=state,
        outcome=outcome,
        decided_at=NOW + SECOND,
        decided_via="slack" if outcome else "system",
    )
    message = shown(a_card(request, decided_by="Ben" if outcome else None, needed=0))
    told = words(message.blocks)
    assert "Pay the *invoice*?" in told
    assert sentence in told
    assert buttons(message.blocks) == {}
    assert "Answer by" not in told
    if outcome is not None:
        assert f"<!date^{NOW // SECOND + 1}^" in told
        assert (outcome.text or "yes") in told or not outcome.text


def test_the_asker_can_ask_again_and_take_a_late_answer() -> None:
    request = replace(APPROVAL, state=State.EXPIRED, decided_at=NOW)
    late = tuple(
        Said(response_id=f"l{n}", name=name, words="approved", standing="late", agrees=agrees,
             channel="email", at=NOW)
        for n, (name, agrees) in enumerate([("Ben", None), ("Cleo", True), ("Dan", False)])
    )  # fmt: skip
    message = shown(the_askers(request, late=late), reopenable={"l0"})
    told, clickable = words(message.blocks), buttons(message.blocks)
    assert set(clickable) == {"hr.reopen", "hr.again"}
    assert decode("hr.reopen", clickable["hr.reopen"]["value"]).extra == "l0"
    assert "*Cleo* answered late, in agreement: “approved” (by e-mail" in told
    assert "*Dan* answered late, in disagreement" in told


LABELS = st.one_of(NASTY, st.text(max_size=100))
PEOPLE = st.lists(LABELS, max_size=12).map(tuple)


@st.composite
def cards(draw: st.DrawFn) -> Card:
    kind = draw(st.sampled_from(Kind))
    state = draw(st.sampled_from(State))
    options = tuple(draw(st.lists(LABELS, max_size=25)))
    action = None
    if draw(st.booleans()):
        action = Action(tool=draw(TEXTS), arguments=draw(TEXTS), digest="d")
    answer = Answer(
        approved=draw(st.sampled_from([None, True, False])), text=draw(TEXTS), choices=options[:2]
    )
    return a_card(
        asked(
            kind=kind,
            state=state,
            question=draw(TEXTS),
            context=draw(TEXTS),
            options=options if kind is Kind.CHOICE else (),
            multiple=draw(st.booleans()),
            fields=tuple(
                Field(name=str(n), label=one, kind=FieldKind.SELECT, options=options)
                for n, one in enumerate(options[:20])
            )
            if kind is Kind.FORM
            else (),
            risk=draw(st.sampled_from(Risk)),
            rule=draw(st.sampled_from(Rule)),
            urgent=draw(st.booleans()),
            veto=draw(st.booleans()),
            action=action,
            decided_at=NOW,
            decided_via=draw(st.one_of(st.none(), st.just("slack"), TEXTS)),
            outcome=answer,
        ),
        part=draw(st.sampled_from(Part)),
        route=draw(st.sampled_from(Route)),
        reader_id=draw(st.sampled_from(["ben", "ann"])),
        zone=draw(st.sampled_from(["UTC", "Asia/Tokyo", "<!here>"])),
        asker=draw(TEXTS),
        by=draw(TEXTS),
        deciders=draw(PEOPLE),
        told=draw(PEOPLE),
        answered=draw(PEOPLE),
        claimed_by=draw(st.one_of(st.none(), TEXTS)),
        decided_by=draw(TEXTS),
        own=answer,
        url=draw(st.one_of(st.just(URL), TEXTS)),
        late=tuple(
            Said(response_id=f"l{n}", name=one, words=one, standing="late", agrees=None,
                 channel=one, at=NOW)
            for n, one in enumerate(options[:9])
        ),
    )  # fmt: skip


@settings(max_examples=60)
@given(cards(), st.booleans(), st.one_of(st.none(), TEXTS))
def test_any_text_in_any_field_keeps_all_caps(
    card: Card, in_channel: bool, thread: str | None
) -> None:
    message = shown(card, in_channel=in_channel, thread_url=thread, reopenable={"l0", "l1"})
    clickable = buttons(message.blocks)
    if not card.request.is_open:
        assert not {"hr.approve", "hr.reject", "hr.pick", "hr.claim"} & set(clickable)
    if "hr.approve" in clickable:
        assert is_complete(card.request)
