"""Functions that share a commit leave what they would have left one after the other."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.store.sqlite import SqliteStore
from bot.adapters.store.transaction import StoreTransaction
from bot.service.ports.store import Transaction
from tests.contract.shared_steps import STEPS, Step, begin, picture

Called = tuple[Step, int, str]
Do = Callable[[Transaction, Step, int, str], object]


class Refused(Exception):
    """A function's own refusal."""


_STEPS = st.tuples(st.sampled_from(STEPS), st.sampled_from([0, 1]), st.sampled_from("abc"))
_FUNCTIONS = st.lists(
    st.tuples(st.lists(_STEPS, min_size=1, max_size=5), st.integers(0, 3).map(lambda n: n == 0)),
    min_size=2,
    max_size=9,
)


def _plainly(tx: Transaction, step: Step, n: int, mark: str) -> object:
    return step(tx, n, mark)


def _forgetfully(tx: Transaction, step: Step, n: int, mark: str) -> object:
    """Do a step with nothing known, and leave nothing to be written."""
    assert isinstance(tx, StoreTransaction)
    tx.forget()
    result = step(tx, n, mark)
    tx._runner.write()
    return result


def _function(steps: Sequence[Called], refuses: bool, do: Do) -> Callable[[Transaction], object]:
    def run(tx: Transaction) -> object:
        seen = [do(tx, step, n, mark) for step, n, mark in steps]
        if refuses:
            raise Refused
        return seen

    return run


async def _run(path: Path, functions: list[Callable[[Transaction], object]], shared: bool) -> Any:
    store = SqliteStore(path)
    await store.open()
    try:
        await store.run(begin)
        results: list[object] = []
        if shared:
            begun, queued = threading.Event(), threading.Event()

            def hold_up(_: Transaction) -> None:
                begun.set()
                queued.wait(10)

            first = asyncio.ensure_future(store.run(hold_up))
            await asyncio.to_thread(begun.wait, 10)
            running = [asyncio.ensure_future(store.run(function)) for function in functions]
            await asyncio.sleep(0)
            queued.set()
            await first
            results.extend(await asyncio.gather(*running, return_exceptions=True))
        else:
            for function in functions:
                results.extend(await asyncio.gather(store.run(function), return_exceptions=True))
        return [repr(result) for result in results], await store.read(picture)
    finally:
        await store.close()


@settings(max_examples=int(os.environ.get("SHARED_EXAMPLES", "25")), deadline=None)
@given(_FUNCTIONS)
def test_sharing_a_commit_changes_nothing(functions: list[tuple[list[Called], bool]]) -> None:
    """Nor does leaving rows to be written, nor remembering those that were read."""
    with TemporaryDirectory() as folder:

        def ran(name: str, do: Do, *, shared: bool = False) -> Any:
            made = [_function(steps, refuses, do) for steps, refuses in functions]
            return asyncio.run(_run(Path(folder) / f"{name}.db", made, shared))

        forgetful = ran("forgetful", _forgetfully)
        alone = ran("alone", _plainly)
        together = ran("together", _plainly, shared=True)
    assert alone == forgetful
    assert together == alone
