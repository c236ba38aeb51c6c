"""Frozen records with some of their values changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar

R = TypeVar("R")
_Setters = dict[str, Callable[[Any, Any], None]]


def changed(record: R, **values: Any) -> R:
    """Return a copy with other values, as `dataclasses.replace` does, in half the time.

    For records with slots that compute nothing of themselves when they are made.
    """
    kind: Any = type(record)
    read, setters = _ways(kind)
    copy: R = object.__new__(kind)
    for set_value, value in zip(setters.values(), read(record), strict=True):
        set_value(copy, value)
    for name, value in values.items():
        setters[name](copy, value)
    return copy


@cache
def _ways(kind: Any) -> tuple[Callable[[Any], tuple[Any, ...]], _Setters]:
    """Return how a kind of record is read and written: past what keeps it frozen."""
    names = [field.name for field in fields(kind)]
    return attrgetter(*names), {name: getattr(kind, name).__set__ for name in names}
