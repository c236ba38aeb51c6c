"""Erasing a person: at once what names them and lets them act, then, bit by bit, their words.

What others said stays theirs. Ids, times and verdicts stay: a decision is the organisation's. The
journal's chains still verify.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.commands import SYSTEM_CHANNEL, Actor, CancelRequest, Outcome
from bot.domain.deciding import is_stuck, judge_again
from bot.domain.errors import Conflict, NotFound
from bot.domain.feedback import FeedbackRequest, Part
from bot.domain.instants import Micros
from bot.domain.journal import Entry
from bot.domain.planning import Role
from bot.domain.session import Session, SessionState
from bot.service.conversation import Conversation
from bot.service.ending import close_down
from bot.service.ports.personal import ERASED, Range
from bot.service.ports.store import Topic, Transaction
from bot.service.questions import Question
from bot.service.settling import settle
from bot.service.unquoting import Unquoting

SESSIONS = 50
"""Sessions of which one portion takes a person's words."""
LINES = 3_000
"""Messages and questions of others that one portion reads; it ends after the session with it."""
ENTRIES = 1_000
PAGE = 100
WHAT_STAYS = (
    "their words go within minutes, and what the agent repeated of them. What others wrote stays, "
    "and so does what the agent wrote about them in words of its own."
)
_MARK = "erasing:"


@dataclass(frozen=True, kw_only=True, slots=True)
class Erasing:
    """Erases people, by the rules that questions are decided by."""

    session_timeout: Micros
    self_approval: bool = False

    def erase(
        self, tx: Transaction, person_id: str, now: Micros, *, by: str | None, via: str
    ) -> Outcome:
        """Take away what names a person and lets them act; `carry_on` does the rest.

        Their sessions end, what those asked is taken back, and what was asked of them is for the
        others to answer. Raises `NotFound`, and `Conflict` for the only administrator.
        """
        person = tx.people.get(person_id)
        if person is not None and person.merged_into is not None:
            person = tx.people.get(person.merged_into)
        if person is None:
            raise NotFound("There is no such person.")
        _keep_an_administrator(tx, person.id)
        asked = _listed(tx, person.id, asked=True)
        put_to = _listed(tx, person.id, asked=False)
        command = _act(by, via)
        # Questions before sessions before people, each by id, as everybody does.
        questions = [
            Question(tx, id_, command, now, self.session_timeout) for id_ in sorted(asked | put_to)
        ]
        mine = self._own_sessions(tx, person.id)
        people = {person.id}
        for session_id in sorted({*mine, *(q.request.session_id for q in questions)}):
            session = tx.sessions.lock(session_id)
            if session is not None:
                people.add(session.owner_id)
        # Whom the questions tell of it, too: all people are held in one order.
        for question in questions:
            people.update(r.canonical_id for r in question.recipients)
        for each in sorted(people):
            tx.people.lock(each)
        for question in questions:
            if question.request.is_open and question.asker_id != person.id:
                self._leave(tx, question, person.id, now)
        for session_id in mine:
            self._end(tx, session_id, now)
        addresses = [each.key for each in tx.people.identities(person.id)]
        names = _names(tx, person.id)
        for account in tx.personal.accounts(person.id):
            addresses.append(account.email)
            names.add(account.username)
            for family in tx.personal.families(account.id):
                tx.announce(Topic.SIGN_OUT, family.id)
        tx.personal.erase_person(person.id, sorted({a.casefold() for a in addresses}))
        tx.journal.add(
            Entry(
                kind="person.erased",
                at=now,
                person_id=by or None,
                channel=via,
                data={"person": person.id},
            )
        )
        state = _State(session="", entry=0, addresses=sorted({*addresses}), names=sorted(names))
        tx.marks.put(_MARK + person.id, state.text(), now)
        return Outcome(status="erased", text=f"The person is erased; {WHAT_STAYS}")

    def _own_sessions(self, tx: Transaction, person_id: str) -> list[str]:
        found = {session.id for session in tx.sessions.active_of(person_id)}
        for state in (SessionState.ACTIVE, SessionState.HELD):
            before = None
            while page := tx.sessions.of_owner(person_id, state.value, before, PAGE):
                found.update(session.id for session in page)
                before = page[-1].id
        return sorted(found)

    def _end(self, tx: Transaction, session_id: str, now: Micros) -> None:
        session = tx.sessions.lock(session_id)
        if session is not None and session.state is not SessionState.ENDED:
            conversation = Conversation(tx, session, now, self.session_timeout)
            close_down(tx, conversation, "erased", now)
            conversation.save()

    def _leave(self, tx: Transaction, question: Question, person_id: str, now: Micros) -> None:
        """Ask this person no more: the others decide, or the asker hears that nobody can."""
        was_stuck = self._is_stuck(question)
        for recipient in question.deciders:
            if recipient.canonical_id == person_id:
                tx.requests.add_recipient(
                    question.request.id,
                    recipient.person_id,
                    recipient.position,
                    Part.NOTIFIED,
                    recipient.route,
                    recipient.by_id,
                )
        question.reload_recipients()
        request, conversation = question.request, question.conversation()
        question.journal("request.recipient_left", {"person": person_id})
        voters = question.voters(self_approval=self.self_approval)
        found = judge_again(request, voters, question.votes(), question.stand_ins)
        if found is not None and found.verdict.state is not None:
            outcome = found.verdict.outcome
            settle(
                tx,
                conversation,
                request,
                found.verdict.state,
                now,
                by=found.person_id,
                via=SYSTEM_CHANNEL,
                outcome=outcome,
                recipients=question.recipients,
            )
            self._say(
                conversation,
                request,
                f"the answers that are left decide it: {outcome.words() if outcome else ''}",
                wakes=True,
            )
        else:
            claimed = None if question.claimed_by == person_id else request.claimed_by
            question.change(conversation, claimed_by=claimed)
            waiting = [r.name for r in question.deciders]
            if not waiting:
                self._say(
                    conversation,
                    request,
                    "nobody is left who can answer it. You can take it back, or ask somebody else",
                    wakes=True,
                )
            elif self._is_stuck(question) and not was_stuck:
                self._say(
                    conversation,
                    request,
                    "what answers can still come cannot decide it. You can ask somebody else",
                    wakes=True,
                )
            else:
                self._say(conversation, request, f"it waits for {', '.join(waiting)}", wakes=False)
        conversation.save()

    def _say(
        self, conversation: Conversation, request: FeedbackRequest, what: str, *, wakes: bool
    ) -> None:
        conversation.say(
            Role.SYSTEM,
            f"Somebody who was asked “{request.question}” is no longer here: {what}.",
            channel=SYSTEM_CHANNEL,
            request_id=request.id,
            wakes=wakes and conversation.state is SessionState.ACTIVE,
        )

    def _is_stuck(self, question: Question) -> bool:
        voters = question.voters(self_approval=self.self_approval)
        return is_stuck(question.request, voters, question.votes(), question.stand_ins)


@dataclass(frozen=True, kw_only=True, slots=True)
class _State:
    """How far the words of one person are gone."""

    session: str
    entry: int
    addresses: Sequence[str]
    names: Sequence[str] = ()

    def text(self) -> str:
        return json.dumps([self.session, self.entry, list(self.addresses), list(self.names)])


def carry_on(tx: Transaction, now: Micros) -> bool:
    """Take away some more words of people who are being erased; False when all are gone."""
    pending = tx.marks.like(_MARK)
    if not pending:
        return False
    name, text, _ = pending[0]
    person_id = name.removeprefix(_MARK)
    # One that an earlier version began has no names.
    session, entry, addresses, names = [*json.loads(text), ()][:4]
    found = tx.personal.sessions(session, SESSIONS)
    whole = len(found) < SESSIONS
    if found:
        _hold(tx, person_id, found, session)
        part = _unquoted(tx, person_id, Range(after=session, upto=found[-1].id), addresses, names)
        tx.personal.erase_words(person_id, part, addresses)
        session = part.upto
        whole = whole and session == found[-1].id
    last = tx.personal.last_entry()
    upto = min(entry + ENTRIES, last)
    if upto > entry:
        tx.personal.erase_entries(person_id, entry, upto)
    if whole and upto >= last:
        # With names and addresses: they were kept to be looked for.
        tx.marks.drop(name)
        return len(pending) > 1
    state = _State(session=session, entry=upto, addresses=addresses, names=names)
    tx.marks.put(name, state.text(), now)
    return True


def _hold(tx: Transaction, person_id: str, found: Sequence[Session], after: str) -> None:
    """Hold the sessions that have to do with a person, and first their questions, as everybody."""
    them = set(tx.personal.aliases(person_id))
    part = Range(after=after, upto=found[-1].id)
    theirs = {session.id for session in found if session.owner_id in them}
    theirs.update(tx.personal.took_part(person_id, part))
    tx.requests.hold([r.id for session_id in theirs for r in tx.requests.of_session(session_id)])
    tx.sessions.hold(sorted(theirs))


def _unquoted(
    tx: Transaction, person_id: str, part: Range, addresses: Sequence[str], names: Sequence[str]
) -> Range:
    """Take quotations out of what the agent said; return how far it came with so much to read."""
    unquoting = Unquoting(ids=set(tx.personal.aliases(person_id)), names={*addresses, *names})
    read = 0
    for session_id in tx.personal.took_part(person_id, part):
        read += unquoting.in_session(tx, session_id)
        if read >= LINES:
            return Range(after=part.after, upto=session_id)
    return part


def _names(tx: Transaction, person_id: str) -> set[str]:
    """Return what a person, and whoever was found to be them, is called."""
    found = {tx.people.get(each) for each in tx.personal.aliases(person_id)}
    return {person.name for person in found if person is not None and person.name != ERASED}


def _keep_an_administrator(tx: Transaction, person_id: str) -> None:
    """Refuse to leave a deployment that has an administrator without any."""
    theirs = {account.id for account in tx.accounts.of_person(person_id)}
    there = {account.id for account in tx.accounts.administrators()}
    if there and there <= theirs:
        raise Conflict(
            "This is the only administrator. Make somebody else one first.",
            code="last_administrator",
        )


def _listed(tx: Transaction, person_id: str, *, asked: bool) -> set[str]:
    """Return the open questions that a person has asked, or decides."""
    listed = tx.requests.of_asker if asked else tx.requests.of_recipient
    found: set[str] = set()
    before = None
    while page := listed(person_id, True, before, PAGE):
        found.update(request.id for request in page)
        before = page[-1].id
    return found


def _act(by: str | None, via: str) -> CancelRequest:
    """Return an act in whose name the questions are changed; `Question` reads its actor alone."""
    return CancelRequest(
        external_key="erase", actor=Actor(person_id=by or "", channel=via), request_id=""
    )


__all__ = ["ERASED", "Erasing", "carry_on"]
