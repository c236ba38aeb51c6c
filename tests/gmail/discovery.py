"""The API's methods as the installed discovery document has them: paths, verbs and scopes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from googleapiclient.discovery_cache import get_static_doc

METADATA_SCOPE = "https://www.googleapis.com/auth/gmail.metadata"


@dataclass(frozen=True, kw_only=True, slots=True)
class Method:
    """One method; `name` is short ("messages.send"), `id` has "gmail.users." before."""

    name: str
    id: str
    verb: str
    path: str
    upload_path: str | None
    scopes: frozenset[str]


@cache
def methods() -> dict[str, Method]:
    """Return every Gmail method by its short name."""
    found: dict[str, Method] = {}

    def walk(resource: dict[str, Any]) -> None:
        for entry in resource.get("methods", {}).values():
            simple = entry.get("mediaUpload", {}).get("protocols", {}).get("simple")
            name = entry["id"].removeprefix("gmail.users.")
            found[name] = Method(
                name=name,
                id=entry["id"],
                verb=entry["httpMethod"],
                path="/" + entry["path"],
                upload_path=simple["path"] if simple else None,
                scopes=frozenset(entry["scopes"]),
            )
        for child in resource.get("resources", {}).values():
            walk(child)

    walk(json.loads(get_static_doc("gmail", "v1")))
    return found
