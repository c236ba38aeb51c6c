"""App Home: what it shows, what it leaves out, and its bounds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.slack.clicks import Act, decode
from bot.channels.slack.home import Asked, HomeView, Living, Waiting, home
from bot.channels.slack.settings_modal import Settings
from bot.domain.digests import action_of
from bot.domain.feedback import FeedbackRequest, Field, FieldKind, Kind, Risk
from bot.domain.instants import DAY, HOUR
from tests.unit.slack_caps import buttons, check_view, words
from tests.unit.test_slack_cards import APPROVAL, NOW, URL, a_card, asked, cards
from tests.unit.test_slack_mrkdwn import TEXTS

THREAD = "https://x.slack.com/archives/C1/p1"


def a_home(**changes: Any) -> HomeView:
    mine = Settings(zone="Europe/Berlin")
    return HomeView(**{"settings": mine, "now": NOW, "url": "https://hand.example.org/", **changes})


def shown(view: HomeView) -> list[dict[str, Any]]:
    drawn = home(view)
    check_view(drawn)
    return list(drawn["blocks"])


def test_an_empty_home() -> None:
    told = words(shown(a_home()))
    assert "Nothing waits." in told
    assert "You wait for nobody." in told
    assert "*Working hours:* any time" in told


def test_what_waits_for_me_has_its_buttons() -> None:
    blocks = shown(a_home(waiting=(Waiting(card=a_card(APPROVAL), url=THREAD),)))
    assert {"hr.approve", "hr.reject", "hr.delegate"} <= set(buttons(blocks))


@pytest.mark.parametrize(
    "request_",
    [
        replace(APPROVAL, question="word " * 200),
        replace(APPROVAL, question="one\n\ntwo"),
        replace(APPROVAL, context="Why not."),
        replace(APPROVAL, action=action_of("t", {})),
        replace(APPROVAL, risk=Risk.HIGH),
        asked(multiple=True),
    ],
)
def test_what_is_not_shown_whole_is_opened(request_: FeedbackRequest) -> None:
    found = buttons(shown(a_home(waiting=(Waiting(card=a_card(request_), url=THREAD),))))
    assert set(found) == {"hr.open", "hr.settings"}
    assert found["hr.open"]["url"] == THREAD


def an_asked(**changes: Any) -> Asked:
    return Asked(
        **{
            "request_id": "r1", "digest": "d", "question": "Ship?", "deadline": NOW + HOUR,
            "url": THREAD, **changes,
        }
    )  # fmt: skip


def test_what_i_wait_for() -> None:
    one = an_asked(reached=("Ben", "Cleo"), silent=("Cleo",), late=("Dan",))
    blocks = shown(a_home(asked=(one,)))
    told = words(blocks)
    assert "Reached: Ben and Cleo" in told
    assert "Not answered yet: Cleo" in told
    assert "Answered late: Dan" in told
    assert decode("hr.cancel", buttons(blocks)["hr.cancel"]["value"]).subject == "r1"
    over = shown(a_home(asked=(an_asked(is_open=False, may_ask_again=True),)))
    assert "hr.again" in buttons(over)
    assert "It is over" in words(over)


def test_my_sessions() -> None:
    living = Living(session_id="s1", title="Ship <!here>", state="awaiting_feedback", url=THREAD)
    blocks = shown(a_home(sessions=(living,)))
    assert f"<{THREAD}|Ship &lt;!here&gt;>" in words(blocks)
    assert "awaiting feedback" in words(blocks)
    click = decode("hr.end", buttons(blocks)["hr.end"]["value"])
    assert (click.act, click.subject) == (Act.END, "s1")


def test_my_settings() -> None:
    mine = Settings(
        zone="Asia/Tokyo", working_hours={"mon": ["09:00", "17:00"], "tue": ["09:00", "17:00"]},
        away=(NOW, NOW + DAY), stand_in="Ben", channel="email",
    )  # fmt: skip
    told = words(shown(a_home(settings=mine)))
    for words_ in ("e-mail", "Asia/Tokyo", "mon-tue 09:00-17:00", "Ben", "*Away:* from"):
        assert words_ in told


def test_the_fullest_home_says_what_it_leaves_out() -> None:
    claims = a_card(asked(options=tuple(map(str, range(20)))), deciders=("A", "B", "C"))
    many = [replace(claims, request=replace(claims.request, id=f"r{n}")) for n in range(60)]
    view = a_home(
        waiting=tuple(Waiting(card=one, url=THREAD) for one in many), waiting_count=1_060,
        asked=(an_asked(),) * 60, asked_count=60,
        sessions=(Living(session_id="s", title="t", state="active", url=THREAD),) * 60,
        sessions_count=61,
    )  # fmt: skip
    blocks = shown(view)
    told = words(blocks)
    assert "1,052 more: <https://hand.example.org/|see all of them on the page>" in told
    assert "52 more" in told
    assert "53 more" in told
    assert "hr.settings" in buttons(blocks)


@settings(max_examples=40)
@given(st.lists(cards(), max_size=3), TEXTS, st.booleans())
def test_any_text_in_any_field_keeps_all_caps(all_: list[Any], text: str, open_: bool) -> None:
    many = [replace(one, request=replace(one.request, id=f"r{n}")) for n, one in enumerate(all_)]
    view = a_home(
        waiting=tuple(Waiting(card=one, url=text) for one in many),
        asked=(an_asked(question=text, url=text, reached=(text,) * 9, is_open=open_),),
        sessions=(Living(session_id="s", title=text, state=text, url=text or URL),),
        settings=Settings(zone=text, stand_in=text, channel=text),
        url=text,
    )
    shown(view)


def test_a_form_is_filled_in_from_home() -> None:
    fields = (Field(name="n", label="N", kind=FieldKind.TEXT),)
    card = a_card(asked(kind=Kind.FORM, options=(), fields=fields))
    assert "hr.answer" in buttons(shown(a_home(waiting=(Waiting(card=card, url=THREAD),))))
