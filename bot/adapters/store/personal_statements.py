"""The statements that show and erase what is one person's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    ColumnElement,
    bindparam,
    delete,
    func,
    null,
    or_,
    select,
    text,
    tuple_,
    update,
)

from bot.adapters.store.schema import (
    accounts,
    bindings,
    directory,
    identities,
    inbox,
    journal,
    links,
    messages,
    metadata,
    persons,
    posts,
    recipients,
    refresh_tokens,
    requests,
    responses,
    sessions,
    surfaces,
    token_families,
)
from bot.adapters.store.statements import Statement, columns, names
from bot.domain.feedback import FeedbackRequest, FeedbackResponse
from bot.domain.journal import Entry
from bot.domain.session import Message, Session
from bot.service.ports.accounts import Account, TokenFamily

SESSION_FIELDS = names(Session)
MESSAGE_FIELDS = names(Message)
REQUEST_FIELDS = names(FeedbackRequest)
RESPONSE_FIELDS = names(FeedbackResponse)
ENTRY_FIELDS = names(Entry)
ACCOUNT_FIELDS = names(Account)
FAMILY_FIELDS = names(TokenFamily)

THEM = select(persons.c.id).where(
    or_(persons.c.id == bindparam("person"), persons.c.merged_into == bindparam("person"))
)
_THEIR_ACCOUNTS = select(accounts.c.id).where(accounts.c.person_id.in_(THEM))
_IN_PART = (sessions.c.id > bindparam("after")) & (sessions.c.id <= bindparam("upto"))
REQUESTS_OF_PART = select(requests.c.id).where(
    requests.c.session_id > bindparam("after"), requests.c.session_id <= bindparam("upto")
)
_OWN_OF_PART = select(sessions.c.id).where(_IN_PART, sessions.c.owner_id.in_(THEM))
BETWEEN = (journal.c.number > bindparam("from_number")) & (
    journal.c.number <= bindparam("to_number")
)
IS_ASIDE = text("inbox.due_at IS NULL AND inbox.done = 0")


def _holds(column: ColumnElement[str]) -> ColumnElement[bool]:
    """Tell whether a text has `holding` in it; `LIKE` minds the case on PostgreSQL alone."""
    return func.lower(column).like(bindparam("holding"), escape="!")


def _part_of(column: ColumnElement[Any]) -> ColumnElement[bool]:
    return (column > bindparam("after")) & (column <= bindparam("upto"))


ALIASES = Statement(lambda: THEM.order_by(persons.c.id))
ACCOUNTS = Statement(
    lambda: columns(accounts, ACCOUNT_FIELDS).where(accounts.c.person_id.in_(THEM))
)
FAMILIES = Statement(
    lambda: (
        columns(token_families, FAMILY_FIELDS)
        .where(token_families.c.account_id == bindparam("account"))
        .order_by(token_families.c.id)
    )
)
SESSIONS = Statement(
    lambda: (
        columns(sessions, SESSION_FIELDS)
        .where(sessions.c.id > bindparam("after"))
        .order_by(sessions.c.id)
        .limit(bindparam("limit"))
    )
)
MESSAGES = Statement(
    lambda: (
        columns(messages, MESSAGE_FIELDS)
        .where(_part_of(messages.c.session_id), messages.c.person_id.in_(THEM))
        .order_by(messages.c.session_id, messages.c.seq)
        .limit(bindparam("limit"))
    )
)
ASKED = Statement(
    lambda: (
        columns(requests, REQUEST_FIELDS)
        .where(_part_of(requests.c.session_id), requests.c.asker_id.in_(THEM))
        .order_by(requests.c.id)
    )
)
RESPONSES = Statement(
    lambda: (
        columns(responses, RESPONSE_FIELDS)
        .where(responses.c.request_id.in_(REQUESTS_OF_PART), responses.c.person_id.in_(THEM))
        .order_by(responses.c.id)
    )
)
ENTRIES = Statement(
    lambda: (
        columns(journal, ENTRY_FIELDS)
        .where(BETWEEN, journal.c.person_id.in_(THEM))
        .order_by(journal.c.number)
    )
)
LAST_ENTRY = Statement(lambda: select(func.max(journal.c.number)))

FORGET_TOKENS = Statement(
    lambda: delete(refresh_tokens).where(
        refresh_tokens.c.family_id.in_(
            select(token_families.c.id).where(token_families.c.account_id.in_(_THEIR_ACCOUNTS))
        )
    )
)


def _forget_of_accounts() -> list[Statement]:
    """Delete whatever refers to an account, from tables that came later too."""
    found: list[Statement] = []
    for table in metadata.sorted_tables:
        found += [
            _delete_where(table, column)
            for column in table.c
            if any(key.column is accounts.c.id for key in column.foreign_keys)
        ]
    return found


def _delete_where(table: Any, column: Any) -> Statement:
    return Statement(lambda: delete(table).where(column.in_(_THEIR_ACCOUNTS)))


FORGET_OF_ACCOUNTS = _forget_of_accounts()
FORGET_ACCOUNTS = Statement(lambda: delete(accounts).where(accounts.c.person_id.in_(THEM)))
FORGET_DIRECTORY = Statement(
    lambda: delete(directory).where(
        tuple_(directory.c.kind, directory.c.key).in_(
            select(identities.c.kind, identities.c.key).where(identities.c.person_id.in_(THEM))
        )
    )
)
FORGET_IDENTITIES = Statement(lambda: delete(identities).where(identities.c.person_id.in_(THEM)))
FORGET_LINKS = Statement(lambda: delete(links).where(links.c.person_id.in_(THEM)))
FORGET_NOTICES = Statement(
    lambda: (
        update(posts)
        .where(posts.c.person_id.in_(THEM))
        .values(
            body=bindparam("nothing"),
            state=bindparam("state"),
            due_at=null(),
            # What is on its way to them now may arrive, but nothing of it is kept.
            claim_number=posts.c.claim_number + 1,
            claim_owner=null(),
            claim_until=null(),
            last_error=null(),
            landed=null(),
            place=bindparam("place") + posts.c.id,
            lane=bindparam("place") + posts.c.id,
        )
    )
)
FORGET_PROFILE = Statement(
    lambda: (
        update(persons)
        .where(persons.c.id.in_(THEM))
        .values(
            name=bindparam("name"),
            zone=bindparam("zone"),
            working_hours=null(),
            away_from=null(),
            away_until=null(),
            delegate_id=null(),
            preferred_channel=null(),
            last_channel=null(),
        )
    )
)
FORGET_AS_DELEGATE = Statement(
    lambda: (
        update(persons)
        .where(persons.c.delegate_id.in_(THEM.correlate(None)))
        .values(delegate_id=null())
    )
)
# By their address: what it says, nobody but its own reader can tell.
FORGET_ASIDE = Statement(lambda: delete(inbox).where(IS_ASIDE, _holds(inbox.c.payload)))

ERASE_SAID = Statement(
    lambda: (
        update(messages)
        .where(_part_of(messages.c.session_id), messages.c.person_id.in_(THEM))
        .values(text=bindparam("erased"))
    )
)
# What others said in their session is those people's own.
ERASE_TOLD = Statement(
    lambda: (
        update(messages)
        .where(
            _part_of(messages.c.session_id),
            messages.c.person_id.is_(None),
            messages.c.session_id.in_(_OWN_OF_PART),
        )
        .values(text=bindparam("erased"))
    )
)
# What the agent repeats of them there is looked for word by word.
TOOK_PART = Statement(
    lambda: (
        select(sessions.c.id)
        .where(
            _IN_PART,
            sessions.c.owner_id.not_in(THEM),
            or_(
                sessions.c.id.in_(
                    select(messages.c.session_id).where(
                        _part_of(messages.c.session_id), messages.c.person_id.in_(THEM)
                    )
                ),
                *(
                    sessions.c.id.in_(
                        select(requests.c.session_id).where(
                            requests.c.id.in_(
                                select(table.c.request_id).where(
                                    table.c.request_id.in_(REQUESTS_OF_PART),
                                    table.c.person_id.in_(THEM),
                                )
                            )
                        )
                    )
                    for table in (responses, recipients)
                ),
            ),
        )
        .order_by(sessions.c.id)
    )
)
RETELL = Statement(
    lambda: (
        update(messages)
        .where(messages.c.session_id == bindparam("session"), messages.c.seq == bindparam("of_seq"))
        .values(text=bindparam("words"))
    )
)
ASK_OTHERWISE = Statement(
    lambda: (
        update(requests)
        .where(requests.c.id == bindparam("of_request"))
        .values(question=bindparam("words"), context=bindparam("around"))
    )
)
# From the start: the next turns make it anew, of what is left.
ERASE_SUMMARIES = Statement(
    lambda: (
        update(sessions)
        .where(
            _IN_PART,
            or_(
                sessions.c.owner_id.in_(THEM),
                sessions.c.id.in_(
                    select(messages.c.session_id).where(
                        _part_of(messages.c.session_id), messages.c.person_id.in_(THEM)
                    )
                ),
            ),
        )
        .values(
            summary=bindparam("nothing"),
            summary_seq=bindparam("from_the_start"),
            # A turn that has read the words already is lost, and begins again.
            claim_number=sessions.c.claim_number + 1,
            claim_owner=null(),
            claim_until=null(),
        )
    )
)
ERASE_TITLES = Statement(
    lambda: (
        update(sessions)
        .where(_IN_PART, sessions.c.owner_id.in_(THEM))
        .values(title=bindparam("erased"))
    )
)
ERASE_ASKED = Statement(
    lambda: (
        update(requests)
        .where(_part_of(requests.c.session_id), requests.c.asker_id.in_(THEM))
        .values(question=bindparam("erased"), context=bindparam("nothing"))
    )
)
OUTCOMES = Statement(
    lambda: select(requests.c.id, requests.c.outcome).where(
        _part_of(requests.c.session_id),
        requests.c.decided_by.in_(THEM),
        requests.c.outcome.is_not(None),
    )
)
SAVE_OUTCOME = Statement(
    lambda: (
        update(requests)
        .where(requests.c.id == bindparam("of_id"))
        .values(outcome=bindparam("answer"))
    )
)
SAVE_RESPONSE = Statement(
    lambda: (
        update(responses)
        .where(responses.c.id == bindparam("of_id"))
        .values(answer=bindparam("answer"), raw_text=bindparam("nothing"))
    )
)
ERASE_SURFACES = Statement(
    lambda: (
        update(surfaces)
        .where(
            surfaces.c.request_id.in_(REQUESTS_OF_PART),
            surfaces.c.person_id.in_(THEM),
            surfaces.c.channel != bindparam("chat"),
        )
        .values(
            # Each is another: an address stands once for a question.
            address=bindparam("place") + surfaces.c.id,
            lane=bindparam("place") + surfaces.c.id,
            due_at=null(),
            landed=null(),
            last_error=null(),
        )
    )
)
FORGET_BINDINGS = Statement(lambda: delete(bindings).where(bindings.c.session_id.in_(_OWN_OF_PART)))
HEADS_IN = Statement(
    lambda: select(bindings.c.place, bindings.c.head).where(
        _part_of(bindings.c.session_id), _holds(bindings.c.head)
    )
)
SAVE_HEAD = Statement(
    lambda: (
        update(bindings)
        .where(bindings.c.place == bindparam("of_place"))
        .values(head=bindparam("words"))
    )
)


def landed_of(those: Callable[[], Any]) -> Statement:
    """Return the statement that reads what channels keep of surfaces of some questions."""
    return Statement(
        lambda: select(surfaces.c.id, surfaces.c.landed).where(
            surfaces.c.request_id.in_(those()), surfaces.c.landed.is_not(None)
        )
    )


LANDED_OF_ASKED = landed_of(lambda: REQUESTS_OF_PART.where(requests.c.asker_id.in_(THEM)))
LANDED_OF_REQUEST = landed_of(lambda: [bindparam("of_request")])
SAVE_LANDED = Statement(
    lambda: (
        update(surfaces)
        .where(surfaces.c.id == bindparam("of_id"))
        .values(landed=bindparam("words"))
    )
)
THEIR_ENTRIES = Statement(
    lambda: (
        select(journal.c.number, journal.c.request_id, journal.c.chain_number)
        .where(BETWEEN, journal.c.person_id.in_(THEM), journal.c.data != bindparam("nothing"))
        .order_by(journal.c.number)
    )
)
EMPTY_ENTRY = Statement(
    lambda: (
        update(journal)
        .where(journal.c.number == bindparam("of_number"), journal.c.chain_number.is_(None))
        .values(data=bindparam("nothing"))
    )
)
