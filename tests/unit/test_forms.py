"""Forms: what may be asked for, and each value read into one written form or refused."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import Invalid
from bot.domain.feedback import Answer, Field, FieldKind, Kind
from bot.domain.forms import MAX_FIELDS, MAX_LABEL, MAX_SELECT, MAX_VALUE, fields_fault, read_values
from bot.domain.reading import Unclear, read
from tests.unit.deciding_cases import a_request


def a_field(
    kind: FieldKind = FieldKind.TEXT,
    *,
    name: str = "f",
    label: str = "Field",
    required: bool = True,
    options: tuple[str, ...] = (),
) -> Field:
    return Field(name=name, label=label, kind=kind, required=required, options=options)


SIZES = a_field(FieldKind.SELECT, name="size", label="Size", options=("Small", "Very  large"))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ((), "at least one field"),
        (tuple(a_field(name=str(n)) for n in range(MAX_FIELDS + 1)), "21 fields"),
        ((a_field(name=" "),), "no name"),
        ((a_field(label="\t"),), "no name"),
        ((a_field(label="x" * (MAX_LABEL + 1)),), "longer than 75"),
        ((a_field(name="x" * (MAX_LABEL + 1)),), "longer than 75"),
        ((a_field(name="a"), a_field(name="A")), "are called “A”"),
        ((a_field(name="a b"), a_field(name="a  b ")), "are called"),
        ((a_field(FieldKind.SELECT),), "needs 2 to 100 options"),
        ((a_field(FieldKind.SELECT, options=("one",)),), "needs 2 to 100 options"),
        (
            (a_field(FieldKind.SELECT, options=tuple(map(str, range(MAX_SELECT + 1)))),),
            "needs 2 to 100 options",
        ),
        ((a_field(FieldKind.SELECT, options=("yes", "Yes ")),), "look the same"),
        ((a_field(FieldKind.SELECT, options=("yes", " ")),), "empty or look the same"),
        ((a_field(FieldKind.NUMBER, options=("1", "2")),), "takes no options"),
    ],
)
def test_a_form_that_cannot_be_asked(fields: tuple[Field, ...], sentence: str) -> None:
    fault = fields_fault(fields)
    assert fault is not None
    assert sentence in fault


def test_a_form_that_can_be_asked() -> None:
    each = tuple(
        a_field(kind, name=kind.value) for kind in FieldKind if kind is not FieldKind.SELECT
    )
    assert fields_fault((*each, SIZES)) is None
    assert fields_fault(tuple(a_field(name=str(n)) for n in range(MAX_FIELDS))) is None


@pytest.mark.parametrize(
    ("field", "said", "kept"),
    [
        (a_field(), "  Twelve,\r\n at most ", "Twelve,\n at most"),
        (a_field(FieldKind.NUMBER), " 12.50 ", "12.50"),
        (a_field(FieldKind.NUMBER), "-3", "-3"),
        (a_field(FieldKind.NUMBER), "1e3", "1000"),
        (a_field(FieldKind.NUMBER), "0.0000001", "0.0000001"),
        (a_field(FieldKind.DATE), "2026-03-14", "2026-03-14"),
        (a_field(FieldKind.DATE), "2028-02-29", "2028-02-29"),
        (SIZES, "small", "Small"),
        (SIZES, " VERY large", "Very  large"),
        (a_field(FieldKind.YES_NO), "Yes", "yes"),
        (a_field(FieldKind.YES_NO), "true", "yes"),
        (a_field(FieldKind.YES_NO), "N", "no"),
        (a_field(FieldKind.YES_NO), "0", "no"),
    ],
)
def test_a_value_is_kept_in_one_written_form(field: Field, said: str, kept: str) -> None:
    values = read_values((field,), ((field.name, said),))
    assert values == ((field.name, kept),)
    # What is kept reads as itself.
    assert read_values((field,), values) == values


@pytest.mark.parametrize(
    ("field", "said", "sentence"),
    [
        (a_field(), "", "“Field” is missing."),
        (a_field(), " \n ", "“Field” is missing."),
        (a_field(), "x" * (MAX_VALUE + 1), "longer than 3000"),
        (a_field(), "a\x00b", "cannot be shown"),
        (a_field(), "\ud800", "cannot be shown"),
        (a_field(FieldKind.NUMBER), "twelve", "not a number"),
        (a_field(FieldKind.NUMBER), "1,5", "not a number"),
        (a_field(FieldKind.NUMBER), "NaN", "not a number"),
        (a_field(FieldKind.NUMBER), "1_0", "not a number"),
        (a_field(FieldKind.NUMBER), "-Infinity", "not a number"),
        (a_field(FieldKind.NUMBER), "1e31", "not a number"),
        # Written out, these would fill the memory.
        (a_field(FieldKind.NUMBER), "1e999999999", "not a number"),
        (a_field(FieldKind.NUMBER), "0e999999999", "not a number"),
        (a_field(FieldKind.NUMBER), "1e-999999999", "not a number"),
        (a_field(FieldKind.NUMBER), "1" * 41, "not a number"),
        (a_field(FieldKind.DATE), "14.03.2026", "not a date"),
        (a_field(FieldKind.DATE), "2026-02-30", "not a date"),
        (a_field(FieldKind.DATE), "tomorrow", "not a date"),
        (SIZES, "large", "is one of: Small; Very  large"),
        (SIZES, "1", "is one of"),
        (a_field(FieldKind.YES_NO), "maybe", "is yes or no"),
        (a_field(FieldKind.YES_NO), "yes but", "is yes or no"),
    ],
)
def test_a_value_that_is_not_what_was_asked_for(field: Field, said: str, sentence: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_values((field,), ((field.name, said),))
    assert refused.value.code == "form"
    assert sentence in refused.value.message


def test_all_that_is_wrong_is_said_at_once() -> None:
    fields = (
        a_field(name="a", label="Name"),
        a_field(FieldKind.NUMBER, name="b", label="Size"),
        a_field(FieldKind.DATE, name="c", label="Day"),
    )
    with pytest.raises(Invalid) as refused:
        read_values(fields, (("b", "big"), ("d", "x"), ("c", "2026-03-14")))
    assert refused.value.details == {
        "faults": [
            "There is no field “d”.",
            "“Name” is missing.",
            "“Size” is not a number like 12.5.",
        ],
        "fields": {
            "d": "There is no field “d”.",
            "a": "“Name” is missing.",
            "b": "“Size” is not a number like 12.5.",
        },
    }


def test_fields_that_may_be_left_out() -> None:
    fields = (a_field(name="a"), a_field(FieldKind.NUMBER, name="b", required=False))
    assert read_values(fields, (("a", "x"),)) == (("a", "x"),)
    assert read_values(fields, (("b", " "), ("a", "x"))) == (("a", "x"),)
    # In the order of the form, not in that of filling in.
    assert read_values(fields, (("b", "1"), ("a", "x"))) == (("a", "x"), ("b", "1"))
    with pytest.raises(Invalid, match="not a number"):
        read_values(fields, (("a", "x"), ("b", "y")))


def test_a_form_is_filled_in_and_not_written_in_words() -> None:
    """Invariant 6: a guess is not an answer."""
    request = a_request(kind=Kind.FORM, options=(), fields=(SIZES, a_field(required=False)))
    unclear = read(request, text="small, please")
    assert isinstance(unclear, Unclear)
    assert "Size, Field" in unclear.question
    filled = read(request, values=(("size", "small"),), text=" if it fits ")
    assert filled == Answer(values=(("size", "Small"),), text="if it fits")
    with pytest.raises(Invalid) as empty:
        read(request)
    assert empty.value.code == "empty"
    with pytest.raises(Invalid, match="missing"):
        read(request, values=())
    for kind in (Kind.APPROVAL, Kind.INPUT, Kind.CHOICE):
        with pytest.raises(Invalid, match="not a form"):
            read(a_request(kind=kind), values=(("size", "small"),))


@given(st.text(max_size=60))
def test_a_number_is_a_number_or_refused(text: str) -> None:
    try:
        values = read_values((a_field(FieldKind.NUMBER),), (("f", text),))
    except Invalid:
        return
    ((_, kept),) = values
    assert math.isfinite(float(kept))
    assert Decimal(kept) == Decimal(text.strip())
    assert len(kept) <= 80
    assert "e" not in kept.casefold()


@given(st.dates())
def test_every_date_can_be_said(day: date) -> None:
    field = a_field(FieldKind.DATE)
    assert read_values((field,), (("f", day.isoformat()),)) == (("f", day.isoformat()),)


labels = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=20)


@given(st.lists(labels, min_size=2, max_size=6), st.data())
def test_each_option_that_may_be_asked_for_can_be_chosen(
    options: list[str], data: st.DataObject
) -> None:
    field = a_field(FieldKind.SELECT, options=tuple(options))
    if fields_fault((field,)) is not None:
        return
    option = data.draw(st.sampled_from(options))
    assert read_values((field,), (("f", option),)) == (("f", option),)
