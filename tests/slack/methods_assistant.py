"""The `assistant.threads.*` and `agents.sessions.*` methods: status, title, prompts, sessions."""

from __future__ import annotations

from tests.slack.calling import Backend, Caller, need
from tests.slack.failures import SlackRefusal, bad_arguments
from tests.slack.records import Channel, Json

STATUSES = {"active", "processing", "suspended", "closed"}
MOST_TITLE = 200
MOST_PROMPTS = 4


def _thread(backend: Backend, caller: Caller, args: Json) -> tuple[Channel, str]:
    channel_id, thread_ts = need(args, "channel_id", "thread_ts")
    channel = backend.workspace.channel_for(channel_id, caller.team_id, caller.user.id)
    if caller.user.id not in channel.members:
        raise SlackRefusal("not_in_channel")
    if thread_ts not in channel.messages:
        raise SlackRefusal("thread_not_found")
    return channel, thread_ts


def set_status(backend: Backend, caller: Caller, args: Json) -> Json:
    """`assistant.threads.setStatus`: an empty one takes it away."""
    channel, thread_ts = _thread(backend, caller, args)
    status = args.get("status")
    if not isinstance(status, str):
        raise bad_arguments("missing required field: status")
    loading = args.get("loading_messages") or []
    if len(loading) > 10:
        raise bad_arguments("no more than 10 items allowed [json-pointer:/loading_messages]")
    key = (channel.id, thread_ts)
    backend.workspace.statuses.pop(key, None)
    if status:
        until = backend.workspace.clock.now() + backend.status_seconds
        backend.workspace.statuses[key] = {"status": status, "until": until, "loading": loading}
    return {}


def set_title(backend: Backend, caller: Caller, args: Json) -> Json:
    """`assistant.threads.setTitle`: only in direct messages."""
    channel, thread_ts = _thread(backend, caller, args)
    (title,) = need(args, "title")
    if channel.kind != "im":
        raise SlackRefusal("channel_type_not_supported")
    backend.workspace.titles[channel.id, thread_ts] = title
    return {}


def set_prompts(backend: Backend, caller: Caller, args: Json) -> Json:
    """`assistant.threads.setSuggestedPrompts`: up to four, in a thread or in the Messages tab."""
    (channel_id,) = need(args, "channel_id")
    channel = backend.workspace.channel_for(channel_id, caller.team_id, caller.user.id)
    if channel.kind != "im":
        raise SlackRefusal("channel_type_not_supported")
    prompts = args.get("prompts")
    if not isinstance(prompts, list) or not 1 <= len(prompts) <= MOST_PROMPTS:
        raise bad_arguments("must have 1 to 4 items [json-pointer:/prompts]")
    for number, prompt in enumerate(prompts):
        if not isinstance(prompt, dict) or not prompt.get("title") or not prompt.get("message"):
            raise bad_arguments(f"missing required field [json-pointer:/prompts/{number}]")
    thread_ts = args.get("thread_ts") or None
    if thread_ts is not None and thread_ts not in channel.messages:
        raise SlackRefusal("thread_not_found")
    backend.workspace.prompts[channel.id, thread_ts] = {
        "title": args.get("title"),
        "prompts": prompts,
    }
    return {}


def put_status(
    backend: Backend, channel_id: str, thread_ts: str, status: str, title: str | None = None
) -> Json:
    """Keep a session's status; a session that is new takes the title."""
    sessions = backend.workspace.sessions
    session = sessions.setdefault((channel_id, thread_ts), {"title": title, "history": []})
    session["status"] = status
    session["history"].append(status)
    return session


def set_session_status(backend: Backend, caller: Caller, args: Json) -> Json:
    """`agents.sessions.setStatus`."""
    (status,) = need(args, "status")
    if status not in STATUSES:
        raise bad_arguments(f"must be one of {', '.join(sorted(STATUSES))} [json-pointer:/status]")
    _check_title(args, required=False)
    channel, thread_ts = _thread(backend, caller, args)
    initiator = args.get("initiator_user_id")
    if initiator and initiator not in channel.members:
        raise SlackRefusal("user_not_in_channel")
    session = put_status(backend, channel.id, thread_ts, status, args.get("title"))
    shown = {"status": status, "agent_status": status, "title": session["title"] or ""}
    subscribed = backend.workspace.app.events
    if subscribed is not None and "agent_session_stopped" not in subscribed:
        shown["warning"] = "missing_agent_session_stopped_event_subscription"
    return shown


def rename_session(backend: Backend, caller: Caller, args: Json) -> Json:
    """`agents.sessions.rename`."""
    channel, thread_ts = _thread(backend, caller, args)
    _check_title(args, required=True)
    session = backend.workspace.sessions.get((channel.id, thread_ts))
    if session is None:
        raise SlackRefusal("session_not_found")
    session["title"] = args["title"]
    return {"title": args["title"]}


def _check_title(args: Json, *, required: bool) -> None:
    title = args.get("title")
    if title is None and not required:
        return
    if not isinstance(title, str) or not 1 <= len(title) <= MOST_TITLE:
        raise bad_arguments(f"must be 1 to {MOST_TITLE} characters [json-pointer:/title]")


METHODS = {
    "assistant.threads.setStatus": set_status,
    "assistant.threads.setTitle": set_title,
    "assistant.threads.setSuggestedPrompts": set_prompts,
    "agents.sessions.setStatus": set_session_status,
    "agents.sessions.rename": rename_session,
}
