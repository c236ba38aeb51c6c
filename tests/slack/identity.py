"""Signed identity tokens of Sign in with Slack, and the keys to check them with."""

from __future__ import annotations

import functools
import json
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests.slack.records import Json
from tests.slack.workspace import Workspace

KEY_ID = "simulated-slack-key"


@functools.cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


def id_token(issuer: str, workspace: Workspace, claims: Json) -> str:
    """Sign who somebody is, for five minutes."""
    now = int(workspace.clock.now())
    stamped = claims | {
        "iss": issuer,
        "aud": workspace.app.client_id,
        "iat": now,
        "exp": now + 300,
        "auth_time": now,
    }
    return jwt.encode(stamped, _key(), algorithm="RS256", headers={"kid": KEY_ID})


def key_set() -> Json:
    """Return the public keys as a JWK set."""
    public: dict[str, Any] = json.loads(RSAAlgorithm.to_jwk(_key().public_key()))
    return {"keys": [public | {"kid": KEY_ID, "use": "sig", "alg": "RS256"}]}
