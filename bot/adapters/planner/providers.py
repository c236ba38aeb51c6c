"""How each provider is told what to run: plain values in, a BAML client registry out."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from bot.adapters.planner.config import PlannerConfig
from bot.adapters.planner.runtime import ClientRegistry, renderer, types
from bot.adapters.planner.schema import response_format
from bot.domain.errors import Invalid

_CLIENT = "Configured"
_NAMES = {
    "openai": "openai",
    "anthropic": "anthropic",
    "google": "google-ai",
    "openai-compatible": "openai-generic",
}
_CONNECT_MS = 10_000
_TRIES_FOR_ORDER = 16


def options(config: PlannerConfig, answer: type[BaseModel]) -> dict[str, Any]:
    """Return BAML's client options for one function that answers with `answer`."""
    if config.provider not in _NAMES:
        raise Invalid(f"There is no language model provider called {config.provider!r}.")
    if config.provider == "openai-compatible" and not config.base_url:
        raise Invalid("An OpenAI-compatible language model needs a base URL.")
    connect_ms = min(_CONNECT_MS, int(config.timeout_seconds * 1000))
    chosen: dict[str, Any] = {
        "model": config.model,
        "http": {"connect_timeout_ms": max(1, connect_ms)},
    }
    if config.base_url:
        chosen["base_url"] = config.base_url
    if config.api_key or config.provider != "openai-compatible":
        chosen["api_key"] = config.api_key
    if config.provider == "google":
        chosen["generationConfig"] = {"maxOutputTokens": config.max_tokens}
    elif config.provider == "openai":
        # OpenAI's newer models refuse `max_tokens`; other servers may know nothing else.
        chosen["max_completion_tokens"] = config.max_tokens
    else:
        chosen["max_tokens"] = config.max_tokens
    if config.json_schema and config.provider in ("openai", "openai-compatible"):
        chosen["response_format"] = response_format(answer)
    return chosen


def registry(config: PlannerConfig, answer: type[BaseModel]) -> ClientRegistry:
    """Return a registry whose only choice is the configured model."""
    chosen = options(config, answer)
    made = _registry(config, chosen)
    if "response_format" not in chosen or answer is not types.StepList:
        return made
    # A registry keeps the keys of nested options in an order of its own, another one each time,
    # and endpoints make a model write its properties in just that order. With `text` before
    # `action` nothing could be previewed until the text is complete: take one that has it right.
    for _ in range(_TRIES_FOR_ORDER):
        if _writes_action_first(made):
            break
        made = _registry(config, chosen)
    return made


def _registry(config: PlannerConfig, chosen: dict[str, Any]) -> ClientRegistry:
    made = ClientRegistry()
    made.add_llm_client(_CLIENT, _NAMES[config.provider], chosen)
    made.set_primary(_CLIENT)
    return made


def _writes_action_first(made: ClientRegistry) -> bool:
    rendered = renderer.request.NameSession("", "", baml_options={"client_registry": made})
    body = json.loads(rendered.body.text())
    schema = body["response_format"]["json_schema"]["schema"]
    shapes = schema["properties"]["steps"]["items"]["anyOf"]
    return all(next(iter(s["properties"])) == "action" for s in shapes if "text" in s["properties"])
