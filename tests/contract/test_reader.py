"""The real BAML reader, through BAML's real runtime, against a server that speaks the protocol."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.planner import FallbackReader, PlannerConfig, RulesReader, make_reader
from bot.domain.errors import PlanningFailed
from bot.domain.feedback import Answer, Kind, Risk
from bot.domain.reading import Unclear
from tests.model_server import ModelServer, Scripted, fails, hangs, says
from tests.unit.deciding_cases import a_request

pytest.importorskip(
    "bot.adapters.planner.baml_client",
    reason="the BAML client is not generated; run `baml-cli generate --from baml_src`",
)

from bot.adapters.planner.baml_reader import MAX_REPLY, BamlReader
from tests.model_stage import Pauses, config

ROOT = Path(__file__).resolve().parents[2]
ORDER = a_request(
    kind=Kind.APPROVAL, options=(), question="Order the laptops?", context="Twelve of them."
)
CITIES = a_request(options=("Berlin", "Paris"), question="Where do we meet?")
REPLY = "I went through it with Carla and the figures add up. Go ahead with it."


def reading(verdict: str, words: str = "", *options: str, reason: str = "") -> Scripted:
    return says(
        json.dumps({"verdict": verdict, "options": list(options), "words": words, "reason": reason})
    )


def played(
    *script: Scripted, act: Callable[[ModelServer, BamlReader], Awaitable[None]], **changes: Any
) -> None:
    async def run() -> None:
        async with ModelServer(*script) as server:
            reader = BamlReader(config(server, **changes), pause=Pauses())
            await act(server, reader)
            await reader.aclose()

    asyncio.run(run())


def test_a_verdict_becomes_an_answer_with_the_words_it_rests_on() -> None:
    async def act(server: ModelServer, reader: BamlReader) -> None:
        assert await reader.read(ORDER, REPLY) == Answer(approved=True, text="Go ahead")
        (prompt,) = server.prompts
        for told in ("Order the laptops?", "Twelve of them.", REPLY):
            assert told in prompt
        assert server.requests[0]["response_format"]["json_schema"]["name"] == "FeedbackReading"
        assert reader.name == "openai-compatible/m"

    played(reading("approve", "Go ahead"), act=act, json_schema=True)


def test_a_choice_becomes_an_answer() -> None:
    async def act(server: ModelServer, reader: BamlReader) -> None:
        answer = await reader.read(CITIES, "We look forward to Paris, book there")
        assert answer == Answer(choices=("Paris",), text="look forward to Paris")

    played(reading("choose", "look forward to Paris", "Paris"), act=act)


@pytest.mark.parametrize(
    "said",
    [
        reading("unclear", reason="it is a question"),
        reading("approve", "I hereby approve"),
        reading("approve", "the figures add up"),
        reading("reject", "Go ahead"),
        reading("approve", "Order the laptops"),
    ],
)
def test_what_the_reply_does_not_say_is_asked_back(said: Scripted) -> None:
    async def act(server: ModelServer, reader: BamlReader) -> None:
        answer = await reader.read(ORDER, REPLY)
        assert isinstance(answer, Unclear)
        assert "nothing is decided" in answer.question
        assert len(server.requests) == 1

    played(said, act=act)


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (reading("approve", " "), "without the words"),
        (reading("choose", "Go ahead", "Berlin"), "wants approval"),
        (says('{"verdict": "APPROVE", "options": [], "words": "Go ahead", "reason": ""}'), "shape"),
        (says('{"verdict": "approve", "options": [], "words": "Go ahe'), "shape"),
        (says('{"verdict": "approve"}' * 2), "shape"),
        (says("He approves."), "shape"),
    ],
)
def test_an_unusable_answer_is_asked_for_once_more(said: Scripted, problem: str) -> None:
    async def act(server: ModelServer, reader: BamlReader) -> None:
        assert await reader.read(ORDER, REPLY) == Answer(approved=True, text="Go ahead")
        assert problem in server.prompts[1]

    played(said, reading("approve", "Go ahead"), act=act)


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (reading("choose", "to Paris"), "named no option"),
        (reading("choose", "to Paris", "paris"), "not among those"),
        (reading("approve", "to Paris"), "offers options"),
    ],
)
def test_a_choice_that_does_not_fit_is_asked_for_once_more(said: Scripted, problem: str) -> None:
    async def act(server: ModelServer, reader: BamlReader) -> None:
        answer = await reader.read(CITIES, "We look forward to Paris")
        assert answer == Answer(choices=("Paris",), text="to Paris")
        assert problem in server.prompts[1]

    played(said, reading("choose", "to Paris", "Paris"), act=act)


def test_a_cut_off_answer_is_no_decision_though_it_reads_like_one() -> None:
    whole = '{"verdict": "approve", "options": [], "words": "Go ahead", "reason": ""}'

    async def act(server: ModelServer, reader: BamlReader) -> None:
        with pytest.raises(PlanningFailed) as failed:
            await reader.read(ORDER, REPLY)
        assert "cut off" in failed.value.message
        assert REPLY not in failed.value.message
        assert failed.value.__context__ is None
        assert len(server.requests) == 2

    played(says(whole, finish="length"), act=act)


@pytest.mark.parametrize("broken", [fails(500), fails(401), hangs()])
def test_while_the_model_is_down_it_is_asked_back(broken: Scripted) -> None:
    async def act(server: ModelServer, reader: BamlReader) -> None:
        with pytest.raises(PlanningFailed):
            await reader.read(ORDER, REPLY)
        both = FallbackReader(reader, RulesReader())
        assert isinstance(await both.read(ORDER, REPLY), Unclear)
        assert both.name == reader.name

    played(broken, act=act, retries=0, timeout_seconds=0.3)


def test_the_fallback_model_takes_over() -> None:
    async def run() -> None:
        said = reading("approve", "Go ahead")
        async with ModelServer(fails(500)) as first, ModelServer(said) as second:
            spare = config(second, model="spare")
            reader = BamlReader(config(first, retries=1, fallback=spare), pause=Pauses())
            assert isinstance(await reader.read(ORDER, REPLY), Answer)
            assert (len(first.requests), len(second.requests)) == (2, 1)

    asyncio.run(run())


def test_what_a_model_may_not_decide_is_not_even_shown_to_it() -> None:
    async def act(server: ModelServer, reader: BamlReader) -> None:
        risky = a_request(kind=Kind.APPROVAL, options=(), risk=Risk.HIGH)
        open_question = a_request(kind=Kind.INPUT, options=())
        for request in (risky, open_question, a_request(kind=Kind.FORM, options=())):
            assert isinstance(await reader.read(request, REPLY), Unclear)
        assert isinstance(await reader.read(ORDER, "Go ahead. " * MAX_REPLY), Unclear)
        assert not server.requests

    played(reading("approve", "Go ahead"), act=act)


def test_a_reply_cannot_close_its_fence() -> None:
    lines = (ROOT / "tests/fixtures/injections/answers.jsonl").read_text("utf-8").splitlines()
    texts = [row["text"] for row in map(json.loads, lines)][:12]

    async def act(server: ModelServer, reader: BamlReader) -> None:
        for text in texts:
            assert isinstance(await reader.read(ORDER, text), Unclear)
        for text, prompt in zip(texts, server.prompts, strict=True):
            fence = prompt.rpartition("The reply:\n<<<")[2].split(" reply", 1)[0]
            assert fence
            assert fence not in text
            inside = prompt.rpartition(f"<<<{fence} reply\n")[2].partition(f"\n{fence}>>>")[0]
            assert inside.strip() == text.strip()

    # A model that obeys whatever it is told, and quotes what it was told to.
    played(reading("approve", "approve"), act=act)


def test_without_a_model_baml_is_not_even_loaded() -> None:
    script = (
        "import sys\n"
        "from bot.adapters.planner import PlannerConfig, make_reader\n"
        "print(make_reader(PlannerConfig()).name, 'baml_py' in sys.modules)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert ran.stdout.strip() == "rules False"


def test_the_configured_reader_falls_back_to_the_rules() -> None:
    async def run() -> None:
        assert isinstance(await make_reader(PlannerConfig()).read(ORDER, REPLY), Unclear)
        async with ModelServer(fails(401)) as server:
            reader = make_reader(config(server))
            assert isinstance(await reader.read(ORDER, REPLY), Unclear)
            await reader.aclose()

    asyncio.run(run())
