"""Who decides, over HTTP: the rules, several options, forms, and a mind that changes."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.feedback import Field, FieldKind, Kind
from tests.flows.asking import act, acted, cast, put, refused, seen_by
from tests.flows.conftest import SignUp
from tests.flows.question_app import app, planner
from tests.flows.stage import ScriptedPlanner

__all__ = ["app", "planner"]


NAMES = ("bob", "carl", "dana")

RULES: list[tuple[dict[str, Any], int, list[tuple[str, bool, str]], str]] = [
    ({}, 1, [("bob", False, "decided")], "rejected"),
    ({}, 1, [("bob", True, "decided"), ("carl", False, "late")], "approved"),
    (
        {"everybody": True},
        3,
        [("bob", True, "counted"), ("carl", True, "counted"), ("dana", True, "decided")],
        "approved",
    ),
    ({"everybody": True}, 3, [("bob", True, "counted"), ("carl", False, "decided")], "rejected"),
    ({"quorum": 2}, 2, [("bob", True, "counted"), ("carl", True, "decided")], "approved"),
    (
        {"quorum": 2},
        2,
        [("bob", False, "counted"), ("carl", True, "counted"), ("dana", False, "decided")],
        "rejected",
    ),
    ({"quorum": 2, "veto": True}, 2, [("bob", False, "decided")], "rejected"),
    ({"quorum": 2}, 2, [("bob", True, "counted"), ("bob", True, "counted")], "pending"),
    (
        {"quorum": 2},
        2,
        [
            ("bob", False, "counted"),
            ("bob", True, "counted"),
            ("carl", False, "counted"),
            ("dana", True, "decided"),
        ],
        "approved",
    ),
]


@pytest.mark.parametrize(("rule", "needed", "votes", "state"), RULES)
async def test_approvals(
    sign_up: SignUp,
    planner: ScriptedPlanner,
    rule: dict[str, Any],
    needed: int,
    votes: list[tuple[str, bool, str]],
    state: str,
) -> None:
    ann, *others = await cast(sign_up, "ann", *NAMES)
    people = dict(zip(NAMES, others, strict=True))
    question = await put(ann, planner, *NAMES, **rule)
    assert (question["needed"], question["veto"]) == (needed, rule.get("veto", False))
    standings = []
    for who, approved, _ in votes:
        answer = await acted(people[who], question, "answer", approved=approved)
        standings.append(answer["outcome"]["status"])
        assert answer["outcome"]["text"]
    assert standings == [standing for *_, standing in votes]
    hers = await seen_by(ann, question)
    assert hers["state"] == state
    assert [r["standing"] for r in hers["responses"]] == standings
    decider = next((who for who, _, standing in votes if standing == "decided"), None)
    assert (hers["outcome"] or {"by": {"name": None}})["by"]["name"] == decider


async def test_all_must_choose_the_same(sign_up: SignUp, planner: ScriptedPlanner) -> None:
    ann, bob, carl = await cast(sign_up, "ann", "bob", "carl")
    question = await put(
        ann, planner, "bob", "carl", kind=Kind.CHOICE, options=("red", "blue"), everybody=True
    )
    await acted(bob, question, "answer", choices=["red"])
    tied = await acted(carl, question, "answer", choices=["blue"])
    assert tied["outcome"]["text"] == (
        "Thank you. Your answer counts, but what answers can still come cannot decide it, "
        "unless somebody changes their mind."
    )
    agreed = await acted(bob, question, "answer", choices=["blue"])
    assert agreed["question"]["outcome"]["words"] == "blue"


async def test_a_choice_of_several(sign_up: SignUp, planner: ScriptedPlanner) -> None:
    ann, bob, carl = await cast(sign_up, "ann", "bob", "carl")
    options = ("red", "green", "blue")
    question = await put(
        ann, planner, "bob", "carl", kind=Kind.CHOICE, options=options, multiple=True, quorum=2
    )
    assert (question["multiple"], question["options"]) == (True, list(options))
    assert await refused(bob, question, "answer", choices=["red", "pink"]) == (422, "invalid")
    counted = await acted(bob, question, "answer", choices=["blue", "red"])
    assert counted["question"]["responses"][0]["words"] == "red, blue"
    # Another order and a note are the same choice.
    decided = await acted(carl, question, "answer", choices=["red", "blue"], text="both")
    assert decided["outcome"]["status"] == "decided"
    assert decided["question"]["outcome"]["words"] == "red, blue (both)"
    one = await put(ann, planner, "bob", kind=Kind.CHOICE, options=options)
    assert not one["multiple"]
    assert await refused(bob, one, "answer", choices=["red", "blue"]) == (422, "invalid")


FIELDS = (
    Field(name="reason", label="Reason", kind=FieldKind.TEXT),
    Field(name="cost", label="Cost", kind=FieldKind.NUMBER),
    Field(name="day", label="Day", kind=FieldKind.DATE),
    Field(name="size", label="Size", kind=FieldKind.SELECT, options=("Small", "Large")),
    Field(name="rush", label="Rush", kind=FieldKind.YES_NO, required=False),
)


async def test_a_form_is_filled_in(sign_up: SignUp, planner: ScriptedPlanner) -> None:
    ann, bob = await cast(sign_up, "ann", "bob")
    question = await put(ann, planner, "bob", kind=Kind.FORM, question="Details?", fields=FIELDS)
    assert [(f["name"], f["kind"], f["required"]) for f in question["fields"]] == [
        ("reason", "text", True),
        ("cost", "number", True),
        ("day", "date", True),
        ("size", "select", True),
        ("rush", "yes_no", False),
    ]
    assert question["fields"][3]["options"] == ["Small", "Large"]
    wrong = {"cost": "much", "day": "2026-02-30", "size": "huge", "rush": "maybe", "extra": "1"}
    status, body = await act(bob, question, "answer", values=wrong)
    assert (status, body["error"]["code"]) == (422, "form")
    assert body["error"]["details"]["faults"] == [
        "There is no field “extra”.",
        "“Reason” is missing.",
        "“Cost” is not a number like 12.5.",
        "“Day” is not a date like 2026-03-14.",
        "“Size” is one of: Small; Large.",
        "“Rush” is yes or no.",
    ]
    assert await refused(bob, question, "answer", values={}) == (422, "form")
    assert await refused(bob, question, "answer", values={"cost": 7}) == (422, "invalid")
    assert await refused(bob, question, "answer", values=[]) == (422, "invalid")
    assert await refused(bob, question, "answer", approved=True) == (422, "invalid")
    assert await refused(bob, question, "answer") == (422, "empty")
    unclear = await acted(bob, question, "answer", text="12 euros, small")
    assert (unclear["outcome"]["status"], unclear["question"]["state"]) == ("unclear", "pending")
    assert "Reason, Cost, Day, Size, Rush" in unclear["outcome"]["text"]
    filled = {"size": "large", "day": " 2026-03-14 ", "cost": "12.50", "reason": "It is time."}
    decided = await acted(bob, question, "answer", values=filled, text="See above.")
    assert decided["question"]["outcome"]["words"] == (
        "reason: It is time.; cost: 12.50; day: 2026-03-14; size: Large (See above.)"
    )


async def test_values_fit_forms_only(sign_up: SignUp, planner: ScriptedPlanner) -> None:
    ann, bob = await cast(sign_up, "ann", "bob")
    question = await put(ann, planner, "bob")
    assert await refused(bob, question, "answer", values={"a": "b"}) == (422, "invalid")
    assert (await seen_by(ann, question))["state"] == "pending"
