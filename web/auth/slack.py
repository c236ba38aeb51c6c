"""Sign in with Slack: who its user is here, in one transaction."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.errors import Invalid, NotAllowed
from bot.domain.instants import Micros
from bot.domain.journal import Entry
from bot.domain.person import Person
from bot.service.ports.accounts import Account
from bot.service.ports.store import Transaction
from web.auth import registration
from web.auth.id_tokens import forged
from web.auth.proving import Proving

SLACK = "slack"
_ID = re.compile(r"[A-Z0-9]{2,32}")
_NAMES = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Visitor:
    """Somebody whom Slack has signed in; `email` only where Slack has confirmed it."""

    team: str
    user: str
    name: str
    email: str | None

    @property
    def key(self) -> str:
        """Return who they are in the directory, and as an identity."""
        return f"{self.team}/{self.user}"


def visitor_of(claims: Mapping[str, Any], *, development: bool) -> Visitor:
    """Read an identity token's claims; `NotAllowed` when they name nobody."""
    team, user = claims.get("https://slack.com/team_id"), claims.get("https://slack.com/user_id")
    for each in (team, user):
        if not isinstance(each, str) or not _ID.fullmatch(each):
            raise forged()
    name, email = claims.get("name"), claims.get("email")
    proven = isinstance(email, str) and claims.get("email_verified") is True
    try:
        address = (
            registration.checked_email(str(email), development=development) if proven else None
        )
    except Invalid:
        address = None
    return Visitor(
        team=str(team),
        user=str(user),
        name=name.strip()[:120] if isinstance(name, str) and name.strip() else str(user),
        email=address,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Welcome:
    """What a deployment does with visitors; the ids are made before the transaction."""

    rules: registration.Rules
    proving: Proving
    account_id: str
    person_id: str
    own_team: str | None = None
    """The workspace that SLACK_BOT_TOKEN is of: no installation of it is kept."""

    def account_of(self, tx: Transaction, visitor: Visitor, now: Micros) -> Account:
        """Return the account of a visitor from a team that the app is installed in.

        Theirs by their Slack identity, or by their address, which Slack has confirmed; else a new
        one, where registration allows that. Raises `NotAllowed`.
        """
        if visitor.team != self.own_team:
            _check_team(tx, visitor.team)
        listed = tx.directory.get(SLACK, visitor.key)
        if listed is not None and not listed.is_person:
            raise NotAllowed(
                "Guests and deactivated users of Slack cannot sign in here.", code="not_a_member"
            )
        person = tx.people.by_identity(SLACK, visitor.key)
        found = self._existing(tx, person, visitor)
        other = None
        if found is None and visitor.email is not None:
            found = other = tx.accounts.by_verified_email(visitor.email)
        if found is not None and found.disabled_at is not None:
            raise NotAllowed("This account is disabled.", code="account_disabled")
        if found is None:
            found = self._new(tx, person, visitor, now)
        if person is None:
            self._link(tx, found, visitor, now)
        elif other is not None:
            how = f"Slack has confirmed {visitor.email}, which {other.username} has proven"
            self.proving.join(tx, person.id, other.person_id, how, now)
        if visitor.email is not None and found.email.casefold() == visitor.email.casefold():
            found = self.proving.prove(tx, found, now, how="by Slack")
        return found

    def _existing(self, tx: Transaction, person: Person | None, visitor: Visitor) -> Account | None:
        if person is None:
            return None
        accounts = tx.accounts.of_person(person.id)
        usable = [account for account in accounts if account.disabled_at is None] or accounts
        mine = [
            a for a in usable if visitor.email and a.email.casefold() == visitor.email.casefold()
        ]
        return next(iter(mine or usable), None)

    def _link(self, tx: Transaction, account: Account, visitor: Visitor, now: Micros) -> None:
        if tx.people.add_identity(SLACK, visitor.key, account.person_id, now):
            tx.journal.add(
                Entry(
                    kind="identity.linked",
                    at=now,
                    person_id=account.person_id,
                    channel=SLACK,
                    data={"key": visitor.key},
                )
            )

    def _new(
        self, tx: Transaction, person: Person | None, visitor: Visitor, now: Micros
    ) -> Account:
        if visitor.email is None:
            raise NotAllowed(
                "Slack has not confirmed your mail address. Confirm it there first.",
                code="email_not_confirmed",
            )
        if not self.rules.admits_first(tx):
            self.rules.admit(visitor.email, None)
        if person is None:
            person = tx.people.by_identity("email", visitor.email.casefold())
        applicant = registration.Applicant(
            account_id=self.account_id,
            person_id=self.person_id if person is None else person.id,
            username=_free_name(tx, visitor),
            email=visitor.email,
            password_hash="",
            code_hash="",
            name=visitor.name,
        )
        return registration.add_account(
            tx,
            applicant,
            now,
            is_admin=self.rules.admits_first(tx),
            is_known=person is not None,
        )


def _check_team(tx: Transaction, team: str) -> None:
    from bot.channels.slack.keeping import CLOSED, KIND

    if tx.vault.get(KIND, team) is None or tx.marks.get(CLOSED + team) is not None:
        raise NotAllowed(
            "The app is not installed in this Slack workspace.", code="team_not_installed"
        )


def _free_name(tx: Transaction, visitor: Visitor) -> str:
    """Return a user name made of the address, in ASCII as all are, that nobody has."""
    local = (visitor.email or visitor.user).partition("@")[0]
    plain = unicodedata.normalize("NFKD", local).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", plain).strip("-._")[:24].lower() or "member"
    stem = stem if len(stem) >= 3 else f"{stem}-member"
    for number in range(1, _NAMES):
        name = stem if number == 1 else f"{stem}-{number}"
        if tx.accounts.by_username(name) is None:
            return name
    return f"{stem[:8]}-{visitor.user.lower()}"[:32]
