"""What time has made due at one moment is applied together, and nobody can tell."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.adapters.store.postgres import WRITERS
from bot.adapters.store.sqlite import SqliteStore
from bot.domain.commands import Command, Outcome
from bot.domain.errors import Unavailable
from bot.domain.feedback import Kind
from bot.domain.planning import AskHuman, Escalation, Plan
from bot.service.ports.moments import Moment
from bot.service.ports.store import Transaction
from bot.service.sweeper import SIDE_BY_SIDE
from tests.clock import FakeClock
from tests.flows.lock_order import WatchedStore
from tests.flows.stage import SOON, Stage, staged

NAMES = ("zoe", "carl", "ann", "bob")
SEEN = ("state", "version", "reminders_done", "escalations_done", "next_at", "decided_at")


async def _ask(stage: Stage) -> None:
    """Ask questions of every fate, of people and sessions that they share."""
    await stage.cast(*NAMES)
    for who, text in (
        ("ann", "ask bob, carl: One? within 2h"),
        ("bob", "ask ann: Two? within 30h"),
        ("zoe", "ask bob: Three? within 4h"),
    ):
        await stage.asked(who, text)
    session_id = await stage.opened("carl", "ask zoe: Four? within 3h")
    await stage.worker.drain()
    ask = AskHuman(
        people=("ann", "bob"),
        question="Five?",
        kind=Kind.APPROVAL,
        escalations=(Escalation(after=90 * 60 * 1_000_000, people=("zoe",)),),
    )
    stage.planner.script.append(Plan(steps=(ask,)))
    await stage.say("carl", session_id, "ask ann and bob, and zoe after 90 minutes")
    await stage.worker.drain()
    await stage.settle_down()


async def _picture(stage: Stage) -> dict[str, object]:
    """Return what everybody sees and the journal tells, without ids and salts."""
    found: dict[str, object] = {}
    for name, person in stage.people.items():
        entries = await stage.feed(person.id)
        found[f"feed of {name}"] = [(e.number, e.kind, e.at) for e in entries]
        for request in await stage.read(
            lambda tx, of=person.id: tx.requests.of_asker(of, None, None, 50)
        ):
            kept = {field: getattr(request, field) for field in SEEN}
            shown = Counter(
                (s.state, s.wanted_version, s.shown_version, s.due_at)
                for s in await stage.surfaces(request)
            )
            verdict = await stage.read(lambda tx, of=request.id: tx.journal.verify(of))
            told = await stage.feed(request.session_id)
            found[request.question] = (
                kept,
                shown,
                await stage.story(request),
                verdict.fault,
                [(e.number, e.kind, e.at) for e in told],
                await stage.said(request.session_id),
            )
    return found


async def _through_time(stage: Stage, *, together: bool) -> list[dict[str, object]]:
    if not together:
        apply = stage.intake.apply

        async def refuse(moments: Sequence[Moment]) -> list[Outcome]:
            if len(moments) > 1:
                raise LookupError("one by one")
            return await apply(moments)

        stage.intake.apply = refuse  # type: ignore[method-assign]
    await _ask(stage)
    pictures = [await _picture(stage)]
    for hours in (1, 0.75, 1, 2, 20, 30):
        stage.clock.advance(hours=hours)
        await stage.sweeper.sweep()
        await stage.settle_down()
        pictures.append(await _picture(stage))
    return pictures


async def test_together_is_as_one_by_one(tmp_path: Path) -> None:
    async with staged(tmp_path / "together.db") as stage:
        together = await _through_time(stage, together=True)
    async with staged(tmp_path / "each.db") as stage:
        each = await _through_time(stage, together=False)
    assert together == each
    final = together[-1]
    assert {key: final[key] for key in final if key.endswith("?")}.keys() == {
        "One?",
        "Two?",
        "Three?",
        "Four?",
        "Five?",
    }
    assert all(value[3] is None for key, value in final.items() if key.endswith("?"))  # type: ignore[index]


async def test_rows_are_taken_in_the_one_order(tmp_path: Path) -> None:
    store = WatchedStore(SqliteStore(tmp_path / "order.db"))
    async with staged(tmp_path / "unused.db") as _:
        await store.open()
        stage = Stage(store, FakeClock(), handed_over=True, channels=("chat", "email"))
        await _ask(stage)
        for hours in (1, 0.75, 1, 2, 20, 30):
            stage.clock.advance(hours=hours)
            await stage.sweeper.sweep()
        assert store.broken == []
        await store.close()


async def test_it_is_one_transaction_for_all_of_a_portion(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with staged(tmp_path / "core.db") as stage:
        await _ask(stage)
        runs: list[int] = []
        apply_all = stage.intake._apply_all

        def counted(tx: Transaction, moments: list[Moment]) -> list[tuple[Command, Outcome]]:
            runs.append(len(moments))
            return apply_all(tx, moments)

        monkeypatch.setattr(stage.intake, "_apply_all", counted)
        stage.clock.advance(hours=25)
        await stage.sweeper.sweep()
        assert runs[0] == 5


async def test_a_database_that_is_gone_stops_the_sweep_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with staged(tmp_path / "core.db") as stage:
        await _ask(stage)
        stage.clock.advance(hours=25)

        async def gone(*_: object) -> list[Outcome]:
            raise Unavailable("The database cannot be used just now. Try again in a moment.")

        with monkeypatch.context() as patch:
            patch.setattr(stage.intake, "apply", gone)
            patch.setattr(stage.store, "check", gone)
            assert await stage.sweeper.sweep() == 0
        assert len(await _waiting(stage)) == 5
        assert await stage.sweeper.sweep() == 5
        assert await _waiting(stage) == []


async def test_rows_that_somebody_holds_for_long_wait_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is stuck is put off; the database answers, so nothing else is."""
    async with staged(tmp_path / "core.db") as stage:
        await _ask(stage)
        stage.clock.advance(hours=25)
        await stage.sweeper.enter()
        stuck = (await _waiting(stage))[0].subject_id
        apply = stage.intake.apply

        async def stuck_in(moments: Sequence[Moment]) -> list[Outcome]:
            if stuck in {moment.subject_id for moment in moments}:
                raise Unavailable("The database is busy just now. Try again in a moment.")
            return await apply(moments)

        with monkeypatch.context() as patch:
            patch.setattr(stage.intake, "apply", stuck_in)
            assert await stage.sweeper.sweep() == 4
            assert await stage.sweeper.sweep() == 0
        assert await _waiting(stage) == []
        stage.clock.advance(1)
        [left] = await _waiting(stage)
        assert (left.subject_id, left.tries) == (stuck, 1)
        assert await stage.sweeper.sweep() == 1


async def test_rows_that_somebody_holds_do_not_hold_up_all_of_a_portion(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with staged(tmp_path / "core.db") as stage:
        await _ask(stage)
        stage.clock.advance(hours=25)
        await stage.sweeper.enter()
        stuck = (await _waiting(stage))[0].subject_id
        apply, another = stage.intake.apply, asyncio.Event()

        async def waits(moments: Sequence[Moment]) -> list[Outcome]:
            if stuck not in {moment.subject_id for moment in moments}:
                another.set()
            elif len(moments) > 1:
                raise Unavailable("The database is busy just now. Try again in a moment.")
            else:
                await asyncio.wait_for(another.wait(), SOON)
            return await apply(moments)

        monkeypatch.setattr(stage.intake, "apply", waits)
        assert await stage.sweeper.sweep() == 5


async def test_many_that_break_do_not_hide_those_behind_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with staged(tmp_path / "core.db") as stage:
        monkeypatch.setattr("bot.service.sweeper.BATCH", 2)
        await _ask(stage)
        stage.clock.advance(hours=25)
        await stage.sweeper.enter()
        broken = {moment.subject_id for moment in (await _waiting(stage))[:4]}
        apply = stage.intake._apply

        def breaks(tx: Transaction, command: Command) -> Outcome:
            if getattr(command, "request_id", None) in broken:
                raise LookupError("nobody foresaw this")
            return apply(tx, command)

        with monkeypatch.context() as patch:
            patch.setattr(stage.intake, "_apply", breaks)
            assert await stage.sweeper.sweep() == 1
            assert await stage.sweeper.sweep() == 0


async def test_what_breaks_again_and_again_keeps_nothing_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More that broke than one look finds: what becomes due later is entered all the same."""
    async with staged(tmp_path / "core.db") as stage:
        monkeypatch.setattr("bot.service.sweeper.BATCH", 2)
        await _ask(stage)
        stage.clock.advance(hours=1.5)
        await stage.sweeper.enter()
        broken = {moment.subject_id for moment in await _waiting(stage)}
        assert len(broken) >= 2
        apply = stage.intake._apply

        def breaks(tx: Transaction, command: Command) -> Outcome:
            if getattr(command, "request_id", None) in broken:
                raise LookupError("nobody foresaw this")
            return apply(tx, command)

        monkeypatch.setattr(stage.intake, "_apply", breaks)
        assert await stage.sweeper.sweep() == 0
        stage.clock.advance(hours=23)
        assert await stage.sweeper.sweep() == 5 - len(broken)


async def test_a_backlog_is_entered_as_it_is_applied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with staged(tmp_path / "core.db") as stage:
        monkeypatch.setattr("bot.service.sweeper.BATCH", 2)
        monkeypatch.setattr("bot.service.sweeper.ENTERED", 2)
        await _ask(stage)
        stage.clock.advance(hours=25)
        most = 0
        apply = stage.intake.apply

        async def counted(moments: Sequence[Moment]) -> list[Outcome]:
            nonlocal most
            most = max(most, len(await _waiting(stage)))
            return await apply(moments)

        monkeypatch.setattr(stage.intake, "apply", counted)
        assert await stage.sweeper.sweep() == 5
        assert most <= 4


async def test_a_server_that_dies_between_has_lost_nothing(tmp_path: Path) -> None:
    """What was entered is applied by whoever comes next, once, and when it is still due."""
    async with staged(tmp_path / "core.db") as stage:
        await stage.cast(*NAMES)
        answered = await stage.asked("ann", "ask bob: One? within 2h")
        reminded = await stage.asked("zoe", "ask carl: Two? within 2h")
        stage.clock.advance(hours=1)
        assert await stage.sweeper.enter() == 2
        assert await stage.sweeper.enter() == 0
        await stage.answer("bob", answered, text="Yes")
        assert await stage.sweeper.apply() == 1
        assert "request.reminded" not in await stage.story(answered)
        assert (await stage.story(reminded)).count("request.reminded") == 1
        assert await _waiting(stage) == []


async def _waiting(stage: Stage) -> Sequence[Moment]:
    return await stage.read(lambda tx: tx.moments.waiting(stage.clock.now(), 99))


async def test_sessions_that_end_together_leave_room_for_who_clicks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A click waited for two hundred sessions, or for the rows that somebody held of them."""
    async with staged(tmp_path / "core.db") as stage:
        names = [f"owner{n}" for n in range(3 * SIDE_BY_SIDE)]
        await stage.cast(*names)
        for name in names:
            await stage.opened(name, "help")
        await stage.settle_down()
        stage.clock.advance(hours=25)
        apply, at_once, most = stage.intake.apply, 0, 0

        async def counted(moments: Sequence[Moment]) -> list[Outcome]:
            nonlocal at_once, most
            at_once += 1
            most = max(most, at_once)
            try:
                return await apply(moments)
            finally:
                at_once -= 1

        monkeypatch.setattr(stage.intake, "apply", counted)
        assert await stage.sweeper.sweep() == len(names)
        assert 1 < most <= SIDE_BY_SIDE < WRITERS
