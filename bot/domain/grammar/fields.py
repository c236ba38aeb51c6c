"""A form as people write it: `name (text), size (S|M|L), note (text, optional)`."""

from __future__ import annotations

import re

from bot.domain.errors import Invalid
from bot.domain.feedback import Field, FieldKind
from bot.domain.text import shortened

_SPLIT = re.compile(r"\s*[,;\n]\s*(?:and\s+)?(?![^()]*\))|(?<=\))\s+(?:and\s+)?", re.IGNORECASE)
_FIELD = re.compile(r"(?P<label>[^()]+?)\s*(?:\((?P<kind>[^()]*)\))?")
_OPTIONAL = re.compile(r"\s*,?\s*\boptional\s*$|^\s*optional\s*,\s*", re.IGNORECASE)
_NO_LETTERS = re.compile(r"\W+")
_KINDS = {
    "": FieldKind.TEXT,
    "text": FieldKind.TEXT,
    "number": FieldKind.NUMBER,
    "date": FieldKind.DATE,
    "yes/no": FieldKind.YES_NO,
    "yes|no": FieldKind.YES_NO,
    "yes or no": FieldKind.YES_NO,
}


def read_fields(text: str) -> tuple[Field, ...]:
    """Return the fields that `text` lists; `Invalid` when one cannot be read."""
    return tuple(_field(part) for part in _SPLIT.split(text.strip().rstrip(".")) if part.strip())


def field_name(label: str) -> str:
    """Return the name under which the value of a field with `label` is kept."""
    return _NO_LETTERS.sub("_", label.casefold()).strip("_") or label.strip()


def _field(text: str) -> Field:
    found = _FIELD.fullmatch(text.strip())
    if found is None:
        raise Invalid(
            f"“{shortened(text.strip(), 40)}” is not a field of a form."
            " Write a field like `amount (number)` or `note (text, optional)`."
        )
    label = " ".join(found["label"].split())
    said = " ".join((found["kind"] or "").split())
    kind = _OPTIONAL.sub("", said)
    required = kind == said
    options: tuple[str, ...] = ()
    if kind.casefold() in _KINDS:
        read = _KINDS[kind.casefold()]
    else:
        options = tuple(option.strip() for option in re.split(r"[|/]", kind))
        read = FieldKind.SELECT
        if len(options) < 2:
            raise Invalid(
                f"“{shortened(kind, 40)}” is no kind of field. The field “{shortened(label, 40)}”"
                " can be text, number, date, yes/no, or one of several such as S|M|L."
            )
    return Field(name=field_name(label), label=label, kind=read, required=required, options=options)
