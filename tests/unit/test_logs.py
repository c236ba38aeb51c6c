"""Logs: where they go, what they say, and what they never say; metrics beside them."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from web.logs import MASK, Disclosed, clean_text, configure_logging, quiet_baml, redact
from web.metrics import CONTENT_TYPE, new_metrics, render

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    names = ("bot", "web", "aiohttp.access")
    levels = {name: logging.getLogger(name).level for name in names}
    handlers, level = root.handlers[:], root.level
    access = logging.getLogger("aiohttp.access")
    disabled = access.disabled
    config = structlog.get_config()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    access.disabled = disabled
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    # Not its defaults: the ear on the suite's log would hear nothing from here on.
    structlog.configure(**config)
    structlog.contextvars.clear_contextvars()


def lines_of(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_json_where_there_is_no_terminal() -> None:
    stream = io.StringIO()
    configure_logging("INFO", "auto", stream)
    structlog.get_logger("bot.service.intake").info("stored", command="ReceiveMessage", seq=3)
    (line,) = lines_of(stream)
    assert line.pop("timestamp")
    assert line == {
        "event": "stored",
        "command": "ReceiveMessage",
        "seq": 3,
        "level": "info",
        "logger": "bot.service.intake",
    }


@pytest.mark.parametrize(
    ("stream", "chosen", "is_json"),
    [
        (io.StringIO, "auto", True),
        (Terminal, "auto", False),
        (Terminal, "json", True),
        (io.StringIO, "pretty", False),
    ],
)
def test_the_format_follows_the_terminal_unless_chosen(stream, chosen, is_json: bool) -> None:
    out = stream()
    configure_logging("INFO", chosen, out)
    structlog.get_logger("web.app").info("serving")
    assert "serving" in out.getvalue()
    assert out.getvalue().startswith("{") is is_json
    assert ("\x1b[" in out.getvalue()) is (stream is Terminal and chosen == "auto")


def test_the_standard_library_goes_the_same_way() -> None:
    stream = io.StringIO()
    configure_logging("INFO", "json", stream)
    logging.getLogger("bot.service").info("by %s", "percent", extra={"token": "t0ps3cret", "n": 1})
    (line,) = lines_of(stream)
    assert (line["event"], line["token"], line["n"]) == ("by percent", MASK, 1)
    assert line["logger"] == "bot.service"


def test_other_packages_are_heard_from_warnings_on() -> None:
    stream = io.StringIO()
    configure_logging("DEBUG", "json", stream)
    logging.getLogger("apscheduler.scheduler").info("Added job")
    logging.getLogger("aiohttp.access").error("GET /?token=abc")
    logging.getLogger("asyncio").error("Task exception was never retrieved")
    structlog.get_logger("bot.x").debug("mine")
    assert [line["logger"] for line in lines_of(stream)] == ["asyncio", "bot.x"]


def test_the_level_is_the_least_that_is_written() -> None:
    stream = io.StringIO()
    configure_logging("ERROR", "json", stream)
    structlog.get_logger("bot.x").warning("no")
    logging.getLogger("slack_bolt").warning("no")
    structlog.get_logger("bot.x").error("yes")
    assert [line["event"] for line in lines_of(stream)] == ["yes"]


def test_configuring_twice_writes_once() -> None:
    first, second = io.StringIO(), io.StringIO()
    configure_logging("INFO", "json", first)
    configure_logging("INFO", "json", second)
    logging.getLogger("web").info("once")
    assert (first.getvalue(), len(lines_of(second))) == ("", 1)


async def test_ids_of_request_and_session_follow_their_own_task() -> None:
    stream = io.StringIO()
    configure_logging("INFO", "json", stream)

    async def serve(request: str) -> None:
        with structlog.contextvars.bound_contextvars(request_id=request, session_id=f"s-{request}"):
            await asyncio.sleep(0)
            structlog.get_logger("web").info("structlog")
            logging.getLogger("bot").info("stdlib")

    await asyncio.gather(serve("1"), serve("2"))
    ids = {(line["event"], line["request_id"], line["session_id"]) for line in lines_of(stream)}
    assert ids == {(kind, n, f"s-{n}") for kind in ("structlog", "stdlib") for n in ("1", "2")}


@pytest.mark.parametrize("chosen", ["json", "pretty"])
def test_a_traceback_is_kept_and_its_secrets_are_not(chosen) -> None:
    stream = io.StringIO()
    configure_logging("INFO", chosen, stream)
    local_secret = "hush-" + "hush"
    try:
        raise ValueError(f"refused Bearer {JWT} of alice@example.org", len(local_secret))
    except ValueError:
        structlog.get_logger("web").exception("failed")
        logging.getLogger("web").exception("failed too")
    text = stream.getvalue()
    assert text.count("ValueError") >= 2
    assert "Traceback" in text
    assert JWT not in text
    assert "alice@" not in text
    assert "a…@example.org" in text
    assert "hush-hush" not in text


@pytest.mark.parametrize(
    ("text", "hidden", "kept"),
    [
        (f"Authorization: Bearer {JWT}", JWT, "Bearer ***"),
        (f"got {JWT}, refused", JWT, "refused"),
        ("bearer abcdef123456", "abcdef123456", "bearer ***"),
        ("GET /link?token=abc123&x=1", "abc123", "x=1"),
        ("refresh_token=abc123; Path=/", "abc123", "Path=/"),
        ("password=hunter2", "hunter2", "password="),
        ("postgresql://u:hunter2@host/db", "hunter2", "postgresql://u:***@host/db"),
        ("key sk-abcdefgh12345 refused", "abcdefgh12345", "refused"),
        ("xoxb-1234-5678-abcd", "5678", MASK),
        ("mail to anna.k+work@mail.example.org failed", "anna.k", "a…@mail.example.org"),
        ("two: a@example.org,bob@example.org", "bob@", "b…@example.org"),
        ("answered with status_code=200", "***", "status_code=200"),
        ("nothing to hide: https://example.org/a:b?x=1", MASK, "https://example.org/a:b?x=1"),
    ],
)
def test_text_is_cleaned(text: str, hidden: str, kept: str) -> None:
    assert hidden not in clean_text(text)
    assert kept in clean_text(text)


def test_keys_that_name_secrets_are_masked_at_any_depth() -> None:
    event = redact(
        None,
        "info",
        {
            "event": "x",
            "password": "p",
            "new_password": "p",
            "refresh_token": "t",
            "code": 123456,
            "headers": {"Authorization": "Basic x", "cookie": "c", "Accept": "a"},
            "rows": [{"secret": "s"}, ("bob@example.org", b"bytes")],
            "status_code": 404,
            "output_tokens": 17,
            "token": "",
            "nothing": None,
        },
    )
    assert event == {
        "event": "x",
        "password": MASK,
        "new_password": MASK,
        "refresh_token": MASK,
        "code": MASK,
        "headers": {"Authorization": MASK, "cookie": MASK, "Accept": "a"},
        "rows": [{"secret": MASK}, ["b…@example.org", "b'bytes'"]],
        "status_code": 404,
        "output_tokens": 17,
        "token": "",
        "nothing": None,
    }


def test_a_code_can_be_disclosed_on_purpose() -> None:
    stream = io.StringIO()
    configure_logging("INFO", "json", stream)
    structlog.get_logger("web").info("verify", code=Disclosed("123456"))
    assert lines_of(stream)[0]["code"] == "123456"


def test_control_characters_forge_no_lines() -> None:
    stream = io.StringIO()
    configure_logging("INFO", "pretty", stream)
    structlog.get_logger("web").info("a\r\nFAKE\x1b[2J", name="b\nFAKE\u2028x")
    assert len(stream.getvalue().splitlines()) == 1
    assert "\x1b" not in stream.getvalue()


def test_huge_values_are_cut() -> None:
    event = redact(None, "info", {"event": "x", "body": "eyJ-" * 100_000})
    assert len(event["body"]) < 10_000


@given(st.text())
def test_cleaning_never_fails_and_settles(text: str) -> None:
    once = clean_text(text)
    assert clean_text(once) == once


def test_baml_is_quiet_unless_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BAML_LOG", raising=False)
    quiet_baml()
    assert os.environ["BAML_LOG"] == "off"
    monkeypatch.setenv("BAML_LOG", "info")
    quiet_baml()
    assert os.environ["BAML_LOG"] == "info"


# --- metrics ----------------------------------------------------------------------------------


def test_metrics_are_named_and_labelled_as_documented() -> None:
    metrics = new_metrics(process=False)
    metrics.http_requests.labels(method="GET", route="/health", status="200").inc()
    metrics.http_request_seconds.labels(route="/health").observe(0.01)
    metrics.ws_sockets.set(2)
    metrics.intake_commands.labels(command="ReceiveMessage", outcome="stored").inc()
    metrics.turns.labels(outcome="done").inc()
    metrics.turn_seconds.observe(0.2)
    metrics.planner_calls.labels(planner="rules", outcome="ok").inc()
    metrics.surfaces.labels(channel="chat", outcome="shown").inc()
    metrics.questions.labels(kind="approval", state="pending").inc()
    metrics.sweep_seconds.observe(0.001)
    metrics.event_loop_lag_seconds.set(0.002)
    families = text_string_to_metric_families(render(metrics.registry).decode())
    samples = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }
    asked = (("method", "GET"), ("route", "/health"), ("status", "200"))
    assert samples["http_requests_total", asked] == 1
    assert samples["http_request_seconds_count", (("route", "/health"),)] == 1
    assert samples["ws_sockets", ()] == 2
    stored = (("command", "ReceiveMessage"), ("outcome", "stored"))
    assert samples["intake_commands_total", stored] == 1
    assert samples["turns_total", (("outcome", "done"),)] == 1
    assert samples["turn_seconds_count", ()] == 1
    assert samples["planner_calls_total", (("outcome", "ok"), ("planner", "rules"))] == 1
    assert samples["surfaces_total", (("channel", "chat"), ("outcome", "shown"))] == 1
    assert samples["questions_total", (("kind", "approval"), ("state", "pending"))] == 1
    assert samples["sweep_seconds_count", ()] == 1
    assert samples["event_loop_lag_seconds", ()] == 0.002


def test_two_servers_in_one_process_count_apart() -> None:
    one, other = new_metrics(), new_metrics()
    one.turns.labels(outcome="done").inc()
    assert b'turns_total{outcome="done"} 1.0' in render(one.registry)
    assert b'turns_total{outcome="done"}' not in render(other.registry)
    assert CONTENT_TYPE.startswith("text/plain")
