"""Somebody leaves Slack after they were asked there: the asker hears it at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.channels.slack.roster import GONE
from bot.domain.planning import Role
from bot.domain.surface import SurfaceState
from bot.service.ports.store import Transaction
from tests.flows.slack_office import Office, office
from tests.slack.records import Message


@pytest.fixture
async def acme(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as acme:
        yield acme


async def asked(acme: Office, whom: str) -> Message:
    first = await acme.slack.mention("ana", "general", f"ask {whom} for approval: Ship it?")
    await acme.settle()
    acme.clock.advance(3)
    await acme.settle()
    return first


def told(acme: Office, first: Message) -> list[str]:
    return [text for text in acme.texts("general", first.ts) if "has left Slack" in text]


async def test_the_asker_is_told_at_once_and_only_once(acme: Office) -> None:
    first = await asked(acme, "@ben, @cleo")
    acme.card("ben")
    await acme.slack.change_user("ben", deleted=True)
    await acme.settle()
    (sentence,) = told(acme, first)
    assert "“Ship it?”" in sentence
    assert "ask somebody else" in sentence
    request = await acme.request()
    assert request.is_open
    surfaces = await acme.store.read(lambda tx: tx.surfaces.of_request(request.id))
    ben = await acme.person("ben")
    (dead,) = [s for s in surfaces if s.channel == "slack" and s.person_id == ben.id]
    assert (dead.state, dead.last_error) == (
        SurfaceState.DEAD,
        "the person's account at Slack is deactivated",
    )
    acme.clock.advance(3_700)
    await acme.slack.change_user("ben", deleted=True)
    await acme.outlet.watching.list_people()
    await acme.settle()
    assert len(told(acme, first)) == 1
    (card,) = acme.cards("cleo")
    assert "Ship it?" in str(card.blocks)


async def test_who_has_answered_may_leave(acme: Office) -> None:
    first = await asked(acme, "all of @ben, @cleo")
    card = acme.card("ben")
    await acme.slack.post_as("ben", "dm", "yes", thread_ts=card.ts)
    await acme.settle()
    await acme.slack.change_user("ben", deleted=True)
    await acme.settle()
    assert told(acme, first) == []
    assert (await acme.request()).is_open


async def test_what_an_event_did_not_tell_the_daily_list_does(acme: Office) -> None:
    first = await asked(acme, "@ben")
    acme.clock.advance(3_700)
    user = acme.slack.user("ben")
    user.deleted, user.updated = True, int(acme.slack.clock.now())
    await acme.outlet.watching.list_people()
    await acme.settle()
    assert len(told(acme, first)) == 1


async def test_who_has_left_is_told_though_the_server_stopped_after_it_was_noted(
    acme: Office,
) -> None:
    first = await asked(acme, "@ben")
    acme.clock.advance(3_700)
    user = acme.slack.user("ben")
    key = f"{user.team_id}/{user.id}"
    user.deleted, user.updated = True, int(acme.slack.clock.now())

    def note(tx: Transaction) -> None:
        listed = tx.directory.get("slack", key)
        assert listed is not None
        tx.directory.put(replace(listed, is_person=False, why_not=GONE))

    await acme.store.run(note)
    await acme.outlet.watching.list_people()
    await acme.settle()
    assert len(told(acme, first)) == 1


async def test_other_changes_of_a_user_tell_nobody(acme: Office) -> None:
    first = await asked(acme, "@ben")
    await acme.slack.change_user("ben", name="benny")
    await acme.settle()
    said = await acme.session_at(first)
    assert said is not None
    assert told(acme, first) == []
    assert not [t for t in await acme.said(said, Role.SYSTEM) if "left" in t]
