"""What comes in at Slack's address: only what Slack has signed just now, and nothing breaks it."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest

from tests.flows.slack_office import Office, office
from tests.slack.outbox import Parcel
from tests.slack.signing import HONEST, Tampering, headers


@pytest.fixture
async def acme(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as acme:
        yield acme


async def send(
    acme: Office,
    body: bytes,
    kind: str = "application/json",
    tampering: Tampering = HONEST,
    **more: str,
) -> int:
    """Send a signed body, and return the status."""
    now = acme.slack.clock.now()
    sent = headers(acme.slack.app.signing_secret, now, body, tampering)
    sent |= {"Content-Type": kind} | {name.replace("_", "-"): v for name, v in more.items()}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{acme.url}/slack/events", data=io.BytesIO(body), headers=sent) as answer,
    ):
        return answer.status


def event(acme: Office, **more: Any) -> dict[str, Any]:
    """Return a message event of ana's, changed as wished."""
    ana = acme.slack.user("ana")
    channel = acme.slack.channel("general")
    happened = {
        "type": "message",
        "user": ana.id,
        "text": "hello",
        "ts": "1772442000.000100",
        "channel": channel.id,
        "channel_type": "channel",
        "event_ts": "1772442000.000100",
    }
    body = {
        "type": "event_callback",
        "team_id": ana.team_id,
        "api_app_id": "A0",
        "event_id": "Ev1",
        "event_time": 1,
        "event": happened,
    }
    return body | more


FORGED = {
    "another secret": Tampering(secret="other"),
    "no signature": Tampering(signature=""),
    "no timestamp": Tampering(timestamp=""),
    "old": Tampering(age=301),
    "from the future": Tampering(age=-301),
    "not a number": Tampering(timestamp="soon"),
    "a float": Tampering(timestamp="1772442000.5"),
    "digits of another script": Tampering(timestamp="\u0661\u0667\u0667\u0662"),
    "huge": Tampering(timestamp="9" * 200),
    "negative": Tampering(timestamp="-1"),
    "not ASCII": Tampering(signature="v0=\u00e9\u00e9"),
    "empty hash": Tampering(signature="v0="),
    "another body": Tampering(body=b"{}"),
}


@pytest.mark.parametrize("how", FORGED)
async def test_what_is_not_signed_just_now_is_refused(acme: Office, how: str) -> None:
    body = json.dumps(event(acme)).encode()
    forged = FORGED[how]
    sent = forged.body or body
    now = acme.slack.clock.now()
    signed = headers(acme.slack.app.signing_secret, now, body, forged)
    signed["Content-Type"] = "application/json"
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{acme.url}/slack/events", data=sent, headers=signed) as answer,
    ):
        assert answer.status == 401


async def test_two_signatures_are_none(acme: Office) -> None:
    body = json.dumps(event(acme)).encode()
    signed = headers(acme.slack.app.signing_secret, acme.slack.clock.now(), body)
    pairs = [*signed.items(), ("X-Slack-Signature", "v0=x")]
    from multidict import CIMultiDict

    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{acme.url}/slack/events", data=body, headers=CIMultiDict(pairs)) as answer,
    ):
        assert answer.status == 401


async def test_a_signed_event_is_taken_and_the_challenge_answered(acme: Office) -> None:
    assert await send(acme, json.dumps(event(acme)).encode()) == 200
    assert await acme.slack.verify_url()


MALFORMED: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"{", "application/json"),
    "a list": (b"[]", "application/json"),
    "a number": (b"1", "application/json"),
    "not UTF-8": (b"\xff\xfe{}", "application/json"),
    "deep": (b"[" * 100_000, "application/json"),
    "nothing": (b"", "application/json"),
    "empty object": (b"{}", "application/json"),
    "payload no JSON": (urlencode({"payload": "{"}).encode(), "application/x-www-form-urlencoded"),
    "payload a list": (urlencode({"payload": "[]"}).encode(), "application/x-www-form-urlencoded"),
    "bad form": (b"%zz=%ff&" * 200, "application/x-www-form-urlencoded"),
    "no team": (b'{"type": "event_callback", "event": {"type": "message"}}', "application/json"),
    "team a number": (b'{"type": "event_callback", "team_id": 5}', "application/json"),
    "unknown type": (b'{"type": "surprise"}', "application/json"),
    "actions no list": (
        urlencode({"payload": '{"type":"block_actions","team":{"id":"T1"},"actions":5}'}).encode(),
        "application/x-www-form-urlencoded",
    ),
}


@pytest.mark.parametrize("what", MALFORMED)
async def test_signed_nonsense_is_refused_and_breaks_nothing(acme: Office, what: str) -> None:
    body, kind = MALFORMED[what]
    assert 400 <= await send(acme, body, kind) < 500


@pytest.mark.parametrize(
    "change",
    [
        {"event": {"type": "message"}},
        {"event": {"type": 7}},
        {"event": []},
        {"event": None},
        {"authorizations": 3},
        {"event": {"type": "message", "user": {"id": "U1"}, "ts": "x", "channel": "C1"}},
        {"event": {"type": "message", "subtype": "message_changed", "channel": "C1"}},
    ],
)
async def test_events_of_a_wrong_shape_are_refused(acme: Office, change: dict[str, Any]) -> None:
    assert await send(acme, json.dumps(event(acme) | change).encode()) == 400


async def test_an_unknown_charset_does_not_break_it(acme: Office) -> None:
    body = json.dumps(event(acme)).encode()
    assert await send(acme, body, "application/json; charset=wat") == 200


async def test_a_body_that_is_too_large_is_refused_early(acme: Office) -> None:
    body = json.dumps(event(acme, padding="x" * (1024 * 1024 + 1))).encode()
    assert await send(acme, body) == 413


async def test_an_unknown_team_is_refused_and_logged_once(
    acme: Office, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(3):
        body = json.dumps(event(acme, team_id="T0STRANGE", event_id=f"E{number}")).encode()
        assert await send(acme, body) == 403
    assert [r.message for r in caplog.records].count(
        "slack sends for a team that is not installed"
    ) == 1


async def test_an_unknown_event_is_acknowledged(acme: Office) -> None:
    body = event(acme) | {"event": {"type": "star_added", "user": "U1", "event_ts": "1.2"}}
    assert await send(acme, json.dumps(body).encode()) == 200


async def test_what_cannot_be_stored_is_not_acknowledged(
    acme: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.domain.errors import Unavailable

    async def down(*_: object) -> None:
        raise Unavailable("the database is down")

    monkeypatch.setattr(acme.store, "run", down)
    acme.slack.post.retry_at_once = False
    first = await acme.slack.mention("ana", "general", "help")
    assert {delivery.status for delivery in acme.slack.post.deliveries} == {503}
    monkeypatch.undo()
    acme.clock.advance(60)
    again = await acme.slack.post.retry_due(all_=True)
    assert all(delivery.ok for delivery in again)
    await acme.hear()
    assert await acme.session_at(first) is not None


async def test_no_text_of_anybody_gets_into_the_log(
    acme: Office, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    await acme.slack.mention("ana", "general", "the passphrase is xyzzy-4711")
    body = event(acme) | {"event": {"type": "message", "text": "xyzzy-4711"}}
    await send(acme, json.dumps(body).encode())
    await acme.slack.post.send(Parcel(kind="interaction", body={"type": "xyzzy-4711"}, team_id=""))
    await acme.settle()
    captured = capsys.readouterr()
    assert "xyzzy" not in caplog.text + captured.out + captured.err


async def test_slacks_secrets_in_the_environment_do_not_reach_bolt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_CLIENT_ID", "1.2")
    monkeypatch.setenv("SLACK_CLIENT_SECRET", "secret")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-other")
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "other")
    async with office(tmp_path, slack_client_id="", slack_client_secret="") as acme:
        first = await acme.slack.mention("ana", "general", "help")
        await acme.settle()
        assert await acme.session_at(first) is not None
