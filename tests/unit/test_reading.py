"""Reading answers: words decide only when they are nothing but a verdict or an option."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import Invalid, TooLarge
from bot.domain.feedback import Answer, FeedbackRequest, Kind
from bot.domain.reading import Unclear, deciding_words, read, unclear
from bot.domain.text import ANSWER_BYTES
from tests.unit.deciding_cases import a_request

APPROVAL = a_request(kind=Kind.APPROVAL, options=())
INPUT = a_request(kind=Kind.INPUT, options=())
PLANS = a_request(options=("Ship it now", "wait", "Ask Zoë"))


def said(request: FeedbackRequest, text: str) -> Answer | Unclear:
    return read(request, approved=None, choices=(), text=text)


@pytest.mark.parametrize(
    "text",
    [
        "yes", "Yes", "YES!", " yes. ", "y", "yep", "yeah", "“Yes”", "yes please", "approve",
        "Approved.", "ok", "OK", "okay", "sure", "go ahead", "Go  ahead!", "go", "👍", "✅", "LGTM",
        "ship it", "+1", "'yes'", "yes\n",
    ],
)  # fmt: skip
def test_words_that_approve(text: str) -> None:
    assert said(APPROVAL, text) == Answer(approved=True)


@pytest.mark.parametrize(
    "text",
    [
        "no", "No!", "NO.", "n", "nope", "no thanks", "reject", "Rejected", "deny", "denied",
        "decline", "declined", "👎", "❌", "-1",
    ],
)  # fmt: skip
def test_words_that_reject(text: str) -> None:
    assert said(APPROVAL, text) == Answer(approved=False)


@pytest.mark.parametrize(
    "text",
    [
        "yes?", "ok?", "yes but", "yes, but not today", "no idea", "no problem", "not ok",
        "ok so what is it?", "I don't approve", "approve or reject?", "yes/no", "yes no", "maybe",
        "sure, why not... or not", "1", "0", "true", "jein", "na ja", "👍👎", "👌", "🤷", "y n",
        "Yes\n\nOn Monday you wrote:\n> Ship?", "ok ok ok maybe", "+", "-", "fine", "⁣",
    ],
)  # fmt: skip
def test_words_that_decide_nothing(text: str) -> None:
    answer = said(APPROVAL, text)
    assert isinstance(answer, Unclear)
    assert "nothing is decided" in answer.question


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("Ship it now", 0),
        ("ship it NOW!", 0),
        ("“ship  it\nnow.”", 0),
        ("wait", 1),
        ("ask zoë", 2),
        ("1", 0),
        ("#2", 1),
        ("3)", 2),
        ("3.", 2),
        ("first", 0),
        ("the second", 1),
    ],
)
def test_words_that_choose(text: str, option: int) -> None:
    assert said(PLANS, text) == Answer(choices=(PLANS.options[option],))


@pytest.mark.parametrize(
    "text",
    [
        "ship", "ship it", "waiting", "wait, or ship it now", "0", "4", "#", "-1", "1 or 2", "1, 2",
        "one", "yes", "no", "9999999999", "²", "1.5", "not wait",
    ],
)  # fmt: skip
def test_words_that_choose_nothing(text: str) -> None:
    answer = said(PLANS, text)
    assert isinstance(answer, Unclear)
    assert "Ship it now; wait; Ask Zoë" in answer.question


@pytest.mark.parametrize(
    ("options", "text", "chosen"),
    [
        (("2", "1"), "1", "1"),
        (("2", "1"), "3", None),
        (("10", "20"), "2", None),
        # A number that stands in a label may mean that label, and a guess is no answer.
        (("3 days", "2 days", "1 day"), "1", None),
        (("3 days", "2 days", "1 day"), "1 day", "1 day"),
        (("#2", "#1"), "1", None),
        (("#2", "#1"), "#1", "#1"),
        (("v2", "v1"), "1", None),
        (("$10", "$5"), "2", None),
        # Two labels that differ only in what is not read: only the exact one chooses.
        (("go", "go!"), "go", "go"),
        (("go!", "go"), "go", "go"),
        (("go!", "go"), "go!", "go!"),
        (("go!", "go"), "go.", None),
        (("!", "?"), "!", "!"),
        (("C", "C."), "c.", "C."),
    ],
)
def test_labels_that_could_be_taken_for_one_another(
    options: tuple[str, ...], text: str, chosen: str | None
) -> None:
    answer = said(a_request(options=options), text)
    if chosen is None:
        assert isinstance(answer, Unclear)
    else:
        assert answer == Answer(choices=(chosen,))


MEALS = a_request(options=("Soup", "Fish and chips", "Peas"), multiple=True)


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("soup", ("Soup",)),
        ("peas, soup", ("Soup", "Peas")),
        ("Peas and soup!", ("Soup", "Peas")),
        ("3; 1", ("Soup", "Peas")),
        ("soup, soup", ("Soup",)),
        ("fish and chips", ("Fish and chips",)),
        ("soup, salad", None),
        ("soup and", None),
        ("no soup", None),
        ("all", None),
    ],
)
def test_words_that_choose_several(text: str, chosen: tuple[str, ...] | None) -> None:
    """One word that is no option leaves all of them unclear: a part of an answer is a guess."""
    answer = said(MEALS, text)
    if chosen is None:
        assert isinstance(answer, Unclear)
    else:
        assert answer == Answer(choices=chosen)


def test_buttons_that_choose_several_are_kept_in_the_order_of_the_options() -> None:
    assert read(MEALS, choices=("Peas", "Soup", "Peas")) == Answer(choices=("Soup", "Peas"))
    with pytest.raises(Invalid, match="not one of the options"):
        read(MEALS, choices=("Peas", "Salad"))


def test_free_text_is_the_answer_to_an_open_question() -> None:
    assert said(INPUT, "  Twelve,\r\n at most ") == Answer(text="Twelve,\n at most")
    assert said(INPUT, "yes") == Answer(text="yes")


def test_buttons_decide_and_words_beside_them_are_a_note() -> None:
    assert read(APPROVAL, approved=False, choices=(), text=" yes ") == Answer(
        approved=False, text="yes"
    )
    assert read(PLANS, approved=None, choices=("wait",), text="Ship it now") == Answer(
        choices=("wait",), text="Ship it now"
    )
    assert read(APPROVAL, approved=True, choices=(), text=" \n") == Answer(approved=True)


@pytest.mark.parametrize(
    ("request_", "approved", "choices", "text", "code"),
    [
        (APPROVAL, None, (), "", "empty"),
        (APPROVAL, None, (), " \n", "empty"),
        (APPROVAL, None, ("yes",), "", "invalid"),
        (APPROVAL, True, ("yes",), "", "invalid"),
        (PLANS, True, (), "", "invalid"),
        (PLANS, None, (), " ", "empty"),
        (PLANS, None, ("wait", "Ship it now"), "", "invalid"),
        (PLANS, None, ("Wait",), "", "invalid"),
        (PLANS, None, ("",), "", "invalid"),
        (INPUT, None, (), "", "empty"),
        (INPUT, None, ("yes",), "", "invalid"),
        (INPUT, False, (), "no", "invalid"),
        (INPUT, None, (), "a\x00b", "control_character"),
        (APPROVAL, True, (), "\ud800", "control_character"),
    ],
)
def test_what_does_not_fit_the_kind(
    request_: FeedbackRequest,
    approved: bool | None,
    choices: tuple[str, ...],
    text: str,
    code: str,
) -> None:
    with pytest.raises(Invalid) as refused:
        read(request_, approved=approved, choices=choices, text=text)
    assert refused.value.code == code


def test_an_answer_has_a_limit_of_its_own() -> None:
    assert read(INPUT, approved=None, choices=(), text="x" * ANSWER_BYTES).text  # type: ignore[union-attr]
    with pytest.raises(TooLarge):
        read(INPUT, approved=None, choices=(), text="x" * (ANSWER_BYTES + 1))


labels = st.lists(
    st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=12).filter(str.strip),
    min_size=2,
    max_size=6,
    unique_by=lambda label: " ".join(label.split()).casefold(),
)


@given(options=labels, data=st.data())
def test_an_option_s_own_label_never_chooses_another(
    options: list[str], data: st.DataObject
) -> None:
    option = data.draw(st.sampled_from(options))
    answer = said(a_request(options=tuple(options)), option)
    assert isinstance(answer, Unclear) or answer.choices == (option,)


@given(text=st.text(st.characters(exclude_categories=["C"]), min_size=1).filter(str.strip))
def test_reading_ends_in_one_of_two(text: str) -> None:
    for request in (APPROVAL, PLANS, replace(PLANS, options=("yes", "no"))):
        answer = said(request, text)
        assert isinstance(answer, Unclear | Answer)


@pytest.mark.parametrize(
    ("text", "clear"),
    [
        ("Yes\n\nBen", True),
        ("yes\n\nben miller", True),
        ("Yes,\nBen", True),
        ("Yes\n\n- Ben", True),
        ("Yes, Ana.", True),
        ("Yes\n\nRevoked", False),
        ("Yes\n\nBob", False),
        ("Yes\n\nBen said", False),
        ("Yes Ben", False),
        ("Ben: yes", False),
        ("Yes\n\nNo", False),
    ],
)
def test_a_known_name_says_nothing_and_an_unknown_word_may(text: str, clear: bool) -> None:
    for request, answer in (
        (APPROVAL, Answer(approved=True)),
        (replace(PLANS, options=("Yes", "Later")), Answer(choices=("Yes",))),
    ):
        read_ = read(request, text=text, names=["Ben Miller", "Ana", "No"])
        assert read_ == answer if clear else isinstance(read_, Unclear)


@pytest.mark.parametrize(
    "question",
    [
        "Ship?", "Any objections?", "Friday or Monday?", "Is that a problem?", "Deny Bob's access?",
        "Do you mind if we deny it?", "Should we not ship?", "Keep or reject the offer?",
        "Stört dich das?", "Il venerdì o il lunedì?",
    ],
)  # fmt: skip
def test_the_words_that_are_asked_for_decide(question: str) -> None:
    request = a_request(kind=Kind.APPROVAL, options=(), question=question)
    words = deciding_words(request)
    asked_back = unclear(request).question
    if words is None:
        assert "buttons" in asked_back
        return
    assert all(f"“{word}”" in asked_back for word in words)
    assert [said(request, word) for word in words] == [
        Answer(approved=True),
        Answer(approved=False),
    ]
