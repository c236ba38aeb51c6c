"""Questions answered in Slack: by button, in words, late, twice, and by the wrong."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.surface import Surface
from tests.flows.slack_cards import acme, asked, shown
from tests.flows.slack_office import Office
from tests.slack.records import Message

__all__ = ["acme"]


def buttons(message: Message) -> dict[str, dict[str, Any]]:
    """Return a message's buttons by action id."""
    rows = [block for block in message.blocks if block["type"] == "actions"]
    return {one["action_id"]: one for row in rows for one in row["elements"]}


async def test_a_click_decides_and_repaints(acme: Office) -> None:
    first = await asked(acme, "ask @ben for approval: Ship it?")
    card = acme.card("ben")
    assert "hr.approve" in buttons(card)
    delivery = await acme.slack.click("ben", card.channel_id, card.ts, "hr.approve")
    assert delivery.ok
    request = await acme.request()
    assert (request.state.value, request.decided_via) == ("approved", "slack")
    await acme.settle()
    card = acme.card("ben")
    assert "Approved" in shown(card)
    assert "hr.approve" not in buttons(card)
    assert acme.whispers("ben") == ["Thank you. That decides it."]
    assert any("Ben" in text and "approved" in text for text in acme.texts("general", first.ts))


async def test_words_in_the_cards_own_thread_answer(acme: Office) -> None:
    await asked(acme, "ask @ben for approval: Ship it?")
    card = acme.card("ben")
    await acme.slack.post_as("ben", "dm", "*No.*", thread_ts=card.ts)
    await acme.hear()
    assert (await acme.request()).state.value == "rejected"
    await acme.settle()
    assert "Rejected" in shown(acme.card("ben"))
    assert acme.whispers("ben") == ["Thank you. That decides it."]


async def test_words_that_do_not_decide_are_asked_back_in_the_thread(acme: Office) -> None:
    await asked(acme, "ask @ben for approval: Ship it?")
    card = acme.card("ben")
    await acme.slack.post_as("ben", "dm", "hm, what does legal say", thread_ts=card.ts)
    await acme.settle()
    request = await acme.request()
    assert request.is_open
    assert [r.standing.value for r in await acme.responses(request)] == ["unclear"]
    said = acme.texts(card.channel_id, card.ts)
    assert len(said) == 2, said
    assert "approve" in said[1].casefold()
    (thread,) = {m.thread_ts for m in acme.slack.messages(card.channel_id)[1:]}
    assert thread == card.ts


async def test_an_answer_within_the_deadline_that_is_known_late_is_in_time(acme: Office) -> None:
    await asked(acme, "ask @ben for approval: Ship it? within 1h")
    card = acme.card("ben")
    acme.slack.post.holding = True
    await acme.slack.post_as("ben", "dm", "yes", thread_ts=card.ts)
    acme.clock.advance(minutes=59)
    (delivery,) = await acme.slack.post.release()
    assert delivery.ok
    await acme.hear()
    assert (await acme.request()).state.value == "approved"


async def test_a_click_after_the_decision_hears_who_was_first(acme: Office) -> None:
    await asked(acme, "ask @ben, @cleo for approval: Ship it?")
    bens, cleos = acme.card("ben"), acme.card("cleo")
    value = buttons(cleos)["hr.reject"]["value"]
    await acme.slack.click("ben", bens.channel_id, bens.ts, "hr.approve")
    action = {"action_id": "hr.reject", "value": value}
    await acme.slack.forge_click("cleo", cleos.channel_id, cleos.ts, action)
    await acme.settle()
    (told,) = acme.whispers("cleo")
    assert told.startswith("Ben")
    assert "already answered" in told
    request = await acme.request()
    assert request.state.value == "approved"
    assert sorted(r.standing.value for r in await acme.responses(request)) == ["decided", "late"]
    await acme.slack.forge_click("ben", bens.channel_id, bens.ts, action | {"value": value})
    await acme.settle()
    assert "already answered" in acme.whispers("ben")[-1]


@pytest.mark.parametrize("how", ["others card", "others value", "unknown", "broken", "long", "act"])
async def test_forged_clicks_decide_nothing_and_are_answered(acme: Office, how: str) -> None:
    await asked(acme, "ask @ben for approval: Ship it?")
    await asked(acme, "ask @cleo for approval: Pay it?")
    bens, cleos = acme.card("ben"), acme.card("cleo")
    ben_value = buttons(bens)["hr.approve"]["value"]
    cleo_value = buttons(cleos)["hr.approve"]["value"]
    who, card, action = {
        "others card": ("ben", bens, {"action_id": "hr.approve", "value": cleo_value}),
        "others value": ("cleo", cleos, {"action_id": "hr.approve", "value": ben_value}),
        "unknown": ("ben", bens, {"action_id": "approve", "value": ben_value}),
        "broken": ("ben", bens, {"action_id": "hr.approve", "value": "1:x"}),
        "long": ("ben", bens, {"action_id": "hr.approve", "value": "1" * 5_000}),
        "act": ("ben", bens, {"action_id": "hr.claim", "value": ben_value + "x"}),
    }[how]
    delivery = await acme.slack.forge_click(who, card.channel_id, card.ts, action)
    await acme.settle()
    assert delivery.ok
    assert all(request.is_open for request in await acme.requests())
    assert len(acme.whispers(who)) == 1


async def test_a_click_on_a_card_of_an_older_question_is_told_so(acme: Office) -> None:
    await asked(acme, "ask @ben for approval: Ship it?")
    card = acme.card("ben")
    value = buttons(card)["hr.approve"]["value"]
    old = value.replace((await acme.request()).digest, "0" * 64)
    action = {"action_id": "hr.approve", "value": old}
    await acme.slack.forge_click("ben", card.channel_id, card.ts, action)
    await acme.settle()
    assert "This card is old" in acme.whispers("ben")[0]
    assert (await acme.request()).is_open


async def test_a_choice_by_its_button(acme: Office) -> None:
    await asked(acme, "ask @ben: Which colour? options: red, green, blue")
    card = acme.card("ben")
    await acme.slack.click("ben", card.channel_id, card.ts, "hr.choose.1")
    request = await acme.request()
    assert request.outcome is not None
    assert request.outcome.choices == ("green",)


async def test_a_choice_from_a_select(acme: Office) -> None:
    options = ", ".join(f"option {n}" for n in range(8))
    await asked(acme, f"ask @ben: Which one? options: {options}")
    card = acme.card("ben")
    entries = buttons(card)["hr.pick"]["options"]
    await acme.slack.click("ben", card.channel_id, card.ts, "hr.pick", entries[6]["value"])
    outcome = (await acme.request()).outcome
    assert outcome is not None
    assert outcome.choices == ("option 6",)


async def test_several_choices_are_sent_together(acme: Office) -> None:
    await asked(acme, "ask @ben: Which days? options: Monday, Tuesday, Friday. several")
    card = acme.card("ben")
    entries = buttons(card)["hr.pick"]["options"]
    both = [entries[0]["value"], entries[2]["value"]]
    await acme.slack.click("ben", card.channel_id, card.ts, "hr.pick", both)
    assert (await acme.request()).is_open
    await acme.slack.click("ben", card.channel_id, card.ts, "hr.submit")
    outcome = (await acme.request()).outcome
    assert outcome is not None
    assert outcome.choices == ("Monday", "Friday")


async def test_words_to_the_bot_that_look_like_an_answer_are_asked_about(acme: Office) -> None:
    await asked(acme, "ask @ben for approval: Ship it?")
    said = await acme.slack.post_as("ben", "dm", "yes")
    await acme.settle()
    assert (await acme.request()).is_open
    back = acme.slack.messages(acme.slack.dm("ben"), thread_ts=said.ts)[-1]
    assert "Is this your answer to “Ship it?”?" in shown(back)
    assert await acme.session_at(said) is None
    await acme.slack.click("ben", back.channel_id, back.ts, "hr.confirm")
    request = await acme.request()
    assert request.state.value == "approved"
    (response,) = await acme.responses(request)
    assert response.raw_text == "yes"
    await acme.slack.click("ben", back.channel_id, back.ts, "hr.deny")
    await acme.settle()
    assert "settled already" in acme.whispers("ben")[-1]
    assert await acme.session_at(said) is None


async def test_words_that_were_no_answer_begin_a_session(acme: Office) -> None:
    await asked(acme, "ask @ben for approval: Ship it?")
    said = await acme.slack.post_as("ben", "dm", "no")
    await acme.settle()
    back = acme.slack.messages(acme.slack.dm("ben"), thread_ts=said.ts)[-1]
    await acme.slack.click("ben", back.channel_id, back.ts, "hr.deny")
    assert (await acme.request()).is_open
    session = await acme.session_at(said)
    assert session is not None
    assert await acme.said(session) == ["no"]


async def test_only_the_author_says_what_their_words_were(acme: Office) -> None:
    await asked(acme, "ask @ben for approval: Ship it?")
    said = await acme.slack.post_as("ben", "dm", "yes")
    await acme.settle()
    back = acme.slack.messages(acme.slack.dm("ben"), thread_ts=said.ts)[-1]
    value = next(b["accessory"]["value"] for b in back.blocks if "accessory" in b)
    opened_by_cleo = await acme.slack.mention("cleo", "general", "help")
    await acme.settle()
    action = {"action_id": "hr.confirm", "value": value}
    await acme.slack.forge_click("cleo", "general", opened_by_cleo.ts, action)
    await acme.settle()
    assert (await acme.request()).is_open
    assert "settled already" in acme.whispers("cleo")[-1]


async def test_one_of_several_claims_a_question_and_lets_go(acme: Office) -> None:
    await asked(acme, "ask @ben, @cleo for approval: Ship it?")
    card = acme.card("ben")
    await acme.slack.click("ben", card.channel_id, card.ts, "hr.claim")
    await acme.settle()
    assert "You are on it" in shown(acme.card("ben"))
    assert "Ben* is on it" in shown(acme.card("cleo")) or "Ben is on it" in shown(acme.card("cleo"))
    cleos = acme.card("cleo")
    await acme.slack.click("cleo", cleos.channel_id, cleos.ts, "hr.claim")
    await acme.settle()
    assert "is on it already" in acme.whispers("cleo")[-1]
    card = acme.card("ben")
    await acme.slack.click("ben", card.channel_id, card.ts, "hr.release")
    assert (await acme.request()).claimed_by is None


async def test_in_a_channel_one_claims_a_card_and_only_the_asked_decide(acme: Office) -> None:
    await asked(acme, "ask @ben, @cleo for approval: Ship it?")
    request = await acme.request()
    ben = await acme.person("ben")
    channel = acme.slack.channel("general")
    address = f"#{channel.team_id}/{channel.id}"

    def show_in_channel(tx: Any) -> None:
        tx.surfaces.add(
            Surface(
                id="channel-card",
                request_id=request.id,
                person_id=ben.id,
                channel="slack",
                address=address,
                lane=f"slack:{address}",
                position=9,
                priority=5,
                wanted_version=request.version,
                shown_version=0,
                seen_version=0,
                due_at=acme.clock.now(),
                claim_owner=None,
                claim_number=0,
                claim_until=None,
                attempts=0,
            )
        )

    await acme.store.run(show_in_channel)
    await acme.settle()
    (card,) = [m for m in acme.slack.messages("general") if m.metadata and not m.is_reply]
    await acme.slack.click("cleo", "general", card.ts, "hr.claim")
    await acme.settle()
    cleo = await acme.person("cleo")
    assert (await acme.request()).claimed_by == cleo.id
    (card,) = [m for m in acme.slack.messages("general") if m.metadata and not m.is_reply]
    assert "Cleo is on it" in shown(card).replace("*", "")
    await acme.slack.click("dana", "general", card.ts, "hr.approve")
    await acme.slack.post_as("dana", "general", "approved!", thread_ts=card.ts)
    await acme.settle()
    assert (await acme.request()).is_open
    assert len(acme.whispers("dana")) == 2
    await acme.slack.post_as("cleo", "general", "yes", thread_ts=card.ts)
    await acme.hear()
    assert (await acme.request()).state.value == "approved"
    await acme.settle()
    (card,) = [m for m in acme.slack.messages("general") if m.metadata and not m.is_reply]
    assert "hr.approve" not in buttons(card)


async def test_a_late_answer_in_words_is_kept_and_told(acme: Office) -> None:
    first = await asked(acme, "ask @ben for approval: Ship it? within 1h")
    card = acme.card("ben")
    await acme.pass_time(2 * 3_600_000_000)
    assert (await acme.request()).state.value == "expired"
    await acme.slack.post_as("ben", "dm", "yes", thread_ts=card.ts)
    await acme.settle()
    request = await acme.request()
    assert [r.standing.value for r in await acme.responses(request)] == ["late"]
    assert "kept" in acme.whispers("ben")[-1]
    assert any("after" in text for text in acme.texts("general", first.ts)[-2:])


async def test_clicks_are_decided_while_the_model_is_stalled(acme: Office) -> None:
    import asyncio

    await asked(acme, "ask @ben for approval: Ship it?")
    card = acme.card("ben")
    stuck = asyncio.Event()

    async def stall(_: object) -> None:
        await stuck.wait()

    acme.planner.script.append(stall)
    await acme.slack.mention("ana", "general", "think long")
    async with asyncio.timeout(3):
        delivery = await acme.slack.click("ben", card.channel_id, card.ts, "hr.approve")
    assert delivery.ok
    assert (await acme.request()).state.value == "approved"
    stuck.set()
    await acme.settle()
