"""Slack's own Stop: whoever owns the session presses it, and the running turn ends as on the page.

(docs.slack.dev, "agent_session_stopped".) Slack has ended what was streamed by then; that nothing
is under way any more is ours to say.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.channels.slack.addresses import SLACK, spot
from bot.channels.slack.asides import Asides, Spot
from bot.channels.slack.facts import Stopped
from bot.channels.slack.roster import Barred, Roster
from bot.domain.commands import Actor, StopTurn
from bot.domain.errors import HandraiseError, NotAllowed, NotFound, RateLimited, Unavailable
from bot.domain.place import place_of
from bot.service.outlet import Parts

_NOT_YOURS = "Only the person whose session this is can stop it."


@dataclass(frozen=True, kw_only=True, slots=True)
class Stopping:
    """Makes a command of a press on Stop; safe to repeat."""

    parts: Parts
    roster: Roster
    asides: Asides

    async def stop(self, stopped: Stopped) -> None:
        """Stop what runs in a thread; a thread of no session is only told to be quiet."""
        at = Spot(
            team=stopped.team,
            user=stopped.user,
            channel=stopped.channel,
            thread=stopped.thread_ts,
        )
        place = place_of(SLACK, spot(stopped.team, stopped.channel, stopped.thread_ts))
        binding = await self.parts.store.read(lambda tx: tx.bindings.find(place))
        if binding is not None:
            try:
                await self._stop(stopped, binding.session_id)
            except Barred as barred:
                self.asides.tell(at, barred.message)
                return
            except (RateLimited, Unavailable):
                raise
            except (NotAllowed, NotFound):
                self.asides.tell(at, _NOT_YOURS)
                return
            except HandraiseError as refusal:
                self.asides.tell(at, refusal.message)
                return
        self.asides.start(self._quiet(stopped))

    async def _stop(self, stopped: Stopped, session_id: str) -> None:
        whose = (stopped.team, stopped.user, stopped.team)
        person = await self.parts.store.read(self.roster.known, *whose)
        if person is None:
            now = self.parts.clock.now()
            person = await self.parts.store.run(self.roster.met, *whose, now)
        await self.parts.intake.submit(
            StopTurn(
                external_key=stopped.key,
                actor=Actor(person_id=person.id, channel=SLACK),
                session_id=session_id,
            )
        )

    async def _quiet(self, stopped: Stopped) -> None:
        """Let Slack show that nothing is under way."""
        await self.roster.calls.call(
            stopped.team,
            lambda client: client.agents_sessions_setStatus(
                channel_id=stopped.channel, thread_ts=stopped.thread_ts, status="active"
            ),
        )
