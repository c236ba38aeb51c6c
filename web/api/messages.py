"""A session's messages over REST: read them, and say something."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from bot.domain.commands import ReceiveMessage
from bot.domain.errors import Conflict, NotAllowed, NotFound, RateLimited
from bot.service.ports.store import Transaction
from web.api import models
from web.api.endpoint import Call, endpoint
from web.api.payload import Input
from web.api.sessions import TAG, Done, Limit, actor_of, submit
from web.keys import STORE
from web.views.people import People
from web.views.sessions import session_of, show_message

Seq = Annotated[int, Field(ge=0, le=2**53 - 1)]


class MessagesQuery(Input):
    """Messages after a `seq`, or the newest ones (below `before`)."""

    after: Seq | None = None
    before: Seq | None = None
    limit: Limit = 50


class Messages(BaseModel):
    """Messages, oldest first; `cursor` is where the session's feed stands with them."""

    messages: list[models.Message]
    cursor: int


class NewMessage(Input):
    """Something to say, at most 64 KiB of UTF-8."""

    text: str


@endpoint(
    "GET",
    "/api/sessions/{id}/messages",
    summary="Read a session's messages",
    tag=TAG,
    query=MessagesQuery,
    answer=Messages,
    errors=(NotFound,),
)
async def read_messages(call: Call) -> Messages:
    """Return messages after a `seq`, or backwards from the newest."""
    messages: Messages = await call.app[STORE].read(
        _messages, call.path["id"], call.principal.person_id, call.query
    )
    return messages


@endpoint(
    "POST",
    "/api/sessions/{id}/messages",
    summary="Say something",
    tag=TAG,
    body=NewMessage,
    answer=Done,
    status=202,
    idempotent=True,
    errors=(Conflict, NotAllowed, NotFound, RateLimited),
)
async def say(call: Call) -> Done:
    """Keep a message; the agent's reply comes over the socket or with the next read."""
    command = ReceiveMessage(
        external_key=call.external_key,
        actor=actor_of(call),
        session_id=call.path["id"],
        text=call.body.text,
    )
    return Done(outcome=await submit(call, command))


def _messages(tx: Transaction, session_id: str, person_id: str, query: MessagesQuery) -> Messages:
    session, _ = session_of(tx, session_id, person_id)
    if query.after is not None:
        found = tx.messages.after(session_id, query.after, query.limit)
        found = [each for each in found if query.before is None or each.seq < query.before]
    else:
        below = session.message_seq + 1 if query.before is None else query.before
        found = tx.messages.before(session_id, below, query.limit)
    people = People(tx)
    shown = [show_message(each, people) for each in found]
    return Messages(messages=shown, cursor=session.feed_seq)


ENDPOINTS = (read_messages, say)
