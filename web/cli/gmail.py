"""The commands `handraise gmail`: connecting the bot's mailbox from this machine."""

from __future__ import annotations

import argparse
from typing import Any

from bot.adapters.clock import SystemClock
from bot.adapters.sealing import SecretSealer
from bot.domain.errors import Invalid
from bot.settings import Settings
from web.cli.database import opened
from web.cli.terminal import say


def add_to(groups: Any) -> None:
    """Add the group `gmail`."""
    gmail = groups.add_parser("gmail", help="connect the bot's mailbox")
    commands = gmail.add_subparsers(metavar="COMMAND", required=True, title="commands")
    connect = commands.add_parser(
        "connect",
        help="give consent as the bot, in a browser on this machine",
        description="Open Google's consent page, where you agree as the bot's own account, and "
        "keep what it gives, sealed, in the database. A running server takes it into use by "
        "itself. GMAIL_CLIENT_ID and GMAIL_CLIENT_SECRET must be set; docs/gmail.md says how.",
    )
    connect.add_argument(
        "--no-browser", action="store_true", help="only say the address, and open nothing"
    )
    connect.add_argument(
        "--port", type=int, default=0, help="where Google's page sends the browser back to"
    )
    connect.set_defaults(run=_connect)


def _connect(arguments: argparse.Namespace) -> int:
    settings = Settings.load()
    if not settings.has_gmail:
        raise Invalid("Set GMAIL_CLIENT_ID and GMAIL_CLIENT_SECRET first; see docs/gmail.md.")
    # Google's libraries take a while to import, and nothing else here needs them.
    from bot.channels.gmail.connect import by_hand, keep_consent
    from web.gmail_outlet import gmail_config

    sealer = SecretSealer(
        settings.secret_key.get_secret_value(),
        former=tuple(former.get_secret_value() for former in settings.secret_key_previous),
    )
    with opened() as database:
        token = by_hand(
            gmail_config(settings), open_browser=not arguments.no_browser, port=arguments.port
        )
        database.write(keep_consent, sealer, token, "", None, SystemClock().now())
    say("The mailbox is connected. A running server takes it into use within a minute or two.")
    return 0
