"""What frames ask of Intake: frames to commands; pure."""

from __future__ import annotations

from bot.domain import commands
from bot.domain.commands import Actor
from bot.domain.instants import HOUR
from web.chat import protocol
from web.chat.protocol import CommandFrame, QuestionFrame


def command_of(frame: CommandFrame, actor: Actor, act_key: str) -> commands.Command:
    """Return what a frame asks of Intake; `act_key` is the external key of this very act."""
    match frame:
        case protocol.Start():
            return commands.StartSession(
                external_key=act_key, actor=actor, text=frame.text, end=frame.end
            )
        case protocol.Say():
            return commands.ReceiveMessage(
                external_key=act_key, actor=actor, session_id=frame.session_id, text=frame.text
            )
        case protocol.Resume():
            return commands.ResumeSession(
                external_key=act_key, actor=actor, session_id=frame.session_id, end=frame.end
            )
        case protocol.End():
            return commands.CloseSession(
                external_key=act_key, actor=actor, session_id=frame.session_id
            )
        case protocol.Stop():
            return commands.StopTurn(external_key=act_key, actor=actor, session_id=frame.session_id)
        case _:
            return _on_question(frame, actor, act_key)


def _on_question(frame: QuestionFrame, actor: Actor, key: str) -> commands.Command:
    request_id = frame.request_id
    match frame:
        case protocol.AnswerQuestion():
            return commands.AnswerRequest(
                external_key=key,
                actor=actor,
                request_id=request_id,
                digest=frame.digest,
                approved=frame.approved,
                choices=tuple(frame.choices),
                values=None if frame.values is None else tuple(frame.values.items()),
                text=frame.text,
            )
        case protocol.Comment():
            return commands.CommentOn(
                external_key=key,
                actor=actor,
                request_id=request_id,
                text=frame.text,
                changes=frame.changes,
            )
        case protocol.HandOn():
            return commands.Delegate(
                external_key=key, actor=actor, request_id=request_id, to=frame.to
            )
        case protocol.Claim():
            return commands.ClaimRequest(external_key=key, actor=actor, request_id=request_id)
        case protocol.Release():
            return commands.ReleaseRequest(external_key=key, actor=actor, request_id=request_id)
        case protocol.Again():
            hours = frame.within_hours
            return commands.AskAgain(
                external_key=key,
                actor=actor,
                request_id=request_id,
                within=None if hours is None else round(hours * HOUR),
            )
        case protocol.Reopen():
            return commands.ReopenWith(
                external_key=key,
                actor=actor,
                request_id=request_id,
                response_id=frame.response_id,
            )
        case protocol.Cancel():
            return commands.CancelRequest(external_key=key, actor=actor, request_id=request_id)
        case protocol.Seen():
            return commands.MarkSeen(
                external_key=key, actor=actor, request_id=request_id, version=frame.version
            )
