"""Which model a planner talks to, in plain values; it reads no environment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Provider = Literal["none", "openai", "anthropic", "google", "openai-compatible"]


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannerConfig:
    """One model, and the one to turn to when it cannot be reached."""

    provider: Provider = "none"
    model: str = ""
    api_key: str = field(default="", repr=False)
    base_url: str | None = None
    """Needed for `openai-compatible`; elsewhere None means the vendor's own."""
    timeout_seconds: float = 60.0
    """For one answer, from the request to its last word."""
    retries: int = 2
    """How often one request is repeated when the provider is busy, down or not to be reached."""
    max_tokens: int = 4_096
    """Of an answer."""
    json_schema: bool = False
    """Whether the endpoint takes `response_format` with a JSON schema (OpenAI's protocol only)."""
    fallback: PlannerConfig | None = None

    @property
    def name(self) -> str:
        """Return provider and model, as it stands in journals."""
        return f"{self.provider}/{self.model}"
