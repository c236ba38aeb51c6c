"""Whatever follows a verdict and turns it, the verdict is not read; and reading never raises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import Invalid
from bot.domain.feedback import Answer, Kind
from bot.domain.reading import Claim, Unclear, checked, read
from tests.unit.deciding_cases import a_request

APPROVAL = a_request(kind=Kind.APPROVAL, options=())
CITIES = a_request(options=("Berlin", "Paris", "Rome"))
VERDICTS = (
    "yes", "no", "approved", "rejected", "ok", "yes please", "no thanks", "go ahead", "👍", "👎",
    "ja", "nein", "passt", "abgelehnt", "oui", "non", "d'accord", "refusé", "sí", "claro",
    "aprobado", "rechazado", "sim", "não", "aprovado", "sì", "va bene", "rifiutato", "nee",
    "akkoord", "afgewezen", "✅", "❌", "einverstanden", "de acordo", "doe maar",
)  # fmt: skip
TURNS = (
    "if legal agrees", "but not today", "unless Bob objects", "only on Friday",
    "once tested", "not", "not really", "maybe", "wenn es regnet", "aber nur einmal",
    "falls Tom will", "nicht", "oder doch", "si Paul veut", "mais pas lundi", "sauf lundi",
    "peut-être", "pas", "si Ana quiere", "pero no hoy", "siempre que llegue", "quizás",
    "se a Rita quiser", "mas só amanhã", "talvez", "desde que chova", "se piove",
    "ma non oggi", "purché funzioni", "forse", "als het kan", "maar niet vandaag",
    "tenzij het regent", "misschien", "depending on the price", "...", "…", "?", "??",
    "⁉️", "？", "¿", "or is it", "said Bob", "wait", "I guess", "/s", "🙄", "🤷", "and no",
    "and yes", "for B", "to A", "until Monday", "after lunch", "tomorrow",
    "except the logo", "jokes aside", "Bob thinks",
)  # fmt: skip
JOINTS = (" ", ", ", ". ", " - ", "\n", "\n\n", "; ", "! ", ": ", " – ", "   ")
NAMES = ("Ana", "Ben", "Marta", "Piet")


def decided(answer: Answer | Unclear) -> bool:
    return isinstance(answer, Answer)


@given(st.sampled_from(VERDICTS), st.sampled_from(JOINTS), st.sampled_from(TURNS), st.booleans())
def test_a_turned_verdict_is_never_read(said: str, joint: str, turn: str, capital: bool) -> None:
    turned = turn.capitalize() if capital else turn
    assert not decided(read(APPROVAL, text=f"{said}{joint}{turned}"))
    assert not decided(read(APPROVAL, text=f"{turned}{joint}{said}"))


@given(
    st.sampled_from(CITIES.options), st.sampled_from(JOINTS), st.sampled_from(TURNS), st.booleans()
)
def test_a_turned_choice_is_never_read(said: str, joint: str, turn: str, capital: bool) -> None:
    turned = turn.capitalize() if capital else turn
    assert not decided(read(CITIES, text=f"{said}{joint}{turned}"))
    assert not decided(read(CITIES, text=f"{turned}{joint}{said}"))


@given(st.sampled_from(VERDICTS), st.sampled_from(VERDICTS), st.sampled_from(JOINTS))
def test_two_verdicts_are_read_as_neither_s_opposite(one: str, two: str, joint: str) -> None:
    """Together they decide only what both of them say."""
    both = read(APPROVAL, text=f"{one}{joint}{two}")
    if isinstance(both, Answer):
        for alone in (read(APPROVAL, text=one), read(APPROVAL, text=two)):
            assert isinstance(alone, Answer)
            assert alone.approved is both.approved


@given(
    said=st.sampled_from(VERDICTS),
    greeting=st.sampled_from(["", "Hi {},\n", "Hallo {}, ", "Bonjour {},\n\n", "Hola {}: "]),
    farewell=st.sampled_from(["", "\n\nBest,\n{}", "\n\nViele Grüße\n{}", "\n{}?", "\n\nmvg {}"]),
    name=st.sampled_from(NAMES),
)
def test_a_frame_changes_nothing(said: str, greeting: str, farewell: str, name: str) -> None:
    alone = read(APPROVAL, text=said)
    framed = read(APPROVAL, text=f"{greeting.format(name)}{said}{farewell.format(name)}")
    if "?" in farewell:
        assert not decided(framed)
    else:
        assert framed == alone


@given(
    st.text(min_size=1, max_size=300).filter(str.strip),
    st.sampled_from(VERDICTS),
    st.sampled_from(JOINTS),
    st.sampled_from(["xqz", "Xqz"]),
)
def test_an_unknown_word_leaves_a_verdict_unread(
    text: str, said: str, joint: str, word: str
) -> None:
    try:
        answer = read(APPROVAL, text=f"{said}{joint}{word}{text}")
    except Invalid:  # a character that cannot be shown
        return
    assert not decided(answer)


fragments = st.lists(
    st.sampled_from([*VERDICTS, *TURNS, *NAMES, *JOINTS, "Hi", "thanks", "Best,", "because"]),
    max_size=12,
).map("".join)


@given(st.one_of(fragments, st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=400)))
def test_reading_never_fails(text: str) -> None:
    if not text.strip():
        return
    claim = Claim(approved=True, words=text)
    for request in (APPROVAL, CITIES, a_request(options=(text[:70].strip() or "x", "other"))):
        assert isinstance(read(request, text=text), Answer | Unclear)
        assert isinstance(checked(request, text, claim), Answer | Unclear)


@pytest.mark.parametrize("sign", [" ", "\n", "!", "👍", "yes ", "a", "\n\n", ". ", "- ", "Ben "])
def test_a_long_text_is_read_in_no_time(sign: str) -> None:
    text = "yes" + sign * (16_000 // len(sign.encode())) + "no"
    assert not decided(read(APPROVAL, text=text))
    assert not decided(read(CITIES, text=text))
    assert not decided(checked(APPROVAL, text, Claim(approved=True, words="yes")))
