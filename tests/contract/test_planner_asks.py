"""Questions that a model proposes: their times, rules and people, and what is sent back to it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.feedback import Field, FieldKind, Kind
from bot.domain.instants import DAY, HOUR, MINUTE
from bot.domain.planning import AskHuman, Escalation, ProposedAction, Reply, ToolSummary
from tests.model_server import ModelServer, plans

pytest.importorskip(
    "bot.adapters.planner.baml_client",
    reason="the BAML client is not generated; run `baml-cli generate --from baml_src`",
)

from bot.adapters.planner.baml_planner import BamlPlanner
from tests.model_stage import REPLY, context, played

NOW = context().now
FRIDAY_NOON = 1_772_794_800_000_000
TOMORROW_NINE = 1_772_524_800_000_000  # 2026-03-03 09:00 in Berlin
ASK: dict[str, Any] = {
    "action": "ask_human",
    "people": ["ana", "@ben", "cleo"],
    "question": "Can we ship?",
    "kind": "input",
    "options": [],
}


def asked(changes: dict[str, Any], *tools: ToolSummary) -> AskHuman:
    """Return the step that a model's question becomes, at the first answer."""
    made: list[AskHuman] = []

    async def act(server: ModelServer, planner: BamlPlanner) -> None:
        plan = await planner.plan(replace(context(), tools=tools), lambda text: None)
        assert len(server.requests) == 1, server.prompts[1]
        (step,) = plan.steps
        assert isinstance(step, AskHuman)
        made.append(step)

    played(plans({**ASK, **changes}), act=act)
    return made[0]


def plain(**changes: Any) -> AskHuman:
    values = {"people": ("ana", "ben", "cleo"), "question": "Can we ship?", "kind": Kind.INPUT}
    return AskHuman(**{**values, **changes})


def test_the_story_of_the_issue() -> None:
    step = asked(
        {
            "rule": "quorum",
            "quorum": 2,
            "remind_at": ["tomorrow"],
            "escalations": [{"people": ["dana"], "after_minutes": None, "at": "Friday noon"}],
        }
    )
    assert step == plain(
        quorum=2,
        remind_at=(TOMORROW_NINE,),
        escalations=(Escalation(people=("dana",), at=FRIDAY_NOON),),
        deadline=FRIDAY_NOON + 2 * DAY,
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"deadline": "2026-03-06T12:00"}, {"deadline": FRIDAY_NOON}),
        ({"deadline": "2026-03-06T12:00:00+01:00"}, {"deadline": FRIDAY_NOON}),
        ({"deadline": "by Friday noon"}, {"deadline": FRIDAY_NOON}),
        ({"deadline": ""}, {}),
        ({"rule": "all", "quorum": 3}, {"everybody": True}),
        ({"rule": "first", "quorum": 1}, {}),
        ({"quorum": 2}, {"quorum": 2}),
        ({"within_minutes": 480, "working_time": True}, {"within": 8 * HOUR, "working_time": True}),
        ({"notify": ["@dora", "emil"]}, {"notify": ("dora", "emil")}),
        ({"remind_at": []}, {}),
        ({"remind_at": [], "no_reminders": True}, {"remind_at": ()}),
        (
            {"remind_at": ["in 2h", "2026-03-03T09:00"]},
            {"remind_at": (NOW + 2 * HOUR, TOMORROW_NINE)},
        ),
        (
            {"escalations": [{"people": ["dana"], "after_minutes": 240}]},
            {"escalations": (Escalation(people=("dana",), after=240 * MINUTE),)},
        ),
        ({"urgent": True}, {"urgent": True}),
        (
            {"kind": "approval", "veto": True, "options": ["yes", "no"]},
            {"kind": Kind.APPROVAL, "veto": True},
        ),
        (
            {"kind": "choice", "options": ["a", "b"], "multiple": True},
            {"kind": Kind.CHOICE, "options": ("a", "b"), "multiple": True},
        ),
        (
            {
                "kind": "form",
                "fields": [
                    {
                        "label": "The size",
                        "kind": "select",
                        "options": ["S", "M"],
                        "required": False,
                    }
                ],
            },
            {
                "kind": Kind.FORM,
                "fields": (
                    Field(
                        name="the_size",
                        label="The size",
                        kind=FieldKind.SELECT,
                        required=False,
                        options=("S", "M"),
                    ),
                ),
            },
        ),
        ({"replaces": "r1"}, {"replaces": "r1"}),
        ({"run": None}, {}),
        ({"run": {"tool": "", "arguments_json": ""}}, {}),
    ],
)
def test_what_a_model_says_of_a_question(changes: dict[str, Any], expected: dict[str, Any]) -> None:
    assert asked(changes) == plain(**expected)


TOOL = ToolSummary(name="http_request", description="Sends a request.")


def test_an_action_names_a_tool_that_is_there() -> None:
    run = {"tool": "http_request", "arguments_json": '{"url": "https://example.org"}'}
    step = asked({"kind": "approval", "run": run}, TOOL)
    assert step.action == ProposedAction(
        tool="http_request", arguments='{"url": "https://example.org"}'
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"deadline": "2020-01-01T09:00"}, "has passed"),
        ({"deadline": "2028-01-01"}, "more than a year away"),
        ({"deadline": "3/4/2026"}, "read in two ways"),
        ({"deadline": "soon"}, "not a time I can read"),
        ({"deadline": "Friday noon", "within_minutes": 90}, "two deadlines"),
        ({"working_time": True}, "add one, such as"),
        ({"rule": "quorum"}, "says no number"),
        ({"rule": "first", "quorum": 2}, "the quorum is 2"),
        ({"quorum": 4}, "only 3 people are asked"),
        ({"veto": True}, "Only an approval can be vetoed"),
        ({"multiple": True}, "Only a choice can have several"),
        ({"kind": "form"}, "at least one field"),
        (
            {"fields": [{"label": "a", "kind": "text", "options": [], "required": True}]},
            "Only a form has fields",
        ),
        ({"remind_at": ["in 1h"], "no_reminders": True}, "for reminders and for none"),
        ({"remind_at": ["in 3h"], "within_minutes": 120}, "not before the deadline"),
        ({"remind_at": ["yesterday"]}, "not a time I can read"),
        ({"escalations": [{"people": [], "after_minutes": 60}]}, "names nobody"),
        ({"escalations": [{"people": ["dana"]}]}, "either a length of time or a moment"),
        (
            {"escalations": [{"people": ["dana"], "after_minutes": 60, "at": "noon"}]},
            "either a length of time or a moment",
        ),
        (
            {"escalations": [{"people": ["dana"], "after_minutes": 60}], "within_minutes": 30},
            "not before the deadline",
        ),
        ({"notify": ["dora@"]}, "neither a user name nor an address"),
        ({"context": "x" * 4_001}, "longer than 4,000"),
        ({"replaces": "r9"}, "these are: r1"),
        (
            {"kind": "approval", "run": {"tool": "shell", "arguments_json": "{}"}},
            "these are: none at all",
        ),
        ({"run": {"tool": "http_request", "arguments_json": "[]"}}, "these are: none at all"),
        ({"escalations": [{"after_minutes": 60}]}, "names nobody"),
        ({"within_minutes": "soon"}, "Some of the steps"),
        ({"fields": [{"label": "a"}], "kind": "form"}, "Some of the steps"),
    ],
)
def test_what_cannot_be_asked_goes_back_with_the_reason(
    changes: dict[str, Any], reason: str
) -> None:
    async def act(server: ModelServer, planner: BamlPlanner) -> None:
        plan = await planner.plan(context(), lambda text: None)
        assert plan.steps == (Reply(text="I will ask ben."),)
        assert reason in server.prompts[1]

    played(plans({**ASK, **changes}), plans(REPLY), act=act)


def test_a_tools_arguments_are_one_object() -> None:
    async def act(server: ModelServer, planner: BamlPlanner) -> None:
        await planner.plan(replace(context(), tools=(TOOL,)), lambda text: None)
        assert "not the text of one JSON object" in server.prompts[1]

    run = {"tool": "http_request", "arguments_json": "[]"}
    played(plans({**ASK, "kind": "approval", "run": run}), plans(REPLY), act=act)
