"""The tables: the one description of what is stored, for both databases."""

from __future__ import annotations

from bot.adapters.store.schema.naming import metadata
from bot.adapters.store.schema.people import (
    accounts,
    identities,
    persons,
    refresh_tokens,
    token_families,
    verification_codes,
)
from bot.adapters.store.schema.questions import (
    actions,
    attempts,
    recipients,
    requests,
    responses,
    surfaces,
)
from bot.adapters.store.schema.records import feed, inbound, journal, journal_heads, rates, receipts
from bot.adapters.store.schema.sessions import bindings, contacts, messages, participants, sessions

__all__ = [
    "accounts",
    "actions",
    "attempts",
    "bindings",
    "contacts",
    "feed",
    "identities",
    "inbound",
    "journal",
    "journal_heads",
    "messages",
    "metadata",
    "participants",
    "persons",
    "rates",
    "receipts",
    "recipients",
    "refresh_tokens",
    "requests",
    "responses",
    "sessions",
    "surfaces",
    "token_families",
    "verification_codes",
]
