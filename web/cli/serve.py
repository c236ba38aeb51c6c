"""The command `handraise serve`: the server itself."""

from __future__ import annotations

import argparse
from typing import Any


def add_to(groups: Any) -> None:
    """Add the command `serve`."""
    serve = groups.add_parser(
        "serve",
        help="run the server until it is stopped",
        description="Bring the database up to date and serve, until SIGTERM or Ctrl-C. "
        "Exit code 2 when the settings are wrong, 1 when it cannot start.",
    )
    serve.set_defaults(run=_serve)


def _serve(_: argparse.Namespace) -> int:
    # Here, since no other command needs a server's modules.
    from web.__main__ import main

    return main()
