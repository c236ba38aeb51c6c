"""Questions over REST: those that wait for me, those that I asked, answering and taking back."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from bot.domain.commands import AnswerRequest, CancelRequest
from bot.domain.errors import Conflict, NotAllowed, NotFound, RateLimited
from bot.service.ports.store import Transaction
from web.api import models
from web.api.endpoint import Call, endpoint
from web.api.payload import Input
from web.api.sessions import Id, Limit, actor_of, submit
from web.keys import STORE
from web.views.people import People
from web.views.questions import question_for, show_question

TAG = "questions"


class QuestionsQuery(Input):
    """Which questions: put to me (`responder`) or asked by my sessions (`asker`)."""

    role: Literal["responder", "asker"] = "responder"
    state: Literal["open", "closed"] | None = None
    before: Id | None = None
    limit: Limit = 50


class Questions(BaseModel):
    """A page of questions, newest first; `cursor` is where my own feed stands with them."""

    questions: list[models.Question]
    next: str | None
    cursor: int


class QuestionRead(BaseModel):
    """One question as the caller may see it."""

    question: models.Question


class NewAnswer(Input):
    """An answer to what `digest` names: a verdict, options, or words (also as a note)."""

    digest: str = Field(min_length=1, max_length=128)
    approved: bool | None = None
    choices: list[str] = Field(default_factory=list, max_length=100)
    text: str = ""


class Answered(BaseModel):
    """What became of it, and the question as it stands now."""

    outcome: models.Outcome
    question: models.Question


@endpoint(
    "GET",
    "/api/questions",
    summary="List questions",
    tag=TAG,
    query=QuestionsQuery,
    answer=Questions,
)
async def list_questions(call: Call) -> Questions:
    """Return a page of questions to the caller or of the caller."""
    page: Questions = await call.app[STORE].read(_listed, call.principal.person_id, call.query)
    return page


@endpoint(
    "GET",
    "/api/questions/{id}",
    summary="Read a question",
    tag=TAG,
    answer=QuestionRead,
    errors=(NotFound,),
)
async def read_question(call: Call) -> QuestionRead:
    """Return a question to its asker or to a responder."""
    return QuestionRead(question=await _question(call))


@endpoint(
    "POST",
    "/api/questions/{id}/answer",
    summary="Answer a question",
    tag=TAG,
    body=NewAnswer,
    answer=Answered,
    idempotent=True,
    errors=(Conflict, NotAllowed, NotFound, RateLimited),
)
async def answer(call: Call) -> Answered:
    """Take an answer; a late one is kept, and its outcome says who decided before."""
    body: NewAnswer = call.body
    outcome = await submit(
        call,
        AnswerRequest(
            external_key=call.external_key,
            actor=actor_of(call),
            request_id=call.path["id"],
            digest=body.digest,
            approved=body.approved,
            choices=tuple(body.choices),
            text=body.text,
        ),
    )
    return Answered(outcome=outcome, question=await _question(call))


@endpoint(
    "POST",
    "/api/questions/{id}/cancel",
    summary="Take back a question",
    tag=TAG,
    answer=Answered,
    idempotent=True,
    errors=(Conflict, NotAllowed, NotFound, RateLimited),
)
async def cancel(call: Call) -> Answered:
    """Take back a question of one's own session."""
    command = CancelRequest(
        external_key=call.external_key, actor=actor_of(call), request_id=call.path["id"]
    )
    return Answered(outcome=await submit(call, command), question=await _question(call))


async def _question(call: Call) -> models.Question:
    question: models.Question = await call.app[STORE].read(
        question_for, call.path["id"], call.principal.person_id
    )
    return question


def _listed(tx: Transaction, person_id: str, query: QuestionsQuery) -> Questions:
    is_open = None if query.state is None else query.state == "open"
    table = tx.requests
    listed = table.of_recipient if query.role == "responder" else table.of_asker
    # One more than asked for tells whether there is a next page.
    found = listed(person_id, is_open, query.before, query.limit + 1)
    people = People(tx)
    shown = [show_question(tx, each, person_id, people) for each in found[: query.limit]]
    return Questions(
        questions=shown,
        next=shown[-1].id if len(found) > query.limit else None,
        cursor=tx.feeds.last(person_id),
    )


ENDPOINTS = (list_questions, read_question, answer, cancel)
