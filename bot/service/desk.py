"""What the courier works through: a desk for each sort of thing that goes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bot.domain.instants import Micros
from bot.service.ports.channel import Delivery
from bot.service.ports.store import Topic, Transaction


@dataclass(frozen=True, kw_only=True, slots=True)
class Postponed:
    """Nothing was tried: the lane must be left alone until then."""

    until: Micros


class Errand(Protocol):
    """One claimed thing with what its delivery needs."""

    @property
    def key(self) -> str:
        """With which key of its desk's topic it is announced as due."""
        ...

    @property
    def channel(self) -> str: ...
    @property
    def lane(self) -> str: ...
    @property
    def claim_until(self) -> Micros | None: ...
    @property
    def needless(self) -> str:
        """Why it need not be delivered after all; empty when it must."""
        ...


class Desk(Protocol):
    """Claims errands of its sort, delivers them one by one, and records what became of them."""

    @property
    def topic(self) -> Topic:
        """Return what is announced when something is due here."""
        ...

    def claim_due(
        self, tx: Transaction, owner: str, now: Micros, until: Micros, limit: int
    ) -> Sequence[Errand]: ...

    def claim_of(
        self, tx: Transaction, key: str, owner: str, now: Micros, until: Micros
    ) -> Sequence[Errand]:
        """Claim what an announcement with this key made due."""
        ...

    def next_due(self, tx: Transaction) -> Micros | None: ...

    async def attempt(self, errand: Any) -> Delivery:
        """Deliver one errand of this desk."""
        ...

    def record(
        self, tx: Transaction, results: Sequence[tuple[Any, Delivery | Postponed]], now: Micros
    ) -> None:
        """Record results; those whose claim was lost meanwhile change nothing."""
        ...
