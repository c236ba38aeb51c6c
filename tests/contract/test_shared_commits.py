"""Functions that share a commit leave what they would have left one after the other."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.store.sqlite import SqliteStore
from bot.domain.commands import Outcome
from bot.domain.feedback import Part, Route
from bot.domain.journal import Entry
from bot.domain.record import changed
from bot.service.ports.store import Transaction
from tests.contract.records import NOW, a_message, a_person, a_request, a_session, a_surface

ANN, BOB = a_person(), a_person("Bob")
SESSIONS = [a_session(ANN) for _ in range(2)]
REQUESTS = [a_request(session) for session in SESSIONS]
SURFACES = [a_surface(request, BOB) for request in REQUESTS]


class Refused(Exception):
    """A function's own refusal."""


def _begin(tx: Transaction) -> None:
    for person in (ANN, BOB):
        tx.people.add(person)
    for session in SESSIONS:
        tx.sessions.add(session)


def _rename(tx: Transaction, n: int, mark: str) -> object:
    session = tx.sessions.lock(SESSIONS[n].id)
    assert session is not None
    seq = session.message_seq + 1
    tx.sessions.save(changed(session, title=session.title + mark, message_seq=seq))
    tx.messages.add(a_message(session, seq, text=mark, id=f"{n}{mark}{seq}"))
    return [m.text for m in tx.messages.after(session.id, 0, 99)]


def _ask(tx: Transaction, n: int, mark: str) -> object:
    request = tx.requests.lock(REQUESTS[n].id)
    if request is None:
        tx.requests.add(REQUESTS[n])
        tx.requests.add_recipient(REQUESTS[n].id, BOB.id, 0, Part.DECIDER, Route.ASKED)
        tx.surfaces.add(SURFACES[n])
    else:
        tx.requests.save(changed(request, version=request.version + 1))
        tx.surfaces.want(request.id, request.version + 1, 1, NOW + 5)
        tx.requests.add_recipient(request.id, ANN.id, 1, Part.NOTIFIED, Route.ESCALATED)
    tx.journal.add(Entry(kind="request.asked", at=NOW, request_id=REQUESTS[n].id))
    tx.people.allow_contact(SESSIONS[n].id, BOB.id, NOW)
    return (
        [r.name for r in tx.requests.recipients(REQUESTS[n].id)],
        [r.version for r in tx.requests.open_of(SESSIONS[n].id)],
        tx.people.is_contact(SESSIONS[n].id, BOB.id),
    )


def _show(tx: Transaction, n: int, mark: str) -> object:
    claimed = tx.surfaces.claim_of(REQUESTS[n].id, mark, NOW + 9, NOW + 10)
    return [(s.claim_number, s.wanted_version) for s in claimed]


def _tell(tx: Transaction, n: int, mark: str) -> object:
    tx.feeds.tell((ANN, BOB)[n].id, "question", mark, NOW)
    tx.people.note_channel((ANN, BOB)[n].id, mark)
    tx.rates.advance(f"rate {n}", NOW, 10)
    return tx.rates.advance(f"rate {n}", NOW, 10)


def _keep(tx: Transaction, n: int, mark: str) -> object:
    found = tx.receipts.find(f"key {n}")
    if found is None:
        tx.receipts.add(f"key {n}", Outcome(status=mark), NOW)
    return found


def _at_once(tx: Transaction, n: int, mark: str) -> object:
    """Write what is never left to be written."""
    person = tx.people.get((ANN, BOB)[n].id)
    assert person is not None
    tx.people.save(changed(person, zone=person.zone[-9:] + mark))
    return person.zone


def _look(tx: Transaction, n: int, mark: str) -> object:
    return (
        [s.title for s in tx.sessions.active_of(ANN.id)],
        [s.due_at for s in tx.surfaces.of_request(REQUESTS[n].id)],
        tx.feeds.last(BOB.id),
    )


Step = tuple[Callable[[Transaction, int, str], object], int, str]
_STEPS = st.tuples(
    st.sampled_from([_rename, _ask, _show, _tell, _keep, _at_once, _look]),
    st.sampled_from([0, 1]),
    st.sampled_from("abc"),
)
_FUNCTIONS = st.lists(
    st.tuples(st.lists(_STEPS, min_size=1, max_size=4), st.booleans()), min_size=2, max_size=8
)


def _function(steps: Sequence[Step], refuses: bool) -> Callable[[Transaction], object]:
    def run(tx: Transaction) -> object:
        seen = [step(tx, n, mark) for step, n, mark in steps]
        if refuses:
            raise Refused
        return seen

    return run


def _picture(tx: Transaction) -> object:
    return (
        [tx.sessions.get(s.id) for s in SESSIONS],
        [tx.messages.after(s.id, 0, 99) for s in SESSIONS],
        [tx.requests.get(r.id) for r in REQUESTS],
        [tx.requests.recipients(r.id) for r in REQUESTS],
        [tx.surfaces.of_request(r.id) for r in REQUESTS],
        [[e.kind for e in tx.journal.of_request(r.id)] for r in REQUESTS],
        [tx.journal.verify(r.id).fault for r in REQUESTS],
        [tx.feeds.after(p.id, 0, 99) for p in (ANN, BOB)],
        [tx.people.get(p.id) for p in (ANN, BOB)],
        [tx.receipts.find(f"key {n}") for n in range(2)],
    )


async def _run(path: Path, functions: list[Callable[[Transaction], object]], shared: bool) -> Any:
    store = SqliteStore(path)
    await store.open()
    try:
        await store.run(_begin)
        results: list[object] = []
        if shared:
            queued = threading.Event()
            first = asyncio.ensure_future(store.run(lambda _: queued.wait(10)))
            await asyncio.sleep(0)  # the writer has it, and waits
            running = [asyncio.ensure_future(store.run(function)) for function in functions]
            await asyncio.sleep(0)
            queued.set()
            await first
            results.extend(await asyncio.gather(*running, return_exceptions=True))
        else:
            for function in functions:
                with contextlib.suppress(Refused):
                    results.append(await store.run(function))
                    continue
                results.append(Refused())
        told = [repr(result) for result in results]
        return told, await store.read(_picture)
    finally:
        await store.close()


@settings(max_examples=25, deadline=None)
@given(_FUNCTIONS)
def test_sharing_a_commit_changes_nothing(functions: list[tuple[list[Step], bool]]) -> None:
    made = [_function(steps, refuses) for steps, refuses in functions]
    with TemporaryDirectory() as folder:
        alone = asyncio.run(_run(Path(folder) / "alone.db", made, shared=False))
        together = asyncio.run(_run(Path(folder) / "together.db", made, shared=True))
    assert together == alone
