"""The commands `handraise person`: all about one person, written out or erased."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from bot.adapters.clock import SystemClock
from bot.domain.commands import SYSTEM_CHANNEL
from bot.domain.errors import NotFound
from bot.domain.instants import HOUR
from bot.domain.person import Person
from bot.service.erasing import Erasing, carry_on
from bot.service.exporting import Cursor, export
from bot.service.ports.store import Transaction
from bot.settings import Settings
from web.cli.database import opened
from web.cli.output import output
from web.cli.terminal import plain, say

NOT_CONFIRMED = 2


def add_to(groups: Any) -> None:
    """Add the group `person`."""
    person = groups.add_parser("person", help="write out or erase all about one person")
    commands = person.add_subparsers(metavar="COMMAND", required=True, title="commands")
    out = commands.add_parser(
        "export",
        help="write all about a person as JSON Lines",
        description="Write everything that is kept about a person, a record a line: who they "
        "are, how they sign in, what they said, asked and answered, and their entries of the "
        "journal.",
    )
    out.add_argument("who", metavar="WHO", help="user name, address, slack:TEAM/USER or id")
    out.add_argument("--output", metavar="FILE", type=Path, help="instead of standard output")
    out.set_defaults(run=_export)
    erase = commands.add_parser(
        "erase",
        help="erase a person's name, accounts, addresses and words",
        description="Erase a person: their name, accounts, addresses and words. Their sessions "
        "end, what was asked of them is for the others to answer, and those who asked are told "
        "where nobody is left. What the agent repeated of them goes too, and summaries of sessions "
        "they took part in are made anew. Times, ids and verdicts stay, what others said stays, "
        "what the agent wrote about them in words of its own stays, and the journal still "
        "verifies. It cannot be taken back; copies (`handraise backup`) keep it.",
    )
    erase.add_argument("who", metavar="WHO", help="user name, address, slack:TEAM/USER or id")
    erase.add_argument("--yes", action="store_true", help="do not ask")
    erase.set_defaults(run=_erase)


def _export(arguments: argparse.Namespace) -> int:
    with opened() as database, output(arguments.output) as file:
        person = database.read(_found, arguments.who)
        cursor: Cursor | None = Cursor()
        while cursor is not None:
            page = database.read(export, person.id, cursor)
            for record in page.records:
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
            cursor = page.next
    return 0


def _erase(arguments: argparse.Namespace) -> int:
    settings, now = Settings.load(), SystemClock().now()
    erasing = Erasing(
        session_timeout=settings.session_timeout_hours * HOUR, self_approval=settings.self_approval
    )
    with opened() as database:
        person = database.read(_found, arguments.who)
        if not arguments.yes and not _confirmed(person):
            sys.stderr.write("Nothing was erased.\n")
            return NOT_CONFIRMED
        database.write(lambda tx: erasing.erase(tx, person.id, now, by=None, via=SYSTEM_CHANNEL))
        while database.write(carry_on, now):
            pass
    say("The person is erased, their words, and what the agent repeated of them.")
    say("What others wrote stays, and what the agent wrote about them in words of its own.")
    return 0


def _confirmed(person: Person) -> bool:
    sys.stderr.write(plain(f"Erase {person.name} ({person.id}) for good? Type `yes`: "))
    sys.stderr.flush()
    return sys.stdin.readline().strip() == "yes"


def _found(tx: Transaction, who: str) -> Person:
    kind, colon, key = who.partition(":")
    person = tx.people.find(who) or tx.people.get(who)
    if person is None and colon:
        person = tx.people.by_identity(kind, key)
    if person is not None and person.merged_into is not None:
        person = tx.people.get(person.merged_into)
    if person is None:
        account = tx.accounts.by_username(who)  # one that was never verified, or is disabled
        person = None if account is None else tx.people.get(account.person_id)
    if person is None:
        raise NotFound("There is nobody with this user name, address or id.")
    return person
