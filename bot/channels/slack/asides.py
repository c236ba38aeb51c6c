"""What the edge says for itself after the commit: bounded, and losing it loses no data."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.channels.slack.blocks import Block
from bot.channels.slack.calls import Calls
from bot.channels.slack.escaping import escape
from bot.channels.slack.modals import refused as refused_view
from bot.channels.slack.refusals import Refused
from bot.domain.errors import HandraiseError
from bot.service.ports.channel import Fate

log = logging.getLogger(__name__)

AT_ONCE = 200
"""Beyond so many on their way, what is said aside is not said."""
TRIES = 4
"""How often Slack is asked to say a sentence that it takes only later."""
LONGEST = 15.0
"""Seconds between two tries: after more, nobody looks for it."""


@dataclass(kw_only=True, slots=True)
class Spot:
    """Where somebody acted: a channel, perhaps a thread in it; without, only their screen."""

    team: str
    user: str
    channel: str | None = None
    thread: str | None = None
    trigger: str = ""
    """Opens a modal within 3 seconds."""


@dataclass(kw_only=True, slots=True)
class Asides:
    """Runs small calls beside what is decided; owns them until they end."""

    calls: Calls
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def start(self, work: Coroutine[Any, Any, object]) -> None:
        """Begin something that nobody waits for."""
        if len(self._tasks) >= AT_ONCE:
            work.close()
            log.warning("something was not said aside: too much is on its way")
            return
        task = asyncio.create_task(self._run(work), name="slack aside")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settled(self) -> None:
        """Wait until nothing is on its way; for whoever drives the agent by hand."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def close(self) -> None:
        """Stop; what is cut off is not said."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def tell(self, spot: Spot, sentence: str, blocks: Sequence[Block] = ()) -> None:
        """Tell one person a sentence that only they see: where they acted, or over their screen."""
        if sentence:
            self.start(self._tell(spot, sentence, blocks))

    async def _tell(self, spot: Spot, sentence: str, blocks: Sequence[Block]) -> None:
        if spot.channel is None:
            if spot.trigger:
                await self.open_view(spot, refused_view(sentence, "Handraise"))
            return
        said: dict[str, Any] = {"text": escape(sentence)}
        if blocks:
            said["blocks"] = list(blocks)
        if spot.thread is not None:
            said["thread_ts"] = spot.thread
        where, whom = spot.channel, spot.user
        for tries in range(1, TRIES + 1):
            try:
                await self.calls.call(
                    spot.team,
                    lambda client: client.chat_postEphemeral(channel=where, user=whom, **said),
                )
            except Refused as refused:
                # Whoever clicked while much was said in their channel must hear it all the same.
                if refused.fate is not Fate.RETRY or tries == TRIES:
                    raise
                await self.calls.rest(min(refused.retry_after or 1.0, LONGEST))
            else:
                return

    async def open_view(self, spot: Spot, view: Block) -> None:
        """Open a modal; raises `Refused`, such as when the 3 seconds are over."""
        trigger = spot.trigger
        await self.calls.call(
            spot.team, lambda client: client.views_open(trigger_id=trigger, view=view)
        )

    async def _run(self, work: Coroutine[Any, Any, object]) -> None:
        try:
            await work
        except Refused as refused:
            log.info("something was not said aside: %s", refused.code)
        except HandraiseError as error:
            log.info("something was not said aside: %s", error.code)
        except Exception as error:  # noqa: BLE001 - the task has nobody else to tell
            # The SDK's exceptions may quote what was said.
            log.error(  # noqa: TRY400
                "something said aside broke: %s", type(error).__name__
            )
