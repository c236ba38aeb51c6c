"""Questions over REST, to read: those that wait for me, and those that I asked."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from bot.domain.errors import NotFound
from bot.service.ports.store import Transaction
from web.api import models
from web.api.endpoint import Call, endpoint
from web.api.payload import Input
from web.api.sessions import Id, Limit
from web.keys import STORE
from web.views.people import People
from web.views.questions import question_for, show_question

TAG = "questions"


class QuestionsQuery(Input):
    """Which questions: put to me (`responder`) or asked by my sessions (`asker`).

    Open ones put to me are those that I am to answer, not those that I am only told of.
    """

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
    """Return a question to its asker or to whom it was put."""
    return QuestionRead(question=await question_as_seen(call, call.path["id"]))


async def question_as_seen(call: Call, request_id: str) -> models.Question:
    """Return a question as the caller may see it now."""
    question: models.Question = await call.app[STORE].read(
        question_for, request_id, call.principal.person_id
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


ENDPOINTS = (list_questions, read_question)
