"""Checks of what is kept: the folder, the disk, the database, and who looks after it."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from bot.adapters.clock import SystemClock
from bot.adapters.sealing import SecretSealer
from bot.adapters.store.maintenance import maintain
from bot.adapters.store.migration import REVISION, SchemaUnknown
from bot.domain.errors import HandraiseError
from bot.domain.instants import MINUTE
from bot.service.ports.store import Transaction
from bot.settings import Settings
from web.doctor.findings import Finding, note, ok, todo
from web.journal_key import former_journal_keys, journal_key

LOW = 200 * 1024 * 1024
"""Bytes that should be free: a migration copies the database first."""
_START = "Start the server (`handraise serve`)"


def check(settings: Settings, wrong: frozenset[str]) -> list[Finding]:
    """Return what is to be seen to."""
    path = settings.sqlite_path
    found = [] if path is None else _disk(path)
    if any(each.do for each in found) and path is not None and not path.exists():
        return found
    if path is not None and not path.exists():
        return [*found, _no_database(settings)]
    try:
        with maintain(
            settings.database_url,
            journal_key=journal_key(settings.secret_key),
            former_journal_keys=former_journal_keys(settings),
        ) as database:
            found.append(ok("database", f"The database answers; its schema is {REVISION}."))
            return found + database.read(_inside, settings, wrong)
    except SchemaUnknown as error:
        return [*found, todo("database", error.message, f"{_START} of the version you want.")]
    except HandraiseError as error:
        what, _, do = error.message.partition(". ")
        return [*found, todo("database", f"{what}.", do or "Check DATABASE_URL.")]


def _no_database(settings: Settings) -> Finding:
    if settings.debug:
        return note("database", "There is no database yet: the first start of the server makes it.")
    return todo(
        "database",
        "There is no database yet, and so no administrator.",
        f"{_START}: it makes the database, and prints a one-time code for the first "
        "administrator. Or, once it has, `handraise user create NAME ADDRESS --admin`.",
    )


def _disk(path: Path) -> list[Finding]:
    folder = path.parent
    while not folder.exists():
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"probe")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return [
            todo(
                "folder",
                f"{folder} cannot be written ({error.strerror}).",
                "Make it this user's, or set DATA_DIR or DATABASE_URL to another place.",
            )
        ]
    free = shutil.disk_usage(folder).free
    size = path.stat().st_size if path.exists() else 0
    if free < max(LOW, size):
        return [
            todo(
                "disk",
                f"Only {free / 2**20:,.0f} MiB are free where the database is.",
                "Make room: it needs at least 200 MiB, and as much as the database has for its "
                "copy at the next migration.",
            )
        ]
    return [ok("disk", f"{free / 2**30:,.1f} GiB are free where the database is.")]


def _inside(tx: Transaction, settings: Settings, wrong: frozenset[str]) -> list[Finding]:
    found = []
    if tx.accounts.has_administrator():
        found.append(ok("administrators", "There is an administrator."))
    else:
        found.append(
            todo(
                "administrators",
                "There is no administrator.",
                "Use the one-time code that the server prints at its start, or "
                "`handraise user create NAME ADDRESS --admin`.",
            )
            if not settings.debug
            else note("administrators", "There is no administrator: the first account is one.")
        )
    if "secret_key" not in wrong:
        found += _sealed(tx, settings)
    failed = sum(each.failed for each in tx.surfaces.tally())
    failed += len(tx.posts.given_up("", 200))
    if failed:
        found.append(
            note(
                "deliveries",
                f"{failed:,} deliveries were given up: `handraise deliveries list` tells why.",
            )
        )
    aside = len(tx.inbox.set_aside(200))
    if aside:
        found.append(note("inbox", f"{aside:,} things that came in were set aside."))
    broken = tx.moments.broken()
    if broken:
        found.append(
            todo(
                "time",
                f"{broken:,} questions or sessions keep breaking when their time comes.",
                "Look for “what was due broke” in the log of the server.",
            )
        )
    overdue = tx.requests.due(SystemClock().now() - 10 * MINUTE, 1)
    if overdue and not broken:
        found.append(
            todo(
                "server",
                "Questions are overdue by more than ten minutes: no server seems to run.",
                f"{_START}.",
            )
        )
    return found


def _sealed(tx: Transaction, settings: Settings) -> list[Finding]:
    """Look whether what is kept sealed can be opened."""
    sealer = SecretSealer(
        settings.secret_key.get_secret_value(),
        former=tuple(each.get_secret_value() for each in settings.secret_key_previous),
    )
    lost: set[str] = set()
    for kind in tx.vault.kinds():
        for secret in tx.vault.all(kind):
            try:
                sealer.unseal(kind, secret.key, secret.sealed)
            except HandraiseError:
                lost.add(kind)
    if not lost:
        return []
    return [
        todo(
            "secrets",
            f"What is kept for {', '.join(sorted(lost))} does not open with this SECRET_KEY.",
            "Set SECRET_KEY_PREVIOUS to the key it was kept under, or connect it again.",
        )
    ]
