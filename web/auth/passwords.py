"""Passwords: bcrypt in a few threads of its own, with a bounded queue before them."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import bcrypt

from bot.domain.errors import Unavailable

MIN_LENGTH = 8
"""Characters; length is the only rule, as NIST SP 800-63B advises."""
MAX_BYTES = 72
"""Of UTF-8: bcrypt reads no further, and we do not pretend that it does."""

T = TypeVar("T")


def password_fault(password: str) -> str | None:
    """Return what is wrong with a new password, as a sentence; None when nothing is."""
    if len(password) < MIN_LENGTH:
        return f"Use at least {MIN_LENGTH} characters."
    size = len(password_bytes(password))
    if size > MAX_BYTES:
        return f"Use at most {MAX_BYTES} bytes of UTF-8 (this one takes {size}): make it shorter."
    return None


class Passwords:
    """Hashes and checks passwords off the event loop.

    At cost 12 one takes a quarter of a second of CPU: `parallel` run at once, `waiting` more may
    wait, and whoever comes then is told to come back.
    """

    def __init__(self, *, cost: int = 12, parallel: int = 2, waiting: int = 32) -> None:
        self._cost = cost
        self._room = parallel + waiting
        self._inside = 0
        self._threads = ThreadPoolExecutor(parallel, thread_name_prefix="passwords")
        # No password has this hash, and checking against it takes as long as against a real one:
        # an answer's delay does not tell which names exist.
        self._nobody = bcrypt.gensalt(cost) + b"." * 31

    async def hash(self, password: str) -> str:
        """Return a salted hash; `Unavailable` when too many wait."""
        secret = password_bytes(password)
        return await self._run(
            lambda: bcrypt.hashpw(secret, bcrypt.gensalt(self._cost)).decode("ascii")
        )

    async def matches(self, password: str, hashed: str | None) -> bool:
        """Tell whether `password` has this hash; None (an unknown name) takes as long."""
        secret = password_bytes(password)
        known = hashed is not None and len(secret) <= MAX_BYTES
        against = hashed.encode("ascii") if hashed is not None and known else self._nobody
        right = await self._run(lambda: bcrypt.checkpw(secret[:MAX_BYTES], against))
        return right and known

    def close(self) -> None:
        """Let the threads end; what runs is finished."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    async def _run(self, work: Callable[[], T]) -> T:
        if self._inside >= self._room:
            raise Unavailable(
                "Too many people are signing in just now. Try again in a few seconds.",
                code="busy",
                details={"retry_after": 3},
            )
        self._inside += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._inside -= 1


def password_bytes(password: str) -> bytes:
    """Return what bcrypt reads of a password."""
    # The same keys give composed letters on one system and decomposed ones on another.
    return unicodedata.normalize("NFC", password).encode()
