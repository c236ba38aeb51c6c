"""What a client may send, as `docs/websocket.md` says: bytes to frames to commands; pure."""

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

from bot.domain import commands
from bot.domain.commands import Actor
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
    text: Text = ""

    @model_validator(mode="after")
    def _one_answer(self) -> Self:
        if self.approved is not None and self.choices:
            raise PydanticCustomError("two_answers", "give `approved` or `choices`, not both")
        if self.approved is None and not self.choices and not self.text.strip():
            raise PydanticCustomError("no_answer", "give one of `approved`, `choices` and `text`")
        return self


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


CommandFrame = Start | Say | Resume | AnswerQuestion | Cancel | End | Stop | Seen
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


def command_of(frame: CommandFrame, actor: Actor, act_key: str) -> commands.Command:
    """Return what a frame asks of Intake; `act_key` is the external key of this very act."""
    match frame:
        case Start():
            return commands.StartSession(
                external_key=act_key, actor=actor, text=frame.text, end=frame.end
            )
        case Say():
            return commands.ReceiveMessage(
                external_key=act_key, actor=actor, session_id=frame.session_id, text=frame.text
            )
        case Resume():
            return commands.ResumeSession(
                external_key=act_key, actor=actor, session_id=frame.session_id, end=frame.end
            )
        case AnswerQuestion():
            return commands.AnswerRequest(
                external_key=act_key,
                actor=actor,
                request_id=frame.request_id,
                digest=frame.digest,
                approved=frame.approved,
                choices=tuple(frame.choices),
                text=frame.text,
            )
        case Cancel():
            return commands.CancelRequest(
                external_key=act_key, actor=actor, request_id=frame.request_id
            )
        case End():
            return commands.CloseSession(
                external_key=act_key, actor=actor, session_id=frame.session_id
            )
        case Stop():
            return commands.StopTurn(external_key=act_key, actor=actor, session_id=frame.session_id)
        case Seen():
            return commands.MarkSeen(
                external_key=act_key,
                actor=actor,
                request_id=frame.request_id,
                version=frame.version,
            )
