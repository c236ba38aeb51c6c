"""What each way in which a call of Slack's fails means: again, never, or nobody knows."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.service.ports.channel import Delivery, Fate

log = logging.getLogger(__name__)

DISCONNECTED = "Slack is disconnected for this team"
_RETRY_AFTER = 30.0
"""Seconds, where Slack limits us and does not say for how long."""
_LONGEST = 3_600.0
_CODE = re.compile(r"[a-z][a-z0-9_.:-]{0,79}")
_HTTP_OK = 200
_HTTP_TOO_MANY = 429
_HTTP_AUTH = (401, 403)

TOKEN_IS_DEAD = frozenset(
    {"account_inactive", "invalid_auth", "not_authed", "team_disabled", "token_revoked"}
)
"""By these Slack says that a token will never do again."""

_PASSING = {
    "accesslimited": "Slack limits access at the moment",
    "request_timeout": "Slack did not get the whole request",
    "service_unavailable": "Slack is not available at the moment",
    "team_added_to_org": "the workspace is being moved at Slack",
    "team_access_not_granted": "the workspace is not open to the app yet",
}
_FINAL = {
    "as_user_not_supported": "the app may not write there",
    "bot_not_found": "the app's user is gone",
    "cannot_dm_bot": "bots take no direct messages",
    "cannot_reply_to_message": "nothing can be said under that message",
    "cant_delete_message": "the message is not ours",
    "cant_update_message": "the message is not ours",
    "channel_is_archived": "the channel is archived",
    "channel_not_found": "the channel is gone, or the app may not see it",
    "channel_type_not_supported": "that kind of channel is not supported",
    "edit_window_closed": "the message can no longer be changed",
    "ekm_access_denied": "the workspace's administrators have suspended posting",
    "is_archived": "the channel is archived",
    "is_inactive": "the channel is archived",
    "message_not_found": "the message is gone",
    "messages_tab_disabled": "the app's Messages tab is switched off",
    "method_not_supported_for_channel_type": "that kind of channel is not supported",
    "no_permission": "the workspace does not let the app do this",
    "not_allowed_token_type": "the app's token is not of the right kind",
    "not_in_channel": "the app is not in that channel; invite it",
    "restricted_action": "the workspace lets only some people post there",
    "restricted_action_non_threadable_channel": "the channel takes no threads",
    "restricted_action_read_only_channel": "the channel is read-only",
    "restricted_action_thread_locked": "the thread is locked",
    "restricted_action_thread_only_channel": "the channel takes only threads",
    "thread_not_found": "the thread is gone",
    "user_disabled": "the person's account at Slack is deactivated",
    "user_not_found": "the person is not at Slack any more",
    "user_not_in_channel": "the person is not in that channel",
    "user_not_visible": "the app may not see that person",
}
_OURS = frozenset(
    {
        "blocks_mismatch",
        "invalid_arg_name",
        "invalid_arguments",
        "invalid_array_arg",
        "invalid_attachments",
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_charset",
        "invalid_chunks",
        "invalid_form_data",
        "invalid_json",
        "invalid_metadata_format",
        "invalid_metadata_schema",
        "invalid_post_type",
        "invalid_thread_ts",
        "json_not_object",
        "markdown_text_conflict",
        "metadata_must_be_sent_from_app",
        "metadata_too_large",
        "missing_post_type",
        "missing_recipient_team_id",
        "missing_recipient_user_id",
        "msg_blocks_too_long",
        "msg_too_long",
        "no_text",
        "too_many_attachments",
        "unknown_method",
    }
)
"""By these Slack says that we asked wrongly."""


class Refused(Exception):
    """A call that failed; `sentence` is for people, and holds nothing secret and no text."""

    def __init__(
        self, code: str, fate: Fate, sentence: str, *, retry_after: float | None = None
    ) -> None:
        super().__init__(code)
        self.code = code
        self.fate = fate
        self.sentence = sentence
        self.retry_after = retry_after

    @property
    def token_is_dead(self) -> bool:
        """Tell whether the team's token was refused, not what was asked with it."""
        return self.code in TOKEN_IS_DEAD or self.code == "token_expired"

    def delivery(self) -> Delivery:
        """Return what became of the attempt whose call this was."""
        return Delivery(fate=self.fate, detail=self.sentence, retry_after=self.retry_after)


def disconnected(why: str = "not_installed") -> Refused:
    """Return the refusal of a team that we have no token for."""
    return Refused(why, Fate.FAILED, DISCONNECTED)


def refusal_of(error: Exception) -> Refused:
    """Return what an exception of a call means."""
    match error:
        case Refused():
            return error
        case SlackApiError():
            return _answered(error)
        case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError():
            return Refused("unreachable", Fate.RETRY, "Slack cannot be reached")
        case TimeoutError():
            return Refused("timed_out", Fate.UNKNOWN, "Slack did not answer in time")
        case aiohttp.ClientError() | OSError():
            return Refused("connection_lost", Fate.UNKNOWN, "the connection to Slack was lost")
        case SlackClientError() | AttributeError() | ValueError() | TypeError():
            # The SDK's ways of saying that the answer is not Slack's: a proxy's page, half a JSON.
            return Refused("bad_answer", Fate.UNKNOWN, "Slack's answer could not be read")
    raise error


def _answered(error: SlackApiError) -> Refused:
    response = error.response
    status = getattr(response, "status_code", None) or getattr(response, "status", None)
    data = getattr(response, "data", None)
    headers: Mapping[str, str] = getattr(response, "headers", None) or {}
    body = data if isinstance(data, dict) else {}
    code = body.get("error")
    if status == _HTTP_TOO_MANY or code in ("ratelimited", "rate_limited"):
        return _limited(headers)
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        return _bare(status)
    needed = body.get("needed")
    return by_code(code, needed=needed if isinstance(needed, str) else "", where=_where(body))


def _limited(headers: Mapping[str, str]) -> Refused:
    asked = next((v for k, v in headers.items() if k.lower() == "retry-after"), "")
    seconds = float(asked) if re.fullmatch(r"[0-9]{1,6}(\.[0-9]+)?", asked) else _RETRY_AFTER
    return Refused(
        "ratelimited",
        Fate.RETRY,
        "Slack asks to wait",
        retry_after=min(max(seconds, 1.0), _LONGEST),
    )


def _bare(status: object) -> Refused:
    """Read an answer that says nothing but its HTTP status.

    What refuses at the door (503, 401) has done nothing; a gateway's 502 or 504 and a 500 may come
    after the deed.
    """
    if status in _HTTP_AUTH:
        return Refused("invalid_auth", Fate.FAILED, DISCONNECTED)
    if status == _HTTP_OK or not isinstance(status, int):
        return Refused("bad_answer", Fate.UNKNOWN, "Slack's answer could not be read")
    if status in (500, 502, 504):
        return Refused(f"http_{status}", Fate.UNKNOWN, f"Slack answered {status}")
    if status > 500:
        return Refused(f"http_{status}", Fate.RETRY, f"Slack answered {status}")
    return Refused(f"http_{status}", Fate.FAILED, f"Slack answered {status}")


def by_code(code: str, *, needed: str = "", where: str = "") -> Refused:
    """Return what one of Slack's error codes means."""
    if code in TOKEN_IS_DEAD:
        return disconnected(code)
    if code == "token_expired":
        return Refused(code, Fate.RETRY, "the app's token has expired")
    if code in ("internal_error", "fatal_error"):
        # docs.slack.dev: "some aspect of the operation" may have succeeded before the error.
        return Refused(code, Fate.UNKNOWN, "Slack had an internal error")
    if code in _PASSING:
        return Refused(code, Fate.RETRY, _PASSING[code])
    if code == "missing_scope":
        scope = f" “{needed}”" if _CODE.fullmatch(needed) else ""
        words = f"the app lacks the permission{scope}; install it again"
        return Refused(code, Fate.FAILED, words)
    if code in _OURS:
        log.error("slack refused what was written: %s%s", code, where)
        return Refused(code, Fate.FAILED, f"Slack did not take the message ({code})")
    return Refused(code, Fate.FAILED, _FINAL.get(code, f"Slack refused it ({code})"))


def _where(body: Mapping[str, object]) -> str:
    """Return the places of our mistakes, without the words that stand there."""
    found = re.findall(r"json-pointer:([/A-Za-z0-9_]{1,80})", json.dumps(body.get("errors", "")))
    return f" at {', '.join(found[:5])}" if found else ""
