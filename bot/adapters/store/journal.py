"""The journal in the database: transitions, append-only, a request's chained one to the next."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import count
from typing import Any

from bot.adapters.store import journal_statements as statements
from bot.adapters.store.known import Known
from bot.adapters.store.packing import packed, unpacked
from bot.adapters.store.requests import ADD as NEW_REQUEST
from bot.adapters.store.runner import Runner
from bot.adapters.store.statements import (
    Statement,
    portions,
)
from bot.domain import chain
from bot.domain.chain import Chain, Head, Record, Signer, Tip, Verdict
from bot.domain.errors import Unavailable
from bot.domain.instants import Micros
from bot.domain.journal import Entry

REMEMBERED = 4_096
"""Tips kept in memory, so that most additions need not read theirs."""
SALTS = 256
_TRIES = 3


class Heads:
    """Who signs, and where chains ended last; one for all of a store's connections."""

    def __init__(self, signer: Signer) -> None:
        self.signer = signer
        self._tips: dict[str, Tip] = {}

    def recall(self, request_id: str) -> Tip:
        """Return where a request's chain ended last, as far as is known here."""
        return self._tips.get(request_id, chain.BEGINNING)

    def remember(self, request_id: str, tip: Tip) -> None:
        """Keep a tip for the next addition."""
        if len(self._tips) >= REMEMBERED:
            # Threads share this, and forgetting everything is one step.
            self._tips.clear()
        self._tips[request_id] = tip


class Journal:
    """Implements the port `JournalTable`."""

    def __init__(self, runner: Runner, heads: Heads) -> None:
        self._db = runner
        self._heads = heads
        self._certain: Known[str, Tip] = Known(runner, "journal_heads")
        self._added = count()
        self._salts: list[bytes] = []

    def add(self, entry: Entry) -> None:
        """Append an entry, and chain it when it is a request's."""
        content = packed(entry.data) if entry.data else chain.ERASED
        request_id = entry.request_id
        chained = (
            statements.UNCHAINED if request_id is None else self._chain(entry, request_id, content)
        )
        self._db.later(
            statements.ADD,
            next(self._added),
            {
                "at": entry.at,
                "kind": entry.kind,
                "session_id": entry.session_id,
                "request_id": request_id,
                "person_id": entry.person_id,
                "channel": entry.channel,
                "data": content,
                **chained,
            },
        )

    def hold(self, request_ids: Sequence[str]) -> None:
        """Lock the heads of several chains at once, in the order of ids.

        Those that do not verify are left to whoever adds to them.
        """
        for portion in portions(id_ for id_ in request_ids if id_ not in self._certain):
            for request_id, count_, key_id, signature, link in self._db.all(
                statements.HOLD, portion
            ):
                head = Head(count=count_, key_id=str(key_id), signature=_bytes(signature))
                tip = Tip(head=head, link=_bytes(link))
                if self._heads.signer.verifies(request_id, tip):
                    self._certain.put(request_id, tip)

    def of_request(self, request_id: str) -> Sequence[Entry]:
        """Return a request's story, oldest first."""
        return [
            entry_of(row) for row in self._db.all(statements.OF_REQUEST, {"request_id": request_id})
        ]

    def of_session(self, session_id: str) -> Sequence[Entry]:
        """Return a session's story, oldest first."""
        return [
            entry_of(row) for row in self._db.all(statements.OF_SESSION, {"session_id": session_id})
        ]

    def chain_of(self, request_id: str) -> Chain:
        """Return a request's story with what verifies it."""
        rows = self._db.all(statements.CHAINED, {"request_id": request_id})
        return Chain(
            request_id=request_id,
            records=[record_of(row) for row in rows],
            head=self._head(statements.HEAD, request_id),
        )

    def verify(self, request_id: str) -> Verdict:
        """Compare a request's story with what was written."""
        return chain.verify(self.chain_of(request_id), self._heads.signer)

    def requests(self, after: str, limit: int) -> Sequence[str]:
        """Return requests that have a chain or should have one, by id, those beyond `after`."""
        return [row[0] for row in self._db.all(statements.KNOWN, {"after": after, "limit": limit})]

    def records(self, after: int, since: Micros, until: Micros, limit: int) -> Sequence[Record]:
        """Return entries from `since` and before `until`, those beyond the position `after`."""
        asked = {"after": after, "since": since, "until": until, "limit": limit}
        return [record_of(row) for row in self._db.all(statements.RECORDS, asked)]

    def erase(self, request_id: str, numbers: Sequence[int]) -> None:
        """Erase the content of a request's entries; the chain still verifies."""
        for record in self.chain_of(request_id).records:
            if record.chain_number in numbers and record.salt is not None:
                digest = chain.digest_content(record.salt, record.content)
                self._db.run(
                    statements.ERASE,
                    {
                        "of_request": request_id,
                        "of_number": record.chain_number,
                        "data": chain.ERASED,
                        "salt": None,
                        "content_digest": digest,
                    },
                )

    def signed_before(self, after: str, limit: int) -> Sequence[str]:
        """Return requests whose head another key signed, by id, those beyond `after`."""
        values = {"after": after, "key_id": self._heads.signer.key_id, "limit": limit}
        return [row[0] for row in self._db.all(statements.SIGNED_BEFORE, values)]

    def sign_anew(self, request_id: str) -> bool:
        """Sign a request's head with the newest key; False when no known key signed it."""
        tip = self._stored(request_id)
        head = self._heads.signer.sign_anew(request_id, tip)
        return head is not None and self._move(request_id, tip.head, head)

    def _chain(self, entry: Entry, request_id: str, content: str) -> dict[str, Any]:
        """Move the head of an entry's chain, and return what the entry keeps of it."""
        salt = self._salt()
        digest = chain.digest_content(salt, content)
        certain = self._certain.get(request_id)
        if (
            certain is None
            and request_id in self._db.waiting(NEW_REQUEST)
            and request_id not in self._db.waiting(statements.PUT_HEAD)
        ):
            certain = chain.BEGINNING
        if certain is not None:
            tip, chained = self._follow(entry, request_id, certain, salt, digest)
            self._db.later(statements.PUT_HEAD, request_id, _head_values(request_id, tip.head))
            self._keep(request_id, tip)
            return chained
        before = self._heads.recall(request_id)
        stored = before.head
        for _ in range(_TRIES):
            tip, chained = self._follow(entry, request_id, before, salt, digest)
            if self._move(request_id, stored, tip.head):
                self._keep(request_id, tip)
                return chained
            before = self._stored(request_id)
            stored = before.head
            if stored.count and not self._heads.signer.verifies(request_id, before):
                # What was tampered with is not made good by what comes after it.
                before = chain.unsigned(before)
        raise Unavailable("The question's journal is busy just now. Try again in a moment.")

    def _follow(
        self, entry: Entry, request_id: str, before: Tip, salt: bytes, digest: bytes
    ) -> tuple[Tip, dict[str, Any]]:
        """Return the tip after an entry, and what the entry keeps of it."""
        number = before.head.count + 1
        link = chain.link_after(before.link, number, entry, digest)
        tip = self._heads.signer.follow(request_id, before, link)
        kept = {"chain_number": number, "salt": salt, "content_digest": None, "link": link}
        return tip, kept

    def _keep(self, request_id: str, tip: Tip) -> None:
        """Remember a tip: this transaction holds the head now, and perhaps the next finds it."""
        self._certain.put(request_id, tip)
        self._heads.remember(request_id, tip)

    def _salt(self) -> bytes:
        """Return a new salt; many are drawn at once, since each draw gives up the interpreter's
        lock and waits for it again.
        """
        if not self._salts:
            size = chain.SALT_BYTES
            drawn = os.urandom(SALTS * size)
            self._salts = [drawn[at : at + size] for at in range(0, len(drawn), size)]
        return self._salts.pop()

    def _move(self, request_id: str, before: Head, head: Head) -> bool:
        values = _head_values(request_id, head)
        if not before.count:
            return self._db.run(statements.BEGIN, values) == 1
        values["of_request"] = request_id
        values["from_count"] = before.count
        values["from_signature"] = before.signature
        return self._db.run(statements.MOVE, values) == 1

    def _stored(self, request_id: str) -> Tip:
        """Return where the chain ends as it is stored, held until the commit."""
        head = self._head(statements.LOCK_HEAD, request_id)
        if head is None:
            return chain.BEGINNING
        last = {"request_id": request_id, "number": head.count, "limit": 1}
        row = self._db.one(statements.LAST_LINK, last)
        return Tip(head=head, link=_bytes(row[0]) if row else b"")

    def _head(self, statement: Statement, request_id: str) -> Head | None:
        row = self._db.one(statement, {"request_id": request_id})
        if row is None:
            return None
        count, key_id, signature = row
        return Head(count=count, key_id=str(key_id), signature=_bytes(signature))


def _head_values(request_id: str, head: Head) -> dict[str, Any]:
    return {
        "request_id": request_id,
        "count": head.count,
        "key_id": head.key_id,
        "signature": head.signature,
    }


def entry_of(row: tuple[Any, ...]) -> Entry:
    """Return an entry of its columns."""
    values = dict(zip(statements.FIELDS, row, strict=True))
    return Entry(**{**values, "data": unpacked(values["data"])})


def record_of(row: tuple[Any, ...]) -> Record:
    """Return a record of whatever is stored: what was tampered with may have any type and form."""
    values = dict(zip(statements.RECORD_FIELDS, row, strict=True))
    at, number, content = values["at"], values["chain_number"], str(values["data"])
    texts = {name: _maybe_text(values[name]) for name in statements.REFERENCES}
    entry = Entry(
        kind=str(values["kind"]),
        at=at if isinstance(at, int) else 0,
        data=_data(content),
        **texts,
    )
    return Record(
        position=values["number"],
        entry=entry,
        content=content,
        chain_number=number if isinstance(number, int) else None,
        **{name: _blob(values[name]) for name in statements.CHAINING[1:]},
    )


def _data(content: str) -> dict[str, object]:
    try:
        data = unpacked(content)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _maybe_text(value: object) -> str | None:
    return None if value is None else str(value)


def _blob(value: object) -> bytes | None:
    return None if value is None else _bytes(value)


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
