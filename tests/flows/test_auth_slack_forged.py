"""Identity tokens that Slack has not signed, or not for us, or not just now."""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests.flows.slack_house import Serve, serve
from tests.slack import identity

__all__ = ["serve"]

FORGERIES: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://slack.com.evil.example"},
    "another audience": {"aud": "2222222222.3333333333"},
    "several audiences": {"aud": ["1111111111.2222222222", "evil"]},
    "no nonce": {"nonce": None},
    "another nonce": {"nonce": "x"},
    "over": {"exp": 1},
    "no end": {"exp": None},
    "an end in words": {"exp": "never"},
    "from the future": {"iat": 4_000_000_000},
    "no team": {"https://slack.com/team_id": None},
    "a list of teams": {"https://slack.com/team_id": ["T1"]},
    "a strange team": {"https://slack.com/team_id": "T1/../x"},
    "no user": {"https://slack.com/user_id": None},
}


@pytest.mark.parametrize("name", FORGERIES)
async def test_forged_claims(serve: Serve, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    encode = jwt.encode

    def forged(claims: dict[str, Any], key: Any, **how: Any) -> str:
        changed = {k: v for k, v in (claims | FORGERIES[name]).items() if v is not None}
        return encode(changed, key, **how)

    async with serve() as house:
        monkeypatch.setattr(identity.jwt, "encode", forged)
        status, _, cookies = await house.sign_in("ada")
        assert (status, "handraise_refresh" in cookies) == (403, False)


def signed_as_secret(claims: dict[str, Any], key: rsa.RSAPrivateKey) -> str:
    """Return a token signed by HMAC with the public key's own text, which everybody knows."""
    pem = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    header = {"alg": "HS256", "typ": "JWT", "kid": identity.KEY_ID}
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in (header, claims)
    ]
    signature = hmac.digest(pem, b".".join(parts), "sha256")
    parts.append(base64.urlsafe_b64encode(signature).rstrip(b"="))
    return b".".join(parts).decode()


@pytest.mark.parametrize(
    "kind", ["none", "hs256", "own key", "jwk", "jku", "x5u", "crit", "kid", "huge", "cut", "words"]
)
async def test_forged_signatures(serve: Serve, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    encode = jwt.encode
    mine = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    public = json.loads(RSAAlgorithm.to_jwk(mine.public_key()))
    key_id = {"kid": identity.KEY_ID}

    def forged(claims: dict[str, Any], key: Any, **how: Any) -> str:
        good = encode(claims, key, **how)
        match kind:
            case "none":
                return encode(claims, None, algorithm="none", headers=key_id)
            case "hs256":
                return signed_as_secret(claims, key)
            case "own key":
                return encode(claims, mine, algorithm="RS256", headers=key_id)
            case "jwk":
                headers = key_id | {"jwk": public}
                return encode(claims, mine, algorithm="RS256", headers=headers)
            case "jku" | "x5u":
                headers = key_id | {kind: "https://evil.example/keys"}
                return encode(claims, mine, algorithm="RS256", headers=headers)
            case "crit":
                headers = key_id | {"crit": ["b64"], "b64": True}
                return encode(claims, key, algorithm="RS256", headers=headers)
            case "kid":
                headers = {"kid": "../../dev/null"}
                return encode(claims, key, algorithm="RS256", headers=headers)
            case "huge":
                return encode(claims | {"x": "y" * 9_000}, key, **how)
            case "cut":
                return good[:-8]
            case _:
                return "not a token at all"

    async with serve() as house:
        monkeypatch.setattr(identity.jwt, "encode", forged)
        assert (await house.sign_in("ada"))[0] == 403
