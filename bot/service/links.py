"""One-use links and reply addresses: tokens that name a question and one person, no other.

Only hashes are kept. A token is derived from the deployment's key, so that a mail that is sent
again after a crash carries the same one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.feedback import FeedbackRequest
from bot.domain.instants import DAY, Micros
from bot.service.ports.store import Transaction
from bot.service.ports.vault import Link

KEPT: Micros = 30 * DAY
"""How long after its deadline a link still says what became of its question."""


class Purpose(StrEnum):
    """What a token is for; one made for a reply opens no page."""

    CLICK = "click"
    REPLY = "reply"


@dataclass(frozen=True, kw_only=True, slots=True)
class Links:
    """Makes and recognises tokens; `key` signs nothing else."""

    key: bytes

    def offer(
        self,
        tx: Transaction,
        request: FeedbackRequest,
        person_id: str,
        address: str,
        now: Micros,
        purpose: Purpose = Purpose.CLICK,
    ) -> str:
        """Return the token of a person for a question, known from now on."""
        token = self._token(purpose, request.id, person_id)
        tx.links.add(
            Link(
                token_hash=hash_of(token, purpose),
                request_id=request.id,
                person_id=person_id,
                address=address,
                created_at=now,
                expires_at=request.deadline + KEPT,
            )
        )
        return token

    def _token(self, purpose: Purpose, request_id: str, person_id: str) -> str:
        message = f"{purpose.value}|{request_id}|{person_id}".encode()
        digest = hmac.digest(self.key, message, "sha256")[:20]
        # Base 32: local parts of addresses may lose their case on the way.
        return base64.b32encode(digest).decode().lower()


def hash_of(token: str, purpose: Purpose) -> str:
    """Return what is kept of a token; None of it opens anything."""
    return hashlib.sha256(f"{purpose.value}:{token}".encode("utf-8", "replace")).hexdigest()
