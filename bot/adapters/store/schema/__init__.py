"""The tables: the one description of what is stored, for both databases."""

from __future__ import annotations

from bot.adapters.store.schema.naming import metadata
from bot.adapters.store.schema.outside import directory, inbox, leases, links, marks, vault
from bot.adapters.store.schema.people import (
    accounts,
    identities,
    persons,
    refresh_tokens,
    tickets,
    token_families,
    verification_codes,
)
from bot.adapters.store.schema.places import bindings, landings, posts, previews
from bot.adapters.store.schema.questions import (
    actions,
    attempts,
    recipients,
    requests,
    responses,
    surfaces,
)
from bot.adapters.store.schema.records import (
    feed,
    inbound,
    journal,
    journal_heads,
    moments,
    rates,
    receipts,
)
from bot.adapters.store.schema.sessions import contacts, messages, participants, sessions

__all__ = [
    "accounts",
    "actions",
    "attempts",
    "bindings",
    "contacts",
    "directory",
    "feed",
    "identities",
    "inbound",
    "inbox",
    "journal",
    "journal_heads",
    "landings",
    "leases",
    "links",
    "marks",
    "messages",
    "metadata",
    "moments",
    "participants",
    "persons",
    "posts",
    "previews",
    "rates",
    "receipts",
    "recipients",
    "refresh_tokens",
    "requests",
    "responses",
    "sessions",
    "surfaces",
    "tickets",
    "token_families",
    "vault",
    "verification_codes",
]
