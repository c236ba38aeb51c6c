"""What people and operators do by hand: write, answer, be away, revoke, and let things go wrong."""

from __future__ import annotations

from collections.abc import Iterable
from email import message_from_bytes
from typing import Any

import aiohttp

from bot.domain.instants import Micros
from tests.gmail import composing
from tests.gmail.addresses import bare, listed, named
from tests.gmail.calls import Call
from tests.gmail.clock import SettableClock
from tests.gmail.composing import Headers, Writer
from tests.gmail.consent import Consent
from tests.gmail.edge import Edge
from tests.gmail.faults import Order
from tests.gmail.mailbox import Mailbox
from tests.gmail.mails import StoredMail
from tests.gmail.oauth_routes import OAuthPages
from tests.gmail.post_office import ARRIVED, Posting, PostOffice
from tests.gmail.pubsub import Notice, PubSub, Subscription, Timing
from tests.gmail.signing import Forgery

Ref = StoredMail | str
"""A mail, its id, or its Message-ID."""


class Acting:
    """The control API; every method is for the loop's own thread."""

    edge: Edge
    post_office: PostOffice
    consent: Consent
    pages: OAuthPages
    pubsub: PubSub

    def add_mailbox(self, address: str, name: str = "") -> Mailbox:
        """Open a mailbox."""
        return self.post_office.add(address, name)

    def inbox(self, mailbox: str) -> list[StoredMail]:
        """Return the mails in the inbox, oldest first."""
        return self.post_office.mailbox(mailbox).labelled("INBOX")

    def sent(self, mailbox: str) -> list[StoredMail]:
        """Return the mails that were sent from there, oldest first."""
        return self.post_office.mailbox(mailbox).labelled("SENT")

    def mail(self, mailbox: str, ref: Ref) -> StoredMail:
        """Return that mailbox's copy of a mail."""
        box = self.post_office.mailbox(mailbox)
        if isinstance(ref, StoredMail):
            if ref.mailbox == box.address:
                return ref
            ref = ref.message_id
        return box.find(ref) or box.mail(ref)

    def send_as(
        self,
        mailbox: str,
        *,
        to: str | Iterable[str] = (),
        subject: str = "",
        text: str | None = None,
        html: str | None = None,
        cc: str | Iterable[str] = (),
        bcc: str | Iterable[str] = (),
        headers: Headers | None = None,
        attachments: Iterable[tuple[str, str, bytes]] = (),
        raw: bytes | None = None,
        auth: str = "pass",
        return_path: str | None = None,
        spam: bool = False,
        name: str | None = None,
    ) -> Posting:
        """Send a mail as a person or as a stranger; `auth` is the receiving server's verdict.

        With `raw`, that is the mail, and `to`, `cc` and `bcc` are only where it goes.
        """
        to, cc, bcc = listed(to), listed(cc), listed(bcc)
        if raw is None:
            raw = composing.compose(
                self._writer(mailbox, name),
                to=to,
                cc=cc,
                subject=subject,
                text=text,
                html=html,
                headers=headers,
                attachments=attachments,
            )
        recipients = [bare(one) for one in (*to, *cc, *bcc)]
        return self._post(mailbox, raw, recipients, auth=auth, return_path=return_path, spam=spam)

    def reply_as(
        self,
        mailbox: str,
        message: Ref,
        text: str,
        *,
        quote: bool = True,
        auth: str = "pass",
        return_path: str | None = None,
        spam: bool = False,
        name: str | None = None,
        **options: Any,
    ) -> Posting:
        """Answer a mail as a mail program does; `options` are those of `composing.reply`."""
        original = self.mail(mailbox, message)
        raw = composing.reply(self._writer(mailbox, name), original, text, quote=quote, **options)
        return self._post(mailbox, raw, [], auth=auth, return_path=return_path, spam=spam)

    def forward_as(
        self, mailbox: str, message: Ref, *, to: str | Iterable[str], text: str = ""
    ) -> Posting:
        """Hand a mail on to somebody else, buttons and all."""
        original = self.mail(mailbox, message)
        raw = composing.forward(self._writer(mailbox, None), original, listed(to), text)
        return self._post(mailbox, raw, [], auth="pass", return_path=None)

    def out_of_office_as(
        self,
        mailbox: str,
        message: Ref,
        text: str,
        *,
        subject: str | None = None,
        headers: Headers | None = None,
        auth: str = "pass",
        return_path: str | None = None,
    ) -> Posting:
        """Let the mailbox's server answer that the person is away."""
        writer, original = self._writer(mailbox, None), self.mail(mailbox, message)
        raw = composing.absence_note(writer, original, text, subject=subject, headers=headers)
        return self._post(mailbox, raw, [], auth=auth, return_path=return_path)

    def links_in(self, message: StoredMail) -> list[str]:
        """Return every link in a mail, HTML's first."""
        return message.links

    async def scan_links(self, message: StoredMail) -> dict[str, int]:
        """Open every link as a mail scanner does, following redirects; return the statuses."""
        found: dict[str, int] = {}
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
            for link in message.links:
                async with session.head(link, allow_redirects=True):
                    pass
                async with session.get(link) as answer:
                    await answer.read()
                    found[link] = answer.status
        return found

    def calls(self, method: str | None = None, *, mailbox: str | None = None) -> list[Call]:
        """Return the calls that came, of one method ("messages.send", "oauth.token") or all."""
        return self.edge.calls.of(method, mailbox=mailbox)

    def fail(self, method: str, fault: str, **options: Any) -> Order:
        """Order a fault; `options` are those of `Faults.order`."""
        return self.edge.faults.order(method, fault, **options)

    def stop_failing(self) -> None:
        """Take back every fault that is still to come."""
        self.edge.faults.clear()

    def replace_message_ids(self, replace: bool = True) -> None:
        """Let mails that are sent get a Message-ID of Gmail's."""
        self.post_office.replaces_message_ids = replace

    def delay_mail_to(self, address: str) -> None:
        """Let mail to an address come back as delayed."""
        self.post_office.delayed.add(bare(address))

    def forget_history(self, mailbox: str) -> None:
        """Let every cursor that was given out be too old."""
        self.post_office.mailbox(mailbox).forget_history()

    def grant(self, mailbox: str, client_id: str, scopes: str | Iterable[str]) -> str:
        """Allow a client these scopes without the page; return the refresh token."""
        granted = frozenset(listed(scopes))
        return self.consent.allow(client_id, bare(mailbox), granted)[0].refresh_token

    def consented(self, auth_url: str, mailbox: str | None) -> str:
        """Agree as the owner of a mailbox, or decline with None; return the redirect's address."""
        return self.pages.consented(auth_url, mailbox)

    def consent_as(self, mailbox: str | None) -> None:
        """Let the page redirect at once, as if this person had agreed."""
        self.pages.consents_as = mailbox

    def revoke_consent(self, mailbox: str) -> None:
        """Take back what a person allowed, as they can in their account's settings."""
        self.consent.revoke_all(bare(mailbox))

    def expire_access(self, mailbox: str | None = None) -> None:
        """Let access tokens end now."""
        self.consent.expire_access(mailbox)

    def subscribe(
        self, topic: str, push_to: str, *, audience: str = "", service_account: str = ""
    ) -> Subscription:
        """Push a topic's notifications to an address."""
        return self.pubsub.subscribe(
            topic, push_to, audience=audience, service_account=service_account
        )

    def notify(self, timing: str) -> None:
        """Let notifications be pushed now, doubled, held or lost."""
        self.pubsub.timing = Timing(timing)

    async def push(
        self,
        mailbox: str,
        *,
        forgery: Forgery | str | None = None,
        history_id: int | None = None,
        data: bytes | None = None,
        address: str | None = None,
    ) -> list[int]:
        """Push a notification now to every subscription; return the statuses of the answers.

        `data` is sent instead of what Gmail would say, `address` instead of the mailbox's.
        """
        box = self.post_office.mailbox(mailbox)
        said = self.pubsub.gmail_data(box, history_id) if data is None else data
        if address is not None:
            said = said.replace(box.address.encode(), address.encode())
        notices = [self.pubsub.notice(one, said) for one in self.pubsub.subscriptions]
        return [await self.pubsub.push(notice, forgery) for notice in notices]

    def notices(self) -> list[Notice]:
        """Return every notification that was made, pushed or not."""
        return self.pubsub.notices

    async def release(self) -> None:
        """Push what was held, late and newest first."""
        await self.pubsub.release()

    async def redeliver(self) -> None:
        """Push again what was not acknowledged."""
        await self.pubsub.redeliver()

    async def settled(self) -> None:
        """Wait until every push under way is answered."""
        await self.pubsub.settled()

    def now(self) -> Micros:
        """Return where the server's clock stands."""
        return self.edge.clock.now()

    def advance(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0) -> Micros:
        """Move the clock forward and return where it stands."""
        self.edge.clock.advance(seconds, minutes=minutes, hours=hours)
        return self.now()

    def set_time(self, moment: Micros) -> Micros:
        """Set the clock, which runs on from there; ValueError when it belongs to somebody else."""
        if not isinstance(self.edge.clock, SettableClock):
            raise ValueError("this server's clock is another's; advance it instead")
        self.edge.clock.set(moment)
        return self.now()

    def _writer(self, mailbox: str, name: str | None) -> Writer:
        box = self.post_office.mailboxes.get(bare(mailbox))
        known = box.name if box else bare(mailbox).partition("@")[0].title()
        return Writer(address=bare(mailbox), name=name or known, at=self.now())

    def _post(
        self,
        mailbox: str,
        raw: bytes,
        recipients: list[str],
        *,
        auth: str,
        return_path: str | None,
        spam: bool = False,
    ) -> Posting:
        if not recipients:
            recipients = named(message_from_bytes(raw), "To", "Cc", "Bcc")
        if not recipients:
            raise ValueError("a mail needs somebody to go to")
        own = self.post_office.mailboxes.get(bare(mailbox))
        # Whoever writes in somebody's name leaves no copy in that person's mailbox.
        genuine = own is not None and auth == "pass"
        sent = own.keep(raw, at=self.now(), labels=("SENT",)) if own and genuine else None
        return self.post_office.carry(
            raw,
            sender=bare(mailbox) if return_path is None else bare(return_path),
            recipients=recipients,
            writer=bare(mailbox),
            auth=auth,
            labels=("SPAM", "UNREAD") if spam else ARRIVED,
            sent=sent,
        )
