"""What a client may send, as `docs/websocket.md` says: bytes to frames; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

import pydantic_core
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from bot.domain.errors import Invalid

MAX_FRAME = 128 * 1024
"""Bytes; a text of the greatest length has room in it, escapes included where they are few."""
MAX_TEXT = 64 * 1024
"""Bytes of UTF-8 in one text."""

_CLIENT_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SHOWN_FIELDS = 8
_MAX_CURSOR = 2**53 - 1  # what JavaScript counts to exactly


class ProtocolError(Invalid):
    """A frame that cannot be served; `client_id` is the sender's, where it could be read."""

    code = "invalid_frame"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        client_id: str | None = None,
        details: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message, code=code, details=details)
        self.client_id = client_id


def _storable(text: str) -> str:
    if len(text.encode()) > MAX_TEXT:
        raise PydanticCustomError("too_large", "is longer than 64 KiB: send it in parts")
    if "\x00" in text:
        raise PydanticCustomError("nul", "holds a character that cannot be kept (NUL)")
    return text


Text = Annotated[str, AfterValidator(_storable)]
Id = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")]
ClientId = Annotated[str, StringConstraints(pattern=rf"^{_CLIENT_ID.pattern}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,128}$")]
Cursor = Annotated[int, Field(ge=0, le=_MAX_CURSOR)]
Hours = Annotated[float, Field(ge=-1_000_000, le=1_000_000, allow_inf_nan=False)]
"""Any number that has microseconds; which of them make sense is the domain's to say."""
Token = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,4096}$")]


class Frame(BaseModel):
    """Base of what a client sends; strict, and a field that is not declared is an error."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class Auth(Frame):
    """Sign this socket in; `cursor` resumes the personal feed."""

    type: Literal["auth"]
    token: Token = Field(repr=False)
    cursor: Cursor | None = None


class Renew(Frame):
    """Stay signed in with a newer token of the same account."""

    type: Literal["renew"]
    token: Token = Field(repr=False)


class Watch(Frame):
    """Follow a session, from `cursor` or from now on."""

    type: Literal["watch"]
    session_id: Id
    cursor: Cursor | None = None


class Unwatch(Frame):
    """Stop following a session."""

    type: Literal["unwatch"]
    session_id: Id


class Visible(Frame):
    """Say whether the page behind this socket can be seen by its person."""

    type: Literal["visible"]
    visible: bool


class Ping(Frame):
    """Ask for a sign of life."""

    type: Literal["ping"]


class Seen(Frame):
    """Say that a version of a card is visible on a visible page."""

    type: Literal["seen"]
    request_id: Id
    version: Annotated[int, Field(ge=0, le=2**31 - 1)]


class Act(Frame):
    """Base of frames that change something; `client_id` names this very act."""

    client_id: ClientId


class Start(Act):
    """Open a session with a first message."""

    type: Literal["start"]
    text: Text
    end: Id | None = None


class Say(Act):
    """Say something in a session."""

    type: Literal["message"]
    session_id: Id
    text: Text


class Resume(Act):
    """Start a session that was held back."""

    type: Literal["resume"]
    session_id: Id
    end: Id | None = None


class AnswerQuestion(Act):
    """Answer a question; `digest` is of what was shown, so that no other one is answered."""

    type: Literal["answer"]
    request_id: Id
    digest: Digest
    approved: bool | None = None
    choices: Annotated[list[Text], Field(max_length=100)] = []
    values: Annotated[dict[Text, Text], Field(max_length=100)] | None = None
    text: Text = ""

    @model_validator(mode="after")
    def _one_answer(self) -> Self:
        given = [self.approved is not None, bool(self.choices), self.values is not None]
        if sum(given) > 1:
            raise PydanticCustomError(
                "two_answers", "give one of `approved`, `choices` and `values`, not more"
            )
        if not any(given) and not self.text.strip():
            raise PydanticCustomError(
                "no_answer", "give one of `approved`, `choices`, `values` and `text`"
            )
        return self


class Comment(Act):
    """Say something about a question; with `changes`, ask for changes first."""

    type: Literal["comment"]
    request_id: Id
    text: Text
    changes: bool = False


class HandOn(Act):
    """Hand a question on to a user name or an address."""

    type: Literal["delegate"]
    request_id: Id
    to: Annotated[Text, Field(max_length=254)]


class Claim(Act):
    """Say that one is on a question."""

    type: Literal["claim"]
    request_id: Id


class Release(Act):
    """Take a claim back."""

    type: Literal["release"]
    request_id: Id


class Again(Act):
    """Ask a question that nobody decided once more."""

    type: Literal["ask_again"]
    request_id: Id
    within_hours: Hours | None = None


class Reopen(Act):
    """Let a late answer decide that was sent in time."""

    type: Literal["reopen"]
    request_id: Id
    response_id: Id


class Cancel(Act):
    """Take back a question."""

    type: Literal["cancel"]
    request_id: Id


class End(Act):
    """End a session."""

    type: Literal["end"]
    session_id: Id


class Stop(Act):
    """Stop the turn that is running."""

    type: Literal["stop"]
    session_id: Id


QuestionFrame = AnswerQuestion | Comment | HandOn | Claim | Release | Again | Reopen | Cancel | Seen
CommandFrame = Start | Say | Resume | End | Stop | QuestionFrame
ClientFrame = Auth | Renew | Watch | Unwatch | Visible | Ping | CommandFrame

_frames: TypeAdapter[ClientFrame] = TypeAdapter(
    Annotated[ClientFrame, Field(discriminator="type")], config=ConfigDict(defer_build=False)
)


def decode(data: bytes | str) -> ClientFrame:
    """Return the frame in `data`; raises nothing but `ProtocolError`."""
    try:
        frame = pydantic_core.from_json(data, allow_inf_nan=False)
    except (ValueError, TypeError, RecursionError):  # TypeError: text with lone surrogates
        raise ProtocolError("The frame is not valid JSON in UTF-8.", code="malformed") from None
    if not isinstance(frame, dict):
        raise ProtocolError("A frame is a JSON object with a `type`.")
    try:
        return _frames.validate_python(frame)
    except ValidationError as invalid:
        raise _refused(invalid, frame) from None


def _refused(invalid: ValidationError, frame: Mapping[str, Any]) -> ProtocolError:
    """Return what is wrong as one sentence, never showing the sender their own text again."""
    client_id = frame.get("client_id")
    if not (isinstance(client_id, str) and _CLIENT_ID.fullmatch(client_id)):
        client_id = None
    errors = invalid.errors(include_url=False, include_input=False, include_context=False)
    if errors[0]["type"] in ("union_tag_invalid", "union_tag_not_found"):
        return ProtocolError(
            "There is no frame of this `type`: see docs/websocket.md.",
            code="unknown_type",
            client_id=client_id,
        )
    # The first part of each place is the frame's type.
    fields = {
        ".".join(str(part)[:64] for part in error["loc"][1:]) or "frame": _problem(error)
        for error in reversed(errors[:_SHOWN_FIELDS])
    }
    name, problem = list(fields.items())[-1]
    too_large = any(error["type"] == "too_large" for error in errors)
    return ProtocolError(
        f"{name}: {problem}.",
        code="too_large" if too_large else None,
        client_id=client_id,
        details={"fields": fields},
    )


def _problem(error: ErrorDetails) -> str:
    match error["type"]:
        case "missing":
            return "this field is required"
        case "extra_forbidden":
            return "this field is not known here"
        case "string_unicode":
            return "the text is not valid Unicode"
        case "string_pattern_mismatch":
            return "this is not a valid value here"
    message = error["msg"].removeprefix("Input ")
    return message[:1].lower() + message[1:]
