"""A model's endpoint on loopback (OpenAI's protocol) that answers at once and counts characters."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

KEPT = 5
"""A summary keeps one character of so many that it is told."""
LONGEST = 2_500
"""Characters of a summary, which is what `Summarise` asks for at most."""
REPLY = (
    "I looked at it once more. The figures of the second quarter agree with what Ben sent, but "
    "those of the third are still preliminary; **two** of the five regions have not reported. I "
    "would wait until Thursday, unless you would rather ask Carla today."
)


class Model:
    """Plans a reply, keeps a running summary, gives a title; knows a call by what it asks for."""

    def __init__(self) -> None:
        self.prompts: list[int] = []
        """Characters of each prompt for a turn, in order."""
        self.summaries: list[int] = []
        self.url = ""
        self._summary = ""

    async def start(self) -> web.AppRunner:
        """Listen; who calls this cleans the runner up."""
        app = web.Application(client_max_size=2**24)
        app.router.add_post("/v1/chat/completions", self._complete)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        return runner

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        messages = (await request.json())["messages"]
        text = "\n".join(_text(message["content"]) for message in messages)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for choice in (
            {"delta": {"content": json.dumps(self._answer(text))}, "finish_reason": None},
            {"delta": {}, "finish_reason": "stop"},
        ):
            chunk = {
                "id": "bench", "object": "chat.completion.chunk", "created": 1_700_000_000,
                "model": "bench", "choices": [{"index": 0, **choice}],
            }  # fmt: skip
            await response.write(f"data: {json.dumps(chunk)}\n\n".encode())
        await response.write(b"data: [DONE]\n\n")
        await response.write_eof()
        return response

    def _answer(self, prompt: str) -> dict[str, Any]:
        if "You keep the running summary" in prompt:
            told = prompt.partition("The messages since then")[2]
            self._summary = (self._summary + told[::KEPT])[-LONGEST:]
            self.summaries.append(len(self._summary))
            return {"summary": self._summary}
        if "Give a conversation a title" in prompt:
            return {"title": "The quarter's figures"}
        self.prompts.append(len(prompt))
        return {"steps": [{"action": "reply", "text": REPLY}]}


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text", "") for part in content)
