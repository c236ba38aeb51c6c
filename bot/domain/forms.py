"""A form's fields: what may be asked for, and reading what was filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation

from bot.domain.errors import Invalid
from bot.domain.feedback import Field, FieldKind
from bot.domain.text import clean, folded

MAX_FIELDS = 20
MAX_LABEL = 75
MAX_VALUE = 3_000
MAX_SELECT = 100

_YES = {"yes", "true", "1", "on", "y"}
_NO = {"no", "false", "0", "off", "n"}


def fields_fault(fields: Sequence[Field]) -> str | None:
    """Return what is wrong with a form's fields, as a sentence, or None."""
    if not fields:
        return "A form needs at least one field."
    if len(fields) > MAX_FIELDS:
        return f"That is {len(fields)} fields; a form has at most {MAX_FIELDS}."
    names = set()
    for field in fields:
        label = field.label.strip()
        if not field.name.strip() or not label:
            return "A field of the form has no name."
        if len(label) > MAX_LABEL or len(field.name) > MAX_LABEL:
            return f"The field “{label[:20]}…” has a name longer than {MAX_LABEL} characters."
        if folded(field.name) in names:
            return f"Two fields of the form are called “{field.name}”."
        names.add(folded(field.name))
        if field.kind is FieldKind.SELECT:
            shown = {folded(option) for option in field.options}
            if not 2 <= len(field.options) <= MAX_SELECT:
                return f"The field “{label}” needs 2 to {MAX_SELECT} options."
            if len(shown) != len(field.options) or "" in shown:
                return f"Options of the field “{label}” are empty or look the same."
        elif field.options:
            return f"The field “{label}” takes no options."
    return None


def read_values(
    fields: Sequence[Field], filled: Sequence[tuple[str, str]]
) -> tuple[tuple[str, str], ...]:
    """Return each field with its value in one written form; `Invalid` lists all that is wrong."""
    given: Mapping[str, str] = dict(filled)
    unknown = given.keys() - {field.name for field in fields}
    wrong = {name[:40]: f"There is no field “{name[:40]}”." for name in sorted(unknown)}
    values = []
    for field in fields:
        text = given.get(field.name, "").strip()
        if not text:
            if field.required:
                wrong[field.name] = f"“{field.label}” is missing."
            continue
        try:
            values.append((field.name, _value(field, text)))
        except ValueError as fault:
            wrong[field.name] = str(fault)
    if wrong:
        faults = list(wrong.values())
        details = {"faults": faults, "fields": wrong}
        raise Invalid(" ".join(faults), code="form", details=details)
    return tuple(values)


def _value(field: Field, text: str) -> str:
    if len(text) > MAX_VALUE:
        raise ValueError(f"“{field.label}” is longer than {MAX_VALUE} characters.")
    match field.kind:
        case FieldKind.TEXT:
            try:
                return clean(text, what=f"text of “{field.label}”")
            except Invalid as fault:
                raise ValueError(fault.message) from None
        case FieldKind.NUMBER:
            return _number(field, text)
        case FieldKind.DATE:
            try:
                return date.fromisoformat(text).isoformat()
            except ValueError:
                raise ValueError(f"“{field.label}” is not a date like 2026-03-14.") from None
        case FieldKind.SELECT:
            for option in field.options:
                if folded(option) == folded(text):
                    return option
            raise ValueError(f"“{field.label}” is one of: {'; '.join(field.options)}.")
        case FieldKind.YES_NO:
            if text.casefold() in _YES:
                return "yes"
            if text.casefold() in _NO:
                return "no"
            raise ValueError(f"“{field.label}” is yes or no.")


def _number(field: Field, text: str) -> str:
    try:
        # Python's own way to part digits is nobody else's: "1_0" is a slip, and not ten.
        number = Decimal("NaN" if "_" in text else text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or len(text) > 40 or abs(number.adjusted()) > 30:
        raise ValueError(f"“{field.label}” is not a number like 12.5.")
    return format(number, "f")
