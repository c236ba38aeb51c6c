"""What time does to an open question, however seldom anybody looks."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import Invalid
from bot.domain.instants import DAY, HOUR
from bot.domain.spans import YEAR
from bot.domain.timetable import (
    MAX_REMINDERS,
    MAX_STEPS,
    Act,
    Escalate,
    EscalationStep,
    Expire,
    Remind,
    Timetable,
    escalation,
    timetable,
)

ASKED = 1_773_000_000_000_000
DANA = ("dana",)


def step(after: int, *people: str) -> EscalationStep:
    return EscalationStep(at=ASKED + after, people=people or DANA)


# 48 hours with reminders at 24 and 36, and steps at 12, 40 and 40.
STORY = timetable(
    asked_at=ASKED,
    deadline=ASKED + 48 * HOUR,
    escalations=(step(12 * HOUR), step(40 * HOUR, "eve"), step(40 * HOUR, "fay")),
)


@st.composite
def timetables(draw: st.DrawFn) -> Timetable:
    period = draw(st.sampled_from([1, 2, 3, 4, 10, HOUR, 2 * DAY, YEAR]) | st.integers(1, YEAR))
    inside = st.integers(1, max(1, period - 1)).map(lambda after: ASKED + after)
    few = period > 1
    return timetable(
        asked_at=ASKED,
        deadline=ASKED + period,
        remind_at=draw(st.none() | st.lists(inside, max_size=MAX_REMINDERS if few else 0)),
        escalations=[
            EscalationStep(at=at, people=DANA)
            for at in draw(st.lists(inside, max_size=MAX_STEPS if few else 0))
        ],
    )


@pytest.mark.parametrize(
    ("done", "hours", "acts", "state", "next_hours"),
    [
        ((0, 0), 0, (), (0, 0), 12),
        ((0, 0), 11.99, (), (0, 0), 12),
        ((0, 0), 12, (Escalate(index=0),), (0, 1), 24),
        ((0, 1), 24, (Remind(number=1),), (1, 1), 36),
        ((1, 1), 24, (), (1, 1), 36),
        ((1, 1), 36, (Remind(number=2),), (2, 1), 40),
        ((2, 1), 40, (Escalate(index=1), Escalate(index=2)), (2, 3), 48),
        ((2, 3), 47, (), (2, 3), 48),
        ((2, 3), 48, (Expire(),), (2, 3), None),
        # Nobody looked for a while.
        ((0, 0), 30, (Remind(number=1), Escalate(index=0)), (1, 1), 36),
        ((0, 0), 39, (Remind(number=2), Escalate(index=0)), (2, 1), 40),
        ((0, 0), 47, (Remind(number=2), *(Escalate(index=n) for n in range(3))), (2, 3), 48),
        ((1, 1), 100, (Escalate(index=1), Escalate(index=2), Expire()), (2, 3), None),
        # Until the caller has stored that it is expired, it is said again.
        ((2, 3), 100, (Expire(),), (2, 3), None),
        # A clock that was set back undoes nothing.
        ((2, 3), 1, (), (2, 3), 48),
    ],
)
def test_tells_what_is_due(
    done: tuple[int, int],
    hours: float,
    acts: tuple[Act, ...],
    state: tuple[int, int],
    next_hours: int | None,
) -> None:
    due = STORY.due(*done, ASKED + int(hours * HOUR))
    assert due.acts == acts
    assert (due.reminders_done, due.escalations_done) == state
    assert due.next_at == (None if next_hours is None else ASKED + next_hours * HOUR)


def test_reminds_at_half_and_at_three_quarters() -> None:
    assert STORY.reminders == (ASKED + 24 * HOUR, ASKED + 36 * HOUR)


@pytest.mark.parametrize(("period", "reminders"), [(1, ()), (2, (1,)), (3, (1, 2)), (4, (2, 3))])
def test_hardly_any_time_leaves_hardly_any_reminders(
    period: int, reminders: tuple[int, ...]
) -> None:
    made = timetable(asked_at=ASKED, deadline=ASKED + period)
    assert made.reminders == tuple(ASKED + after for after in reminders)


def test_moments_asked_for_replace_the_default() -> None:
    def made(*remind_at: int) -> Timetable:
        return timetable(asked_at=ASKED, deadline=ASKED + 2 * DAY, remind_at=remind_at)

    assert made(ASKED + 30 * HOUR, ASKED + HOUR, ASKED + HOUR).reminders == (
        ASKED + HOUR,
        ASKED + 30 * HOUR,
    )
    assert made().reminders == ()
    assert made().next_at(0, 0) == ASKED + 2 * DAY


def test_steps_stand_in_the_order_of_their_times() -> None:
    made = timetable(
        asked_at=ASKED,
        deadline=ASKED + DAY,
        escalations=[step(9, "late"), step(3, "b", " B ", "c"), step(3, "d")],
    )
    assert [s.people for s in made.escalations] == [("b", "c"), ("d",), ("late",)]


def test_a_step_is_after_a_time_or_at_a_moment() -> None:
    assert escalation(["dana"], asked_at=ASKED, after=4 * HOUR) == step(4 * HOUR)
    assert escalation(["dana"], asked_at=ASKED, at=ASKED + HOUR) == step(HOUR)
    for wrong in ({}, {"after": 1, "at": 1}):
        with pytest.raises(Invalid, match="either a length of time or a moment"):
            escalation(["dana"], asked_at=ASKED, **wrong)
    for people in ([], [""], [" "], ["dana", ""]):
        with pytest.raises(Invalid, match="names nobody"):
            escalation(people, asked_at=ASKED, after=HOUR)


@pytest.mark.parametrize(
    ("deadline", "remind_at", "steps", "words"),
    [
        (0, None, (), "has passed"),
        (-HOUR, None, (), "has passed"),
        (YEAR + 1, None, (), "more than a year"),
        (DAY, (0,), (), "A reminder is in the past"),
        (DAY, (HOUR, -HOUR), (), "A reminder is in the past"),
        (DAY, (DAY,), (), "A reminder is not before the deadline"),
        (DAY, range(1, 7), (), "That is 6 reminders"),
        (DAY, None, (step(0),), "An escalation is in the past"),
        (DAY, None, (step(-DAY),), "An escalation is in the past"),
        (DAY, None, (step(DAY),), "An escalation is not before the deadline"),
        (DAY, None, (step(HOUR), step(2 * DAY)), "An escalation is not before the deadline"),
        (DAY, None, (EscalationStep(at=ASKED + 1, people=()),), "names nobody"),
        (DAY, None, (step(HOUR, " "),), "names nobody"),
        (DAY, None, (step(HOUR, "x" * 255),), "longer than 254"),
        (DAY, None, (step(HOUR, *(f"p{n}" for n in range(21))),), "escalation to 21 people"),
        (DAY, None, [step(n + 1) for n in range(6)], "That is 6 escalation steps"),
    ],
)
def test_refuses_with_a_sentence(
    deadline: int,
    remind_at: tuple[int, ...] | None,
    steps: tuple[EscalationStep, ...],
    words: str,
) -> None:
    with pytest.raises(Invalid) as caught:
        timetable(
            asked_at=ASKED,
            deadline=ASKED + deadline,
            remind_at=None if remind_at is None else [ASKED + after for after in remind_at],
            escalations=steps,
        )
    assert words in caught.value.message


@given(timetables(), st.lists(st.integers(0, YEAR), max_size=12))
def test_whoever_looks_whenever_does_each_thing_once(made: Timetable, looks: list[int]) -> None:
    acts: list[Act] = []
    reminded = escalated = 0
    for after in [*sorted(looks), YEAR]:
        due = made.due(reminded, escalated, ASKED + after)
        assert sum(isinstance(act, Remind) for act in due.acts) <= 1
        assert due.reminders_done >= reminded
        assert due.escalations_done >= escalated
        reminded, escalated = due.reminders_done, due.escalations_done
        acts.extend(due.acts)
        again = made.due(reminded, escalated, ASKED + after)
        if due.next_at is None:
            assert again.acts == (Expire(),) == due.acts[-1:]
            break
        assert due.next_at > ASKED + after
        assert due.next_at == made.next_at(reminded, escalated) == again.next_at
        assert again.acts == ()
    numbers = [act.number for act in acts if isinstance(act, Remind)]
    assert all(one < other for one, other in pairwise(numbers))
    assert [act.index for act in acts if isinstance(act, Escalate)] == list(
        range(len(made.escalations))
    )
    assert acts.count(Expire()) == 1
    assert acts[-1] == Expire()


@given(timetables())
def test_looking_when_told_misses_nothing_and_ends(made: Timetable) -> None:
    acts: list[Act] = []
    reminded = escalated = 0
    looked: list[int] = []
    at: int | None = made.next_at(0, 0)
    while at is not None:
        assert made.due(reminded, escalated, at - 1).acts == ()
        due = made.due(reminded, escalated, at)
        assert due.acts
        acts.extend(due.acts)
        looked.append(at)
        reminded, escalated, at = due.reminders_done, due.escalations_done, due.next_at
    assert all(earlier < later for earlier, later in pairwise(looked))
    assert looked[-1] == made.deadline
    assert [act.number for act in acts if isinstance(act, Remind)] == list(
        range(1, len(made.reminders) + 1)
    )
    assert len(acts) == len(made.reminders) + len(made.escalations) + 1


@given(timetables(), st.integers(0, YEAR), st.integers(0, YEAR))
def test_looking_twice_comes_to_the_same_as_once(made: Timetable, one: int, more: int) -> None:
    first = made.due(0, 0, ASKED + one)
    second = made.due(first.reminders_done, first.escalations_done, ASKED + one + more)
    whole = made.due(0, 0, ASKED + one + more)
    assert (second.reminders_done, second.escalations_done, second.next_at) == (
        whole.reminders_done,
        whole.escalations_done,
        whole.next_at,
    )


@given(timetables())
def test_nothing_is_due_before_asking_or_after_the_deadline(made: Timetable) -> None:
    moments = [*made.reminders, *(s.at for s in made.escalations)]
    assert all(made.asked_at < moment < made.deadline for moment in moments)
    assert made.due(0, 0, made.asked_at).acts == ()
