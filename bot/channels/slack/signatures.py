"""Whether a request comes from Slack: its signature over the raw body, and how old it claims to be.

(docs.slack.dev, "Verifying requests from Slack".)
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field

from bot.domain.errors import Unauthenticated
from bot.domain.instants import MINUTE, SECOND, Micros

AGE: Micros = 5 * MINUTE
"""Older requests, and those from as far in the future, may be somebody's recording."""
_STAMP = re.compile(r"[0-9]{1,12}", re.ASCII)


class NotFromSlack(Unauthenticated):
    """A request that Slack has not signed just now; which part is wrong is not said."""

    code = "bad_signature"

    def __init__(self) -> None:
        super().__init__("This request is not signed by Slack, or it is too old.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Signatures:
    """Checks signatures by the app's signing secret."""

    secret: str = field(repr=False)

    def check(self, body: bytes, timestamp: str | None, signature: str | None, now: Micros) -> None:
        """Raise `NotFromSlack` unless Slack has signed these bytes at that time, lately."""
        if timestamp is None or signature is None or not _STAMP.fullmatch(timestamp):
            raise NotFromSlack
        if abs(now - int(timestamp) * SECOND) > AGE:
            raise NotFromSlack
        signed = b"v0:" + timestamp.encode() + b":" + body
        expected = "v0=" + hmac.new(self.secret.encode(), signed, hashlib.sha256).hexdigest()
        # As bytes: `compare_digest` raises for text that is not ASCII.
        if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "surrogateescape")):
            raise NotFromSlack
