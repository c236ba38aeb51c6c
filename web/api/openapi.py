"""OpenAPI 3.1, built from the endpoints' own declarations and their pydantic models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

import web
from bot.domain.errors import (
    Conflict,
    HandraiseError,
    Invalid,
    NotAllowed,
    NotFound,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from web.api.endpoint import Endpoint
from web.api.examples import BODIES, refusal
from web.api.faults import ErrorBody, Malformed, TooSlow, WrongContentType, status_of

Json = dict[str, Any]
Mode = Literal["validation", "serialization"]

_DESCRIPTION = (
    "An agent that raises its hand: it asks the right person and carries on with the answer. "
    "Live updates come over the WebSocket at `/ws`."
)
_WORDS = {
    200: "Done.",
    201: "Created.",
    202: "Accepted.",
    204: "Done; no content.",
    400: "The request cannot be read.",
    401: "Nobody is signed in, or the token is not valid.",
    403: "This is not allowed.",
    404: "It does not exist.",
    408: "The body did not come in time.",
    409: "The state does not allow this.",
    413: "The request is too large.",
    415: "The content type is not the right one.",
    422: "The input is wrong.",
    429: "Too many requests; see `Retry-After`.",
    431: "A header, or the address itself, is longer than 8 KiB.",
    503: "Something this needs is down; try again.",
}
_HEADERS_TOO_LARGE = 431  # whatever the endpoint: it is refused before any is found
_RATE_HEADERS: Json = {
    name: {"description": words, "schema": {"type": "integer"}}
    for name, words in {
        "Retry-After": "Seconds to wait.",
        "RateLimit-Limit": "Requests a minute.",
        "RateLimit-Remaining": "Requests left.",
        "RateLimit-Reset": "Seconds until there are more.",
    }.items()
}


def describe(endpoints: Sequence[Endpoint], server: str) -> Json:
    """Return the OpenAPI document for `endpoints`, served at the address `server`."""
    schemas, names = _schemas(endpoints)
    paths: Json = {}
    for each in endpoints:
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each, schemas, names)
    for each in endpoints:
        if each.query is not None:  # spread over parameters, so not needed as an object
            schemas.pop(names[each.query, "validation"], None)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Handraise",
            "version": web.__version__,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server}],
        "tags": [{"name": tag} for tag in dict.fromkeys(each.tag for each in endpoints)],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            },
        },
    }


def _schemas(endpoints: Sequence[Endpoint]) -> tuple[Json, dict[tuple[type[BaseModel], Mode], str]]:
    """Return the components' schemas, and each model's name among them."""
    models: dict[tuple[type[BaseModel], Mode], None] = {(ErrorBody, "serialization"): None}
    for each in endpoints:
        for model in (each.body, each.form, each.query):
            if model is not None:
                models[model, "validation"] = None
        if each.answer is not None:
            models[each.answer, "serialization"] = None
    found, definitions = models_json_schema(
        list(models), ref_template="#/components/schemas/{model}"
    )
    names: dict[tuple[type[BaseModel], Mode], str] = {
        key: found[key]["$ref"].rpartition("/")[2] for key in models
    }
    return dict(definitions.get("$defs", {})), names


def _operation(
    each: Endpoint, schemas: Json, names: dict[tuple[type[BaseModel], Mode], str]
) -> Json:
    def content(kind: str, model: type[BaseModel], mode: Mode) -> Json:
        shape: Json = {"schema": {"$ref": f"#/components/schemas/{names[model, mode]}"}}
        if mode == "validation" and model.__name__ in BODIES:
            shape["example"] = dict(BODIES[model.__name__])
        return {kind: shape}

    good: Json = {"description": _WORDS.get(each.status, "Done.")}
    if each.answer is not None:
        good["content"] = content("application/json", each.answer, "serialization")
    elif each.media is not None:
        good["content"] = {each.media: {"schema": {"type": "string"}}}
    responses = {str(each.status): good}
    refused = {status_of(error) for error in _errors(each)} | {_HEADERS_TOO_LARGE}
    for status in sorted(refused):
        responses[str(status)] = {
            "description": _WORDS.get(status, "Refused."),
            "content": content("application/json", ErrorBody, "serialization"),
        }
        example = refusal(status)
        if example is not None:
            responses[str(status)]["content"]["application/json"]["example"] = example
        if each.media == "text/html":  # a browser is told on a page
            responses[str(status)]["content"]["text/html"] = {"schema": {"type": "string"}}
        if status == 429:
            responses[str(status)]["headers"] = _RATE_HEADERS
    operation: Json = {
        "operationId": each.name,
        "summary": each.summary,
        "tags": [each.tag],
        "responses": responses,
    }
    if each.handler.__doc__:
        operation["description"] = " ".join(each.handler.__doc__.split())
    if each.admin_only:
        told = operation.get("description", "")
        operation["description"] = f"{told} Only administrators may.".strip()
    if each.signed_in:
        operation["security"] = [{"bearer": []}]
    parameters = _parameters(each, schemas, names)
    if parameters:
        operation["parameters"] = parameters
    if each.body is not None:
        required = any(field.is_required() for field in each.body.model_fields.values())
        operation["requestBody"] = {
            "required": required,
            "content": content("application/json", each.body, "validation"),
        }
    elif each.form is not None:
        operation["requestBody"] = {
            "required": True,
            "content": content("application/x-www-form-urlencoded", each.form, "validation"),
        }
    return operation


def _parameters(
    each: Endpoint, schemas: Json, names: dict[tuple[type[BaseModel], Mode], str]
) -> list[Json]:
    text: Json = {"type": "string", "minLength": 1, "maxLength": 64}
    found: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": text} for name in each.parameters
    ]
    if each.query is not None:
        schema = schemas[names[each.query, "validation"]]
        found += [
            {
                "name": name,
                "in": "query",
                "required": name in schema.get("required", ()),
                "schema": shape,
            }
            for name, shape in schema.get("properties", {}).items()
        ]
    if each.idempotent:
        found.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "The same key again changes nothing and gets the first outcome.",
                "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
            }
        )
    return found


def _errors(each: Endpoint) -> list[type[HandraiseError]]:
    """Return what an endpoint may refuse with, what the frame itself refuses included."""
    errors = [*each.errors]
    if each.needs_store:
        errors.append(Unavailable)
    if each.signed_in:
        errors.append(Unauthenticated)
        if each.admin_only or not each.unconfirmed_too:
            errors.append(NotAllowed)
    if each.body is not None or each.form is not None:
        errors += [Malformed, TooSlow, TooLarge, WrongContentType, Invalid]
    if each.query is not None or each.idempotent:
        errors.append(Invalid)
    if each.idempotent:
        errors.append(Conflict)
    if each.parameters:
        errors.append(NotFound)
    return errors
