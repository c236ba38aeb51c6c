"""What a planner sees: bounded however long the session is, and nothing left out of the summary."""

from __future__ import annotations

from pathlib import Path

from bot.domain.errors import PlanningFailed
from bot.domain.instants import MINUTE
from bot.domain.planning import Plan, PlanContext, Reply, Role
from bot.service.turns import INPUTS
from tests.flows.core_stages import stage
from tests.flows.stage import Stage, staged
from tests.flows.turn_pauses import Pause, ended, paused

__all__ = ["stage"]


def size(context: PlanContext) -> int:
    return len(context.summary) + sum(len(line.author + line.text) for line in context.lines)


async def test_what_a_planner_sees_does_not_grow_with_the_session(tmp_path: Path) -> None:
    """Invariant 9: at 2,000 messages at most 1.2 times what it is at 50; nothing is rewritten."""
    async with staged(tmp_path / "core.db") as stage:
        await stage.cast("ann")
        session_id = await stage.opened("ann")
        early: list[int] = []
        kept = ""
        for n in range(1_000):
            stage.planner.script = [Plan(steps=(Reply(text=f"{n:03} ".ljust(200, "r")),))]
            await stage.say("ann", session_id, f"{n:03} ".ljust(200, "m"))
            await stage.worker.drain()
            if n == 70:
                early = [size(context) for context in stage.planner.contexts[25:]]
                kept = str(await stage.messages(session_id))
        late = [size(context) for context in stage.planner.contexts[-50:]]
        # The largest of some turns: how much is in no summary yet goes up and down.
        assert max(late) <= 1.2 * max(early)
        assert sum(late) / len(late) <= 1.2 * sum(early) / len(early)
        messages = await stage.messages(session_id)
        assert len(messages) == 2_000
        assert str(messages[: 71 * 2]) == kept
        # Nothing is left out: each message was summarised once, or still is in the window.
        told = [text for _, texts in stage.planner.summarised for text in texts]
        last = stage.planner.contexts[-1]
        assert told == [m.text for m in messages[: len(told)]]
        assert last.lines[0].seq <= len(told) + 1
        # And each summary is made of the one before it.
        made = [summary for summary, _ in stage.planner.summarised]
        assert made == ["", *(f"summary {n}" for n in range(1, len(made)))]
        assert last.summary == f"summary {len(made)}"


async def test_every_message_is_in_the_summary_or_among_the_lines(stage: Stage) -> None:
    """Invariant 9: bounded, but nothing falls between the summary and the last messages."""
    session_id = await stage.opened("ann")
    covered = 0
    longest = 0
    for n in range(60):
        stage.planner.script = [Plan(steps=(Reply(text=f"reply {n}"),))]
        await stage.say("ann", session_id, f"message {n}")
        covered = sum(len(texts) for _, texts in stage.planner.summarised)
        await stage.worker.drain()
        context = stage.planner.contexts[-1]
        seqs = [line.seq for line in context.lines]
        assert seqs == list(range(seqs[0], seqs[-1] + 1))
        assert seqs[0] <= covered + 1, f"turn {n}: {covered} in the summary, lines from {seqs[0]}"
        longest = max(longest, len(seqs))
    assert covered > 0
    assert longest < 45


async def test_more_messages_than_fit_one_turn_are_planned_over_several(stage: Stage) -> None:
    session_id = await stage.opened("ann")
    stage.planner.script = [Plan(steps=(Reply(text=f"turn {n}"),)) for n in range(10)]
    pause = Pause("turn first")
    running = await paused(stage, session_id, pause)
    stage.planner.script = [Plan(steps=(Reply(text=f"turn {n}"),)) for n in range(10)]
    for n in range(250):
        await stage.say("ann", session_id, f"message {n}")
    pause.release.set()
    await ended(running)
    await stage.settle_down()
    seen = [line.text for context in stage.planner.contexts for line in context.new_lines]
    assert seen == ["Go", *(f"message {n}" for n in range(250))]
    assert max(len(context.new_lines) for context in stage.planner.contexts) <= INPUTS
    assert not (await stage.session(session_id)).has_input


async def test_a_turn_whose_summary_fails_goes_on_without(stage: Stage) -> None:
    async def fails(summary: str, messages: object) -> str:
        raise PlanningFailed("no summary")

    stage.planner.summarise = fails  # type: ignore[method-assign, assignment]
    session_id = await stage.opened("ann")
    for n in range(30):
        await stage.say("ann", session_id, f"status {n}")
        await stage.worker.drain()
    assert len(await stage.said(session_id)) == 30
    assert (await stage.session(session_id)).summary_seq == 0


async def test_each_line_says_who_spoke(stage: Stage) -> None:
    request = await stage.asked("ann", "ask bob: Ship?")
    await stage.answer("bob", request, text="Yes")
    await stage.settle_down()
    lines = [
        (line.role, line.author, line.is_owner, line.new)
        for line in stage.planner.contexts[-1].lines
    ]
    assert lines == [
        (Role.USER, "ann", True, False),
        (Role.AGENT, "agent", False, False),
        (Role.SYSTEM, "bob", False, True),
    ]
    open_ = stage.planner.contexts[-1].open_questions
    assert open_ == ()


async def test_the_planner_sees_what_is_open(stage: Stage) -> None:
    request = await stage.asked("ann", "ask bob: Ship? within 90m")
    await stage.say("ann", request.session_id, "status")
    await stage.settle_down()
    [question] = stage.planner.contexts[-1].open_questions
    assert (question.request_id, question.people) == (request.id, ("bob",))
    assert question.deadline == question.asked_at + 90 * MINUTE
