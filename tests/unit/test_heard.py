"""What a text repeats of somebody is found, whatever its dress; what others said is not theirs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.heard import RUN, Heard

SAID = "The heron flies at noon, over the old mill."


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Ben said: The heron flies at noon, over the old mill.", "Ben said: (-)."),
        ("He says “the HERON flies — at noon”, no later", "He says “(-)”, no later"),
        ("*over the old\nmill* and *the heron flies at* dawn", "*(-)* and *(-)* dawn"),
        ("a heron flies at noon, over the bridge", "a (-) bridge"),
        ("The heron flies", "The heron flies"),  # three words are anybody's
        ("Nothing of it", "Nothing of it"),
        ("", ""),
    ],
)
def test_four_words_in_a_row_are_a_quotation(text: str, left: str) -> None:
    heard = Heard()
    heard.by_them(SAID)
    assert heard.without(text, (), "(-)") == left


@pytest.mark.parametrize(
    ("said", "text", "left"),
    [
        ("Wednesday", "It is wednesday then", "It is (-) then"),
        ("hunter2-42", "The password is hunter2-42.", "The password is (-)."),
        ("+49 170 1234567", "Call +49 170 1234567 now", "Call +(-) now"),
        ("yes", "yes, they said yes", "yes, they said yes"),
        ("rather blue", "Make it rather blue!", "Make it (-)!"),
    ],
)
def test_a_short_answer_is_a_quotation_as_a_whole(said: str, text: str, left: str) -> None:
    heard = Heard()
    heard.by_them(said)
    assert heard.without(text, (), "(-)") == left


def test_scripts_without_spaces_are_quoted_too() -> None:
    heard = Heard()
    heard.by_them("苍鹭中午飞过磨坊")
    assert heard.without("他说：苍鹭中午飞过磨坊，然后呢？", (), "(-)") == "他说：(-)，然后呢？"
    assert heard.without("我看到一只苍鹭", (), "(-)") == "我看到一只苍鹭"


def test_what_others_said_before_is_not_theirs() -> None:
    heard = Heard()
    heard.by_others("Can we ship on Friday at noon?")
    heard.by_them("Yes, we ship on Friday at noon, says the heron")
    answer = "We ship on Friday at noon; noon says the heron"
    assert heard.without(answer, (), "(-)") == "We ship on Friday at noon; (-)"


def test_names_go_as_whole_words() -> None:
    heard = Heard()
    names = ("Ben", "Ben Lindqvist", "ben@example.org")
    text = "Ben Lindqvist (ben@example.org), Ben, Benjamin and ben"
    assert heard.without(text, names, "(-)") == "(-) ((-)), (-), Benjamin and ben"


@given(
    said=st.lists(st.sampled_from("abcdefgh"), min_size=RUN, max_size=12),
    before=st.text(max_size=20),
    after=st.text(max_size=20),
)
def test_no_quotation_is_left_wherever_it_stands(said: list[str], before: str, after: str) -> None:
    heard, words = Heard(), " ".join(said)
    heard.by_them(words)
    left = heard.without(f"{before} {words} {after}", (), "\N{BULLET}")
    assert words not in left
    assert heard.without(left, (), "\N{BULLET}") == left, "a second time finds nothing more"


@given(st.text(max_size=80), st.text(max_size=80))
def test_whoever_said_nothing_leaves_every_text_as_it_is(text: str, others: str) -> None:
    heard = Heard()
    heard.by_others(others)
    assert heard.without(text, (), "(-)") == text
