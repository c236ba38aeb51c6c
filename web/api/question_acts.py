"""Questions over REST, to act on: answer, comment, hand on, claim, take back, ask again, reopen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from pydantic import BaseModel, Field

from bot.domain.commands import (
    AnswerRequest,
    AskAgain,
    CancelRequest,
    ClaimRequest,
    Command,
    CommentOn,
    Delegate,
    ReleaseRequest,
    ReopenWith,
)
from bot.domain.errors import Conflict, NotAllowed, NotFound, RateLimited
from bot.domain.instants import HOUR
from web.api import models
from web.api.endpoint import Answer, Call, Endpoint, endpoint
from web.api.payload import Input
from web.api.questions import TAG, question_as_seen
from web.api.sessions import Id, actor_of, submit

MAX_VALUES = 100
"""Of a form; how many fields it has is the domain's to say."""

Hours = Annotated[float, Field(ge=-1_000_000, le=1_000_000, allow_inf_nan=False)]
"""Any number that has microseconds; which of them make sense is the domain's to say."""


class NewAnswer(Input):
    """An answer to what `digest` names: a verdict, options, a form, or words (also as a note)."""

    digest: str = Field(min_length=1, max_length=128)
    approved: bool | None = None
    choices: list[str] = Field(default_factory=list, max_length=100)
    values: dict[str, str] | None = Field(default=None, max_length=MAX_VALUES)
    text: str = ""


class NewComment(Input):
    """Words that do not answer; with `changes` they ask for changes first."""

    text: str
    changes: bool = False


class Handover(Input):
    """Whom to hand a question on to: a user name or an address."""

    to: str = Field(max_length=254)


class Renewal(Input):
    """How long to wait this time; the deployment's default when it is left out."""

    within_hours: Hours | None = None


class Reopening(Input):
    """The late answer that is to decide."""

    response_id: Id


class Acted(BaseModel):
    """What became of it, and the question as it stands now."""

    outcome: models.Outcome
    question: models.Question


def _act(
    name: str, summary: str, body: type[Input] | None = None
) -> Callable[[Callable[[Call], Awaitable[Answer]]], Endpoint]:
    return endpoint(
        "POST",
        f"/api/questions/{{id}}/{name}",
        summary=summary,
        tag=TAG,
        body=body,
        answer=Acted,
        idempotent=True,
        errors=(Conflict, NotAllowed, NotFound, RateLimited),
    )


@_act("answer", "Answer a question", NewAnswer)
async def answer(call: Call) -> Acted:
    """Take an answer; a late one is kept, and its outcome says who decided before."""
    body: NewAnswer = call.body
    return await _done(
        call,
        AnswerRequest(
            external_key=call.external_key,
            actor=actor_of(call),
            request_id=call.path["id"],
            digest=body.digest,
            approved=body.approved,
            choices=tuple(body.choices),
            values=None if body.values is None else tuple(body.values.items()),
            text=body.text,
        ),
    )


@_act("comment", "Comment on a question, or ask for changes", NewComment)
async def comment(call: Call) -> Acted:
    """Pass words on without answering; with `changes` the agent reacts, and the question stays."""
    return await _done(
        call,
        CommentOn(
            external_key=call.external_key,
            actor=actor_of(call),
            request_id=call.path["id"],
            text=call.body.text,
            changes=call.body.changes,
        ),
    )


@_act("delegate", "Hand a question on", Handover)
async def delegate(call: Call) -> Acted:
    """Let somebody else decide in one's place; the asker sees the chain."""
    return await _done(
        call,
        Delegate(
            external_key=call.external_key,
            actor=actor_of(call),
            request_id=call.path["id"],
            to=call.body.to,
        ),
    )


@_act("claim", "Claim a question")
async def claim(call: Call) -> Acted:
    """Say that one is on it; the others can still answer, but need not."""
    return await _done(
        call,
        ClaimRequest(
            external_key=call.external_key, actor=actor_of(call), request_id=call.path["id"]
        ),
    )


@_act("release", "Take a claim back")
async def release(call: Call) -> Acted:
    """Leave a question to everybody again."""
    return await _done(
        call,
        ReleaseRequest(
            external_key=call.external_key, actor=actor_of(call), request_id=call.path["id"]
        ),
    )


@_act("cancel", "Take back a question")
async def cancel(call: Call) -> Acted:
    """Take back a question of one's own session."""
    return await _done(
        call,
        CancelRequest(
            external_key=call.external_key, actor=actor_of(call), request_id=call.path["id"]
        ),
    )


@_act("again", "Ask a question once more", Renewal)
async def ask_again(call: Call) -> Acted:
    """Ask what expired or was taken back again, of the same people; the answer is the new one."""
    hours: float | None = call.body.within_hours
    return await _done(
        call,
        AskAgain(
            external_key=call.external_key,
            actor=actor_of(call),
            request_id=call.path["id"],
            within=None if hours is None else round(hours * HOUR),
        ),
    )


@_act("reopen", "Let a late answer decide", Reopening)
async def reopen(call: Call) -> Acted:
    """Let an answer decide an expired question that came late but was sent in time."""
    return await _done(
        call,
        ReopenWith(
            external_key=call.external_key,
            actor=actor_of(call),
            request_id=call.path["id"],
            response_id=call.body.response_id,
        ),
    )


async def _done(call: Call, command: Command) -> Acted:
    outcome = await submit(call, command)
    shown = outcome.request_id or call.path["id"]
    return Acted(outcome=outcome, question=await question_as_seen(call, shown))


ENDPOINTS = (answer, comment, delegate, claim, release, cancel, ask_again, reopen)
