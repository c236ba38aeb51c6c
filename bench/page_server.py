"""Handraise for the benchmarks of its page: as it is served, and with a hand that fills it."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

from aiohttp import web

from bot.adapters.clock import SystemClock
from bot.domain.commands import CHAT
from bot.domain.instants import HOUR
from bot.domain.planning import Role
from bot.service.conversation import Conversation
from bot.service.ports.accounts import Account
from bot.service.ports.store import Transaction
from bot.settings import Settings
from web.app import build_app
from web.footprint import give_back
from web.keys import STORE
from web.logs import configure_logging
from web.reception import FrontDoor

MANY = 100_000
TEXT = (
    "We looked at the figures of number {}: they **still** say what they said before.\n\n"
    "- nothing is missing\n- `{}` is as it was"
)
AT_ONCE = 500


def handraise(folder: Path, codes: dict[str, str]) -> FrontDoor:
    """Return Handraise as `python -m web` runs it, with nobody limited and no model."""

    def send_code(account: Account, code: str) -> None:
        codes[account.username] = code

    settings = Settings.load(
        env_file=None,
        data_dir=folder,
        secret_key="the secret key of a benchmark, long enough",
        log_level="WARNING",
        rate_limit_per_user=MANY,
        rate_limit_per_session=MANY,
        rate_limit_per_person_channel=MANY,
    )
    return FrontDoor(build_app(settings, send_code=send_code, password_cost=4))


def _say(tx: Transaction, session_id: str, number: int) -> None:
    """Append messages to a session, by turns of its owner and of the agent; all are dealt with."""
    session = tx.sessions.lock(session_id)
    assert session is not None
    conversation = Conversation(tx, session, SystemClock().now(), 24 * HOUR)
    for seq in range(session.message_seq + 1, session.message_seq + number + 1):
        of_owner = seq % 2 == 0
        conversation.say(
            Role.USER if of_owner else Role.AGENT,
            TEXT.format(seq, seq),
            channel=CHAT,
            person_id=session.owner_id if of_owner else None,
        )
    last = session.message_seq + number
    conversation.change(wake_seq=last, planned_seq=last)
    conversation.save()


async def fill(app: web.Application, session_id: str, length: int) -> int:
    """Bring a session to `length` messages."""
    session = await app[STORE].read(lambda tx: tx.sessions.get(session_id))
    assert session is not None
    for at in range(session.message_seq, length, AT_ONCE):
        await app[STORE].run(_say, session_id, min(AT_ONCE, length - at))
    return length


async def stream(app: web.Application, session_id: str, rate: int, seconds: float) -> float:
    """Let `rate` messages a second come, each in a transaction of its own; return the true rate."""
    start = time.perf_counter()
    number = int(rate * seconds)
    for each in range(number):
        ahead = start + each / rate - time.perf_counter()
        if ahead > 0:
            await asyncio.sleep(ahead)
        await app[STORE].run(_say, session_id, 1)
    return number / (time.perf_counter() - start)


async def serve(folder: Path) -> None:
    """Serve until the standard input ends; the port is written to the standard output first."""
    configure_logging("WARNING")  # as in production, to the standard error
    codes: dict[str, str] = {}
    runner = handraise(folder, codes)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    give_back()
    _tell(runner.addresses[0][1])
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        match line.split():
            case ["code", username]:
                _tell(codes[username])
            case ["fill", session_id, length]:
                _tell(await fill(runner.app, session_id, int(length)))
            case ["stream", session_id, rate, seconds]:
                _tell(await stream(runner.app, session_id, int(rate), float(seconds)))
    await runner.cleanup()


def _tell(what: float | str) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
