"""The commands `handraise audit export` and `handraise audit verify`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.adapters.store.maintenance import Maintenance
from bot.domain.chain import Record, Verdict
from bot.domain.errors import NotFound
from bot.domain.instants import Micros, iso, to_micros
from bot.service.ports.store import Transaction
from web.cli.database import opened
from web.cli.output import output
from web.cli.terminal import counted, plain, say
from web.views.people import People

BATCH = 500
"""Entries or questions that one transaction reads: none is open for long beside the server."""

BROKEN = 1
_ALWAYS: Micros = 2**62
_NOBODY = "There is no question with this id, nor a journal of one."


def add_to(groups: Any) -> None:
    """Add the group `audit`."""
    audit = groups.add_parser("audit", help="export and verify the journal")
    commands = audit.add_subparsers(metavar="COMMAND", required=True, title="commands")

    export = commands.add_parser(
        "export",
        help="write the journal as JSON Lines",
        description="Write the journal, one entry a line, oldest first; docs/audit.md has the "
        "fields. Times without a zone are UTC.",
    )
    export.add_argument("--request", metavar="ID", help="only this question's entries")
    export.add_argument("--since", metavar="ISO", type=_moment, help="entries from this time on")
    export.add_argument("--until", metavar="ISO", type=_moment, help="entries before this time")
    export.add_argument("--output", metavar="FILE", type=Path, help="instead of standard output")
    export.set_defaults(run=_export)

    verify = commands.add_parser(
        "verify",
        help="find entries that were changed, removed, moved or put in",
        description="Verify each question's chain of entries. Prints a line for each that is "
        "broken and exits 1, or one sentence and exits 0.",
    )
    verify.add_argument("--request", metavar="ID", help="only this question's chain")
    verify.set_defaults(run=_verify)


def _moment(text: str) -> Micros:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a time such as 2026-11-02T09:30:00Z or a date"
        ) from None
    return to_micros(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _export(arguments: argparse.Namespace) -> int:
    since: Micros = 0 if arguments.since is None else arguments.since
    until: Micros = _ALWAYS if arguments.until is None else arguments.until
    with opened() as database, output(arguments.output) as file:
        if arguments.request is None:
            lines = _every_line(database, since, until)
        else:
            lines = iter(database.read(_lines_of, arguments.request, since, until))
        for line in lines:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    return 0


def _every_line(database: Maintenance, since: Micros, until: Micros) -> Iterator[dict[str, Any]]:
    after = 0
    while lines := database.read(_lines, after, since, until):
        yield from lines
        after = lines[-1]["position"]


def _lines(tx: Transaction, after: int, since: Micros, until: Micros) -> list[dict[str, Any]]:
    people = People(tx)
    return [_line(each, people) for each in tx.journal.records(after, since, until, BATCH)]


def _lines_of(
    tx: Transaction, request_id: str, since: Micros, until: Micros
) -> list[dict[str, Any]]:
    records = tx.journal.chain_of(request_id).records
    if not records and tx.requests.get(request_id) is None:
        raise NotFound(_NOBODY)
    people = People(tx)
    return [_line(each, people) for each in records if since <= each.entry.at < until]


def _line(record: Record, people: People) -> dict[str, Any]:
    entry, who = record.entry, record.entry.person_id
    return {
        "position": record.position,
        "at": iso(entry.at),
        "kind": entry.kind,
        "session": entry.session_id,
        "request": entry.request_id,
        # As it was written and as the chain has it; the name is that of whoever it is today.
        "person": None if who is None else {"id": who, "name": people.named(who).name},
        "channel": entry.channel,
        "data": entry.data,
        "chain": None if record.link is None else _chaining(record),
    }


def _chaining(record: Record) -> dict[str, Any]:
    return {
        "number": record.chain_number,
        "salt": _hex(record.salt),
        "content_digest": _hex(record.content_digest),
        "link": _hex(record.link),
    }


def _hex(value: bytes | None) -> str | None:
    return None if value is None else value.hex()


def _verify(arguments: argparse.Namespace) -> int:
    chains = entries = erased = 0
    broken = False
    with opened() as database:
        for request_id, verdict in _verdicts(database, arguments.request):
            chains += 1
            entries += verdict.entries
            erased += verdict.erased
            if verdict.fault is not None:
                broken = True
                say(f"question {plain(request_id)}: {plain(verdict.fault)}")
    if broken:
        return BROKEN
    gone = f", the content of {erased:,} of which was erased" if erased else ""
    say(f"{counted(entries, 'entry', 'entries')} of {counted(chains, 'question')} verified{gone}.")
    return 0


def _verdicts(database: Maintenance, request_id: str | None) -> Iterator[tuple[str, Verdict]]:
    if request_id is not None:
        yield request_id, database.read(_verdict_on, request_id)
        return
    after = ""
    while found := database.read(_some_verdicts, after):
        yield from found
        after = found[-1][0]


def _verdict_on(tx: Transaction, request_id: str) -> Verdict:
    story = tx.journal.chain_of(request_id)
    if not story.records and story.head is None and tx.requests.get(request_id) is None:
        raise NotFound(_NOBODY)
    return tx.journal.verify(request_id)


def _some_verdicts(tx: Transaction, after: str) -> list[tuple[str, Verdict]]:
    return [(each, tx.journal.verify(each)) for each in tx.journal.requests(after, BATCH)]
