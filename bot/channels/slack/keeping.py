"""Installations in the vault, sealed, and the marks that say which teams are closed and why."""

from __future__ import annotations

import json
from dataclasses import dataclass

from bot.channels.slack.installation import Installation, read
from bot.domain.errors import Unavailable
from bot.domain.instants import Micros
from bot.service.ports.sealer import Sealer
from bot.service.ports.store import Transaction
from bot.service.ports.vault import Secret

KIND = "slack.installation"
CLOSED = "slack.closed:"
STUCK = "slack.unrenewed:"


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """What is known of a team: its installation, or why there is none any more."""

    installation: Installation | None
    name: str = ""
    closed: str = ""
    """Why it is closed; empty while it is not."""
    stuck: str = ""
    """Why its token cannot be renewed; empty while it can."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Keeping:
    """Reads and writes within transactions; what is in the vault only the sealer can read."""

    sealer: Sealer

    def get(self, tx: Transaction, team: str) -> Kept:
        """Return what is known of a team."""
        secret = tx.vault.get(KIND, team)
        return self._kept(tx, team, secret)

    def _kept(self, tx: Transaction, team: str, secret: Secret | None) -> Kept:
        closed, name = _read_mark(tx.marks.get(CLOSED + team))
        stuck, _ = _read_mark(tx.marks.get(STUCK + team))
        installation = None
        if secret is not None:
            try:
                installation = read(self.sealer.unseal(KIND, team, secret.sealed))
                name = installation.team_name or name
            except Unavailable:
                # Sealed under another SECRET_KEY: one team's trouble, not every team's.
                closed = closed or "sealed"
        return Kept(installation=installation, name=name, closed=closed, stuck=stuck)

    def teams(self, tx: Transaction) -> list[str]:
        """Return the teams that are installed, or were until they closed."""
        installed = {secret.key for secret in tx.vault.all(KIND)}
        marked = {name.removeprefix(CLOSED) for name, _, _ in tx.marks.like(CLOSED)}
        return sorted(installed | marked)

    def put(self, tx: Transaction, installation: Installation, now: Micros) -> None:
        """Keep an installation in place of the one before; the team is open again."""
        tx.vault.put(self._secret(installation, now))
        tx.marks.drop(CLOSED + installation.team)
        tx.marks.drop(STUCK + installation.team)

    def renew(
        self, tx: Transaction, renewed: Installation, spent: str | None, now: Micros
    ) -> Installation | None:
        """Keep rotated tokens, unless the app was installed anew meanwhile; return what is kept.

        `spent` is the refresh token that they were got for.
        """
        secret = tx.vault.lock(KIND, renewed.team)
        if secret is None:
            return None  # uninstalled meanwhile
        kept = read(self.sealer.unseal(KIND, renewed.team, secret.sealed))
        if kept.refresh_token != spent:
            return kept
        tx.vault.put(self._secret(renewed, now))
        tx.marks.drop(STUCK + renewed.team)
        return renewed

    def stick(self, tx: Transaction, team: str, why: str, now: Micros) -> None:
        """Remember that a team's token cannot be renewed."""
        tx.marks.put(STUCK + team, json.dumps({"why": why}), now)

    def close(
        self, tx: Transaction, team: str, why: str, now: Micros, *, name: str, dead: str | None
    ) -> None:
        """Remember that a team is closed; forget its tokens if those are the `dead` one's."""
        tx.marks.put(CLOSED + team, json.dumps({"why": why, "name": name}), now)
        secret = None if dead is None else tx.vault.lock(KIND, team)
        if secret is None:
            return
        try:
            kept = read(self.sealer.unseal(KIND, team, secret.sealed))
        except Unavailable:
            return
        if kept.token == dead:
            tx.vault.drop(KIND, team)

    def reopen(self, tx: Transaction, team: str) -> None:
        """Forget that a team was closed."""
        tx.marks.drop(CLOSED + team)

    def _secret(self, installation: Installation, now: Micros) -> Secret:
        sealed = self.sealer.seal(KIND, installation.team, installation.write())
        return Secret(kind=KIND, key=installation.team, sealed=sealed, updated_at=now)


def _read_mark(value: str | None) -> tuple[str, str]:
    if value is None:
        return "", ""
    held = json.loads(value)
    return str(held.get("why") or "closed"), str(held.get("name", ""))
