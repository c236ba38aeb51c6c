"""What is typed into a link page: kept when something is wrong, shown as text, read as meant."""

from __future__ import annotations

import re
from typing import Any

import pytest
from aiohttp import web

from bot.domain.feedback import Field, FieldKind, Kind
from bot.service.ports.store import Transaction
from tests.clock import FakeClock
from tests.flows.asking import cast, put, renew, seen_by
from tests.flows.conftest import Client, SignUp
from tests.flows.linking import Reading, filled, link_to, opened, pressed, sent, settings
from tests.flows.question_app import app, planner
from tests.flows.stage import ScriptedPlanner
from web.keys import STORE

__all__ = ["app", "planner", "settings"]


EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp;{{7*7}}"


async def test_a_page_kept_open_for_two_days_loses_nothing(
    sign_up: SignUp,
    planner: ScriptedPlanner,
    app: web.Application,
    client: Client,
    clock: FakeClock,
) -> None:
    ann, *_ = await cast(sign_up, "ann", "bob")
    question = await put(ann, planner, "bob", kind=Kind.INPUT, question="Which day?")
    link = await link_to(app, question, "bob")
    page = await opened(client, link)
    clock.advance(hours=47)
    again = await pressed(client, link, "answer", page, text="\nMonday,\nI <think>")
    assert again.status == 409
    assert "press again" in again.part("notice")
    assert dict(again.form("answer").pairs)["text"] == "\r\nMonday,\r\nI <think>" or (
        dict(again.form("answer").pairs)["text"] == "\nMonday,\nI <think>"
    )
    done = await pressed(client, link, "answer", again)
    assert done.part("notice") == "Thank you. That decides it."
    await renew(ann)
    assert (await seen_by(ann, question))["outcome"]["words"] == "Monday,\nI <think>"


async def test_a_form_keeps_its_place_when_something_is_wrong(
    sign_up: SignUp, planner: ScriptedPlanner, app: web.Application, client: Client
) -> None:
    ann, *_ = await cast(sign_up, "ann", "bob")
    fields = (
        Field(name="amount", label="Amount", kind=FieldKind.NUMBER),
        Field(name="when", label="When", kind=FieldKind.DATE),
        Field(name="size", label="Size", kind=FieldKind.SELECT, options=("S & M", "L")),
        Field(name="gift", label="A gift?", kind=FieldKind.YES_NO),
        Field(name="note", label="Note", kind=FieldKind.TEXT, required=False),
    )
    question = await put(
        ann, planner, "bob", kind=Kind.FORM, question="What to order?", fields=fields
    )
    link = await link_to(app, question, "bob")
    typed = {"field_0": "a lot", "field_2": "S & M", "field_3": "yes", "field_4": "<b>x</b>"}
    wrong = await pressed(client, link, "answer", **typed)
    assert wrong.status == 422
    faulty = {
        given["id"]: given
        for _, given in Reading(wrong.html).tags
        if given.get("aria-invalid") == "true"
    }
    assert set(faulty) == {"field-0", "field-1"}
    assert faulty["field-0"]["aria-describedby"] == "field-0-fault"
    assert faulty["field-1"]["aria-describedby"] == "field-1-hint field-1-fault"
    ids = [given.get("id") for _, given in Reading(wrong.html).tags if "id" in given]
    assert len(ids) == len(set(ids))
    assert {"field-0-fault", "field-1-hint", "field-1-fault"} <= set(ids)
    assert "“Amount” is not a number like 12.5." in wrong.text
    kept = dict(wrong.form("answer").pairs)
    assert kept["field-0"] == "a lot"
    assert (kept["field-2"], kept["field-3"]) == ("S & M", "yes")
    assert kept["field-4"] == "<b>x</b>"
    right = await pressed(client, link, "answer", wrong, field_0="12.50", field_1="2026-03-14")
    assert right.status == 200
    assert (await seen_by(ann, question))["outcome"]["words"] == (
        "amount: 12.50; when: 2026-03-14; size: S & M; gift: yes; note: <b>x</b>"
    )


async def test_what_is_wrong_besides_is_said_where_it_is(
    sign_up: SignUp, planner: ScriptedPlanner, app: web.Application, client: Client
) -> None:
    ann, *_ = await cast(sign_up, "ann", "bob", "carl")
    question = await put(
        ann, planner, "bob", kind=Kind.CHOICE, question="Which?", options=("a", "b"), multiple=True
    )
    link = await link_to(app, question, "bob")
    none = await pressed(client, link, "answer", note="neither")
    assert (none.status, none.form("answer").pairs[-1][1]) == (422, "neither")
    assert 'id="answer-fault"' in none.html
    strange = await pressed(client, link, "answer", choice="7")
    assert strange.status == 422
    unclear = await pressed(client, link, "words", words="hmm, <i>both</i> maybe?")
    assert unclear.status == 200
    # The rules ask back at once; a model reads first, where there is one.
    assert re.search("could not tell|am reading your answer", unclear.part("notice"))
    assert "decided nothing" in unclear.part("said")
    assert "&lt;i&gt;both&lt;/i&gt; maybe?" in unclear.html
    nobody = await pressed(client, link, "delegate", to="<nobody>")
    assert nobody.status == 422
    assert 'value="&lt;nobody&gt;" aria-describedby="to-fault"' in nobody.html
    empty = await pressed(client, link, "comment", words="  ")
    assert (empty.status, 'id="words-fault"' in empty.html) == (422, True)
    form = (await opened(client, link)).form("answer")
    for act in ("", "explode", "approve"):
        refused = await sent(client, link, filled(form, act, {"choice": "0"}))
        assert refused.status == 422, act
    assert (await seen_by(ann, question))["state"] == "pending"
    both = await pressed(client, link, "answer", choice=["1", "0"], note="really")
    assert both.status == 200
    assert (await seen_by(ann, question))["outcome"]["words"] == "a, b (really)"


KINDS: list[dict[str, Any]] = [
    {"kind": Kind.APPROVAL},
    {"kind": Kind.INPUT},
    {"kind": Kind.CHOICE, "options": (EVIL[:70], "b" + EVIL[:60])},
    {
        "kind": Kind.FORM,
        "fields": (
            Field(name="t" + EVIL[:60], label=EVIL[:70], kind=FieldKind.TEXT),
            Field(name="s", label="s", kind=FieldKind.SELECT, options=(EVIL, "2" + EVIL)),
            Field(name="y", label=EVIL[:70], kind=FieldKind.YES_NO),
            Field(name="n", label=EVIL[:70], kind=FieldKind.NUMBER),
        ),
    },
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind["kind"].value)
async def test_markup_in_every_text_is_inert(
    sign_up: SignUp,
    planner: ScriptedPlanner,
    app: web.Application,
    client: Client,
    kind: dict[str, Any],
) -> None:
    ann, *_ = await cast(sign_up, "ann", "bob", "carl")
    question = await put(
        ann,
        planner,
        "bob",
        "carl",
        **{"question": EVIL, "context": EVIL, "everybody": True, **kind},
    )
    link = await link_to(app, question, "bob")

    def rename(tx: Transaction) -> None:
        for username in ("ann", "bob", "carl"):
            person = tx.people.find(username)
            assert person is not None
            tx.people.rename(person.id, f"{username}{EVIL}")

    await app[STORE].run(rename)
    page = await opened(client, f"{link}?choose=%22%3E%3Cscript%3E")
    worded = "words" if "words" in page.acts else "comment"
    act = "approve" if kind["kind"] is Kind.APPROVAL else "answer"
    typed = {"note": EVIL, "text": EVIL, "field_0": EVIL, "field_3": EVIL, "choice": "0"}
    pages = [
        page,
        await pressed(client, link, worded, words=f"so {EVIL}"),
        await pressed(client, link, "delegate", to=EVIL[:200]),
        await pressed(client, link, act, **typed),
        await opened(client, link),
        await opened(client, await link_to(app, question, "carl")),
    ]
    for each in pages:
        assert each.status in (200, 422)
        assert "alert(1)" in each.text
        read = Reading(each.html)
        assert not {tag for tag, _ in read.tags} & {"script", "img", "iframe", "style", "svg"}
        assert not [name for _, given in read.tags for name in given if name.startswith("on")]
        assert "{{7*7}}" in each.text


async def test_what_the_mail_s_button_chose_is_marked_and_not_done(
    sign_up: SignUp, planner: ScriptedPlanner, app: web.Application, client: Client
) -> None:
    ann, *_ = await cast(sign_up, "ann", "bob")
    question = await put(
        ann, planner, "bob", kind=Kind.CHOICE, question="Which?", options=("a", "b")
    )
    link = await link_to(app, question, "bob")
    chosen = await opened(client, f"{link}?choose=2")
    assert ("choice", "1") in chosen.form("answer").pairs
    assert "Nothing is sent until you press" in chosen.part("pressed")
    for nothing in ("3", "0", "-1", "approve", "²", "9" * 50):
        page = await opened(client, f"{link}?choose={nothing}")
        assert page.part("pressed") == ""
    assert "pressed" not in (await opened(client, link)).html.replace("link-pressed", "")
    done = await pressed(client, f"{link}?choose=2", "answer", chosen)
    assert done.part("notice") == "Thank you. That decides it."
