"""The commands `handraise user`: accounts, as their operator looks after them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any

import bcrypt

from bot.adapters.clock import SystemClock
from bot.domain.errors import Invalid, NotFound
from bot.domain.instants import Micros
from bot.service.identifiers import new_id
from bot.service.ports.accounts import Account, Purpose
from bot.service.ports.store import Transaction
from bot.settings import Settings
from web.auth import administering, registration, tickets
from web.auth.administering import OPERATOR
from web.auth.families import account_named
from web.auth.passwords import password_bytes
from web.auth.proving import proving_of
from web.cli.database import opened
from web.cli.terminal import moment, plain, say

PAGE = 200


def add_to(groups: Any) -> None:
    """Add the group `user`."""
    users = groups.add_parser("user", help="look after accounts")
    commands = users.add_subparsers(metavar="COMMAND", required=True, title="commands")

    create = commands.add_parser(
        "create",
        help="make an account",
        description="Make an account whose address counts as confirmed, and print a link by which "
        "its owner sets a password within 30 minutes.",
    )
    create.add_argument("name", metavar="NAME", help="the user name")
    create.add_argument("email", metavar="ADDRESS", help="the mail address; you vouch for it")
    create.add_argument("--admin", action="store_true", help="as an administrator")
    create.add_argument(
        "--password-stdin",
        action="store_true",
        help="read the password from the standard input instead of printing a link",
    )
    create.set_defaults(run=_create)

    listed = commands.add_parser("list", help="list all accounts, newest first")
    listed.set_defaults(run=_list)

    for name, words, change in (
        ("disable", "shut an account out, at once", administering.disable),
        ("enable", "let an account in again", administering.enable),
        ("sign-out", "end every sign-in of an account", administering.sign_out),
    ):
        command = _named(commands, name, words)
        command.set_defaults(run=_changer(change))

    confirm = _named(commands, "confirm", "vouch for an account's address")
    confirm.set_defaults(run=_confirm)

    admin = _named(commands, "admin", "make an account an administrator's")
    admin.add_argument("--revoke", action="store_true", help="or not any more")
    admin.set_defaults(run=_admin)

    reset = _named(commands, "reset", "print a link to set a password, good once for 30 minutes")
    reset.set_defaults(run=_reset)


def _named(commands: Any, name: str, words: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=words)
    command.add_argument("name", metavar="NAME", help="a user name or a confirmed address")
    return command


def _create(arguments: argparse.Namespace) -> int:
    settings, now = Settings.load(), SystemClock().now()
    email = registration.checked_email(arguments.email, development=settings.debug)
    # A password that is set later is checked when it is.
    password = sys.stdin.readline().rstrip("\r\n") if arguments.password_stdin else None
    registration.check_name_and_password(arguments.name, password or "unset for now")
    if arguments.password_stdin and not password:
        raise Invalid("There is no password on the standard input.")
    hashed = "" if password is None else _hash(password)
    applicant = registration.Applicant(
        account_id=new_id(),
        person_id=new_id(),
        username=arguments.name,
        email=email,
        password_hash=hashed,
        code_hash="",
    )
    token = tickets.new_token()

    def create(tx: Transaction) -> Account:
        account = registration.add_account(tx, applicant, now)
        account = proving_of(settings).prove(tx, account, now, how="by the operator", by=OPERATOR)
        if arguments.admin:
            account = administering.set_admin(tx, account.id, True, OPERATOR, now)
            tx.tickets.drop_all(Purpose.ADMINISTRATOR)
        if password is None:
            _issue(tx, account, token, now)
        return account

    with opened() as database:
        account = database.write(create)
    say(f"{account.username} <{account.email}> has an account{_rank(account)}.")
    if password is None:
        _say_link(settings, token)
    return 0


def _list(_: argparse.Namespace) -> int:
    with opened() as database:
        before: str | None = None
        while page := database.read(lambda tx, below: tx.accounts.listed(below, PAGE), before):
            for account in page:
                say(_line(account))
            before = page[-1].id
    return 0


def _changer(
    change: Callable[[Transaction, str, str, Micros], Account],
) -> Callable[[argparse.Namespace], int]:
    def run(arguments: argparse.Namespace) -> int:
        now = SystemClock().now()
        with opened() as database:
            account = database.write(
                lambda tx: change(tx, _found(tx, arguments.name).id, OPERATOR, now)
            )
        say(_line(account))
        return 0

    return run


def _confirm(arguments: argparse.Namespace) -> int:
    now, proving = SystemClock().now(), proving_of(Settings.load())
    with opened() as database:
        account = database.write(
            lambda tx: administering.confirm(
                tx, _found(tx, arguments.name).id, OPERATOR, proving, now
            )
        )
    say(_line(account))
    return 0


def _admin(arguments: argparse.Namespace) -> int:
    now = SystemClock().now()
    with opened() as database:
        account = database.write(
            lambda tx: administering.set_admin(
                tx, _found(tx, arguments.name).id, not arguments.revoke, OPERATOR, now
            )
        )
    say(_line(account))
    return 0


def _reset(arguments: argparse.Namespace) -> int:
    token, now = tickets.new_token(), SystemClock().now()

    def issue(tx: Transaction) -> None:
        _issue(tx, _found(tx, arguments.name), token, now)

    with opened() as database:
        database.write(issue)
    _say_link(Settings.load(), token)
    return 0


def _issue(tx: Transaction, account: Account, token: str, now: Micros) -> None:
    tickets.issue(tx, Purpose.RESET, tickets.hash_of(token), now, account_id=account.id)


def _say_link(settings: Settings, token: str) -> None:
    say("Set the password within 30 minutes at")
    say(tickets.link(settings.public_url, Purpose.RESET, token))


def _found(tx: Transaction, name: str) -> Account:
    account = account_named(tx, name)
    if account is None:
        raise NotFound(f"There is no account called {plain(name)}.")
    return account


def _hash(password: str) -> str:
    return bcrypt.hashpw(password_bytes(password), bcrypt.gensalt(12)).decode("ascii")


def _line(account: Account) -> str:
    facts = [
        "confirmed" if account.verified_at is not None else "not confirmed",
        *(["administrator"] if account.is_admin else []),
        *([f"disabled {moment(account.disabled_at)}"] if account.disabled_at is not None else []),
    ]
    return plain(f"{account.username}  <{account.email}>  {', '.join(facts)}")


def _rank(account: Account) -> str:
    return " as an administrator" if account.is_admin else ""
