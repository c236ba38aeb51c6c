"""The servers that `bench.slack_intake` sends to: Bolt with an empty listener, and Handraise."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from bot.channels.slack.events import message_key
from bot.channels.slack.installation import Installation
from bot.channels.slack.keeping import Keeping
from bot.domain.place import Binding, place_of
from bot.domain.routing import lane_of_place
from bot.domain.session import Session, SessionState
from bot.service.directory import person_listed
from bot.service.identifiers import new_id
from bot.service.intake import Intake
from bot.service.ports.directory import Listed
from bot.service.ports.store import Transaction
from bot.settings import Settings
from web.app import build_app
from web.keys import AGENT, CLOCK, SEALER, STORE
from web.logs import configure_logging

SIGNING_SECRET = "a signing secret of the benchmark"
TEAM, BOT, CHANNEL = "T0BENCH", "U0BOT", "C0BENCH"
USERS, THREADS = 100, 400
MANY = 100_000


def settings(folder: Path, **more: str) -> Settings:
    """Return the settings of a deployment nobody is limited in."""
    return Settings.load(
        env_file=None,
        data_dir=folder,
        secret_key="the secret key of a benchmark, long enough",
        log_level="WARNING",
        rate_limit_per_user=MANY,
        rate_limit_per_session=MANY,
        rate_limit_per_person_channel=MANY,
        **more,
    )


def bolt_alone(folder: Path) -> web.Application:
    """Return the same application with Bolt at the door and nothing behind it."""

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id=TEAM, bot_user_id=BOT)

    bolt = AsyncApp(
        signing_secret=SIGNING_SECRET, authorize=authorize, process_before_response=True
    )

    async def listen() -> None:
        """Do nothing."""

    bolt.event("message")(listen)

    async def handle(request: web.Request) -> web.Response:
        answered = await bolt.async_dispatch(await to_bolt_request(request))
        return await to_aiohttp_response(answered)

    app = build_app(settings(folder))
    app.router.add_post("/slack/events", handle)
    return app


def handraise(folder: Path) -> web.Application:
    """Return Handraise with a workspace, its people, and sessions in their threads."""
    return build_app(
        settings(
            folder,
            slack_signing_secret=SIGNING_SECRET,
            slack_client_id="1.2",
            slack_client_secret="not used here",
            slack_api_url="http://127.0.0.1:9/",
        )
    )


async def _furnished(app: web.Application) -> None:
    """Keep what intake finds there in the middle of a working day, and stop what comes after it."""
    agent, store, now = app[AGENT], app[STORE], app[CLOCK].now()
    await agent.worker.close()  # turns, deliveries and calls of Slack are not intake
    await agent.courier.close()
    installation = Installation(team=TEAM, bot_user=BOT, token="xoxb-none", installed_at=now)

    def furnish(tx: Transaction) -> None:
        Keeping(sealer=app[SEALER]).put(tx, installation, now)
        people = []
        for number in range(USERS):
            key = f"{TEAM}/U{number:05}"
            listed = Listed(kind="slack", key=key, name=f"Person {number}", updated_at=now)
            tx.directory.put(listed)
            people.append(person_listed(tx, listed, now))
        for number in range(THREADS):
            session = Session(
                id=new_id(), owner_id=people[number % USERS].id, title="a session",
                state=SessionState.ACTIVE, end_reason=None, created_at=now, last_active_at=now,
                message_seq=0, feed_seq=0, wake_seq=0, planned_seq=0, summary="", summary_seq=0,
                open_questions=0, turn_due_at=None, claim_owner=None, claim_number=0,
                claim_until=None, idle_at=None, warned=False, failures=0,
            )  # fmt: skip
            tx.sessions.add(session)
            place = place_of("slack", f"{TEAM}/{CHANNEL}/{thread_of(number)}")
            tx.bindings.add(
                Binding(
                    place=place, session_id=session.id, lane=lane_of_place(place), created_at=now
                )
            )

    await store.run(furnish)


def thread_of(number: int) -> str:
    """Return the thread of a session."""
    return f"1700000000.{number:06}"


async def serve(which: str, folder: Path) -> None:
    """Serve until the standard input ends; the port is written to the standard output."""
    configure_logging()  # as in production, to the standard error
    app = bolt_alone(folder) if which == "bolt" else handraise(folder)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    if which != "bolt":
        await _furnished(app)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    applied = _applied()
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        print(await _answer(app, line.split(), applied), flush=True)
    await runner.cleanup()


def _applied() -> dict[str, float]:
    """Note from now on when which event was applied, on the machine's clock."""
    applied: dict[str, float] = {}
    submit = Intake.submit

    async def noted(self: Intake, command: Any) -> Any:
        outcome = await submit(self, command)
        applied[command.external_key] = time.perf_counter()
        return outcome

    Intake.submit = noted
    return applied


async def _answer(app: web.Application, asked: list[str], applied: dict[str, float]) -> float:
    """Answer what the benchmark asks, always by a number."""
    match asked:
        case ["cpu"]:
            return time.process_time()
        case ["applied", ts]:
            key = message_key(TEAM, CHANNEL, ts)
            while key not in applied:  # noqa: ASYNC110 - nothing tells it
                await asyncio.sleep(0.005)
            return applied[key]
        case ["settle"]:
            while await app[STORE].read(_waits):  # noqa: ASYNC110 - nothing tells it
                await asyncio.sleep(0.02)
    return await app[STORE].read(
        lambda tx: sum(tx.sessions.get(id_).message_seq for id_ in _sessions(tx))
    )


def _waits(tx: Transaction) -> bool:
    return tx.inbox.next_due() is not None


def _sessions(tx: Transaction) -> list[str]:
    found = []
    for number in range(THREADS):
        place = place_of("slack", f"{TEAM}/{CHANNEL}/{thread_of(number)}")
        binding = tx.bindings.find(place)
        if binding is not None:
            found.append(binding.session_id)
    return found


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], Path(sys.argv[2])))
