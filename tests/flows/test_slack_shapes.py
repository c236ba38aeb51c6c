"""Payloads of every kind with one part taken out or replaced: refused or taken, never a 500."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from bot.channels.slack.door import Door
from tests.flows.slack_office import Office, office

Payload = dict[str, Any]
GONE = object()
INSTEAD = (GONE, None, 5, "\ud800", [], {})


def paths(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to each part of a payload, but for what a message looks like."""
    if isinstance(value, dict):
        parts: Any = [(key, inner) for key, inner in value.items() if key != "blocks"]
    elif isinstance(value, list):
        parts = list(enumerate(value[:1]))
    else:
        return
    for key, inner in parts:
        yield (*before, key)
        yield from paths(inner, (*before, key))


def broken(payload: Payload) -> Iterator[tuple[tuple[Any, ...], Payload]]:
    """Yield a payload with each of its parts gone, or another."""
    for path in list(paths(payload)):
        for instead in INSTEAD:
            changed = deepcopy(payload)
            inner: Any = changed
            for step in path[:-1]:
                inner = inner[step]
            if instead is GONE:
                del inner[path[-1]]
            else:
                inner[path[-1]] = instead
            yield path, changed


async def a_day(acme: Office) -> None:
    """Let people do one of each."""
    slack = acme.slack
    first = await slack.mention("ana", "general", "ask @ben for approval: Ship it?")
    await acme.settle()
    acme.clock.advance(3)
    await acme.settle()
    card = acme.card("ben")
    await slack.click("ben", card.channel_id, card.ts, "hr.answer")
    await acme.outlet.asides.settled()
    modal = slack.modal_of("ben")
    assert modal is not None
    await slack.submit("ben", modal.id, {"words": {"v": "hm"}})
    await slack.open_home("ben")
    await slack.slash("ben", "/handraise", "status")
    await slack.message_shortcut("ben", "general", first.ts, "ask_someone")
    await slack.open_assistant("ana")
    await slack.change_user("ben", real_name="Benjamin")
    await acme.settle()


def kind_of(payload: Payload) -> str:
    inner = payload.get("event") or {}
    return f"{payload.get('type')} {payload.get('command')} {inner.get('type')}"


async def test_no_part_of_a_payload_breaks_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    taken: dict[str, Payload] = {}
    take = Door.take

    async def noted(door: Door, payload: Payload) -> Any:
        taken.setdefault(kind_of(payload), deepcopy(payload))
        return await take(door, payload)

    async with office(tmp_path) as acme:
        monkeypatch.setattr(Door, "take", noted)
        await a_day(acme)
        monkeypatch.undo()
        assert len(taken) >= 7, list(taken)
        door = acme.outlet.entrance._door
        wrong = []
        for kind, payload in taken.items():
            for path, changed in broken(payload):
                answer = await door.take(changed)
                if answer.status >= 500:
                    wrong.append((kind, path, answer.status))
            await acme.outlet.asides.settled()
        assert wrong == []
