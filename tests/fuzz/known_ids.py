"""Hooks of schemathesis: every other path names something that exists, lest all of it be 404."""

from __future__ import annotations

import json
import os
import zlib
from typing import Any

import schemathesis

KNOWN = "HANDRAISE_FUZZ_IDS"
"""The variable with a JSON map from the beginning of a path to the ids that exist below it."""

_IDS: dict[str, list[str]] = json.loads(os.environ.get(KNOWN, "{}"))


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: dict[str, Any] | None) -> Any:
    """Put an id that exists in place of half of those that were made up."""
    if not path_parameters or "id" not in path_parameters:
        return path_parameters
    made_up = zlib.crc32(str(path_parameters["id"]).encode("utf-8", "replace"))
    for beginning, ids in _IDS.items():
        if context.operation.path.startswith(beginning) and ids and made_up % 2:
            path_parameters["id"] = ids[made_up // 2 % len(ids)]
    return path_parameters
