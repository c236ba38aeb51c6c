"""What the account endpoints read and answer; shapes only."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from web.api.payload import Input

Code = Annotated[str, Field(max_length=32, description="Eight digits; spaces are ignored.")]


class Registration(Input):
    """A new account."""

    email: str = Field(max_length=254, json_schema_extra={"format": "email"})
    username: str = Field(max_length=256, description="3 to 32 of `A-Z a-z 0-9 . _ -`.")
    password: str = Field(
        max_length=1024,
        description="At least 8 characters, at most 72 bytes in UTF-8.",
        json_schema_extra={"format": "password"},
    )
    invite: str | None = Field(
        default=None, max_length=128, description="The token of the invitation's link."
    )
    administrator_code: str | None = Field(
        default=None,
        max_length=64,
        description="The one-time code that a server without an administrator logs at its start.",
    )


class Login(BaseModel):
    """The form of an OAuth 2.0 password grant (RFC 6749, 4.3.2); its other fields are ignored."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    username: str = Field(max_length=254, description="A user name or a verified address.")
    password: str = Field(max_length=1024, json_schema_extra={"format": "password"})


class Verification(Input):
    """The code that was sent."""

    code: Code


class Refresh(Input):
    """A refresh token; the page sends none, its browser adds the cookie."""

    refresh_token: str | None = Field(default=None, max_length=256)


class Tokens(BaseModel):
    """A sign-in; `refresh_token` is null where it travels in the cookie."""

    access_token: str
    refresh_token: str | None
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - a scheme's name
    expires_in: int = Field(description="Seconds until the access token ends.")


class Me(BaseModel):
    """The account that is signed in."""

    id: str
    person_id: str
    username: str
    email: str
    verified: bool
    is_admin: bool
    has_password: bool = Field(description="False for who signs in with Slack alone.")
    created_at: str = Field(json_schema_extra={"format": "date-time"})
    verification_hint: str | None = Field(description="How to verify the address; null once it is.")


class PasswordChange(Input):
    """The old password and a new one."""

    password: str = Field(max_length=1024, json_schema_extra={"format": "password"})
    new_password: str = Field(max_length=1024, json_schema_extra={"format": "password"})


class Reset(Input):
    """Whose password was forgotten."""

    name: str = Field(max_length=254, description="A user name or a verified address.")


class NewPassword(Input):
    """A new password, and the token of the link that allows it."""

    token: str = Field(max_length=128)
    password: str = Field(max_length=1024, json_schema_extra={"format": "password"})


class AdministratorCode(Input):
    """The one-time code in the server's log."""

    code: str = Field(max_length=64)


class Ways(BaseModel):
    """How one can register and sign in."""

    registration: Literal["open", "domain", "invite", "closed"]
    slack: bool = Field(description="Whether `/api/auth/slack` signs people in.")
    administrator_wanted: bool = Field(
        description="Whether nobody administrates this server yet, so that whoever registers with "
        "the one-time code of its log does."
    )


class SignIn(BaseModel):
    """One sign-in; what its browser called itself is that browser's own claim."""

    id: str
    created_at: str = Field(json_schema_extra={"format": "date-time"})
    seen_at: str = Field(json_schema_extra={"format": "date-time"})
    user_agent: str
    current: bool


class SignIns(BaseModel):
    """Where somebody is signed in, the newest first."""

    sign_ins: list[SignIn]
