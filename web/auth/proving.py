"""Proven addresses: an account's address is its own, and whoever else has proven it is joined."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.commands import SYSTEM_CHANNEL, Actor, MergePeople
from bot.domain.errors import Conflict
from bot.domain.instants import HOUR, Micros
from bot.domain.journal import Entry
from bot.service.merging import Merging
from bot.service.ports.accounts import Account
from bot.service.ports.store import Transaction
from bot.settings import Settings

EMAIL = "email"


@dataclass(frozen=True, kw_only=True, slots=True)
class Proving:
    """Notes that addresses are proven, within transactions."""

    merging: Merging

    def prove(
        self, tx: Transaction, account: Account, now: Micros, *, how: str, by: str | None = None
    ) -> Account:
        """Verify an account's address and return the account; `by` is who vouches for it.

        Whoever is known by this address without an account, from Slack or by mail, is joined.
        Raises `Conflict` when somebody else with an account has proven it.
        """
        if account.verified_at is not None:
            return account
        address = account.email.casefold()
        if not tx.people.add_identity(EMAIL, address, account.person_id, now):
            self._join(tx, account, address, how, now)
        tx.accounts.verify(account.id, now)
        tx.accounts.drop_code(account.id)
        tx.journal.add(
            Entry(
                kind="account.verified",
                at=now,
                person_id=account.person_id,
                data={"how": how} | ({"by": by} if by else {}),
            )
        )
        found = tx.accounts.get(account.id)
        assert found is not None  # noqa: S101 - it was there a moment ago, in this transaction
        return found

    def _join(self, tx: Transaction, account: Account, address: str, how: str, now: Micros) -> None:
        person, other = tx.people.get(account.person_id), tx.people.by_identity(EMAIL, address)
        if person is None or other is None or other.id == person.canonical_id:
            return
        if tx.accounts.of_person(other.id):
            # Whoever proves an address first has it; others who only claimed it are told so.
            raise Conflict(
                "Another account has confirmed this address. Sign in to that one.",
                code="email_taken",
            )
        proof = f"the account {account.username} has proven {address} {how}"
        self.join(tx, other.id, person.canonical_id, proof, now)

    def join(self, tx: Transaction, person_id: str, into: str, proof: str, now: Micros) -> None:
        """Merge two people who were proven to be one; none if they are one already."""
        command = MergePeople(
            external_key=f"proof:{person_id}",
            actor=Actor(person_id="", channel=SYSTEM_CHANNEL),
            person_id=person_id,
            into=into,
            proof=proof,
        )
        self.merging.merge(tx, command, now)


def proving_of(settings: Settings) -> Proving:
    """Return it under a deployment's rules."""
    return Proving(
        merging=Merging(
            session_timeout=settings.session_timeout_hours * HOUR,
            self_approval=settings.self_approval,
        )
    )
