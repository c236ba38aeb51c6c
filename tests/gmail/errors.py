"""Errors in the shape that Google's API servers give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ApiError(Exception):
    """An answer other than 2xx: HTTP status, words, reason, and the canonical gRPC status."""

    def __init__(
        self,
        code: int,
        message: str,
        *,
        reason: str,
        status: str,
        domain: str = "global",
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
        details: list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.headers = dict(headers or {})
        item = {"message": message, "domain": domain, "reason": reason, **(more or {})}
        error: dict[str, Any] = {
            "code": code, "message": message, "errors": [item], "status": status
        }  # fmt: skip
        if details:
            error["details"] = details
        self.body: dict[str, Any] = {"error": error}

    @classmethod
    def not_found(cls) -> ApiError:
        return cls(404, "Requested entity was not found.", reason="notFound", status="NOT_FOUND")

    @classmethod
    def invalid(cls, message: str) -> ApiError:
        return cls(400, message, reason="invalidArgument", status="INVALID_ARGUMENT")

    @classmethod
    def unauthenticated(cls) -> ApiError:
        return cls(
            401,
            "Request had invalid authentication credentials. Expected OAuth 2 access token, "
            "login cookie or other valid authentication credential. "
            "See https://developers.google.com/identity/sign-in/web/devconsole-project.",
            reason="authError",
            status="UNAUTHENTICATED",
            headers={"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/"'},
            more={"location": "Authorization", "locationType": "header"},
        )

    @classmethod
    def insufficient_scope(cls, method: str) -> ApiError:
        info = {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
            "domain": "googleapis.com",
            "metadata": {"service": "gmail.googleapis.com", "method": method},
        }
        return cls(
            403,
            "Request had insufficient authentication scopes.",
            reason="insufficientPermissions",
            status="PERMISSION_DENIED",
            details=[info],
        )

    @classmethod
    def forbidden(cls, message: str) -> ApiError:
        return cls(403, message, reason="forbidden", status="PERMISSION_DENIED")

    @classmethod
    def limited(cls, code: int, reason: str, message: str, *, retry_after: int | None) -> ApiError:
        """Return what a used-up quota looks like, as 429 or as 403."""
        return cls(
            code,
            message,
            reason=reason,
            status="RESOURCE_EXHAUSTED" if code == 429 else "PERMISSION_DENIED",
            domain="usageLimits",
            headers={} if retry_after is None else {"Retry-After": str(retry_after)},
        )

    @classmethod
    def broken(cls, code: int, message: str, *, reason: str = "backendError") -> ApiError:
        status = {500: "INTERNAL", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED"}
        return cls(code, message, reason=reason, status=status.get(code, "UNKNOWN"))
