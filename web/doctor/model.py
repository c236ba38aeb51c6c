"""Checks of the language models: whether they answer and take the key; costs no tokens."""

from __future__ import annotations

from bot.settings import Settings
from web.doctor.findings import Finding, note, ok, todo
from web.doctor.probes import Probes

_BASES = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com",
    "google": "https://generativelanguage.googleapis.com/v1beta",
}


async def check(settings: Settings, probes: Probes) -> list[Finding]:
    """Return what is to be seen to at the model's provider, and its stand-in's."""
    if settings.model_provider == "none":
        return [note("model", "No language model is configured: typed commands work without.")]
    found = [
        await _provider(
            "model",
            settings.model_provider,
            settings.model_api_key.get_secret_value(),
            settings.model_base_url,
            probes,
        )
    ]
    if settings.model_fallback_provider != "none":
        found.append(
            await _provider(
                "model fallback",
                settings.model_fallback_provider,
                settings.model_fallback_api_key.get_secret_value(),
                settings.model_fallback_base_url,
                probes,
            )
        )
    return found


async def _provider(check: str, provider: str, key: str, base: str, probes: Probes) -> Finding:
    url = (base or _BASES.get(provider, "")).rstrip("/")
    headers: dict[str, str] = {}
    if provider == "anthropic":
        headers = {"x-api-key": key, "anthropic-version": "2023-06-01"}
        url = url if url.endswith("/v1") else f"{url}/v1"
    elif provider == "google":
        headers = {"x-goog-api-key": key}
    elif key:
        headers = {"Authorization": f"Bearer {key}"}
    answer = await probes.ask("GET", f"{url}/models", headers=headers)
    prefix = check.upper().replace(" ", "_")
    if answer.trouble:
        return todo(
            check,
            f"The {check} ({provider}) does not answer: {answer.trouble}.",
            f"Start it, or correct {prefix}_BASE_URL.",
        )
    if answer.status in (400, 401, 403):
        return todo(
            check,
            f"{provider} does not take the key (status {answer.status}).",
            f"Set {prefix}_API_KEY to a valid key.",
        )
    if answer.status >= 500:
        return todo(
            check, f"{provider} has trouble (status {answer.status}).", "Try again in a while."
        )
    return ok(check, f"The {check} ({provider}) answers.")
