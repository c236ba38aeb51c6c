"""Frozen records made past their constructors: of other records, and of stored values."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import Any, TypeVar, cast

R = TypeVar("R")

_set = object.__setattr__
"""Gives a frozen record its values, which nobody can set afterwards."""


def changed(record: R, **values: Any) -> R:
    """Return a copy with other values, as `dataclasses.replace` does, in a tenth of the time.

    For records without slots that compute nothing of themselves when they are made; `TypeError`
    when they have no such value.
    """
    before = record.__dict__
    after = before | values
    if len(after) != len(before):
        raise TypeError(f"{type(record).__name__} has no {', '.join(after.keys() - before)}")
    copy = object.__new__(type(record))
    _set(copy, "__dict__", after)
    return copy


def made(kind: type[R], values: dict[str, Any]) -> R:
    """Return a record that has these values, as `kind(**values)` does, in a third of the time.

    For the same records as `changed`; each of their values must be given, also those with a usual
    one, else `TypeError`. The record keeps `values`.
    """
    names = _names(cast("Any", kind))
    if values.keys() != names:
        wrong = ", ".join(sorted(values.keys() ^ names))
        raise TypeError(f"{kind.__name__} has not all its values, or others: {wrong}")
    record = object.__new__(kind)
    _set(record, "__dict__", values)
    return record


@cache
def _names(kind: Any) -> frozenset[str]:
    return frozenset(field.name for field in fields(kind))
