"""In production, a person registers, gets the code by mail, verifies the address, and is asked."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from bot.domain.feedback import State
from tests.clock import FakeClock
from tests.flows.conftest import PASSWORD, SignedIn
from tests.flows.mailing import ANN, BEN, BOT, MailRoom, gmail, mail_room, no_environment
from tests.gmail.server import GmailServer
from web.keys import SETTINGS

__all__ = ["gmail", "no_environment"]

PRODUCTION: dict[str, Any] = {
    "debug": False,
    "public_url": "https://handraise.example",
    "registration": "open",
    "codes_by_mail": True,
}


async def register(room: MailRoom, email: str) -> SignedIn:
    """Register somebody, who is not verified then."""
    name = email.partition("@")[0]
    body = {"email": email, "username": name, "password": PASSWORD}
    async with room.client.post("/api/auth/register", json=body) as answer:
        assert answer.status == 201, await answer.text()
        signed_in = SignedIn(room.client, name, email, await answer.json())
    assert (await signed_in.get("/api/auth/me"))[1]["verified"] is False
    return signed_in


def bodies(room: MailRoom) -> str:
    """Return all that the database keeps of what was said, or is to be."""
    with closing(sqlite3.connect(room.app[SETTINGS].sqlite_path or "")) as database:
        return "\n".join(row[0] for row in database.execute("select body from posts"))


def code_in(text: str) -> str:
    found = re.search(r"Handraise at \S+ is (\S+)\. It is good for 15 minutes", text)
    assert found, text
    return found[1]


async def test_codes_come_by_mail_and_who_is_verified_is_asked(
    tmp_path: Path, clock: FakeClock, gmail: GmailServer, no_environment: None
) -> None:
    async with mail_room(tmp_path, clock, gmail, **PRODUCTION) as room:
        ben, ann = await register(room, BEN), await register(room, ANN)
        await room.work()
        for person, signed_in in ((BEN, ben), (ANN, ann)):
            [letter] = room.got(person)
            code = code_in(letter.text)
            assert letter.subject == "Confirm your address"
            wrong = {"code": "000000" if code != "000000" else "111111"}
            assert (await signed_in.post("/api/auth/verify", wrong))[0] != 200
            assert (await signed_in.post("/api/auth/verify", {"code": code}))[0] == 200
            assert (await signed_in.get("/api/auth/me"))[1]["verified"] is True
        _, session = await ann.post("/api/sessions", {"text": "ask ben to approve: Ship it?"})
        await room.settle()
        question = room.got(BEN)[-1]
        assert "Ship it?" in question.subject
        room.gmail.reply_as(BEN, question, "yes please")
        await room.settle()
        person = await room.read(lambda tx: tx.people.by_identity("email", ANN))
        [found] = await room.read(lambda tx: tx.sessions.of_owner(person.id, None, None, 50))
        [request] = await room.read(lambda tx: tx.requests.of_session(found.id))
        assert request.state is State.APPROVED, session


async def test_a_code_is_no_longer_kept_once_it_was_mailed(
    tmp_path: Path, clock: FakeClock, gmail: GmailServer, no_environment: None
) -> None:
    async with mail_room(tmp_path, clock, gmail, **PRODUCTION) as room:
        await register(room, BEN)
        assert "15 minutes" in bodies(room)
        await room.work()
        code = code_in(room.got(BEN)[-1].text)
        assert code not in bodies(room)


async def test_whose_address_is_known_is_told_to_its_owner_alone(
    tmp_path: Path, clock: FakeClock, gmail: GmailServer, no_environment: None
) -> None:
    async with mail_room(tmp_path, clock, gmail, **PRODUCTION) as room:
        ben = await register(room, BEN)
        await room.work()
        await ben.post("/api/auth/verify", {"code": code_in(room.got(BEN)[-1].text)})
        seen = []
        for name, email in (("eve1", BEN.upper()), ("eve2", ANN)):
            body = {"email": email, "username": name, "password": PASSWORD}
            async with room.client.post("/api/auth/register", json=body) as answer:
                eve = SignedIn(room.client, name, email, await answer.json())
                shape = sorted(eve.tokens)
            _, me = await eve.get("/api/auth/me")
            again, _ = await eve.post("/api/auth/verify/resend")
            seen.append((answer.status, shape, me["verified"], me["verification_hint"], again))
        assert seen[0] == seen[1], "whoever asks learns nothing"
        assert seen[0][0] == 201
        await room.work()
        letter = room.got(BEN)[-1]
        assert letter.subject == "You have an account already"
        assert "account “ben”" in letter.text
        assert not re.search(r"\b[0-9]{8}\b", letter.text), (
            "no code that somebody could be asked for"
        )
        assert "is good for 15 minutes" in room.got(ANN)[-1].text


async def test_the_bot_s_own_address_proves_nothing(
    tmp_path: Path, clock: FakeClock, gmail: GmailServer, no_environment: None
) -> None:
    async with mail_room(tmp_path, clock, gmail, **PRODUCTION) as room:
        await register(room, BOT)
        for _ in range(3):
            await room.settle(1)
        assert "own" in await room.taken() or room.got(BOT)
        assert await room.read(lambda tx: tx.accounts.by_verified_email(BOT)) is None
