"""What the functions of a commit may do to two questions and their people, step by step."""

from __future__ import annotations

from collections.abc import Callable

from bot.domain.commands import Outcome
from bot.domain.feedback import Part, Route, State
from bot.domain.journal import Entry
from bot.domain.post import Post, PostKind
from bot.domain.record import changed
from bot.domain.session import ParticipantRole
from bot.service.ports.store import Transaction
from bot.service.ports.surfaces import Attempt
from tests.contract.records import (
    NOW,
    a_message,
    a_person,
    a_request,
    a_response,
    a_session,
    a_surface,
)

PEOPLE = ANN, BOB, CLEO = a_person(), a_person("Bob"), a_person("Cleo")
SESSIONS = [a_session(ANN), a_session(BOB)]
REQUESTS = [a_request(session) for session in SESSIONS]
SURFACES = [
    [a_surface(request, BOB), a_surface(request, CLEO, channel="email")] for request in REQUESTS
]
Step = Callable[[Transaction, int, str], object]


def begin(tx: Transaction) -> None:
    """Keep who and what the steps are about; the questions they ask themselves."""
    for person in PEOPLE:
        tx.people.add(person)
    for session in SESSIONS:
        tx.sessions.add(session)


def speak(tx: Transaction, n: int, mark: str) -> object:
    session = tx.sessions.lock(SESSIONS[n].id)
    assert session is not None
    seq = session.message_seq + 1
    tx.sessions.save(changed(session, title=session.title[-9:] + mark, message_seq=seq))
    tx.messages.add(a_message(session, seq, text=mark, id=f"{n}{mark}{seq}"))
    return [m.text for m in tx.messages.after(session.id, 0, 99)]


def ask(tx: Transaction, n: int, mark: str) -> object:
    request = tx.requests.lock(REQUESTS[n].id)
    if request is None:
        tx.requests.add(REQUESTS[n])
        tx.requests.add_recipient(REQUESTS[n].id, BOB.id, 0, Part.DECIDER, Route.ASKED)
        for surface in SURFACES[n]:
            tx.surfaces.add(surface)
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


def delegate(tx: Transaction, n: int, mark: str) -> object:
    request = tx.requests.lock(REQUESTS[n].id)
    if request is None:
        return None
    for person, part in ((BOB, Part.NOTIFIED), (CLEO, Part.DECIDER)):
        route = Route.DELEGATED
        tx.requests.add_recipient(request.id, person.id, 2, part, route, BOB.id)
    tx.journal.add(Entry(kind="request.delegated", at=NOW, request_id=request.id))
    return [(r.canonical_id, r.position, r.part) for r in tx.requests.recipients(request.id)]


def answer(tx: Transaction, n: int, mark: str) -> object:
    request = tx.requests.lock(REQUESTS[n].id)
    if request is None:
        return None
    earlier = tx.requests.responses(request.id)
    response = a_response(request, BOB, id=f"{n}{len(earlier)}", raw_text=mark)
    tx.requests.add_response(response)
    if request.is_open and mark == "a":
        version = request.version + 1
        tx.requests.save(changed(request, state=State.ANSWERED, version=version, next_at=None))
        tx.surfaces.want(request.id, version, 0, NOW, settled=True)
        tx.journal.add(Entry(kind="request.answered", at=NOW, request_id=request.id))
    return [r.raw_text for r in tx.requests.responses(request.id)]


def gather(tx: Transaction, n: int, mark: str) -> object:
    """Hold both questions and what hangs on them, as a sweep does."""
    ids = [request.id for request in REQUESTS]
    held = tx.requests.hold(ids)
    tx.sessions.hold([request.session_id for request in held])
    tx.surfaces.hold(ids)
    tx.journal.hold(ids)
    tx.receipts.expect([f"key {n}", "another"])
    tx.people.expect([person.id for person in PEOPLE])
    return [(r.version, len(tx.requests.responses(r.id))) for r in held]


def claim(tx: Transaction, n: int, mark: str) -> object:
    claimed = tx.surfaces.claim_of(REQUESTS[n].id, mark, NOW + 9, NOW + 10)
    return [(s.claim_number, s.wanted_version) for s in claimed]


def claim_due(tx: Transaction, n: int, mark: str) -> object:
    claimed = tx.surfaces.claim_due(mark, NOW + 11, NOW + 20, n + 1)
    return sorted((s.id, s.claim_number, s.attempts) for s in claimed)


def record(tx: Transaction, n: int, mark: str) -> object:
    """End the claims of a question: shown, failed, given up or given back."""
    found = []
    for surface in tx.surfaces.of_request(REQUESTS[n].id):
        if surface.claim_owner is None:
            continue
        attempt = Attempt(
            surface_id=surface.id,
            claim_number=surface.claim_number,
            version=surface.wanted_version,
            outcome=mark,
            at=NOW,
        )
        if surface.claim_owner == "a":
            found.append(tx.surfaces.record(attempt, True, None, landed=mark))
        elif surface.claim_owner == "b":
            found.append(tx.surfaces.record(attempt, False, NOW + 7, dead=mark == "c"))
        else:
            found.append(tx.surfaces.release(attempt, None if mark == "a" else NOW + 8))
    return found


def redrive(tx: Transaction, n: int, mark: str) -> object:
    """Change surfaces at once, by what they are."""
    first = SURFACES[n][0]
    return (
        tx.surfaces.redrive(first.id, NOW),
        tx.surfaces.seen(REQUESTS[n].id, BOB.id, "chat", 1, NOW),
        tx.surfaces.plan(SURFACES[n][1].id, NOW + 3, 1),
        tx.surfaces.postpone(REQUESTS[n].id, BOB.id, NOW + 4),
    )


def tell(tx: Transaction, n: int, mark: str) -> object:
    tx.feeds.tell(PEOPLE[n].id, "question", mark, NOW)
    tx.people.note_channel(PEOPLE[n + 1].id, mark)
    tx.rates.advance(f"rate {n}", NOW, 10)
    return tx.rates.advance(f"rate {n}", NOW, 10)


def keep(tx: Transaction, n: int, mark: str) -> object:
    found = tx.receipts.find(f"key {n}")
    if found is None:
        tx.receipts.add(f"key {n}", Outcome(status=mark), NOW)
    return found


def join(tx: Transaction, n: int, mark: str) -> object:
    role = ParticipantRole.OBSERVER if mark == "a" else ParticipantRole.CONTRIBUTOR
    tx.sessions.add_participant(SESSIONS[n].id, CLEO.id, role)
    tx.people.allow_contact(SESSIONS[n].id, CLEO.id, NOW)
    return None if mark == "b" else tx.sessions.role_of(SESSIONS[n].id, CLEO.id)


def post(tx: Transaction, n: int, mark: str) -> object:
    """Have something said outside, or claim what is to be said and end the claim."""
    if mark != "c":
        said = Post(
            id=f"{n}{mark}{tx.posts.sent_to(f'place {n}', 0)}{len(tx.posts.given_up('', 99))}",
            kind=PostKind.MESSAGE,
            channel="email",
            place=f"place {n}",
            lane="lane",
            session_id=SESSIONS[n].id,
            seq=None,
            due_at=NOW,
            created_at=NOW,
        )
        if tx.posts.get(said.id) is None:
            tx.posts.add(said)
    claimed = tx.posts.claim_due(mark, NOW, NOW + 10, 2)
    if n:
        return [tx.posts.sent(p.id, p.claim_number, None, NOW) for p in claimed]
    return [tx.posts.failed(p.id, p.claim_number, "", None, certain=True) for p in claimed]


def profile(tx: Transaction, n: int, mark: str) -> object:
    """Write what is never left to be written."""
    person = tx.people.lock(PEOPLE[n].id)
    assert person is not None
    tx.people.save(changed(person, zone=person.zone[-9:] + mark))
    return person.zone


def merge(tx: Transaction, n: int, mark: str) -> object:
    alias, into = tx.people.get(PEOPLE[n + 1].id), tx.people.get(PEOPLE[n].id)
    assert alias is not None
    assert into is not None
    if alias.canonical_id != into.canonical_id:
        tx.people.merge(alias.canonical_id, into.canonical_id)
    return tx.people.find("nobody"), alias.canonical_id


def erase(tx: Transaction, n: int, mark: str) -> object:
    match mark:
        case "a":
            tx.personal.erase_session(SESSIONS[n].id)
        case "b":
            tx.journal.erase(REQUESTS[n].id, [1])
        case _:
            tx.personal.erase_person(PEOPLE[n + 1].id, [])
    return None


def time(tx: Transaction, n: int, mark: str) -> object:
    """Enter what is due, take it, or put it off, as sweeps do."""
    if mark == "c":
        session = tx.sessions.lock(SESSIONS[n].id)
        assert session is not None
        tx.sessions.save(changed(session, idle_at=NOW + n))
        return tx.moments.is_behind(NOW + 10**6)
    if mark == "a":
        entered = tx.moments.enter(NOW + 10**6, 9)
        return entered, tx.moments.waiting(NOW + 10**6, 9)
    taken = tx.moments.take([REQUESTS[n].id, SESSIONS[n].id], NOW + 10**6)
    tx.moments.postpone(REQUESTS[1 - n].id, NOW + 9)
    return taken


def look(tx: Transaction, n: int, mark: str) -> object:
    return (
        [s.title for s in tx.sessions.active_of(ANN.id)],
        [(s.due_at, s.state, s.attempts) for s in tx.surfaces.of_request(REQUESTS[n].id)],
        tx.feeds.last(BOB.id),
        tx.surfaces.tally(),
        len(tx.surfaces.given_up("", 9)),
        tx.surfaces.next_due(),
        tx.requests.due(NOW + 10**6, 9),
        tx.journal.verify(REQUESTS[n].id).fault,
    )


STEPS: list[Step] = [
    speak,
    ask,
    delegate,
    answer,
    gather,
    claim,
    claim_due,
    record,
    redrive,
    tell,
    keep,
    join,
    post,
    profile,
    merge,
    erase,
    time,
    look,
]


def picture(tx: Transaction) -> object:
    """Return all that the steps may have changed."""
    return (
        [tx.sessions.get(s.id) for s in SESSIONS],
        [tx.messages.after(s.id, 0, 99) for s in SESSIONS],
        [tx.requests.get(r.id) for r in REQUESTS],
        [tx.requests.recipients(r.id) for r in REQUESTS],
        [tx.requests.responses(r.id) for r in REQUESTS],
        [tx.surfaces.of_request(r.id) for r in REQUESTS],
        [[e.kind for e in tx.journal.of_request(r.id)] for r in REQUESTS],
        [tx.journal.verify(r.id).fault for r in REQUESTS],
        [tx.feeds.after(p.id, 0, 99) for p in PEOPLE],
        [tx.people.get(p.id) for p in PEOPLE],
        [tx.receipts.find(f"key {n}") for n in range(2)],
        [tx.sessions.role_of(s.id, CLEO.id) for s in SESSIONS],
        [tx.people.is_contact(s.id, p.id) for s in SESSIONS for p in PEOPLE],
        [tx.posts.sent_to(f"place {n}", 0) for n in range(2)],
        [p.id for p in tx.posts.given_up("", 99)],
        tx.moments.waiting(NOW + 10**9, 9),
        tx.surfaces.tally(),
    )
