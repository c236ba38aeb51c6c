"""Compares what a model is shown for one turn in an old session with a young one.

python -m bench.prompt [--messages 2000]
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from aiohttp import web

from bench.chat_people import furnish_one
from bench.chat_server import MANY
from bench.machine import describe, disk_directory
from bench.model import Model
from bot.domain.commands import CHAT, Actor, ReceiveMessage
from bot.service.identifiers import new_id
from bot.service.ports.store import Topic, Transaction
from bot.settings import Settings
from web.app import build_app
from web.keys import INTAKE, STORE
from web.logs import configure_logging, quiet_baml

YOUNG, OLD = 50, 2_000
TURNS = 10
"""Turns up to an age that are looked at: the window of messages breathes by ten messages."""
MESSAGE = (
    "Thank you. Could you check the figures of region {} again, and tell me whether we can send "
    "the report to the board as it is?"
)
AIM = 1.2
PATIENCE = 30.0


def main() -> int:
    """Let one session grow, print, and return 1 when a turn did not become what it should."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=OLD)
    length = parser.parse_args().messages
    print(describe())
    configure_logging("WARNING")
    quiet_baml()
    with tempfile.TemporaryDirectory(dir=disk_directory()) as name:
        model = asyncio.run(_grow(Path(name), length))
    if len(model.prompts) != length // 2:
        sys.exit(f"{len(model.prompts)} turns were planned, not {length // 2}: figures are void.")
    young, old = _until(model.prompts, YOUNG), _until(model.prompts, length)
    print(f"\n{'messages':>10}{'characters of a prompt':>24}{'least':>10}{'most':>10}")
    for age, sizes in ((YOUNG, young), (length, old)):
        print(f"{age:>10,}{median(sizes):>24,.0f}{min(sizes):>10,}{max(sizes):>10,}")
    ratio = max(old) / max(young)
    print(f"\n{len(model.summaries)} summaries, the last of {model.summaries[-1]:,} characters.")
    print(f"The most, of {TURNS} turns: {ratio:.2f} times", end=" ")
    print(f"(aim: at most {AIM:g}: {'met' if ratio <= AIM else 'not met'})")
    return 0


def _until(prompts: Sequence[int], messages: int) -> Sequence[int]:
    """Return the last turns' prompts of a session with so many messages; a turn makes two."""
    return prompts[messages // 2 - TURNS : messages // 2]


async def _grow(folder: Path, length: int) -> Model:
    """Hold a conversation of so many messages with the real planner, one turn after the other."""
    model = Model()
    endpoint = await model.start()
    runner = web.AppRunner(build_app(_settings(folder, model.url)), access_log=None)
    await runner.setup()
    app = runner.app
    try:
        person_id, session_id = await furnish_one(app)
        news = asyncio.Event()
        app[STORE].listen(Topic.FEED, lambda _: news.set())
        for number in range(length // 2):
            await app[INTAKE].submit(
                ReceiveMessage(
                    external_key=new_id(),
                    actor=Actor(person_id=person_id, channel=CHAT),
                    session_id=session_id,
                    text=MESSAGE.format(number),
                )
            )
            # One that came during a read makes for one read more.
            async with asyncio.timeout(PATIENCE):
                while not await app[STORE].read(_is_answered, session_id, 2 * (number + 1)):
                    await news.wait()
                    news.clear()
    finally:
        await runner.cleanup()
        await endpoint.cleanup()
    return model


def _settings(folder: Path, url: str) -> Settings:
    return Settings.load(
        env_file=None,
        data_dir=folder,
        secret_key="the secret key of a benchmark, long enough",
        log_level="WARNING",
        model_provider="openai-compatible",
        model_name="counts",
        model_api_key="none",
        model_base_url=url,
        rate_limit_per_user=MANY,
        rate_limit_per_session=MANY,
        rate_limit_per_person_channel=MANY,
    )


def _is_answered(tx: Transaction, session_id: str, length: int) -> bool:
    session = tx.sessions.get(session_id)
    return session is not None and session.message_seq >= length and not session.claim_owner


if __name__ == "__main__":
    sys.exit(main())
