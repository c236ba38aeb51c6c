"""One hash chain for each request's entries, and how it is verified; knows no database.

A link covers who, what, where, when, the place in the chain and a salted digest of the content, so
that content and salt can be erased later and the chain still verifies. The head says how long a
chain is and is signed, so that cutting off its tail is found too. `docs/audit.md` says what this
proves and what it does not.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from json.encoder import encode_basestring as quoted

from bot.domain.journal import Entry
from bot.domain.record import whole

SALT_BYTES = 16
FIRST_KIND = "request.asked"
"""Every request's story begins with it."""
ERASED = "{}"
"""What is left of content that was erased."""

_FORMAT = "handraise-journal-1"
_UNSIGNED = b""


@whole
@dataclass(frozen=True, kw_only=True)
class Head:
    """How long a chain is, and a signature of that and of its last link.

    The signature is empty where a chain was added to whose head could not be verified: signing it
    would hide what was done to it.
    """

    count: int
    key_id: str
    signature: bytes


@whole
@dataclass(frozen=True, kw_only=True)
class Tip:
    """Where a chain is added to: its head and its last link."""

    head: Head
    link: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """An entry as it is stored; `content` is its data as the very text that was digested.

    `position` orders the whole journal; the rest is None outside chains. An entry has its salt, or
    once its content was erased the digest of what it had been.
    """

    position: int
    entry: Entry
    content: str
    chain_number: int | None
    salt: bytes | None
    content_digest: bytes | None
    link: bytes | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Chain:
    """What is stored of one request's story, in the order of its chain numbers."""

    request_id: str
    records: Sequence[Record]
    head: Head | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What verification found: the first fault as a sentence, or None when all is as written."""

    entries: int
    erased: int
    fault: str | None


class _Key:
    """A key whose HMAC-SHA-256 has begun, so that each signature only goes on with it."""

    __slots__ = ("_begun",)

    def __init__(self, key: bytes) -> None:
        self._begun = hmac.new(key, digestmod="sha256")

    def sign(self, request_id: str, count: int, link: bytes) -> bytes:
        """Sign the end of a chain."""
        signature = self._begun.copy()
        # Only the request's id has no fixed form, and what follows it has a fixed length.
        signature.update(f"{_FORMAT} {count} {request_id}".encode() + link)
        return signature.digest()


class Signer:
    """Signs heads with one key, and reads the signatures of former ones too."""

    __slots__ = ("_key", "_keys", "key_id")

    def __init__(self, key: bytes, former: Sequence[bytes] = ()) -> None:
        self._key = _Key(key)
        self._keys = {key_id(each): _Key(each) for each in (*former, key)}
        self.key_id = key_id(key)

    def knows(self, head: Head) -> bool:
        """Tell whether the key that signed `head` is known here."""
        return head.key_id in self._keys

    def verifies(self, request_id: str, tip: Tip) -> bool:
        """Tell whether this end of a request's chain was signed with a known key."""
        key = self._keys.get(tip.head.key_id)
        if key is None:
            return False
        expected = key.sign(request_id, tip.head.count, tip.link)
        return hmac.compare_digest(expected, tip.head.signature)

    def follow(self, request_id: str, tip: Tip, link: bytes) -> Tip:
        """Return the tip after one more entry; unsigned when the one before was."""
        count = tip.head.count + 1
        signature = _UNSIGNED
        if count == 1 or tip.head.signature:
            signature = self._key.sign(request_id, count, link)
        return Tip(head=Head(count=count, key_id=self.key_id, signature=signature), link=link)

    def sign_anew(self, request_id: str, tip: Tip) -> Head | None:
        """Return the same end signed with the newest key; None when no known key signed it."""
        if not self.verifies(request_id, tip):
            return None
        signature = self._key.sign(request_id, tip.head.count, tip.link)
        return replace(tip.head, key_id=self.key_id, signature=signature)


def key_id(key: bytes) -> str:
    """Return a name for a key that tells nothing of it."""
    return hmac.digest(key, b"journal-key-id", "sha256")[:8].hex()


BEGINNING = Tip(head=Head(count=0, key_id="", signature=_UNSIGNED), link=bytes(32))
"""The tip of an empty chain."""


def unsigned(tip: Tip) -> Tip:
    """Return a tip upon which nothing will be signed."""
    return replace(tip, head=replace(tip.head, signature=_UNSIGNED))


def digest_content(salt: bytes, content: str) -> bytes:
    """Return what a link covers of an entry's content; without the salt it cannot be guessed at."""
    return hashlib.sha256(salt + content.encode()).digest()


def link_after(previous: bytes, number: int, entry: Entry, content_digest: bytes) -> bytes:
    """Return the link of an entry that is the `number`-th in its chain."""
    # JSON, put together by hand: this is on the hottest path.
    said = (
        f"[{number},{quoted(entry.kind)},{entry.at},{_text(entry.session_id)},"
        f"{_text(entry.request_id)},{_text(entry.person_id)},{_text(entry.channel)}]"
    )
    return hashlib.sha256(previous + content_digest + said.encode()).digest()


def verify(chain: Chain, signer: Signer) -> Verdict:
    """Compare what is stored with what was written; the first fault ends it."""
    erased = sum(_is_erased(record) for record in chain.records)
    fault = _fault(chain, signer)
    return Verdict(entries=len(chain.records), erased=erased, fault=fault)


def _fault(chain: Chain, signer: Signer) -> str | None:
    if not chain.records:
        return "its entries are gone"
    previous = BEGINNING.link
    for number, record in enumerate(chain.records, start=1):
        fault = _fault_of(record, number, previous, chain.request_id)
        if fault is not None:
            return fault
        previous = record.link or b""
    if chain.records[0].entry.kind != FIRST_KIND:
        return f"it does not begin with {FIRST_KIND}: what came before is gone"
    return _fault_of_head(chain, previous, signer)


def _fault_of(record: Record, number: int, previous: bytes, request_id: str) -> str | None:
    if record.chain_number is None:
        return f"an entry ({record.entry.kind}) was put in beside the chain"
    if record.chain_number != number:
        missing = record.chain_number > number
        return f"entry {number} is missing" if missing else f"entry {number - 1} stands there twice"
    if record.entry.request_id != request_id:
        return f"entry {number} belongs to another request"
    digest = _digest_of(record)
    if digest is None or record.link != link_after(previous, number, record.entry, digest):
        return f"entry {number} ({record.entry.kind}) is not what was written there"
    return None


def _digest_of(record: Record) -> bytes | None:
    if record.salt is not None:
        return digest_content(record.salt, record.content)
    return record.content_digest if record.content == ERASED else None


def _fault_of_head(chain: Chain, last: bytes, signer: Signer) -> str | None:
    head, count = chain.head, len(chain.records)
    if head is None:
        return "its head is gone"
    if head.count != count:
        return f"it has {count} entries where its head counts {head.count}"
    if not head.signature:
        return "it was added to after its head had been changed or signed with an unknown key"
    if not signer.knows(head):
        return f"its head is signed with another key ({head.key_id}): was SECRET_KEY changed?"
    if not signer.verifies(chain.request_id, Tip(head=head, link=last)):
        return "its head is not signed for what is there"
    return None


def _is_erased(record: Record) -> bool:
    return record.chain_number is not None and record.salt is None


def _text(value: str | None) -> str:
    return "null" if value is None else quoted(value)
