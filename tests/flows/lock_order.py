"""A store that notes in which order each transaction takes its rows: requests, sessions, people.

Within each kind they are taken by id, and a surface after the question that it shows. Whoever keeps
that order never waits for somebody who waits for them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.service.ports.store import Store, Transaction

RANKS = {"requests": 0, "sessions": 1, "people": 2}
_TAKE = {
    "requests": {"lock", "save", "add"},
    "sessions": {"lock", "save", "add"},
    # What people are told, and where they were seen, the store itself writes last and in order.
    "people": {"lock", "save", "next_feed_number", "merge", "add"},
}
_OWN = {"add"}
"""What nobody else can hold yet."""
_SHOWN = {"want", "postpone", "seen", "claim_of", "hold", "add", "plan", "redrive"}
_ENDED = {"record", "release"}

Held = tuple[int, str]


class WatchedTable:
    """One table of a transaction; `take` hears of every row that is taken."""

    def __init__(self, table: Any, name: str, take: Callable[[str, str, str], None]) -> None:
        self._table = table
        self._name = name
        self._take = take

    def __getattr__(self, method: str) -> Any:
        found = getattr(self._table, method)
        if (self._name, method) == ("sessions", "due"):
            return self._skipping(found)
        if method == "hold":
            return self._holding(found)
        if method not in _TAKE[self._name]:
            return found

        def taking(first: Any, *more: Any, **named: Any) -> Any:
            self._take(self._name, method, first if isinstance(first, str) else first.id)
            return found(first, *more, **named)

        return taking

    def _holding(self, hold: Callable[..., Any]) -> Callable[..., Any]:
        """Hold several, which the store takes in the order of their ids."""

        def taking(ids: Any) -> Any:
            for id_ in sorted(set(ids)):
                self._take(self._name, "hold", id_)
            return hold(ids)

        return taking

    def _skipping(self, due: Callable[..., Any]) -> Callable[..., Any]:
        """Hold what is due, which skips what others hold: nobody waits for that."""

        def taking(*args: Any) -> Any:
            ids = due(*args)
            for id_ in ids:
                self._take(self._name, "add", id_)
            return ids

        return taking


class WatchedSurfaces:
    """The surfaces of a transaction; `take` hears whose question must be held by then."""

    def __init__(self, tx: Transaction, take: Callable[[str, str], None]) -> None:
        self._tx = tx
        self._take = take

    def __getattr__(self, method: str) -> Any:
        found = getattr(self._tx.surfaces, method)
        if method not in _SHOWN | _ENDED:
            return found

        def taking(first: Any, *more: Any, **named: Any) -> Any:
            for request_id in self._questions(method, first):
                self._take(method, request_id)
            return found(first, *more, **named)

        return taking

    def _questions(self, method: str, first: Any) -> list[str]:
        if method == "hold":
            return list(first)
        if method == "add":
            return [first.request_id]
        if method in {"plan", "redrive"} | _ENDED:
            surface = self._tx.surfaces.get(first if isinstance(first, str) else first.surface_id)
            return [surface.request_id] if surface else []
        return [first]


class WatchedTransaction:
    """A transaction that knows which rows it holds."""

    def __init__(self, tx: Transaction, what: str, broken: list[str]) -> None:
        self._tx = tx
        self._what = what
        self._broken = broken
        self._held: list[Held] = []
        self._new: set[Held] = set()
        for name in RANKS:
            setattr(self, name, WatchedTable(getattr(tx, name), name, self._take))
        self.surfaces = WatchedSurfaces(tx, self._show)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)

    def _take(self, table: str, method: str, id_: str) -> None:
        row = (RANKS[table], id_)
        if row in self._held or row in self._new:
            return
        if method in _OWN:
            self._new.add(row)
            return
        last = max(self._held, default=row)
        if row < last:
            names = {rank: name for name, rank in RANKS.items()}
            self._broken.append(
                f"{self._what}: {table}.{method}({id_}) after {names[last[0]]} {last[1]}"
            )
        self._held.append(row)

    def _show(self, method: str, request_id: str) -> None:
        row = (RANKS["requests"], request_id)
        if row not in self._held and row not in self._new:
            self._broken.append(f"{self._what}: surfaces.{method} without its question")


class WatchedStore:
    """A store whose transactions are watched; `broken` tells what was taken out of order."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.broken: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def run(
        self,
        function: Callable[..., Any],
        /,
        *args: Any,
        then: Callable[[Any], None] | None = None,
    ) -> Any:
        return await self._store.run(self._watched, function, *args, then=then)

    async def run_soon(
        self,
        function: Callable[..., Any],
        /,
        *args: Any,
        then: Callable[[Any], None] | None = None,
    ) -> Any:
        return await self._store.run_soon(self._watched, function, *args, then=then)

    def _watched(self, tx: Transaction, function: Callable[..., Any], *args: Any) -> Any:
        named = [arg for arg in (function, *args) if callable(arg)]
        commands = [type(arg).__name__ for arg in args if hasattr(arg, "external_key")]
        what = commands or [getattr(each, "__qualname__", repr(each)) for each in named]
        return function(WatchedTransaction(tx, " ".join(what), self.broken), *args)
