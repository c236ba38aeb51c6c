"""No surface shows a text that was reordered or that hides words."""

from __future__ import annotations

import json
from pathlib import Path

from bot.domain.feedback import Kind
from bot.domain.planning import AskHuman, Plan, Reply, Role
from tests.flows.stage import staged

FLIP = "\u202e"


async def test_what_a_model_asks_and_people_answer_is_shown_as_it_reads(tmp_path: Path) -> None:
    async with staged(tmp_path / "seen.db") as stage:
        await stage.cast("ann", "bob")
        ask = AskHuman(
            people=("bob",),
            question=f"Pay {FLIP}001 €?",
            context=f"It is{FLIP} due.",
            kind=Kind.CHOICE,
            options=(f"yes{FLIP}", "no"),
        )
        request = await stage.put("ann", ask)
        assert (request.question, request.context) == ("Pay 001 €?", "It is due.")
        assert request.options == ("yes", "no")
        stage.planner.script = [Plan(steps=(Reply(text=f"So{FLIP} be it."),))]
        await stage.answer("bob", request, text=f"{FLIP}perhaps")
        await stage.answer("bob", request, choices=("yes",), text=f"be{FLIP}fore noon")
        await stage.settle_down()
        for response in await stage.responses(request):
            assert FLIP not in response.raw_text
            assert response.answer is None or FLIP not in response.answer.words()
        said = [m.text for m in await stage.messages(request.session_id)]
        assert FLIP not in json.dumps(said, ensure_ascii=False)
        assert "So be it." in await stage.said(request.session_id, Role.AGENT)
