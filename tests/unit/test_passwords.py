"""Passwords: bcrypt's limits told honestly, and a bounded queue."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import bcrypt
import pytest

from bot.domain.errors import Unavailable
from web.auth.passwords import Passwords, password_fault


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    made = Passwords(cost=4, parallel=1, waiting=2)
    yield made
    made.close()


def test_faults() -> None:
    assert password_fault("password123") is None
    assert password_fault("x" * 72) is None
    assert "8 characters" in (password_fault("1234567") or "")
    assert "73" in (password_fault("x" * 73) or "")
    assert "74" in (password_fault("é" * 37) or ""), "bytes count, not characters"


async def test_matching(passwords: Passwords) -> None:
    hashed = await passwords.hash("correct horse")
    assert hashed.startswith("$2b$04$")
    assert await passwords.matches("correct horse", hashed)
    assert not await passwords.matches("Correct horse", hashed)
    assert not await passwords.matches("correct horse", None)
    assert not await passwords.matches("x" * 100, None)


async def test_an_unknown_name_costs_as_much_as_a_known_one(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the delay of a refusal would tell who has an account."""
    hashed = await passwords.hash("correct horse")
    costs: list[bytes] = []
    check = bcrypt.checkpw

    def counted(password: bytes, against: bytes) -> bool:
        costs.append(against[:7])
        return check(password, against)

    monkeypatch.setattr(bcrypt, "checkpw", counted)
    for against in (hashed, None):
        for password in ("wrong", "x" * 100):
            assert not await passwords.matches(password, against)
    assert costs == [b"$2b$04$"] * 4


async def test_what_lies_beyond_72_bytes_is_not_ignored(passwords: Passwords) -> None:
    hashed = await passwords.hash("x" * 72)
    assert await passwords.matches("x" * 72, hashed)
    assert not await passwords.matches("x" * 73, hashed)


async def test_composed_and_decomposed_letters_are_one(passwords: Passwords) -> None:
    assert await passwords.matches("cafe\u0301 cafe\u0301", await passwords.hash("café café"))


async def test_who_finds_the_queue_full_is_told_to_come_back(passwords: Passwords) -> None:
    results = await asyncio.gather(
        *(passwords.hash("password123") for _ in range(5)), return_exceptions=True
    )
    refused = [result for result in results if isinstance(result, Unavailable)]
    assert len(refused) == 2
    assert refused[0].details == {"retry_after": 3}
    assert await passwords.hash("password123"), "there is room again"
