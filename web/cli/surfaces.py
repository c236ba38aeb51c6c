"""The commands `handraise surfaces`: what could not be delivered, and trying it again."""

from __future__ import annotations

import argparse
from typing import Any

from bot.adapters.clock import SystemClock
from bot.domain.commands import SYSTEM_CHANNEL
from bot.service.ports.store import Transaction
from bot.service.redriving import given_up, redrive
from web.cli.database import opened
from web.cli.terminal import moment, plain, say
from web.views.people import People

LIMIT = 200
EVERYBODY = ""


def add_to(groups: Any) -> None:
    """Add the group `surfaces`."""
    surfaces = groups.add_parser("surfaces", help="look at deliveries that were given up")
    commands = surfaces.add_subparsers(metavar="COMMAND", required=True, title="commands")
    failed = commands.add_parser("failed", help=f"list the newest {LIMIT} that were given up")
    failed.set_defaults(run=_failed)
    again = commands.add_parser(
        "redrive",
        help="try one again",
        description="Have a delivery that was given up tried again; a running server does it.",
    )
    again.add_argument("id", metavar="ID", help="the surface's id, as `failed` lists it")
    again.set_defaults(run=_redrive)


def _failed(_: argparse.Namespace) -> int:
    with opened() as database:
        for line in database.read(_listed):
            say(plain(line))
    return 0


def _listed(tx: Transaction) -> list[str]:
    people = People(tx)
    return [
        f"{surface.id}  {moment(request.asked_at)}  {surface.channel}  "
        f"{people.named(surface.person_id).name}  “{request.question}”  {surface.last_error or ''}"
        for surface, request in given_up(tx, EVERYBODY, LIMIT)
    ] or ["Nothing was given up."]


def _redrive(arguments: argparse.Namespace) -> int:
    now = SystemClock().now()
    with opened() as database:
        request = database.write(
            lambda tx: redrive(tx, arguments.id, now, by=None, via=SYSTEM_CHANNEL)
        )
        say(plain(f"It is tried again: “{request.question}”."))
    return 0
