"""Tokens: what is accepted, and everything that is not."""

from __future__ import annotations

import base64
import hmac
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


def segment(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def signed(tokens: Tokens, header: Any, claims: Any) -> str:
    """Return a token with any header and claims, signed by our own key all the same."""
    message = f"{segment(header)}.{segment(claims)}"
    signature = hmac.digest(tokens.keyed("access-token"), message.encode(), "sha256")
    return f"{message}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def good_claims(tokens: Tokens) -> dict[str, Any]:
    return jwt.decode(forged(tokens), options={"verify_signature": False})


HEADER = {"alg": "HS256", "typ": "JWT"}
COMPACT = json.dumps(HEADER, separators=(",", ":"))


@pytest.mark.parametrize(
    "more",
    [
        {"kid": "../../../dev/null"},
        {"kid": "' UNION SELECT 'x"},
        {"jku": "https://evil.example/keys"},
        {"jwk": {"kty": "oct", "k": "AAAA"}},
        {"x5u": "https://evil.example/cert"},
        {"x5c": ["AAAA"]},
        {"crit": ["exp"]},
        {"crit": ["b64"], "b64": False},
        {"cty": "JWT"},
        {"zip": "DEF"},
        {"typ": "at+jwt"},
        {"typ": "refresh"},
        {"alg": "hs256"},
        {"alg": "NONE"},
        {"alg": ["HS256"]},
        {"alg": "RS256"},
        {"alg": "HS384"},
    ],
    ids=str,
)
def test_headers_that_are_not_ours(tokens: Tokens, more: dict[str, Any]) -> None:
    """Whatever they promise, they are refused, even where the signature is right."""
    tokens.read_access(signed(tokens, COMPACT, good_claims(tokens)), START)
    changed = json.dumps(HEADER | more, separators=(",", ":"))
    with pytest.raises(Unauthenticated) as refused:
        tokens.read_access(signed(tokens, changed, good_claims(tokens)), START)
    assert refused.value.code == "token_invalid"


def test_public_key_as_a_secret(tokens: Tokens) -> None:
    """No public key could be taken for the secret here: every other key is refused."""
    for key in (b"", b"\0" * 32, SECRET.encode(), b"-----BEGIN PUBLIC KEY-----\nAAAA"):
        message = f"{segment(HEADER)}.{segment(good_claims(tokens))}"
        signature = base64.urlsafe_b64encode(hmac.digest(key, message.encode(), "sha256"))
        with pytest.raises(Unauthenticated):
            tokens.read_access(f"{message}.{signature.rstrip(b'=').decode()}", START)


@pytest.mark.parametrize("claims", ["[]", "null", '"x"', "{", "{}", "1" * 3_000, "[" * 3_000])
def test_claims_that_are_none(tokens: Tokens, claims: str) -> None:
    with pytest.raises(Unauthenticated) as refused:
        tokens.read_access(signed(tokens, COMPACT, claims), START)
    assert refused.value.code == "token_invalid"


def test_claims_given_twice_are_believed_by_nobody_but_the_signer(tokens: Tokens) -> None:
    """A second `sub` changes what is signed, so the signature no longer fits."""
    head, body, signature = forged(tokens).split(".")
    claims = base64.urlsafe_b64decode(body + "==").decode()
    doubled = segment(claims[:-1] + ', "sub": "admin"}')
    with pytest.raises(Unauthenticated):
        tokens.read_access(f"{head}.{doubled}.{signature}", START)


def test_bad_base64_and_odd_parts(tokens: Tokens) -> None:
    head, body, signature = forged(tokens).split(".")
    for token in (
        f"{head}.{body}.{signature}.",
        f"{head}.{body}.{signature}.{signature}",
        f"{head}.{body}",
        f"{head}.{body}.{signature} ",
        f" {head}.{body}.{signature}",
        f"{head}.{body}.!!!!",
        f"{head}.{body}\n.{signature}",
        f"{head}..{signature}",
        f"{head}.{body}.{signature}" + "A" * 5_000,
    ):
        with pytest.raises(Unauthenticated) as refused:
            tokens.read_access(token, START)
        assert refused.value.code == "token_invalid", token[:60]


@pytest.mark.parametrize("issued", [2**62, 1.5, "now", True, []])
def test_odd_times_of_issue(tokens: Tokens, issued: Any) -> None:
    claims = good_claims(tokens) | {"iat": issued}
    with pytest.raises(Unauthenticated):
        tokens.read_access(signed(tokens, COMPACT, claims), START)
