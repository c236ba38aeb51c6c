"""Where a person is proven to be on a channel, and what to do where that is nowhere."""

from __future__ import annotations

from bot.service.directory import ALIKE, EMAIL
from bot.service.ports.store import Transaction
from bot.service.rooms import SLACK

_UNKNOWN = {
    SLACK: "No Slack account is known to be yours. Sign in with Slack once; or write to Handraise "
    "in Slack, where your e-mail address must be one that you have confirmed here.",
    EMAIL: "You have no confirmed e-mail address. Confirm one first.",
}
_BARRED = {
    SLACK: "Your Slack account is deactivated, or a guest's: what you write there is not heard.",
}


def own_addresses(tx: Transaction, person_id: str, channel: str) -> list[str]:
    """Return where a person is proven to be on a channel, the first proof first.

    Whom a channel lists under an address that they have proven here is they. Who has left, or is
    not heard there, is left out.
    """
    known = tx.people.identities(person_id)
    found = [each.key for each in known if each.kind == channel]
    found = [key for key in found if _is_heard(tx, channel, key)]
    if channel == EMAIL:
        return found
    for email in [each.key for each in known if each.kind == EMAIL]:
        found += [
            listed.key
            for listed in tx.directory.search(email, ALIKE)
            if listed.kind == channel
            and (listed.email or "").casefold() == email
            and tx.people.by_identity(channel, listed.key) is None
        ]
    return list(dict.fromkeys(found))


def _is_heard(tx: Transaction, channel: str, key: str) -> bool:
    listed = tx.directory.get(channel, key)
    return listed is None or listed.is_person


def why_none(tx: Transaction, person_id: str, channel: str) -> str:
    """Say why nothing can be opened for a person who has no address on a channel."""
    is_known = any(each.kind == channel for each in tx.people.identities(person_id))
    return _BARRED.get(channel, _UNKNOWN[channel]) if is_known else _UNKNOWN[channel]
