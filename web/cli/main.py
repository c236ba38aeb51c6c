"""The commands of `handraise`, and how what went wrong becomes one sentence and an exit code.

A group of commands is a module with `add_to(groups)`, whose parsers set `run` to a function from
the arguments to the exit code.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from bot.domain.errors import HandraiseError, NotFound
from bot.settings import SettingsError
from web.cli import (
    audit,
    backup,
    deliveries,
    doctor,
    gmail,
    person,
    question,
    secrets,
    serve,
    slack,
    users,
)

NOT_FOUND = 1
CANNOT = 2
BROKEN_PIPE = 141
"""As the shell says it of a process that SIGPIPE ended."""

GROUPS = (serve, doctor, users, audit, question, deliveries, person, gmail, slack, secrets, backup)
_EPILOG = """\
It reads the same settings as the server, from the environment and .env, and may run beside it.
Exit code: 0 when all is well, 1 when something was not found, does not verify or is to be done, 2
when the command cannot be carried out."""


class Parser(argparse.ArgumentParser):
    """A parser that says in one sentence what is wrong."""

    def error(self, message: str) -> NoReturn:
        """End with a sentence and the code for wrong use."""
        self.exit(CANNOT, f"{self.prog}: {message}. See `{self.prog} --help`.\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command and return the process's exit code."""
    # What went wrong is told as a sentence; the adapters' own log is not for this terminal.
    logging.getLogger().addHandler(logging.NullHandler())
    given = _parser().parse_args(arguments)
    try:
        code: int = given.run(given)
        sys.stdout.flush()
    except (HandraiseError, SettingsError) as error:
        sys.stderr.write(f"{error}\n")
        return NOT_FOUND if isinstance(error, NotFound) else CANNOT
    except BrokenPipeError:
        # Whoever read our output has gone; the interpreter must not try to flush the rest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return 130
    return code


def _parser() -> Parser:
    parser = Parser(
        prog="handraise",
        description="Look after a Handraise deployment.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    groups = parser.add_subparsers(metavar="COMMAND", required=True, title="commands")
    for group in GROUPS:
        group.add_to(groups)
    return parser
