"""What each of Slack's refusals means: a table, code by code."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.channels.slack.refusals import DISCONNECTED, Refused, by_code, refusal_of
from bot.service.ports.channel import Fate


def answered(
    status: int = 200, headers: dict[str, str] | None = None, body: Any = None, **facts: Any
) -> SlackApiError:
    """Return what the SDK raises for an answer."""
    response = AsyncSlackResponse(
        client=None,
        http_verb="POST",
        api_url="https://slack.com/api/chat.postMessage",
        req_args={},
        data=body if body is not None else {"ok": False, **facts},
        headers=headers or {},
        status_code=status,
    )
    return SlackApiError("no", response)


CODES = [
    ("token_revoked", Fate.FAILED, DISCONNECTED),
    ("account_inactive", Fate.FAILED, DISCONNECTED),
    ("invalid_auth", Fate.FAILED, DISCONNECTED),
    ("not_authed", Fate.FAILED, DISCONNECTED),
    ("team_disabled", Fate.FAILED, DISCONNECTED),
    ("token_expired", Fate.RETRY, "expired"),
    ("is_archived", Fate.FAILED, "archived"),
    ("not_in_channel", Fate.FAILED, "invite"),
    ("channel_not_found", Fate.FAILED, "gone"),
    ("user_disabled", Fate.FAILED, "deactivated"),
    ("user_not_found", Fate.FAILED, "not at Slack"),
    ("cannot_dm_bot", Fate.FAILED, "bots"),
    ("messages_tab_disabled", Fate.FAILED, "Messages tab"),
    ("thread_not_found", Fate.FAILED, "thread"),
    ("message_not_found", Fate.FAILED, "gone"),
    ("restricted_action_read_only_channel", Fate.FAILED, "read-only"),
    ("internal_error", Fate.UNKNOWN, "internal"),
    ("fatal_error", Fate.UNKNOWN, "internal"),
    ("service_unavailable", Fate.RETRY, "not available"),
    ("request_timeout", Fate.RETRY, "request"),
    ("team_added_to_org", Fate.RETRY, "moved"),
    ("invalid_blocks", Fate.FAILED, "did not take"),
    ("msg_too_long", Fate.FAILED, "did not take"),
    ("no_text", Fate.FAILED, "did not take"),
    ("something_new", Fate.FAILED, "something_new"),
]


@pytest.mark.parametrize(("code", "fate", "words"), CODES)
def test_each_code_has_its_own_outcome(code: str, fate: Fate, words: str) -> None:
    refused = refusal_of(answered(error=code))
    assert refused.code == code
    assert refused.fate is fate
    assert words in refused.sentence
    assert refused.delivery().detail == refused.sentence


@pytest.mark.parametrize(
    ("status", "fate"),
    [
        (401, Fate.FAILED),
        (403, Fate.FAILED),
        (404, Fate.FAILED),
        (500, Fate.UNKNOWN),
        (502, Fate.UNKNOWN),
        (503, Fate.RETRY),
        (504, Fate.UNKNOWN),
        (529, Fate.RETRY),
    ],
)
def test_an_answer_that_says_nothing_but_its_status(status: int, fate: Fate) -> None:
    assert refusal_of(answered(status, body="<html>")).fate is fate


@pytest.mark.parametrize(
    ("said", "waited"),
    [("30", 30.0), ("1.5", 1.5), ("0", 1.0), ("999999", 3_600.0), ("", 30.0), ("soon", 30.0),
     ("-4", 30.0), ("٣", 30.0)],
)  # fmt: skip
def test_retry_after_is_honoured_as_far_as_it_can_be_read(said: str, waited: float) -> None:
    for error in (
        answered(429, {"Retry-After": said}, error="ratelimited"),
        answered(429, {"retry-after": said}, body="slow down"),
    ):
        refused = refusal_of(error)
        assert (refused.fate, refused.retry_after) == (Fate.RETRY, waited)


@pytest.mark.parametrize(
    ("error", "fate"),
    [
        (aiohttp.ConnectionTimeoutError(), Fate.RETRY),
        (aiohttp.ServerDisconnectedError(), Fate.UNKNOWN),
        (aiohttp.ClientOSError(), Fate.UNKNOWN),
        (aiohttp.ClientPayloadError(), Fate.UNKNOWN),
        (aiohttp.SocketTimeoutError(), Fate.UNKNOWN),
        (TimeoutError(), Fate.UNKNOWN),
        (ConnectionResetError(), Fate.UNKNOWN),
        (SlackClientError(), Fate.UNKNOWN),
        (AttributeError("'str' object has no attribute 'get'"), Fate.UNKNOWN),
    ],
)
def test_what_breaks_on_the_way_is_unknown_unless_nothing_was_sent(
    error: Exception, fate: Fate
) -> None:
    assert refusal_of(error).fate is fate


def test_a_missing_permission_is_named_and_nothing_else_of_the_answer() -> None:
    assert (
        "“chat:write”" in refusal_of(answered(error="missing_scope", needed="chat:write")).sentence
    )
    told = refusal_of(answered(error="missing_scope", needed="xoxb-secret text <b>")).sentence
    assert "secret" not in told


@pytest.mark.parametrize("code", ["", "UPPER", "a b", "x" * 200, "<b>", 7, None, ["a"]])
def test_a_code_that_is_none_is_never_repeated(code: object) -> None:
    refused = refusal_of(answered(error=code))
    assert refused.fate is Fate.UNKNOWN
    assert refused.code == "bad_answer"


def test_our_mistake_is_logged_by_its_place_and_not_by_its_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    errors = ["must be at most 3000 characters: my secret [json-pointer:/blocks/3/text]"]
    refusal_of(answered(error="invalid_blocks", errors=errors))
    assert "/blocks/3/text" in caplog.text
    assert "secret" not in caplog.text


def test_a_refusal_passes_as_it_is() -> None:
    refused = by_code("is_archived")
    assert refusal_of(refused) is refused
    with pytest.raises(KeyError):
        refusal_of(KeyError("a bug of ours"))
    assert isinstance(refused, Refused)
