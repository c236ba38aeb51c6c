"""A held step comes back from its JSON as it went in, and nothing else does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.digests import canonical
from bot.domain.feedback import Field, FieldKind, Kind, Risk
from bot.domain.held_step import HeldStep, arguments_of, read_held
from bot.domain.planning import AskHuman, Escalation, ProposedAction

TEXT = st.text(max_size=20)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
TIME = st.integers(min_value=0, max_value=2**52)
FIELDS = st.builds(
    Field,
    name=TEXT,
    label=TEXT,
    kind=st.sampled_from(FieldKind),
    required=st.booleans(),
    options=TEXTS,
)
STEPS = st.builds(
    AskHuman,
    people=TEXTS,
    question=TEXT,
    kind=st.sampled_from(Kind),
    options=TEXTS,
    context=TEXT,
    within=st.none() | TIME,
    deadline=st.none() | TIME,
    working_time=st.booleans(),
    quorum=st.integers(1, 20),
    everybody=st.booleans(),
    veto=st.booleans(),
    multiple=st.booleans(),
    fields=st.lists(FIELDS, max_size=2).map(tuple),
    notify=TEXTS,
    remind_at=st.none() | st.lists(TIME, max_size=2).map(tuple),
    escalations=st.lists(
        st.builds(Escalation, people=TEXTS, after=st.none() | TIME, at=st.none() | TIME), max_size=2
    ).map(tuple),
    urgent=st.booleans(),
    risk=st.sampled_from(Risk),
    action=st.none() | st.builds(ProposedAction, tool=TEXT, arguments=TEXT),
    replaces=st.none() | TEXT,
)


@given(step=STEPS, people=st.dictionaries(TEXT, TEXT, max_size=3))
def test_it_comes_back_as_it_went(step: AskHuman, people: dict[str, str]) -> None:
    held = HeldStep(step=step, people=people)
    assert read_held(canonical(arguments_of(held))) == held


def test_what_is_as_usual_is_left_out() -> None:
    step = AskHuman(people=("bob",), question="Ship?", kind=Kind.INPUT)
    assert arguments_of(HeldStep(step=step, people={"bob": "1"})) == {
        "people": {"bob": "1"},
        "step": {"people": ("bob",), "question": "Ship?", "kind": Kind.INPUT},
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        '{"people": {}, "step": {}}',
        '{"people": {}, "step": {"kind": "no"}}',
        '{"people": {}, "step": {"kind": "input", "people": ["a"], "question": "q", "x": 1}}',
        '{"people": 1, "step": {"kind": "input", "people": ["a"], "question": "q"}}',
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - JSON's own are among them
        read_held(text)
