"""Makes commands of moments: what time has made due, taken for one transaction."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.commands import SYSTEM_CHANNEL, Actor, AdvanceRequest, Command, TimeOutSession
from bot.domain.instants import Micros
from bot.service.gathering import gather
from bot.service.ports.moments import Moment, Subject
from bot.service.ports.store import Transaction

_SYSTEM = Actor(person_id="", channel=SYSTEM_CHANNEL)


def take(tx: Transaction, moments: Sequence[Moment], now: Micros) -> list[Command]:
    """Take moments, and return what is to be done, longest due first.

    What another server has in hand is left to it, and so is what it put off. Either they are all
    questions, or it is one session: questions are held before sessions, as everywhere.
    """
    taken = tx.moments.take([moment.subject_id for moment in moments], now)
    gather(tx, [moment.subject_id for moment in taken if moment.subject is Subject.QUESTION])
    commands = [_command_of(moment) for moment in taken]
    tx.receipts.expect([command.external_key for command in commands])
    return commands


def _command_of(moment: Moment) -> Command:
    id_, due_at = moment.subject_id, moment.due_at
    match moment.subject:
        case Subject.QUESTION:
            return AdvanceRequest(
                external_key=f"time:{id_}:{due_at}", actor=_SYSTEM, request_id=id_, due_at=due_at
            )
        case Subject.SESSION:
            return TimeOutSession(
                external_key=f"idle:{id_}:{due_at}", actor=_SYSTEM, session_id=id_, idle_at=due_at
            )
