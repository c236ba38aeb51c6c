"""Lanes: what is in hand, one after the other within a lane, the lanes side by side."""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass, field
from itertools import count

from bot.domain.instants import Micros
from bot.service.ports.inbox import Received


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """When something's turn is: `lane` names what it keeps an order in, `at` is its place there."""

    lane: str
    at: Micros


_Waiting = tuple[Micros, int, Received]


@dataclass(kw_only=True, slots=True)
class Lanes:
    """Gives out the oldest of a lane in which nothing is under way; the lanes take turns."""

    _waiting: dict[str, list[_Waiting]] = field(default_factory=dict)
    """What waits in each lane; empty while the lane's last one is under way."""
    _free: deque[str] = field(default_factory=deque)
    _size: int = 0
    _arrivals: count[int] = field(default_factory=count)

    def __len__(self) -> int:
        """Return how many wait or are under way."""
        return self._size

    def add(self, turn: Turn, received: Received) -> None:
        """Let something wait for its turn; of two at one moment the first added goes first."""
        waiting = self._waiting.get(turn.lane)
        if waiting is None:
            waiting = self._waiting[turn.lane] = []
            self._free.append(turn.lane)
        heapq.heappush(waiting, (turn.at, next(self._arrivals), received))
        self._size += 1

    def take(self) -> tuple[str, Received] | None:
        """Return what may begin now, and its lane, which is held until `leave`; None for none."""
        if not self._free:
            return None
        lane = self._free.popleft()
        return lane, heapq.heappop(self._waiting[lane])[2]

    def leave(self, lane: str) -> None:
        """Let the next of a lane begin."""
        self._size -= 1
        if self._waiting[lane]:
            self._free.append(lane)
        else:
            del self._waiting[lane]
