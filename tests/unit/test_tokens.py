"""Tokens: what is accepted, and everything that is not."""

from __future__ import annotations

import base64
import json
from typing import Any

import jwt
import pytest

from bot.domain.errors import Unauthenticated
from bot.domain.instants import DAY, MINUTE, SECOND
from tests.clock import START
from web.auth.tokens import AUDIENCE, ISSUER, Tokens, hash_of, new_refresh_token

SECRET = "a secret of the tests, long enough"
LIFETIME = 25 * MINUTE


@pytest.fixture
def tokens() -> Tokens:
    return Tokens(SECRET, access_lifetime=LIFETIME, refresh_lifetime=7 * DAY)


def forged(
    tokens: Tokens, key: bytes | None = None, algorithm: str = "HS256", **change: Any
) -> str:
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "account",
        "fam": "family",
        "typ": "access",
        "iat": START // SECOND,
        "exp": (START + LIFETIME) // SECOND,
        "jti": "x",
    } | change
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, key or tokens.keyed("access-token"), algorithm=algorithm)


def test_a_token_says_who_and_until_when(tokens: Tokens) -> None:
    claims = tokens.read_access(tokens.issue_access("account", "family", START), START)
    assert (claims.account_id, claims.family_id) == ("account", "family")
    assert claims.expires_at == START + LIFETIME
    assert tokens.read_access(forged(tokens), START) == claims, "the forgery below is a good one"


def test_it_ends_by_our_clock_and_not_the_machine_s(tokens: Tokens) -> None:
    token = tokens.issue_access("account", "family", START)
    tokens.read_access(token, START + LIFETIME - 1)
    with pytest.raises(Unauthenticated) as refused:
        tokens.read_access(token, START + LIFETIME)
    assert refused.value.code == "token_expired"
    # A machine whose clock is a little behind sees a token issued in its future: still good.
    tokens.read_access(token, START - 9 * MINUTE)
    with pytest.raises(Unauthenticated) as refused:
        tokens.read_access(token, START - 11 * MINUTE)
    assert refused.value.code == "token_invalid"


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "handraise/other"},
        {"aud": None},
        {"iss": "somebody"},
        {"iss": None},
        {"typ": "refresh"},
        {"typ": None},
        {"sub": None},
        {"fam": None},
        {"fam": 7},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": 1e300},
        {"exp": True},
        {"jti": None},
        {"iat": None},
    ],
    ids=str,
)
def test_wrong_claims(tokens: Tokens, change: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated) as refused:
        tokens.read_access(forged(tokens, **change), START)
    assert refused.value.code == "token_invalid"


@pytest.mark.filterwarnings("ignore:The HMAC key:jwt.warnings.InsecureKeyLengthWarning")
def test_wrong_algorithms_and_keys(tokens: Tokens) -> None:
    head, body, signature = forged(tokens).split(".")
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).rstrip(b"=").decode()
    for token in (
        f"{none}.{body}.",
        f"{none}.{body}.{signature}",
        f"{head}.{body}.",
        f"{head}.{body}.{signature[:-4]}AAAA",
        forged(tokens, algorithm="HS512"),
        forged(tokens, key=SECRET.encode()),
        forged(tokens, key=tokens.keyed("refresh-successor")),
        "",
        ".",
        "..",
        "not a token",
        "é.é.é",
        "\udcff.a.b",
        "a" * 100_000,
        f"{'[' * 3000}",
    ):
        with pytest.raises(Unauthenticated) as refused:
            tokens.read_access(token, START)
        assert refused.value.code == "token_invalid"


def test_a_successor_is_always_the_same_and_needs_the_secret(tokens: Tokens) -> None:
    token = new_refresh_token()
    other = Tokens(SECRET + "!", access_lifetime=LIFETIME, refresh_lifetime=7 * DAY)
    assert tokens.successor(token) == tokens.successor(token) != token
    assert tokens.successor(token) != other.successor(token)
    assert tokens.successor(token) != tokens.successor(tokens.successor(token))
    assert hash_of(token) not in (token, hash_of(tokens.successor(token)))
    assert len(new_refresh_token()) == len("hrr_") + 64
    tokens.successor("\udcff")  # what a header of wrong bytes decodes to
    hash_of("\udcff")
