"""The one door to BAML's runtime and the generated client, with its own logging off.

Importing this costs tens of megabytes: only what runs when a model is configured may do so.
"""

from __future__ import annotations

from baml_py import AbortController, ClientRegistry, Collector
from baml_py.logging import set_log_level

# On a failure the runtime prints the whole prompt to stderr; it must never get to.
set_log_level("OFF")

from bot.adapters.planner.baml_client import stream_types, types  # noqa: E402
from bot.adapters.planner.baml_client.async_client import b  # noqa: E402
from bot.adapters.planner.baml_client.runtime import BamlCallOptions  # noqa: E402
from bot.adapters.planner.baml_client.sync_client import b as renderer  # noqa: E402

__all__ = [
    "AbortController",
    "BamlCallOptions",
    "ClientRegistry",
    "Collector",
    "b",
    "renderer",
    "stream_types",
    "types",
]
