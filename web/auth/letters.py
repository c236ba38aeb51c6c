"""What is sent to an account's owner to prove who they are: codes, and links to set a password."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import structlog
from aiohttp import web

from bot.domain.instants import Micros
from bot.service.notices import tell
from bot.service.ports.accounts import Account
from bot.service.ports.store import Transaction
from web.keys import AGENT, LETTERS, SETTINGS
from web.logs import Disclosed

log = structlog.get_logger(__name__)

EMAIL, SLACK, LOG = "email", "slack", "log"
_NAMESAKES = 6

ByHand = Callable[[Account, str], None]
"""Brings a code or a link to an account's owner where no channel does."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """How an account's address is reached: a channel and the address there."""

    channel: str
    address: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Letters:
    """Sends by mail; else in Slack, to the user whose confirmed address it is; else by hand."""

    channels: Collection[str]
    """Those that are connected now."""
    by_hand: ByHand | None
    public_url: str

    @property
    def channel(self) -> str | None:
        """Return by what letters go out here; whether an address is known there is not said."""
        by_channel = next((each for each in (EMAIL, SLACK) if each in self.channels), None)
        return by_channel or (None if self.by_hand is None else LOG)

    def way(self, tx: Transaction, email: str) -> Way | None:
        """Return how whoever owns an address is reached; None when there is no way."""
        if EMAIL in self.channels:
            return Way(channel=EMAIL, address=email)
        if SLACK in self.channels:
            for listed in tx.directory.search(email, _NAMESAKES):
                if listed.kind == SLACK and (listed.email or "").casefold() == email.casefold():
                    return Way(channel=SLACK, address=listed.key)
        return Way(channel=LOG) if self.by_hand is not None else None

    def send_code(self, tx: Transaction, account: Account, code: str, now: Micros) -> bool:
        """Send a verification code; False when it is left to `bring`, after the commit."""
        text = (
            # A mail's first line is its subject, which a locked telephone shows.
            "Confirm your address\n\n"
            f"Your code for Handraise at {self.public_url} is {code}. It is good for 15 minutes. "
            "If you have not asked for it, somebody else gave this address, and you need do "
            "nothing."
        )
        return self._send(tx, account, text, "", now)

    def send_known(self, tx: Transaction, account: Account, owner: str, now: Micros) -> bool:
        """Tell an address's owner that it was given again; as `send_code`, but without a code."""
        text = (
            "You have an account already\n\n"
            f"Somebody wants to register with this address at {self.public_url}, where it belongs "
            f"to the account “{owner}”. If it was you, sign in to that one; you can ask for a new "
            "password there. If it was not, you need do nothing."
        )
        return self._send(tx, account, text, "", now)

    def send_reset(self, tx: Transaction, account: Account, url: str, now: Micros) -> bool:
        """Send a link to set a password; False when it is left to `bring`."""
        text = (
            "Set a new password\n\n"
            f"Set a new password for “{account.username}” here: {url} . The link is good once, for "
            "30 minutes. If you have not asked for it, you need do nothing: your password stays."
        )
        return self._send(tx, account, text, url, now)

    def bring(self, account: Account, secret: str) -> None:
        """Bring by hand what no channel took, after the commit that kept it."""
        if self.by_hand is not None:
            self.by_hand(account, secret)

    def _send(self, tx: Transaction, account: Account, text: str, url: str, now: Micros) -> bool:
        way = self.way(tx, account.email)
        if way is None or way.channel == LOG:
            return False
        tell(
            tx,
            channel=way.channel,
            person_id=account.person_id,
            address=way.address,
            text=text,
            url=url,
            now=now,
        )
        return True


def letters_of(app: web.Application) -> Letters:
    """Return how letters go out just now; a hand that was given goes before every channel."""
    by_hand, in_log = app[LETTERS], write_log if app[SETTINGS].debug else None
    outlets = app[AGENT].outlets if by_hand is None else {}
    return Letters(
        channels={name for name, opened in outlets.items() if opened.health().state != "closed"},
        by_hand=by_hand or in_log,
        public_url=app[SETTINGS].public_url,
    )


def write_log(account: Account, secret: str) -> None:
    """Write a code or a link to the log: what development has in place of mail."""
    log.warning("verification_code", account=account.username, code=Disclosed(secret))
