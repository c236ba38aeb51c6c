"""The whole story of one question in Slack, told alike by every place that tells it."""

from __future__ import annotations

from pathlib import Path

from bot.domain.instants import HOUR
from tests.flows.slack_office import Office, office
from web.views.questions import question_for


def home(acme: Office, who: str) -> str:
    """Return all that somebody's Home says."""
    view = acme.slack.home_of(who)
    assert view is not None
    return str(view.content["blocks"])


async def journal(acme: Office, request_id: str) -> list[str]:
    """Return the kinds of a question's journal entries, deliveries aside."""
    entries = await acme.store.read(lambda tx: tx.journal.of_request(request_id))
    return [e.kind for e in entries if not e.kind.startswith("surface.")]


async def test_a_question_from_the_mention_to_the_late_answer(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        first = await acme.slack.mention(
            "ana",
            "general",
            "ask all of @ben and @cleo for approval: Ship <!channel> it? within 4h. no reminders",
        )
        await acme.settle()
        acme.clock.advance(3)
        await acme.settle()
        request = await acme.request()
        assert request.place == f"slack:{first.team_id}/{first.channel_id}/{first.ts}"
        (asked,) = acme.texts("general", first.ts)
        assert "Ben" in asked
        for who in ("ana", "ben", "cleo"):
            await acme.slack.open_home(who)
        await acme.settle()
        assert "Ship" in home(acme, "ben").partition("You are waiting for")[0]
        assert "Ship" in home(acme, "ana").partition("You are waiting for")[2]

        # One approves by a button: it counts, and the card says what is missing.
        bens = acme.card("ben")
        assert (await acme.slack.click("ben", bens.channel_id, bens.ts, "hr.approve")).ok
        await acme.settle()
        assert "1 more answer is needed" in acme.whispers("ben")[0]
        assert "You answered: “approved”" in str(acme.card("ben").blocks)
        assert "1 more needed" in str(acme.card("cleo").blocks)

        # Nobody else does, and the question ends; its buttons go, and the asker is told.
        await acme.pass_time(5 * HOUR)
        request = await acme.request()
        assert request.state.value == "expired"
        cleos = acme.card("cleo")
        for card in (acme.card("ben"), cleos):
            shown = str(card.blocks)
            assert "hr.approve" not in shown
            assert "It was open until" in shown

        # The other answers in words, in the card's thread, an hour after the deadline.
        await acme.slack.post_as("cleo", "dm", "yes, go ahead", thread_ts=cleos.ts)
        await acme.settle()
        responses = await acme.responses(request)
        assert [(r.standing.value, r.raw_text) for r in responses] == [
            ("counted", ""),
            ("late", "yes, go ahead"),
        ]
        assert "kept" in acme.whispers("cleo")[-1]

        # The asker's thread, Home, the web page and the journal tell the same.
        told = acme.texts("general", first.ts)
        assert any("Ben" in text and "1 more needed" in text for text in told)
        assert any("Cleo" in text and "after" in text for text in told)
        await acme.slack.open_home("ana")
        await acme.settle()
        waiting = home(acme, "ana").partition("You are waiting for")[2]
        assert "Answered late: Cleo" in waiting
        assert "Ask again" in waiting
        ana = await acme.person("ana")
        page = await acme.store.read(lambda tx: question_for(tx, request.id, ana.id))
        assert page.state == "expired"
        assert [(r.by.name, r.standing, r.channel) for r in page.responses] == [
            (acme.slack.user("ben").real_name, "counted", "slack"),
            (acme.slack.user("cleo").real_name, "late", "slack"),
        ]
        assert await journal(acme, request.id) == [
            "request.asked",
            "response.counted",
            "request.expired",
            "response.late",
        ]
        verdict = await acme.store.read(lambda tx: tx.journal.verify(request.id))
        assert verdict.fault is None, verdict
        assert [one for one in acme.slack.workspace.mass_mentions if one.by != first.user] == []

        # Asked again from Home, it goes out as a new question.
        await acme.slack.click_in_home("ana", "hr.again")
        await acme.settle()
        again = (await acme.requests())[-1]
        assert (again.state.value, again.replaces) == ("pending", request.id)
