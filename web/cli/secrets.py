"""The commands `handraise secrets`: what is kept sealed, and sealing it under a new key."""

from __future__ import annotations

import argparse
from collections import Counter
from typing import Any

from bot.adapters.sealing import SecretSealer
from bot.adapters.store.maintenance import Maintenance
from bot.service.ports.store import Transaction
from bot.service.rotating import check_key, kept, seal_anew
from bot.settings import Settings
from web.cli.database import opened
from web.cli.terminal import counted, plain, say
from web.journal_key import journal_key

BATCH = 200
LEFT = 1


def add_to(groups: Any) -> None:
    """Add the group `secrets`."""
    secrets = groups.add_parser("secrets", help="look after what is kept sealed")
    commands = secrets.add_subparsers(metavar="COMMAND", required=True, title="commands")
    listed = commands.add_parser(
        "list",
        help="count what is kept sealed, by kind",
        description="Count what is kept sealed, by kind, and how much of it under a former key. "
        "Nothing that is secret is ever shown.",
    )
    listed.set_defaults(run=_list)
    rotate = commands.add_parser(
        "rotate",
        help="seal and sign everything under the new SECRET_KEY",
        description="Seal and sign everything anew that SECRET_KEY_PREVIOUS sealed or signed. "
        "First restart the server with the new SECRET_KEY and the former one in "
        "SECRET_KEY_PREVIOUS; then run this beside it, as often as you like; then, once the "
        "sign-ins of before have ended (ACCESS_TOKEN_MINUTES), take SECRET_KEY_PREVIOUS away. "
        "Exit code 1 when something is left that no key opens.",
    )
    rotate.set_defaults(run=_rotate)


def _list(_: argparse.Namespace) -> int:
    sealer = _sealer(Settings.load())
    with opened() as database:
        for line in database.read(_lines, sealer):
            say(plain(line))
    return 0


def _lines(tx: Transaction, sealer: SecretSealer) -> list[str]:
    lines = []
    for kind in tx.vault.kinds():
        secrets = tx.vault.all(kind)
        former = sum(not sealer.is_current(secret.sealed) for secret in secrets)
        more = f", {former:,} under a former key" if former else ""
        lines.append(f"{kind}: {len(secrets):,}{more}")
    heads = len(tx.journal.signed_before("", BATCH))
    if heads:
        many = f"{heads:,} or more" if heads == BATCH else f"{heads:,}"
        lines.append(f"ends of the journal's chains signed by another key: {many}")
    return lines or ["Nothing is kept sealed."]


def _rotate(_: argparse.Namespace) -> int:
    settings = Settings.load()
    key = journal_key(settings.secret_key)
    sealer = _sealer(settings)
    with opened() as database:
        database.read(check_key, key)
        sealed = _seal(database, sealer)
        signed, unsigned = _sign(database)
    say(
        f"{counted(sealed[True], 'value')} sealed and "
        f"{counted(signed, 'chain')} of the journal signed under the new key."
    )
    if sealed[None]:
        say(
            f"{counted(sealed[None], 'value')} could not be opened with any key in "
            "SECRET_KEY_PREVIOUS: connect what they belong to again."
        )
    if unsigned:
        say(
            f"Left as it is, since no key in SECRET_KEY_PREVIOUS signed it: "
            f"{counted(unsigned, 'chain')} of the journal. `handraise audit verify` tells which."
        )
    return LEFT if sealed[None] or unsigned else 0


def _seal(database: Maintenance, sealer: SecretSealer) -> Counter[bool | None]:
    done: Counter[bool | None] = Counter()
    for kind, name in database.read(lambda tx: list(kept(tx))):
        done[database.write(seal_anew, sealer, kind, name)] += 1
    return done


def _sign(database: Maintenance) -> tuple[int, int]:
    """Sign in small transactions: the server writes in between."""
    after, signed, unsigned = "", 0, 0
    while True:
        last, good, bad = database.write(_sign_some, after)
        signed, unsigned = signed + good, unsigned + bad
        if last is None:
            return signed, unsigned
        after = last


def _sign_some(tx: Transaction, after: str) -> tuple[str | None, int, int]:
    found = tx.journal.signed_before(after, BATCH)
    good = sum(tx.journal.sign_anew(each) for each in found)
    return (found[-1] if found else None), good, len(found) - good


def _sealer(settings: Settings) -> SecretSealer:
    return SecretSealer(
        settings.secret_key.get_secret_value(),
        former=tuple(each.get_secret_value() for each in settings.secret_key_previous),
    )
