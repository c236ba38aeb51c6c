"""The whole reading of one mail: who wrote it, whether that is certain, to what, and what it says.

Pure: what to do with it is decided by whoever knows the questions and the people.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from bot.channels.gmail.absence import back_on
from bot.channels.gmail.addressing import Addressing, addressing
from bot.channels.gmail.authenticity import GOOGLE, Authenticity, authenticity
from bot.channels.gmail.authorship import Author, author_of
from bot.channels.gmail.bounces import Bounce, bounce_of
from bot.channels.gmail.mail import Mail
from bot.channels.gmail.mime import read_mail
from bot.channels.gmail.quotes import NewText, new_text
from bot.domain.instants import Micros, from_micros


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What one mail is; `bounce` only for a bounce, `back_on` only for an automatic reply.

    `answers` tells whether its words may start, go on with, or answer anything: a person's, and
    certainly theirs.
    """

    mail: Mail
    author: Author
    authenticity: Authenticity
    addressing: Addressing
    words: NewText
    bounce: Bounce | None
    back_on: date | None

    @property
    def answers(self) -> bool:
        return self.author is Author.PERSON and self.authenticity.sender is not None


def read(
    raw: bytes,
    *,
    received: Micros,
    mailbox: str,
    is_own: Callable[[str], bool],
    server: str = GOOGLE,
) -> Reading:
    """Return the reading of a raw mail that came to `mailbox`; never raises.

    `received` is the receiving server's time (Gmail's internalDate), `is_own` tells whether a
    Message-ID is of a mail that we sent, `server` is the authserv-id to trust.
    """
    mail = read_mail(raw)
    author = author_of(mail, is_own=is_own, mailbox=mailbox)
    writer = mail.from_.found[0].name if mail.from_.found else ""
    words = new_text(mail.text, writer=writer)
    back = None
    if author is Author.AUTO_REPLY:
        today = from_micros(received).date()
        back = back_on(words.text, today=today) or back_on(mail.subject, today=today)
    return Reading(
        mail=mail,
        author=author,
        authenticity=authenticity(mail, server=server),
        addressing=addressing(mail, mailbox=mailbox),
        words=words,
        bounce=bounce_of(mail) if author is Author.BOUNCE else None,
        back_on=back,
    )
