"""The one error tree; each edge maps it to a status, a code and a sentence."""

from __future__ import annotations

from collections.abc import Mapping


class HandraiseError(Exception):
    """A refusal whose `message` is a sentence a person can act on."""

    code = "error"

    def __init__(
        self, message: str, *, code: str | None = None, details: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details: Mapping[str, object] = details or {}
        if code is not None:
            self.code = code


class Invalid(HandraiseError):
    """The input itself is wrong; sending it again unchanged cannot help."""

    code = "invalid"


class TooLarge(Invalid):
    """The input is over a size limit."""

    code = "too_large"


class Unauthenticated(HandraiseError):
    """Nobody is signed in, or the proof of it is not valid (any more)."""

    code = "unauthenticated"


class NotAllowed(HandraiseError):
    """The person is known, and may not do this."""

    code = "not_allowed"


class NotFound(HandraiseError):
    """It does not exist, or the person may not know that it does."""

    code = "not_found"


class Conflict(HandraiseError):
    """The state has moved on, so that this cannot be done now."""

    code = "conflict"


class RateLimited(HandraiseError):
    """Too many in too short a time; `retry_after` is in whole seconds, `limit` per minute."""

    code = "rate_limited"

    def __init__(self, message: str, *, retry_after: int, limit: int, scope: str) -> None:
        super().__init__(
            message, details={"retry_after": retry_after, "limit": limit, "scope": scope}
        )
        self.retry_after = retry_after
        self.limit = limit
        self.scope = scope


class Unavailable(HandraiseError):
    """Something this needs is down or slow; the same call may succeed later."""

    code = "unavailable"


class StaleClaim(HandraiseError):
    """Another worker holds the claim now (or the owner stopped the turn); nothing was written."""

    code = "stale_claim"


class PlanningFailed(HandraiseError):
    """The model gave no usable plan; `message` can be shown to the person."""

    code = "planning_failed"
