"""The real BAML planner, through BAML's real runtime, against a server that speaks the protocol."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from bot.adapters.planner import FallbackPlanner, PlannerConfig, RulesPlanner, make_planner
from bot.domain.feedback import Kind
from bot.domain.instants import MINUTE
from bot.domain.planning import AskHuman, CancelQuestion, EndSession, Line, Reply, Role, Spoken
from tests.model_server import ModelServer, fails, plans, says, trickles

pytest.importorskip(
    "bot.adapters.planner.baml_client",
    reason="the BAML client is not generated; run `baml-cli generate --from baml_src`",
)

from bot.adapters.planner.baml_planner import BamlPlanner
from tests.model_stage import ASK, REPLY, Pauses, config, context, failure, owner, played

ROOT = Path(__file__).resolve().parents[2]


def test_steps_become_the_domains() -> None:
    async def act(server: ModelServer, planner: BamlPlanner) -> None:
        plan = await planner.plan(context(), lambda text: None)
        assert plan.steps == (
            Reply(text="I will ask ben."),
            AskHuman(
                people=("ben",),
                question="Can we ship?",
                kind=Kind.CHOICE,
                options=("yes", "no"),
                within=90 * MINUTE,
            ),
            CancelQuestion(request_id="r1"),
            EndSession(text="Bye."),
        )
        assert plan.note == "openai-compatible/m, answer 1"
        assert planner.name == "openai-compatible/m"

    played(
        plans(
            REPLY,
            ASK,
            {"action": "cancel_question", "request_id": "r1"},
            {"action": "end_session", "farewell": "Bye."},
        ),
        act=act,
    )


def test_a_first_reply_is_previewed_growing_and_no_other_step_is() -> None:
    shown: list[str] = []

    async def act(server: ModelServer, planner: BamlPlanner) -> None:
        plan = await planner.plan(context(), shown.append)
        assert plan.steps == (Reply(text="One two three"), Reply(text="never shown"))

    played(
        trickles(
            '{"steps": [{"act',
            'ion": "re',
            'ply", "text": "One',
            " two",
            ' three"}, {"ac',
            'tion": "reply", "text": "never',
            ' shown"}]}',
        ),
        act=act,
    )
    assert shown[-1] == "One two three"
    assert len(shown) > 1
    assert all(later.startswith(earlier) for earlier, later in pairwise(shown))


@pytest.mark.parametrize(
    "pieces",
    [
        (
            '{"steps": [{"action": "ask',
            '_human", "people": ["ben"], "question": "Ship?", "kin',
            'd": "input", "options": []}, {"action": "reply", "text": "Asked',
            '."}]}',
        ),
        ('{"steps": [{"action": "e', 'nd_session", "farewell": "Bye', ' now"', "}]}"),
        ('{"steps": [{"farewell": "Bye', ' now", "action": "e', 'nd_session"}]}'),
    ],
)
def test_nothing_is_previewed_unless_the_first_step_is_a_reply(pieces: tuple[str, ...]) -> None:
    shown: list[str] = []

    async def act(server: ModelServer, planner: BamlPlanner) -> None:
        assert (await planner.plan(context(), shown.append)).steps

    played(trickles(*pieces), act=act)
    assert shown == []


def test_the_fallback_model_takes_over() -> None:
    async def run() -> None:
        async with ModelServer(fails(500)) as first, ModelServer(plans(REPLY)) as second:
            spare = config(second, model="spare")
            planner = BamlPlanner(config(first, retries=1, fallback=spare), pause=Pauses())
            plan = await planner.plan(context(), lambda text: None)
            assert plan.note == "openai-compatible/spare, answer 1"
            assert (len(first.requests), len(second.requests)) == (2, 1)

    asyncio.run(run())


def test_rules_obey_commands_while_the_model_is_down() -> None:
    async def act(server: ModelServer, planner: BamlPlanner) -> None:
        both = FallbackPlanner(planner, RulesPlanner(model_configured=True))
        shown: list[str] = []
        plan = await both.plan(context(owner("ask ben: Ship? options: yes, no")), shown.append)
        assert isinstance(plan.steps[0], AskHuman)
        assert plan.note == "rules, in place of openai-compatible/m"
        fact = Line(
            seq=3,
            role=Role.SYSTEM,
            author="system",
            is_owner=False,
            text="ben answered: yes",
            new=True,
        )
        told = (await both.plan(context(fact), shown.append)).steps[0]
        assert isinstance(told, Reply)
        assert told.text.startswith("ben says: yes.")
        assert "could not be reached" in await failure(both)
        assert await both.summarise("", [Spoken(author="alice", text="Hi")]) == "alice: Hi"

    played(fails(500), act=act, retries=0)


def test_a_thought_is_not_the_answer() -> None:
    draft = json.dumps({"steps": [{"action": "end_session", "farewell": "draft"}]})

    async def act(server: ModelServer, planner: BamlPlanner) -> None:
        plan = await planner.plan(context(), lambda text: None)
        assert plan.steps == (Reply(text="I will ask ben."),)

    played(says(f"<think>{draft}</think>\n```json\n{json.dumps({'steps': [REPLY]})}\n```"), act=act)


def test_the_schema_is_sent_where_the_endpoint_takes_it() -> None:
    async def act(server: ModelServer, planner: BamlPlanner) -> None:
        await planner.plan(context(), lambda text: None)
        (body,) = server.requests
        sent = body["response_format"]["json_schema"]
        assert sent["strict"] is True
        reply = sent["schema"]["properties"]["steps"]["items"]["anyOf"][0]
        assert list(reply["properties"]) == ["action", "text"]
        assert reply["additionalProperties"] is False
        assert body["stream"] is True

    played(plans(REPLY), act=act, json_schema=True)


def test_no_schema_is_sent_unless_asked_for() -> None:
    async def act(server: ModelServer, planner: BamlPlanner) -> None:
        await planner.plan(context(), lambda text: None)
        assert "response_format" not in server.requests[0]
        assert server.headers[0]["Authorization"] == "Bearer k"

    played(plans(REPLY), act=act)


def test_summaries_are_bounded_and_retried() -> None:
    async def act(server: ModelServer, planner: BamlPlanner) -> None:
        made = await planner.summarise("old", [Spoken(author="alice", text="Hello")])
        assert made == "s" * 3_000
        assert "of the shape that was asked for" in server.prompts[1]
        assert server.requests[0]["response_format"]["json_schema"]["name"] == "RunningSummary"

    played(says("{}"), says(json.dumps({"summary": "s" * 5_000})), act=act, json_schema=True)


def test_turns_may_run_side_by_side() -> None:
    async def act(server: ModelServer, planner: BamlPlanner) -> None:
        made = await asyncio.gather(*(planner.plan(context(), lambda text: None) for _ in range(8)))
        assert all(plan.steps == (Reply(text="I will ask ben."),) for plan in made)

    played(plans(REPLY), act=act)


def test_without_a_model_baml_is_not_even_loaded() -> None:
    script = (
        "import sys\n"
        "from bot.adapters.planner import PlannerConfig, make_planner\n"
        "print(make_planner(PlannerConfig()).name, 'baml_py' in sys.modules)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert ran.stdout.strip() == "rules False"


def test_a_configured_model_gets_rules_to_fall_back_on() -> None:
    planner = make_planner(PlannerConfig(provider="openai", model="m", api_key="k"))
    assert isinstance(planner, FallbackPlanner)
    assert planner.name == "openai/m"
