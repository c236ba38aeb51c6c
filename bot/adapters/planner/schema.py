"""The JSON schema of an answer, in the subset that OpenAI's strict mode and llama.cpp share."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel


def response_format(model: type[BaseModel]) -> dict[str, Any]:
    """Return the `response_format` that makes an endpoint answer in the shape of `model`."""
    whole = model.model_json_schema()
    return {
        "type": "json_schema",
        "json_schema": {
            "name": model.__name__,
            "strict": True,
            "schema": _strict(whole, whole.get("$defs", {})),
        },
    }


def _strict(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Inline references; make every property required and forbid any other."""
    if "$ref" in node:
        return _strict(definitions[node["$ref"].rpartition("/")[2]], definitions)
    if "const" in node:
        return {"type": "string", "enum": [node["const"]]}
    if "anyOf" in node:
        return {"anyOf": [_strict(option, definitions) for option in node["anyOf"]]}
    if node.get("type") == "array":
        return {"type": "array", "items": _strict(node["items"], definitions)}
    if node.get("type") == "object":
        properties = {
            name: _strict(value, definitions) for name, value in node["properties"].items()
        }
        return {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }
    return {key: node[key] for key in ("type", "enum") if key in node}
