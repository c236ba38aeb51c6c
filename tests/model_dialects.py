"""How OpenAI, Anthropic and Google stream the same words, event by event."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

Events = Iterator[bytes]


def _data(event: dict[str, Any], name: str | None = None) -> bytes:
    head = f"event: {name}\n".encode() if name else b""
    return head + b"data: " + json.dumps(event).encode() + b"\n\n"


def openai(pieces: Sequence[str], finish: str | None) -> Events:
    """Yield chat completion chunks."""

    def chunk(choice: dict[str, Any]) -> bytes:
        return _data(
            {
                "id": "scripted",
                "object": "chat.completion.chunk",
                "created": 1_700_000_000,
                "model": "scripted",
                "choices": [{"index": 0, **choice}],
            }
        )

    for piece in pieces:
        yield chunk({"delta": {"content": piece}, "finish_reason": None})
    if finish is not None:
        yield chunk({"delta": {}, "finish_reason": finish})
        yield b"data: [DONE]\n\n"


def anthropic(pieces: Sequence[str], finish: str | None) -> Events:
    """Yield message events; the last piece comes with its end."""

    def event(kind: str, **fields: Any) -> bytes:
        return _data({"type": kind, **fields}, kind)

    started = event(
        "message_start",
        message={
            "id": "scripted",
            "type": "message",
            "role": "assistant",
            "content": [],
            "model": "scripted",
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": 1, "output_tokens": 1},
        },
    ) + event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    for piece in pieces:
        delta = event("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})
        yield started + delta
        started = b""
    if finish is not None:
        yield (
            event("content_block_stop", index=0)
            + event(
                "message_delta",
                delta={"stop_reason": finish, "stop_sequence": None},
                usage={"output_tokens": 1},
            )
            + event("message_stop")
        )


def google(pieces: Sequence[str], finish: str | None) -> Events:
    """Yield generated contents; the last piece itself says how it ended."""
    for n, piece in enumerate(pieces, start=1):
        candidate: dict[str, Any] = {
            "index": 0,
            "content": {"role": "model", "parts": [{"text": piece}]},
        }
        if n == len(pieces) and finish is not None:
            candidate["finishReason"] = finish
        yield _data(
            {
                "candidates": [candidate],
                "modelVersion": "scripted",
                "usageMetadata": {
                    "promptTokenCount": 1,
                    "candidatesTokenCount": 1,
                    "totalTokenCount": 2,
                },
            }
        )
