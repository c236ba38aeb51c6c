"""Records made in one step are what their constructors would have made."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from typing import Any

import pytest

from bot.domain.chain import Head, Tip
from bot.domain.commands import Outcome
from bot.domain.feedback import FeedbackRequest, FeedbackResponse
from bot.domain.journal import Entry
from bot.domain.person import Person
from bot.domain.record import changed, made, whole
from bot.domain.session import Message, Session
from bot.domain.surface import Surface
from bot.domain.timetable import Due, Timetable

WHOLE = [
    Due,
    Entry,
    FeedbackRequest,
    FeedbackResponse,
    Head,
    Message,
    Outcome,
    Session,
    Surface,
    Timetable,
    Tip,
]


@dataclass(frozen=True, kw_only=True)
class Plain:
    first: int
    second: str = "usual"
    data: Mapping[str, object] = field(default_factory=dict)


@whole
@dataclass(frozen=True, kw_only=True)
class Whole:
    first: int
    second: str = "usual"
    data: Mapping[str, object] = field(default_factory=dict)


@pytest.mark.parametrize(
    "given", [{"first": 1}, {"first": 1, "second": "b"}, {"data": {"x": 1}, "first": 2}]
)
def test_a_whole_record_has_the_values_that_its_dataclass_gives_it(given: dict[str, Any]) -> None:
    plain, record = Plain(**given), Whole(**given)
    assert {f.name: getattr(record, f.name) for f in fields(record)} == vars(plain)
    assert repr(record) == repr(plain).replace("Plain", "Whole")
    assert record == Whole(**given) == replace(record) == pickle.loads(pickle.dumps(record))


@pytest.mark.parametrize("given", [{}, {"first": 1, "third": 3}, {"second": "b"}])
def test_a_whole_record_takes_its_own_values_and_no_others(given: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        Whole(**given)


def test_what_is_usually_made_anew_is_each_record_s_own() -> None:
    assert Whole(first=1).data is not Whole(first=1).data


@pytest.mark.parametrize("kind", WHOLE)
def test_records_in_use_stay_frozen_comparable_and_complete(kind: type[Any]) -> None:
    values = {f.name: f"value of {f.name}" for f in fields(kind)}
    record = kind(**values)
    assert vars(record) == values
    assert record == made(kind, dict(values)) == changed(record) == replace(record)
    assert hash(record) == hash(made(kind, dict(values)))
    name = fields(kind)[-1].name
    assert changed(record, **{name: 1}) == replace(record, **{name: 1}) != record
    with pytest.raises(FrozenInstanceError):
        setattr(record, name, 1)
    with pytest.raises(FrozenInstanceError):
        delattr(record, name)


def test_a_copy_leaves_its_original_as_it_was() -> None:
    record = Whole(first=1)
    assert changed(record, first=2) == Whole(first=2)
    assert record == Whole(first=1)


def test_a_record_has_no_value_that_its_kind_does_not_know() -> None:
    with pytest.raises(TypeError, match="third"):
        changed(Whole(first=1), third=3)
    with pytest.raises(TypeError, match="third"):
        made(Whole, {"first": 1, "second": "b", "data": {}, "third": 3})


def test_a_record_is_not_made_of_less_than_all_its_values() -> None:
    with pytest.raises(TypeError, match="second"):
        made(Whole, {"first": 1, "data": {}})


def test_what_computes_its_values_is_not_made_past_that() -> None:
    with pytest.raises(TypeError, match="Person"):
        whole(Person)
