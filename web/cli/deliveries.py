"""The commands `handraise deliveries`: what could not be delivered, and trying it again."""

from __future__ import annotations

import argparse
from typing import Any

from bot.adapters.clock import SystemClock
from bot.domain.commands import SYSTEM_CHANNEL
from bot.domain.errors import Conflict, NotFound
from bot.domain.instants import Micros
from bot.service.ports.store import Transaction
from bot.service.redriving import given_up, redrive, redrive_post
from web.cli.database import opened
from web.cli.terminal import counted, moment, plain, say
from web.views.people import People

LIMIT = 200
EVERYBODY = ""


def add_to(groups: Any) -> None:
    """Add the group `deliveries`, and its former name."""
    deliveries = groups.add_parser(
        "deliveries", aliases=["surfaces"], help="look at deliveries that were given up"
    )
    commands = deliveries.add_subparsers(metavar="COMMAND", required=True, title="commands")
    failed = commands.add_parser(
        "list",
        aliases=["failed"],
        help=f"list the newest {LIMIT} that were given up",
        description="List what was given up: questions that could not be shown, and posts "
        "(messages and notices) that could not be said. One a line: id, when, channel, whom, "
        "what, why.",
    )
    failed.set_defaults(run=_failed)
    again = commands.add_parser(
        "redrive",
        help="try one again, or all",
        description="Have a delivery that was given up tried again; a running server does it. "
        f"With --all the newest {LIMIT} of each sort, those aside that nobody waits for any more.",
    )
    which = again.add_mutually_exclusive_group(required=True)
    which.add_argument("id", metavar="ID", nargs="?", help="its id, as `list` shows it")
    which.add_argument("--all", action="store_true", help="everything that was given up")
    again.set_defaults(run=_redrive)


def _failed(_: argparse.Namespace) -> int:
    with opened() as database:
        for line in database.read(_listed):
            say(plain(line))
    return 0


def _listed(tx: Transaction) -> list[str]:
    people = People(tx)
    cards = [
        f"{surface.id}  {moment(request.asked_at)}  {surface.channel}  "
        f"{people.named(surface.person_id).name}  “{request.question}”  {surface.last_error or ''}"
        for surface, request in given_up(tx, EVERYBODY, LIMIT)
    ]
    posts = [
        f"{post.id}  {moment(post.created_at)}  {post.channel}  "
        f"{people.named(post.person_id).name if post.person_id else ''}  {post.kind.value}  "
        f"{post.last_error or ''}"
        for post in tx.posts.given_up(EVERYBODY, LIMIT)
    ]
    return cards + posts or ["Nothing was given up."]


def _redrive(arguments: argparse.Namespace) -> int:
    now = SystemClock().now()
    with opened() as database:
        if arguments.all:
            again, settled = database.write(_redrive_all, now)
            more = f" {counted(settled, 'is', 'are')} settled and stays so." if settled else ""
            say(f"{counted(again, 'delivery', 'deliveries')} will be tried again.{more}")
        else:
            say(plain(database.write(_redrive_one, arguments.id, now)))
    return 0


def _redrive_one(tx: Transaction, id_: str, now: Micros) -> str:
    if tx.posts.get(id_) is not None:
        post = redrive_post(tx, id_, now, by=None, via=SYSTEM_CHANNEL)
        return f"It is said again on {post.channel}."
    request = redrive(tx, id_, now, by=None, via=SYSTEM_CHANNEL)
    return f"It is tried again: “{request.question}”."


def _redrive_all(tx: Transaction, now: Micros) -> tuple[int, int]:
    """Try all again; return how many, and how many nobody waits for any more."""
    ids = [surface.id for surface, _ in given_up(tx, EVERYBODY, LIMIT)]
    ids += [post.id for post in tx.posts.given_up(EVERYBODY, LIMIT)]
    settled = 0
    for each in ids:
        try:
            _redrive_one(tx, each, now)
        except (Conflict, NotFound):
            settled += 1
    return len(ids) - settled, settled
