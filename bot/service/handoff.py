"""Handing work over: what a transaction made due is claimed in that same transaction.

It saves a commit and a wait: the server that stored a message goes on with it at once. What is
not taken here is announced, and every server's loop finds it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from bot.domain.instants import Micros
from bot.service.ports.store import Store, Topic, Transaction

T = TypeVar("T")


class Taker(Protocol):
    """Claims what became due, and begins with it once the claim is committed."""

    def claim_within(self, tx: Transaction, key: str, now: Micros) -> Sequence[Any]:
        """Claim what the announcement `key` made due; may run more than once."""
        ...

    def begin(self, claims: Sequence[Any]) -> None:
        """Begin with claims whose transaction has committed."""
        ...


_Taken = tuple[Topic, Taker, Sequence[Any]]
_Committed = tuple[T, list[_Taken]]


class Handoff:
    """Runs transactions whose announcements may be taken by this server's own parts."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._takers: dict[Topic, Taker] = {}

    def offer_to(self, topic: Topic, taker: Taker) -> None:
        """Let `taker` take announcements of `topic`."""
        self._takers[topic] = taker

    def withdraw(self, topic: Topic) -> None:
        """Take nothing of `topic` any more."""
        self._takers.pop(topic, None)

    async def run(self, now: Callable[[], Micros], function: Callable[..., T], /, *args: Any) -> T:
        """Run `function(tx, *args)` as `Store.run` does; begin with what was taken."""
        committed = await self._store.run(self._within, now, function, *args, then=self._begin)
        result: T = committed[0]
        return result

    async def run_soon(
        self, now: Callable[[], Micros], function: Callable[..., T], /, *args: Any
    ) -> T:
        """Run `function(tx, *args)` as `Store.run_soon` does; begin with what was taken."""
        committed = await self._store.run_soon(self._within, now, function, *args, then=self._begin)
        result: T = committed[0]
        return result

    async def run_apart(self, function: Callable[..., T], /, *args: Any) -> T:
        """Run `function(tx, *args)` as `Store.run` does; the loops find what it made due.

        For what makes much due at once: they claim it together.
        """
        return await self._store.run(function, *args)

    async def read(self, function: Callable[..., T], /, *args: Any) -> T:
        """Run a function that only reads, as `Store.read` does."""
        return await self._store.read(function, *args)

    def _begin(self, committed: _Committed[Any]) -> None:
        """Begin with what a commit took, also when nobody waits for it any more.

        A socket that breaks cancels its reader: what that had committed would wait for the claim
        to run out.
        """
        for topic, taker, claims in committed[1]:
            if self._takers.get(topic) is taker:  # else it has closed, and the claim runs out
                taker.begin(claims)

    def _within(
        self,
        tx: Transaction,
        now: Callable[[], Micros],
        function: Callable[..., T],
        *args: Any,
    ) -> _Committed[T]:
        result = function(tx, *args)
        taken: list[_Taken] = []
        for topic, taker in tuple(self._takers.items()):
            for key in tx.announced(topic):
                claims = taker.claim_within(tx, key, now())
                if claims:
                    tx.retract(topic, key)
                    taken.append((topic, taker, claims))
        return result, taken
