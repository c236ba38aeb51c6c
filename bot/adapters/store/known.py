"""What is known of rows without reading them again."""

from __future__ import annotations

from collections.abc import Hashable
from itertools import islice
from typing import TypeVar

from bot.adapters.store.runner import Runner

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

REMEMBERED = 1_024
"""Rows of one table that are kept; then the older half is forgotten, and read when wanted."""


class Known(dict[K, V]):
    """Rows that nobody can have changed since they were seen, by their keys.

    Either this transaction holds them, and they are forgotten with it; or nobody else writes while
    it is open, and then they outlast it, until somebody else is found to have written between two.
    A statement that writes at once to what they depend on makes all of them forgotten.
    """

    __slots__ = ("_runner",)

    def __init__(self, runner: Runner, *names: str) -> None:
        """Take the tables, or `table.column`, that the rows depend on."""
        super().__init__()
        self._runner = runner
        for name in names:
            runner.watch(name, self.clear)

    def put(self, key: K, row: V) -> None:
        """Keep a row that this transaction holds, or has written."""
        if len(self) >= REMEMBERED:
            for oldest in [*islice(self, REMEMBERED // 2)]:
                del self[oldest]
        self[key] = row

    def put_read(self, key: K, row: V) -> None:
        """Keep a row that was only read: worth nothing where others can change it meanwhile."""
        if self._runner.is_exclusive:
            self.put(key, row)

    def drop(self, key: K) -> None:
        """Forget one row."""
        self.pop(key, None)
