"""Mail addresses: who is named in a header, and which mailbox an address belongs to."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses, parseaddr


def bare(address: str) -> str:
    """Return the address alone, in lower case, of "Name <address>" or of an address."""
    return parseaddr(address)[1].strip().lower()


def base(address: str) -> str:
    """Return the address of the mailbox: what follows a plus in the local part is a tag."""
    local, at, domain = bare(address).rpartition("@")
    return local.partition("+")[0] + at + domain


def domain(address: str) -> str:
    return bare(address).rpartition("@")[2]


def named(message: Message, *headers: str) -> list[str]:
    """Return every address in these headers, once each, in order."""
    texts = [str(value) for header in headers for value in message.get_all(header, [])]
    found = [address.strip().lower() for _, address in getaddresses(texts) if "@" in address]
    return list(dict.fromkeys(found))


def listed(addresses: str | Iterable[str]) -> list[str]:
    """Return one address or several as a list."""
    return [addresses] if isinstance(addresses, str) else list(addresses)


def decoded(value: object) -> str:
    """Return a header's text on one line, its encoded words decoded."""
    text = " ".join(str(value).split())
    with suppress(HeaderParseError, LookupError, UnicodeError, ValueError):
        text = str(make_header(decode_header(text)))
    # Bytes that are no text come as lone surrogates, which JSON cannot carry.
    return text.encode("utf-8", "replace").decode()
