"""Which raw answers of a model count as one whole object."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from bot.adapters.planner.answers import Unusable, nothing_lost, whole_object

ONE = '{"steps": [{"action": "reply", "text": "a } and a \\" and a {"}]}'


@pytest.mark.parametrize(
    "raw",
    [
        ONE,
        f"  {ONE}\n",
        f"Here it is:\n{ONE}\nDone.",
        f"```json\n{ONE}\n```",
        f"```\n{ONE}\n```",
        f'<think>Perhaps {{"steps": []}}?</think>{ONE}',
        f"<thinking>hm</thinking>\n\n{ONE}",
    ],
)
def test_the_only_object_is_found(raw: str) -> None:
    text, decoded = whole_object(raw)
    assert text == ONE
    assert decoded == json.loads(ONE)


@pytest.mark.parametrize(
    ("raw", "reason", "cut_off"),
    [
        ("", "no JSON object", False),
        ("I will ask ben.", "no JSON object", False),
        (ONE[:-1], "cut off", True),
        (ONE[:-4], "cut off", True),
        ('{"steps": [{"action": "reply", "text": "it ends in a string }]}', "cut off", True),
        (ONE + ONE, "more than one", False),
        (f'{ONE} or {{"steps"', "more than one", False),
        ("{'steps': []}", "not valid JSON", False),
        ('{"steps": [],}', "not valid JSON", False),
        ('{"a":' * 50_000 + "1" + "}" * 50_000, "nested too deeply", False),
        ('{"a": ' + "1" * 5_000 + "}", "a number that is too long", False),
    ],
)
def test_anything_else_is_refused_with_a_reason(raw: str, reason: str, cut_off: bool) -> None:
    with pytest.raises(Unusable) as caught:
        whole_object(raw)
    assert reason in caught.value.reason
    assert caught.value.cut_off is cut_off


@given(st.text(alphabet='{}[]":, \\`abc\n<>/think1', max_size=80))
def test_no_answer_breaks_it(raw: str) -> None:
    try:
        text, decoded = whole_object(raw)
    except Unusable:
        return
    assert json.loads(text) == decoded


@given(st.integers(1, len(ONE) - 1))
def test_every_truncation_is_noticed(length: int) -> None:
    with pytest.raises(Unusable) as caught:
        whole_object(ONE[:length])
    assert caught.value.cut_off


class _Item(BaseModel):
    name: str
    size: int | None = None


class _Whole(BaseModel):
    items: list[_Item]
    note: str | None = None


@pytest.mark.parametrize(
    ("written", "lost"),
    [
        ({"items": [{"name": "a"}]}, False),
        ({"items": [{"name": "a", "size": None}], "note": "", "more": 1}, False),
        ({"items": [{"name": "a"}, {"size": 3}]}, True),
        ({"items": [{"name": "a", "size": "big"}]}, True),
        ({"items": [{"name": "a"}], "note": {"text": "x"}}, True),
        ({"items": {"name": "a"}}, False),
    ],
)
def test_what_the_parser_left_out_is_noticed(written: object, lost: bool) -> None:
    read = _Whole(items=[_Item(name="a")])
    assert nothing_lost(written, read) is not lost
