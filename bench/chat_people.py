"""People with accounts, sign-ins and sessions, put into the store at once: bcrypt would be slow."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from aiohttp import web

from bot.domain.instants import DAY, Micros
from bot.domain.person import Person
from bot.domain.session import Session, SessionState
from bot.service.identifiers import new_id
from bot.service.ports.accounts import Account
from bot.service.ports.store import Transaction
from web.auth.families import open_family
from web.auth.tokens import hash_of, new_refresh_token
from web.keys import CLOCK, STORE, TOKENS

AT_ONCE = 500


async def furnish(app: web.Application, number: int, path: Path) -> None:
    """Keep so many people, and write each one's access token and session to a file."""
    now = app[CLOCK].now()
    told: list[tuple[str, str]] = []
    for first in range(0, number, AT_ONCE):
        made = await app[STORE].run(_furnish, min(AT_ONCE, number - first), now)
        for account_id, family_id, session_id in made:
            told.append((app[TOKENS].issue_access(account_id, family_id, now), session_id))
    await asyncio.to_thread(path.write_text, json.dumps(told))


async def furnish_one(app: web.Application) -> tuple[str, str]:
    """Keep one person with a session; return the ids of both."""
    made = await app[STORE].run(_furnish, 1, app[CLOCK].now())
    person_id, _, session_id = made[0]
    return person_id, session_id


def _furnish(tx: Transaction, number: int, now: Micros) -> list[tuple[str, str, str]]:
    made = []
    for _ in range(number):
        id_, family_id = new_id(), new_id()
        name = f"p{id_[-20:]}"
        tx.people.add(
            Person(id=id_, name=name, zone="UTC", feed_seq=0, merged_into=None, created_at=now)
        )
        tx.accounts.add(
            Account(
                id=id_, person_id=id_, username=name, email=f"{name}@example.org",
                password_hash="", verified_at=now, disabled_at=None, created_at=now,
            )
        )  # fmt: skip
        open_family(tx, id_, family_id, hash_of(new_refresh_token()), now, now + DAY)
        session = Session(
            id=new_id(), owner_id=id_, title="a session",
            state=SessionState.ACTIVE, end_reason=None, created_at=now, last_active_at=now,
            message_seq=0, feed_seq=0, wake_seq=0, planned_seq=0, summary="", summary_seq=0,
            open_questions=0, turn_due_at=None, claim_owner=None, claim_number=0,
            claim_until=None, idle_at=None, warned=False, failures=0,
        )  # fmt: skip
        tx.sessions.add(session)
        made.append((id_, family_id, session.id))
    return made
