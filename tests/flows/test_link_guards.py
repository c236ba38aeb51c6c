"""What a link page refuses: foreign links and forms, floods, and what needs more than a link."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import structlog
from aiohttp import web

from bot.domain.feedback import Risk
from bot.domain.planning import ProposedAction
from bot.service.links import Purpose
from tests.clock import FakeClock
from tests.flows.asking import cast, put, seen_by
from tests.flows.conftest import Client, SignUp
from tests.flows.linking import Reading, filled, link_to, opened, pressed, sent, settings
from tests.flows.question_app import app, planner
from tests.flows.stage import ScriptedPlanner
from web.logs import configure_logging

__all__ = ["app", "planner", "settings"]


async def test_high_risk_wants_more_than_a_link(
    sign_up: SignUp, planner: ScriptedPlanner, app: web.Application, client: Client
) -> None:
    ann, *_ = await cast(sign_up, "ann", "bob")
    action = ProposedAction(
        tool="http_request",
        arguments=json.dumps(
            {"method": "POST", "url": "https://shop.example.org/o/7", "body": {"a": "x", "b": [1]}}
        ),
    )
    safe = await put(ann, planner, "bob", question="Low?")
    question = await put(ann, planner, "bob", risk=Risk.HIGH, action=action)
    link = await link_to(app, question, "bob")
    page = await opened(client, link)
    assert page.acts == []
    assert f"/#/questions/{question['id']}" in page.html
    assert "reply to the mail" in page.part("sign-in")
    assert "https://shop.example.org/o/7" in page.html
    assert "&#34;b&#34;: [" in page.html
    other = await opened(client, await link_to(app, safe, "bob"))
    for act in ("approve", "reject", "comment", "words", "delegate"):
        body = filled(other.form(act), act, {"digest": question["digest"], "words": "yes"})
        refused = await sent(client, link, body)
        assert refused.status == 403
        assert "Sign in" in refused.part("notice")
    assert (await seen_by(ann, question))["responses"] == []


async def test_an_address_that_is_not_theirs_any_more_decides_nothing(
    sign_up: SignUp, planner: ScriptedPlanner, app: web.Application, client: Client
) -> None:
    ann, *_ = await cast(sign_up, "ann", "bob")
    question = await put(ann, planner, "bob")
    link = await link_to(app, question, "bob", address="old@example.org")
    page = await opened(client, link)
    assert page.acts == []
    refused = await sent(client, link, {"act": "approve", "digest": question["digest"]})
    assert refused.status == 403
    assert (await seen_by(ann, question))["state"] == "pending"


async def test_links_do_not_open_one_another(
    sign_up: SignUp, planner: ScriptedPlanner, app: web.Application, client: Client
) -> None:
    ann, *_ = await cast(sign_up, "ann", "bob", "carl")
    first = await put(ann, planner, "bob")
    second = await put(ann, planner, "bob", "carl", question="And this?")
    link, other = await link_to(app, first, "bob"), await link_to(app, second, "bob")
    carls = await link_to(app, second, "carl")
    foreign = await opened(client, other)
    # The form of another request, or of another person, has no name here.
    for path, page in ((link, foreign), (carls, foreign), (other, await opened(client, carls))):
        assert (await pressed(client, path, "approve", page)).status == 409
    # One's own form with the digest of something else.
    body = filled((await opened(client, link)).form("approve"), "approve", {"digest": "0" * 64})
    wrong = await sent(client, link, body)
    assert wrong.status == 409
    assert "not the question that you were shown" in wrong.part("notice")
    body = filled((await opened(client, link)).form("approve"), "approve", {"digest": []})
    assert (await sent(client, link, body)).status == 409
    for question in (first, second):
        assert (await seen_by(ann, question))["state"] == "pending"


async def test_unknown_and_forged_links_open_nothing_and_are_few(
    sign_up: SignUp,
    planner: ScriptedPlanner,
    app: web.Application,
    client: Client,
    clock: FakeClock,
) -> None:
    ann, *_ = await cast(sign_up, "ann", "bob")
    question = await put(ann, planner, "bob")
    link = await link_to(app, question, "bob")
    reply = await link_to(app, question, "bob", purpose=Purpose.REPLY)
    forged = ["/f/x", reply, link[:-1], link + "a", f"{link[:-1]}1", "/f/" + "a" * 5000, "/f/%00"]
    pages = [await opened(client, path) for path in forged]
    assert {page.status for page in pages} == {404}
    assert len({page.html for page in pages}) == 1
    assert "opens nothing" in pages[0].text
    assert (await sent(client, "/f/x", {"act": "approve"})).status == 404
    for _ in range(20):
        last = await opened(client, "/f/x")
    assert last.status == 429
    assert int(last.headers["Retry-After"]) > 0
    assert (await opened(client, link)).status == 200
    clock.advance(minutes=2)
    assert (await opened(client, "/f/x")).status == 404


async def test_many_posts_from_one_address_have_to_wait(
    sign_up: SignUp, planner: ScriptedPlanner, app: web.Application, client: Client
) -> None:
    ann, *_ = await cast(sign_up, "ann", "bob")
    link = await link_to(app, await put(ann, planner, "bob"), "bob")
    statuses = [(await sent(client, link, {"act": "x"})).status for _ in range(61)]
    assert statuses == [409] * 60 + [429]


async def test_only_this_page_s_own_forms_are_taken(
    sign_up: SignUp, planner: ScriptedPlanner, app: web.Application, client: Client
) -> None:
    ann, *_ = await cast(sign_up, "ann", "bob")
    question = await put(ann, planner, "bob")
    link = await link_to(app, question, "bob")
    body = filled((await opened(client, link)).form("approve"), "approve", {})
    foreign: list[dict[str, str]] = [
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site", "Origin": "http://localhost:8000"},
        {"Origin": "https://evil.example"},
        {"Origin": "garbage"},
        {"Sec_Fetch_Site": "cross-site", "Origin": "null"},
    ]
    for headers in foreign:
        refused = await sent(client, link, body, **headers)
        assert (refused.status, "not sent from this page" in refused.text) == (403, True), headers
    wrong: list[tuple[Any, str, int]] = [
        (b"{}", "application/json", 415),
        (b"act=approve", "text/plain", 415),
        (b"act=%ff", "application/x-www-form-urlencoded", 400),
        (b"to=%00", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"a=b" for _ in range(200)), "application/x-www-form-urlencoded", 400),
        (b"note=" + b"x" * 65_536, "application/x-www-form-urlencoded", 413),
        (b"note=" + b"x" * 200_000, "application/x-www-form-urlencoded", 413),
    ]
    for data, kind, status in wrong:
        refused = await sent(client, link, data, Content_Type=kind)
        assert refused.status == status, (data[:20], kind)
        assert refused.headers["Content-Type"].startswith("text/html")
    assert (await seen_by(ann, question))["state"] == "pending"
    ours = {"Sec_Fetch_Site": "same-origin", "Origin": "null"}
    assert (await sent(client, link, body, **ours)).status == 200


async def test_its_headers_allow_nothing(
    sign_up: SignUp, planner: ScriptedPlanner, app: web.Application, client: Client
) -> None:
    ann, *_ = await cast(sign_up, "ann", "bob")
    link = await link_to(app, await put(ann, planner, "bob"), "bob")
    for path in (link, "/f/nothing"):
        page = await opened(client, path)
        assert page.headers["Content-Security-Policy"] == (
            "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; style-src 'self'; "
            "form-action 'self'"
        )
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in page.headers["X-Robots-Tag"]
        assert "<script" not in page.html
        assert "style=" not in page.html
        assert '<html lang="en">' in page.html
        for tag, given in Reading(page.html).tags:
            assert not any(name.startswith("on") for name in given), tag
            if tag == "link":
                async with client.get(given["href"] or "") as answer:
                    assert answer.status == 200


async def test_tokens_stay_out_of_logs_and_metrics(
    sign_up: SignUp, planner: ScriptedPlanner, app: web.Application, client: Client
) -> None:
    root = logging.getLogger()
    handlers, level, config = root.handlers[:], root.level, structlog.get_config()
    stream = io.StringIO()
    configure_logging("DEBUG", "json", stream)
    try:
        ann, *_ = await cast(sign_up, "ann", "bob")
        link = await link_to(app, await put(ann, planner, "bob"), "bob")
        await opened(client, f"{link}?choose=approve")
        await pressed(client, link, "approve")
        logging.getLogger("aiohttp.server").error("Invalid request line: GET %s HTTP/1.1", link)
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.configure(**config)
    async with client.get("/metrics") as answer:
        metrics = await answer.text()
    assert 'method="POST",route="/f/{token}",status="200"' in metrics
    written = stream.getvalue()
    assert '"route": "/f/{token}"' in written
    token = link.removeprefix("/f/")
    assert token not in written + metrics
    assert "/f/***" in written
