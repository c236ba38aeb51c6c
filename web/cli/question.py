"""The command `handraise question show`: a question's story as a time line."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from typing import Any

from bot.domain.errors import NotFound
from bot.domain.feedback import FeedbackRequest
from bot.domain.instants import Micros
from bot.service.ports.store import Transaction
from web.cli.database import opened
from web.cli.terminal import moment, plain, say
from web.views.people import People

_Event = tuple[Micros, str]


def add_to(groups: Any) -> None:
    """Add the group `question`."""
    question = groups.add_parser("question", help="look at one question")
    commands = question.add_subparsers(metavar="COMMAND", required=True, title="commands")
    show = commands.add_parser(
        "show",
        help="tell a question's story",
        description="Tell a question's story as a time line, in UTC: who, what, where, when.",
    )
    show.add_argument("id", metavar="ID", help="the question's id")
    show.set_defaults(run=_show)


def _show(arguments: argparse.Namespace) -> int:
    with opened() as database:
        for line in database.read(_story, arguments.id):
            say(plain(line))
    return 0


def _story(tx: Transaction, request_id: str) -> list[str]:
    request = tx.requests.get(request_id)
    if request is None:
        raise NotFound("There is no question with this id.")
    people = People(tx)
    events = sorted([*_entries(tx, request_id, people), *_answers(tx, request_id, people)])
    verdict = tx.journal.verify(request_id)
    last = "The journal verifies." if verdict.fault is None else f"The journal: {verdict.fault}."
    return [
        *_title(tx, request, people),
        "",
        *(f"{moment(at)}  {told}" for at, told in events),
        "",
        last,
    ]


def _title(tx: Transaction, request: FeedbackRequest, people: People) -> Iterator[str]:
    yield f"Question {request.id}"
    yield f"  {request.question}"
    if request.options:
        yield f"  options: {', '.join(request.options)}"
    asked = ", ".join(each.name for each in tx.requests.recipients(request.id))
    yield f"  asked by {people.named(request.asker_id).name} of {asked}"
    yield f"  until {moment(request.deadline)}"
    outcome = f": {request.outcome.words()}" if request.outcome else ""
    yield f"  {request.state.value}{outcome}"


def _entries(tx: Transaction, request_id: str, people: People) -> Iterator[_Event]:
    for record in tx.journal.chain_of(request_id).records:
        entry = record.entry
        who = "" if entry.person_id is None else f"  {people.named(entry.person_id).name}"
        where = "" if entry.channel is None else f"  via {entry.channel}"
        erased = "  (erased)" if record.link is not None and record.salt is None else ""
        yield entry.at, f"{entry.kind:<22}{who}{where}{_details(entry.data, people)}{erased}"


def _details(data: Mapping[str, object], people: People) -> str:
    shown = {name: value for name, value in data.items() if name != "digest"}
    for name in ("people", "told", "to"):
        found = shown.get(name)
        ids = found if isinstance(found, list) else [found] if found else []
        if ids:
            shown[name] = ", ".join(people.named(str(each)).name for each in ids)
        else:
            shown.pop(name, None)
    return "".join(f"  {name}: {value}" for name, value in shown.items())


def _answers(tx: Transaction, request_id: str, people: People) -> Iterator[_Event]:
    for response in tx.requests.responses(request_id):
        words = (response.answer.words() if response.answer else "") or response.raw_text
        who = people.named(response.person_id).name
        said = f"  {who}  via {response.channel}  “{words}”"
        yield response.created_at, f"{'(' + response.standing.value + ')':<22}{said}"
