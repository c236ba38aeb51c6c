"""Google's signing keys, as a local stand-in, and tokens signed with them: true ones and forged."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from jwt.algorithms import RSAAlgorithm

ISSUER = "https://accounts.google.com"
LIFETIME = 3_600
"""Seconds that a token is valid."""

Claims = dict[str, Any]


class Forgery(StrEnum):
    """Ways in which a token can be wrong."""

    WRONG_ISSUER = "wrong_issuer"
    WRONG_AUDIENCE = "wrong_audience"
    WRONG_EMAIL = "wrong_email"
    NO_EMAIL = "no_email"
    UNVERIFIED = "unverified"
    EXPIRED = "expired"
    NOT_YET = "not_yet"
    OTHER_KEY = "other_key"
    UNKNOWN_KEY_ID = "unknown_key_id"
    ALG_NONE = "alg_none"
    HS256 = "hs256"
    TAMPERED = "tampered"
    GARBAGE = "garbage"
    MISSING = "missing"


class SigningKey:
    """One RSA key with its id and its certificate."""

    def __init__(self) -> None:
        self.private = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
        public = self.private.public_key()
        der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.id = hashlib.sha1(der, usedforsecurity=False).hexdigest()
        self.public_pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "federated-signon.example")])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
            .not_valid_after(datetime(2099, 1, 1, tzinfo=UTC))
            .sign(self.private, hashes.SHA256())
        )
        self.certificate_pem = certificate.public_bytes(Encoding.PEM).decode()

    def signed(self, claims: Claims, *, key_id: str | None = None) -> str:
        return jwt.encode(
            claims, self.private, algorithm="RS256", headers={"kid": key_id or self.id}
        )

    def jwk(self) -> Claims:
        public: Claims = RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {**public, "kid": self.id, "use": "sig", "alg": "RS256"}


@cache
def google_key() -> SigningKey:
    """Return the key whose certificate is served; made once a process, as making one takes long."""
    return SigningKey()


@cache
def strangers_key() -> SigningKey:
    """Return a key that is nobody's business."""
    return SigningKey()


def certificates() -> dict[str, str]:
    """Return what `/oauth2/v1/certs` serves."""
    return {google_key().id: google_key().certificate_pem}


def key_set() -> Claims:
    """Return what `/oauth2/v3/certs` serves."""
    return {"keys": [google_key().jwk()]}


def identity_claims(email: str, audience: str, *, now: int) -> Claims:
    """Return what a token says of an account; `now` in seconds since 1970."""
    return {
        "iss": ISSUER,
        "aud": audience,
        "azp": subject(email),
        "sub": subject(email),
        "email": email,
        "email_verified": True,
        "iat": now,
        "exp": now + LIFETIME,
    }


def subject(email: str) -> str:
    """Return the number by which Google knows an account."""
    return "1" + str(int(hashlib.sha256(email.encode()).hexdigest()[:16], 16)).zfill(20)[:20]


def token(claims: Claims, forgery: Forgery | str | None = None) -> str | None:
    """Return a signed token that says `claims`, or one that is wrong in one way; None for none."""
    key = google_key()
    if forgery is None:
        return key.signed(claims)
    match Forgery(forgery):
        case Forgery.WRONG_ISSUER:
            return key.signed({**claims, "iss": "https://accounts.example"})
        case Forgery.WRONG_AUDIENCE:
            return key.signed({**claims, "aud": "https://another-service.example/push"})
        case Forgery.WRONG_EMAIL:
            return key.signed(
                {**claims, "email": "attacker@another-project.iam.gserviceaccount.com"}
            )
        case Forgery.NO_EMAIL:
            return key.signed({k: v for k, v in claims.items() if not k.startswith("email")})
        case Forgery.UNVERIFIED:
            return key.signed({**claims, "email_verified": False})
        case Forgery.EXPIRED:
            return key.signed(_moved(claims, -2 * LIFETIME))
        case Forgery.NOT_YET:
            return key.signed(_moved(claims, 2 * LIFETIME))
        case Forgery.OTHER_KEY:
            return strangers_key().signed(claims, key_id=key.id)
        case Forgery.UNKNOWN_KEY_ID:
            return strangers_key().signed(claims)
        case Forgery.ALG_NONE:
            return jwt.encode(claims, "", algorithm="none", headers={"kid": key.id})
        case Forgery.HS256:
            # With the public key as the secret: what a careless verifier would accept.
            return _keyed_hash({"alg": "HS256", "typ": "JWT", "kid": key.id}, claims)
        case Forgery.TAMPERED:
            head, _, signature = key.signed(claims).split(".")
            return f"{head}.{_b64({**claims, 'sub': '1', 'tampered': True})}.{signature}"
        case Forgery.GARBAGE:
            return "not.a.token"
        case Forgery.MISSING:
            return None


def _moved(claims: Claims, seconds: int) -> Claims:
    return {**claims, "iat": claims["iat"] + seconds, "exp": claims["exp"] + seconds}


def _b64(content: Claims | bytes) -> str:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _keyed_hash(head: Claims, claims: Claims) -> str:
    text = f"{_b64(head)}.{_b64(claims)}"
    digest = hmac.new(google_key().public_pem, text.encode(), hashlib.sha256).digest()
    return f"{text}.{_b64(digest)}"
