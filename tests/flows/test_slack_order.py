"""Messages are stored, then acknowledged, then heard: in the order of their thread, each once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.domain.instants import SECOND
from bot.domain.planning import Plan, Reply
from tests.flows.slack_office import Office, office
from tests.slack.outbox import Parcel
from tests.slack.records import Message
from web.keys import AGENT


@pytest.fixture
async def acme(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as acme:
        yield acme


async def opened(acme: Office) -> tuple[Message, str]:
    """Open a session; nothing that is said after it is heard before the backlog is drained."""
    acme.planner.script.append(Plan(steps=(Reply(text="Hello."),)))
    first = await acme.slack.mention("ana", "general", "hello")
    await acme.settle()
    await acme.app[AGENT].worker.close()
    await acme.app[AGENT].backlog.close()
    session = await acme.session_at(first)
    assert session is not None
    return first, session


def reply(acme: Office, first: Message, number: int, text: str, **more: Any) -> Parcel:
    """Return the event of ana's reply in a thread, the `number`th of them by its timestamp."""
    ana, channel = acme.slack.user("ana"), acme.slack.channel("general")
    ts = f"{int(acme.slack.clock.now())}.5{number:05}"
    happened = {
        "type": "message", "user": ana.id, "text": text, "ts": ts, "thread_ts": first.ts,
        "channel": channel.id, "channel_type": "channel", "event_ts": ts, **more,
    }  # fmt: skip
    body = {
        "type": "event_callback", "team_id": ana.team_id, "api_app_id": "A0",
        "event_id": f"Ev{number}", "event_time": 1, "event": happened,
    }  # fmt: skip
    return Parcel(kind="event", body=body, team_id=ana.team_id)


async def kept(acme: Office, parcel: Parcel) -> Any:
    """Return what the inbox has of an event."""
    happened = parcel.body["event"]
    key = f"slack:{parcel.team_id}:{happened['channel']}:{happened['ts']}"
    return await acme.store.read(lambda tx: tx.inbox.get(key))


async def test_a_message_is_acknowledged_once_it_is_kept_and_forgotten_once_it_is_heard(
    acme: Office,
) -> None:
    first, session = await opened(acme)
    parcel = reply(acme, first, 1, "one more thing")
    await acme.slack.post.send(parcel)
    assert acme.slack.post.deliveries[-1].ok
    received = await kept(acme, parcel)
    assert (received.kind, "one more thing" in received.payload) == ("slack.message", True)
    assert await acme.said(session) == ["hello"]
    await acme.hear()
    assert await acme.said(session) == ["hello", "one more thing"]
    received = await kept(acme, parcel)
    assert (received.payload, received.due_at) == ("", None)


async def test_a_thread_is_heard_in_its_order_and_each_event_once(acme: Office) -> None:
    first, session = await opened(acme)
    words = [f"word {number}" for number in range(8)]
    for number in (3, 0, 7, 1, 1, 6, 2, 5, 4, 3):
        await acme.slack.post.send(reply(acme, first, number, words[number]))
    await acme.hear()
    await acme.slack.post.send(reply(acme, first, 7, words[7]))
    await acme.hear()
    assert await acme.said(session) == ["hello", *words]


async def test_an_edit_waits_for_the_message_it_belongs_to(acme: Office) -> None:
    first, session = await opened(acme)
    said = reply(acme, first, 1, "ship on Friday")
    message = said.body["event"]
    edited = message | {"text": "ship on Monday", "edited": {"user": "U1", "ts": message["ts"]}}
    change = reply(
        acme, first, 2, "", subtype="message_changed", message=edited, previous_message=message
    )
    await acme.slack.post.send(change)
    await acme.slack.post.send(said)
    await acme.hear()
    assert await acme.said(session) == [
        "hello", "ship on Friday", "I have changed my message to: ship on Monday",
    ]  # fmt: skip


async def test_what_a_server_left_unheard_is_heard_after_its_lease(acme: Office) -> None:
    first, session = await opened(acme)
    await acme.slack.post.send(reply(acme, first, 1, "are you there?"))
    now = acme.clock.now()
    claimed = await acme.store.run(
        lambda tx: tx.inbox.claim_due("a server that is gone", now, now + 120 * SECOND, 9)
    )
    assert len(claimed) == 1
    await acme.hear()
    assert await acme.said(session) == ["hello"]
    acme.clock.advance(120)
    await acme.hear()
    assert await acme.said(session) == ["hello", "are you there?"]


async def test_on_an_idle_server_nothing_waits_for_a_poll(acme: Office) -> None:
    acme.planner.script.append(Plan(steps=(Reply(text="Hello."),)))
    heard = asyncio.Event()
    submit = acme.outlet.reception.hearing.parts.intake.submit

    async def told(command: Any) -> Any:
        outcome = await submit(command)
        heard.set()
        return outcome

    acme.intake.submit = told
    await acme.slack.mention("ana", "general", "hello")
    await asyncio.wait_for(heard.wait(), 4)  # a poll comes after five
