"""The store as the command line uses it: beside a server, without an event loop, never migrating.

On SQLite it does without the server's lock: it reads beside the server, and waits for its turn to
write. The server hears of a write on PostgreSQL at once, on SQLite when it next looks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import unquote

from bot.adapters.store.journal import Heads
from bot.adapters.store.opening import SQLITE_URL
from bot.adapters.store.sqlite_maintenance import SqliteMaintenance
from bot.domain.chain import Signer

T = TypeVar("T")


class Maintenance(Protocol):
    """Runs functions in transactions, as `Store` does, on the calling thread."""

    def read(self, function: Callable[..., T], /, *args: Any) -> T:
        """Run a function that only reads, on one snapshot."""
        ...

    def write(self, function: Callable[..., T], /, *args: Any) -> T:
        """Run `function(transaction, *args)` and return its result after the commit."""
        ...


@contextmanager
def maintain(
    url: str, *, journal_key: bytes, former_journal_keys: Sequence[bytes] = ()
) -> Iterator[Maintenance]:
    """Open the database at `url`, in the forms that `make_store` takes.

    Raises `Unavailable` when it is not there, `SchemaUnknown` when its schema is another version's.
    """
    heads = Heads(Signer(journal_key, former_journal_keys))
    if url.startswith(SQLITE_URL):
        path = Path(unquote(url.removeprefix(SQLITE_URL)))
        with closing(SqliteMaintenance(path, heads)) as file:
            yield file
        return
    from bot.adapters.store.postgres_maintenance import PostgresMaintenance

    with closing(PostgresMaintenance(url, heads)) as database:
        yield database
