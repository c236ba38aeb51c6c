"""The commands `handraise backup` and `handraise restore`: a copy of the embedded database."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from bot.adapters.store.backup import back_up, restore
from bot.settings import Settings
from web.cli.terminal import plain, say


def add_to(groups: Any) -> None:
    """Add the commands `backup` and `restore`."""
    backup = groups.add_parser(
        "backup",
        help="copy the database while the server runs",
        description="Copy the embedded database to a file, as it is at one moment, while the "
        "server runs: everything that was acknowledged before is in it. The copy is checked and "
        "readable by its owner alone; it holds people's words, and sealed secrets that only "
        "SECRET_KEY opens: keep that one too, elsewhere. For PostgreSQL it says which command "
        "to use.",
    )
    backup.add_argument("file", metavar="FILE", type=Path, help="where to")
    backup.add_argument("--replace", action="store_true", help="also where there is a file")
    backup.set_defaults(run=_backup)
    put_back = groups.add_parser(
        "restore",
        help="put a copy of the database back, with the server stopped",
        description="Put a copy that `backup` made in the database's place. The server must be "
        "stopped. What was there is kept beside it under another name.",
    )
    put_back.add_argument("file", metavar="FILE", type=Path, help="the copy")
    put_back.set_defaults(run=_restore)


def _backup(arguments: argparse.Namespace) -> int:
    copy = back_up(Settings.load().database_url, arguments.file, replace=arguments.replace)
    say(plain(f"The database is in {copy.path} ({copy.size / 1_048_576:,.1f} MiB)."))
    return 0


def _restore(arguments: argparse.Namespace) -> int:
    kept = restore(arguments.file, Settings.load().database_url)
    aside = f" What was there is {kept}." if kept else ""
    say(plain(f"{arguments.file} is the database now.{aside} Start the server."))
    return 0
