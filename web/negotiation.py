"""What a client wants to be answered with, read from its `Accept` headers (RFC 9110, 12.5)."""

from __future__ import annotations

from collections.abc import Iterator

_READ = 32
"""Parts of a header that are read; nobody honest writes more."""


def prefers_html(accept: str) -> bool:
    """Tell whether an `Accept` header ranks HTML above JSON."""
    weights = {"text/html": -1.0, "application/json": -1.0}
    for name, weight in _weighed(accept):
        if name in weights:
            weights[name] = weight
    return weights["text/html"] > max(weights["application/json"], 0.0)


def takes_gzip(accept: str) -> bool:
    """Tell whether an `Accept-Encoding` header allows gzip."""
    weights = dict(_weighed(accept))
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _weighed(header: str) -> Iterator[tuple[str, float]]:
    for part in header.split(",")[:_READ]:
        name, _, parameters = part.partition(";")
        yield name.strip().lower(), _quality(parameters)


def _quality(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
