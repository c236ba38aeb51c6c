"""Faults that are ordered beforehand: by method, how often, and after how many good calls."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.instants import SECOND, Micros, iso
from tests.gmail.errors import ApiError


class Fault(StrEnum):
    """What can go wrong with one call."""

    NOT_FOUND = "not_found"
    UNAUTHORIZED = "unauthorized"
    RATE_LIMIT = "rate_limit"
    USER_RATE_LIMIT = "user_rate_limit"
    RATE_LIMIT_403 = "rate_limit_403"
    DAILY_LIMIT = "daily_limit"
    QUOTA = "quota"
    INTERNAL = "internal"
    BAD_GATEWAY = "bad_gateway"
    UNAVAILABLE = "unavailable"
    GATEWAY_TIMEOUT = "gateway_timeout"
    HANG = "hang"
    """Never answers, and does nothing."""
    HANG_AFTER = "hang_after"
    """Does it, and never answers."""
    RESET = "reset"
    """The connection breaks before anything is done."""
    RESET_AFTER = "reset_after"
    """It is done, and then the connection breaks."""
    CLOSE_AFTER = "close_after"
    """It is done, and the connection is closed in order but without an answer."""
    GARBLED = "garbled"
    """It is done, and the answer is cut off in the middle."""


SILENT = frozenset(
    {
        Fault.HANG,
        Fault.HANG_AFTER,
        Fault.RESET,
        Fault.RESET_AFTER,
        Fault.CLOSE_AFTER,
        Fault.GARBLED,
        Fault.BAD_GATEWAY,
    }
)
"""Faults that are no answer in Google's JSON shape."""
DONE_FIRST = frozenset({Fault.HANG_AFTER, Fault.RESET_AFTER, Fault.CLOSE_AFTER, Fault.GARBLED})
"""Faults after which the call has had its effect all the same."""


@dataclass(kw_only=True)
class Order:
    """A fault for the calls of one method ("*" for all), to happen `times` times."""

    method: str
    fault: Fault
    times: int
    after: int
    retry_after: int | None
    mailbox: str | None


class Faults:
    """The orders that are still open; each call takes what is due for it."""

    def __init__(self) -> None:
        self.orders: list[Order] = []

    def order(
        self,
        method: str,
        fault: Fault | str,
        *,
        times: int = 1,
        after: int = 0,
        retry_after: int | None = 1,
        mailbox: str | None = None,
    ) -> Order:
        """Let the next `times` calls of `method` go wrong, once `after` have gone well."""
        order = Order(
            method=method,
            fault=Fault(fault),
            times=times,
            after=after,
            retry_after=retry_after,
            mailbox=mailbox,
        )
        self.orders.append(order)
        return order

    def due(self, method: str, mailbox: str | None) -> Order | None:
        """Take what must go wrong with this call."""
        for order in self.orders:
            if order.method not in {method, "*"} or order.mailbox not in {mailbox, None}:
                continue
            if order.after > 0:
                order.after -= 1
                continue
            order.times -= 1
            if order.times <= 0:
                self.orders.remove(order)
            return order
        return None

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        self.orders.clear()


def error_of(order: Order, now: Micros) -> ApiError:
    """Return the answer for a fault that has one.

    The kinds: https://developers.google.com/workspace/gmail/api/guides/handle-errors
    """
    wait = order.retry_after
    until = iso(now + (wait or 0) * SECOND)[:-4] + "Z"
    match order.fault:
        case Fault.NOT_FOUND:
            return ApiError.not_found()
        case Fault.UNAUTHORIZED:
            return ApiError.unauthenticated()
        case Fault.RATE_LIMIT:
            return ApiError.limited(
                429,
                "rateLimitExceeded",
                "Too many concurrent requests for user.",
                retry_after=wait,
            )
        case Fault.USER_RATE_LIMIT:
            return ApiError.limited(
                429,
                "userRateLimitExceeded",
                f"User-rate limit exceeded.  Retry after {until}",
                retry_after=wait,
            )
        case Fault.RATE_LIMIT_403:
            return ApiError.limited(
                403, "rateLimitExceeded", "Rate Limit Exceeded", retry_after=wait
            )
        case Fault.DAILY_LIMIT:
            return ApiError.limited(
                403, "dailyLimitExceeded", "Daily Limit Exceeded", retry_after=None
            )
        case Fault.QUOTA:
            return ApiError.limited(
                403,
                "quotaExceeded",
                "Quota exceeded for quota metric 'Queries' and limit "
                "'Queries per minute per user' of service 'gmail.googleapis.com'.",
                retry_after=wait,
            )
        case Fault.INTERNAL:
            return ApiError.broken(500, "Internal error encountered.")
        case Fault.GATEWAY_TIMEOUT:
            return ApiError.broken(504, "Deadline exceeded.")
        case _:
            return ApiError.broken(503, "The service is currently unavailable.")
