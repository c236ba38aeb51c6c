"""From bytes to checked input: bodies, forms and queries, each refused with one sentence."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.domain.errors import Invalid, TooLarge
from web.api.faults import Malformed, TooSlow, WrongContentType

MAX_BODY = 128 * 1024
"""Bytes; a message's text may take half of it, its JSON escapes the rest."""

_READ_SECONDS = 30.0
_MAX_FIELDS = 32
_SHOWN_FIELDS = 20

Model = TypeVar("Model", bound=BaseModel)


class Input(BaseModel):
    """Base of what comes in: a field that is not declared is an error, so that typos show."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


async def read_json(request: web.Request, model: type[Model]) -> Model:
    """Return the JSON body as `model`; an absent body counts as `{}`."""
    body = await _read(request)
    if body:
        _expect_type(request, "application/json")
    try:
        # Strict: a number is no text and "yes" is no boolean. The parser itself refuses broken
        # UTF-8, lone surrogates and endless nesting.
        parsed = model.model_validate_json(body or b"{}", strict=True)
    except ValidationError as invalid:
        if any(error["type"] == "json_invalid" for error in invalid.errors(include_input=False)):
            raise Malformed("The body is not valid JSON in UTF-8.") from None
        raise refusal(invalid) from None
    return storable(parsed)


async def read_form(request: web.Request, model: type[Model]) -> Model:
    """Return the form-urlencoded body as `model`; a field given twice is an error."""
    body = await _read(request)
    _expect_type(request, "application/x-www-form-urlencoded")
    try:
        text = body.decode()
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except ValueError:  # not UTF-8, or too many fields
        raise Malformed("The body is not a valid form in UTF-8.") from None
    return _fields(model, pairs)


def read_query(request: web.Request, model: type[Model]) -> Model:
    """Return the query as `model`; a parameter given twice is an error."""
    return _fields(model, list(request.query.items()))


def storable(parsed: Model) -> Model:
    """Return `parsed`, or raise `Invalid` where a text holds what no database keeps."""
    for name, text in _texts(parsed.model_dump()):
        if "\x00" in text or not _is_unicode(text):
            message = f"{name}: the text holds a character that cannot be kept (NUL)."
            raise Invalid(message, details={"fields": {name: "holds a NUL character"}})
    return parsed


def refusal(invalid: ValidationError) -> Invalid:
    """Return what is wrong as one sentence, with a sentence for each field in the details."""
    errors = invalid.errors(include_url=False, include_input=False, include_context=False)
    fields: dict[str, str] = {}
    for error in errors[:_SHOWN_FIELDS]:
        # Keys of the sender's own making come back cut: an answer is not a place for their text.
        name = ".".join(str(part)[:64] for part in error["loc"]) or "body"
        fields.setdefault(name, _sentence(error["type"], error["msg"]))
    name, sentence = next(iter(fields.items()))
    return Invalid(f"{name}: {sentence}", details={"fields": fields})


def _sentence(kind: str, message: str) -> str:
    if kind == "missing":
        return "This field is required."
    if kind == "extra_forbidden":
        return "This field is not known here."
    text = message.removeprefix("Value error, ").removeprefix("Input ").strip()
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."


async def _read(request: web.Request) -> bytes:
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise WrongContentType("Send the body uncompressed.")
    if (request.content_length or 0) > MAX_BODY:
        raise TooLarge("The request is too large: send at most 128 KiB.")
    try:
        async with asyncio.timeout(_READ_SECONDS):
            return await request.read()
    except TimeoutError:
        raise TooSlow("The body did not come in time.") from None


def _expect_type(request: web.Request, wanted: str) -> None:
    charset = request.charset or "utf-8"
    if request.content_type != wanted or charset.lower() not in ("utf-8", "utf8", "us-ascii"):
        raise WrongContentType(f"Send the body as {wanted} in UTF-8.")


def _fields(model: type[Model], pairs: list[tuple[str, str]]) -> Model:
    values: dict[str, str] = {}
    for name, value in pairs:
        if name in values:
            sentence = "This field is given twice."
            details = {"fields": {name[:64]: sentence}}
            raise Invalid(f"{name[:64]}: {sentence}", details=details)
        values[name] = value
    try:
        return storable(model.model_validate(values))
    except ValidationError as invalid:
        raise refusal(invalid) from None


def _texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield name or "body", value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _texts(part, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list | tuple | set | frozenset):
        for part in value:
            yield from _texts(part, name)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
