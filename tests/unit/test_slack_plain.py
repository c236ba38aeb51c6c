"""Slack's text as words: names, links, escapes, emoji."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.slack.plain import mentions, plain
from bot.domain.feedback import Answer, Kind
from bot.domain.reading import read
from tests.unit.deciding_cases import a_request

NAMES = {"U1": "Ana", "U2": "Ben"}


@pytest.mark.parametrize(
    ("slack", "words"),
    [
        ("hello", "hello"),
        ("<@U1> and <@U2|benny>", "@Ana and @Ben"),
        ("<@U9|cleo> <@U8>", "@cleo @U8"),
        ("<#C1|general> <#C2>", "#general #C2"),
        ("<https://a.b/c?d=1&amp;e=2>", "https://a.b/c?d=1&e=2"),
        ("<https://a.b/c|the page>", "the page (https://a.b/c)"),
        ("<http://a.b|a.b>", "http://a.b"),
        ("<mailto:a@b.org|a@b.org>", "a@b.org"),
        ("<tel:+491|+491>", "+491"),
        ("<!here> <!channel> <!everyone>", "@here @channel @everyone"),
        ("<!subteam^S1|@team> <!subteam^S2>", "@team @group"),
        ("<!date^1392734382^{date}|Feb 18, 2014>", "Feb 18, 2014"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2"),
        ("&amp;lt;", "&lt;"),
        (":+1:", "👍"),
        (":+1::skin-tone-4:", "👍"),
        (":white_check_mark: done", "✅ done"),
        (":x:", "❌"),
        (":-1:", "👎"),
        (":our_own:", ":our_own:"),
        ("`a:x:b`", "`a:x:b`"),
        ("at 10:30:45", "at 10:30:45"),
        ("*yes*", "yes"),
        ("*yes* but *no*", "*yes* but *no*"),
        ("~yes~ no", "~yes~ no"),
        ("a < b", "a < b"),
    ],
)
def test_words(slack: str, words: str) -> None:
    assert plain(slack, NAMES.get) == words


def test_the_call_to_the_bot_goes() -> None:
    assert plain("<@UBOT> ask <@U1>: ok?", NAMES.get, bot="UBOT") == "ask @Ana: ok?"
    assert plain("<@UBOT|hand>, <@UBOT> help", bot="UBOT") == "help"
    assert plain("thanks <@UBOT>", bot="UBOT") == "thanks @UBOT"
    assert mentions("hey <@UBOT|x>!", "UBOT")
    assert not mentions("hey UBOT <@UBOTS>", "UBOT")


@pytest.mark.parametrize(
    ("slack", "approved"),
    [
        (":+1:", True),
        (":white_check_mark:", True),
        ("*Yes*", True),
        (":x:", False),
        (":-1:", False),
    ],
)
def test_emoji_decide_as_words_do(slack: str, approved: bool) -> None:
    approval = a_request(kind=Kind.APPROVAL, options=())
    assert read(approval, text=plain(slack)) == Answer(approved=approved)


@given(st.text(alphabet="<>@#!|&;:^lt amp U1+_*~`\n", max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    assert isinstance(plain(text, NAMES.get, bot="U1"), str)
