"""A mail as we keep it: who, to whom, about what, its text; what it carries is only listed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.channels.gmail.addresses import Address, Addresses
from bot.domain.instants import Micros

TEXT_BYTES = 256 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """Something a mail carries and nobody here opens; `size` is in bytes, about right."""

    name: str
    type: str
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What a delivery report (RFC 3464) says of itself, and the headers it brings back."""

    status: str = ""
    returned_headers: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mail:
    """One mail, read; headers in their order from the top, so that the newest come first.

    Ids are without angle brackets. `date` is what the sender claims, None where it is no date.
    """

    message_id: str
    subject: str
    from_: Addresses
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    delivered_to: tuple[Address, ...]
    date: Micros | None
    references: tuple[str, ...]
    in_reply_to: tuple[str, ...]
    content_type: str
    report_type: str
    headers: tuple[tuple[str, str], ...]
    text: str
    html_only: bool
    truncated: bool
    attachments: tuple[Attachment, ...]
    report: Report | None

    def all(self, name: str) -> Iterator[str]:
        """Yield the values of every header called `name`, from the top."""
        wanted = name.lower()
        return (value for key, value in self.headers if key.lower() == wanted)

    def first(self, name: str) -> str | None:
        """Return the topmost value of `name`, None without such a header."""
        return next(self.all(name), None)

    @property
    def sender(self) -> Address | None:
        """The one author; None where From is missing, twice there, a group, or in any way odd."""
        if len(list(self.all("From"))) != 1 or self.from_.odd or len(self.from_.found) != 1:
            return None
        return self.from_.found[0]
