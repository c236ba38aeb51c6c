"""The main job in plain language: a model plans, streams its words, asks, and goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.settings import Settings
from tests.clock import FakeClock
from tests.flows.conftest import Client, Outbox, SignUp
from tests.flows.line import Line, eventually
from tests.model_server import ModelServer, fails, plans, says, trickles
from web.app import build_app

pytest.importorskip(
    "bot.adapters.planner.baml_client",
    reason="the BAML client is not generated; run `baml-cli generate --from baml_src`",
)

ASK = {
    "action": "ask_human",
    "people": ["bob"],
    "question": "Can we ship on Friday?",
    "kind": "choice",
    "options": ["yes", "no"],
}


@pytest.fixture
async def model() -> AsyncIterator[ModelServer]:
    async with ModelServer() as server:
        yield server


@pytest.fixture
async def client(
    settings: Settings, clock: FakeClock, outbox: Outbox, model: ModelServer
) -> AsyncIterator[Client]:
    configured = Settings.load(
        env_file=None,
        data_dir=settings.data_dir,
        secret_key=settings.secret_key.get_secret_value(),
        model_provider="openai-compatible",
        model_name="m",
        model_base_url=model.url,
        model_retries=0,
    )
    app: web.Application = build_app(configured, clock=clock, send_code=outbox, password_cost=4)
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_a_model_asks_somebody_and_reports_back(model: ModelServer, sign_up: SignUp) -> None:
    ann, bob = await sign_up("ann"), await sign_up("bob")
    anns, bobs = await Line.sign_in(ann), await Line.sign_in(bob)
    model.script = [
        plans({"action": "reply", "text": "I will ask bob."}, ASK),
        says('{"title": "Friday\'s release"}'),
        trickles('{"steps": [{"action": "reply", "text": "Bob', " says yes,", ' so ship it."}]}',
                 pause=0.15),
    ]  # fmt: skip
    words = "Could you find out from bob whether we can ship on Friday?"
    ack = await anns.act(type="start", client_id="1", text=words)
    await anns.watch(ack["outcome"]["session_id"], 0)
    asked = await bobs.until("event", lambda f: f["event"]["kind"] == "question")
    question = asked["event"]["question"]
    # The title is asked for once the turn has ended, and what comes next must not overtake it.
    await eventually(lambda: len(model.prompts) == 2)
    await bobs.act(
        type="answer",
        client_id="1",
        request_id=question["id"],
        digest=question["digest"],
        choices=["yes"],
    )
    final = await anns.until(
        "event",
        lambda f: f["event"].get("message", {}).get("text") == "Bob says yes, so ship it.",
    )
    _, read = await ann.get(f"/api/sessions/{ack['outcome']['session_id']}")
    assert read["session"]["title"] == "Friday's release"
    previews = [f for f in anns.seen if f["type"] == "preview"]
    assert previews
    assert {f["turn_id"] for f in previews} >= {final["event"]["message"]["turn_id"]}
    assert words in model.prompts[0]
    assert "bob answered “Can we ship on Friday?”: yes" in model.prompts[-1]


@pytest.mark.parametrize("script", [fails(500), says("I would rather talk about the weather.")])
async def test_a_model_that_fails_is_told_plainly_and_asking_goes_on_without_it(
    script: object, model: ModelServer, sign_up: SignUp
) -> None:
    ann, bob = await sign_up("ann"), await sign_up("bob")
    anns, bobs = await Line.sign_in(ann), await Line.sign_in(bob)
    model.script = [script]  # type: ignore[list-item]
    ack = await anns.act(type="start", client_id="1", text="What do you think?")
    session_id = ack["outcome"]["session_id"]
    await anns.watch(session_id, 0)
    told = await anns.until("event", lambda f: f["event"].get("message", {}).get("role") == "agent")
    assert "model" in told["event"]["message"]["text"].casefold()
    await anns.act(type="message", client_id="2", session_id=session_id, text="ask bob: Ship it?")
    asked = await bobs.until("event", lambda f: f["event"]["kind"] == "question")
    assert asked["event"]["question"]["question"] == "Ship it?"
