"""Where a question goes to somebody first, where next, and when; knows no surfaces and no store."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from bot.domain.commands import CHAT
from bot.domain.instants import MINUTE, SECOND, Micros


@dataclass(frozen=True, kw_only=True, slots=True)
class Routing:
    """The operator's channels and patience."""

    order: tuple[str, ...] = (CHAT,)
    """The channels that are connected, first the one that people without a preference get."""
    visible_within: Micros = 2 * SECOND
    """How soon a page must show a card for chat to count."""
    next_after: Micros = 15 * MINUTE
    """How long somebody may take to answer before the next channel is tried."""

    def channels(
        self, *, preferred: str | None, last: str | None, usable: Collection[str]
    ) -> tuple[str, ...]:
        """Return somebody's channels in order: preference, where last active, the operator's.

        Only channels that are connected and on which the person has an address.
        """
        wished = (preferred, last, *self.order)
        return tuple(
            dict.fromkeys(c for c in wished if c is not None and c in self.order and c in usable)
        )

    def patience(self, channel: str) -> Micros:
        """Return how long after a channel was tried the next one follows."""
        return self.visible_within if channel == CHAT else self.next_after

    def opening(
        self, channels: tuple[str, ...], start: Micros, *, urgent: bool
    ) -> tuple[Micros, ...]:
        """Return when each channel is due, as long as nothing is known of any."""
        due = [start]
        for channel in channels[:-1]:
            due.append(start if urgent else due[-1] + self.patience(channel))
        return tuple(due[: len(channels)])

    def after_shown(self, dues: tuple[Micros, ...], now: Micros) -> tuple[Micros, ...]:
        """Return when channels that were not tried are due, now that a person got the question.

        Nothing comes earlier for it.
        """
        return tuple(
            max(due, now + self.next_after * rank) for rank, due in enumerate(dues, start=1)
        )

    def after_failure(
        self, channels: tuple[str, ...], dues: tuple[Micros, ...], now: Micros
    ) -> tuple[Micros, ...]:
        """Return when channels that were not tried are due, now that one has failed for good.

        The next is due at once; nothing comes later for it.
        """
        opening = self.opening(channels, now, urgent=False)
        return tuple(min(pair) for pair in zip(dues, opening, strict=True))


def lane_of(channel: str, address: str) -> str:
    """Return what is sent in order and fails together.

    The deployment has one mailbox, so all mail is one lane; elsewhere each address is one.
    """
    return channel if channel == "email" else f"{channel}:{address}"


def lane_of_place(place: str) -> str:
    """Return the lane of what is said at a place: its Slack channel, or the one mailbox."""
    channel, _, key = place.partition(":")
    return lane_of(channel, key.rpartition("/")[0] or key)
