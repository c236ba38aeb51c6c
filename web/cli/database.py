"""The deployment's database, as the settings name it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bot.adapters.store.maintenance import Maintenance, maintain
from bot.settings import Settings
from web.journal_key import former_journal_keys, journal_key


@contextmanager
def opened() -> Iterator[Maintenance]:
    """Open the database; `SettingsError`, or an error whose message says what to do."""
    settings = Settings.load()
    with maintain(
        settings.database_url,
        journal_key=journal_key(settings.secret_key),
        former_journal_keys=former_journal_keys(settings),
    ) as maintenance:
        yield maintenance
