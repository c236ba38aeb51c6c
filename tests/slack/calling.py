"""What every Web API method works on: the backend it changes and the caller it serves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.slack.failures import SlackRefusal, bad_arguments
from tests.slack.outbox import Outbox
from tests.slack.posting import Posting
from tests.slack.records import Channel, Json, Token, User
from tests.slack.tokens import Tokens
from tests.slack.triggers import Triggers
from tests.slack.workspace import Workspace


@dataclass(kw_only=True, slots=True)
class Backend:
    """The parts of the simulated Slack that methods use."""

    workspace: Workspace
    tokens: Tokens
    triggers: Triggers
    outbox: Outbox
    posting: Posting
    base_url: str = ""
    socket_url: Callable[[], str] = lambda: ""
    codes: dict[str, Json] = field(default_factory=dict)
    """OAuth codes that were handed out, by their value."""
    history_limit: int = 15
    """Objects that `conversations.history` and `.replies` give at once."""
    stream_seconds: float = 300.0
    """How long a stream lives after it was started."""
    lost_thread: str = "thread_not_found"
    """How a post into a thread that is gone is refused; empty: it lands in the channel itself.

    Slack was seen to do either, and to say `cannot_reply_to_message`: try the product with each.
    """
    status_seconds: float = 120.0
    """How long a thread's status is shown."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Who calls: a token and its user, or nobody for methods that need no token."""

    token: Token
    user: User

    @property
    def team_id(self) -> str:
        return self.token.team_id


Method = Callable[[Backend, Caller, Json], Json]
Anonymous = Callable[[Backend, Json], Json]


def need(args: Json, *names: str) -> tuple[str, ...]:
    """Return required arguments as strings; refuse a call that lacks one."""
    missing = [name for name in names if args.get(name) in (None, "")]
    if missing:
        raise bad_arguments(*(f"missing required field: {name}" for name in missing))
    return tuple(str(args[name]) for name in names)


def truthy(value: Any) -> bool:
    """Read a flag as forms and JSON carry it."""
    return value in (True, "1", "true", "True")


def count(args: Json, name: str, default: int, most: int) -> int:
    """Read a number; refuse what is none."""
    value = args.get(name)
    if value in (None, ""):
        return default
    try:
        number = int(str(value))
    except ValueError:
        raise SlackRefusal("invalid_limit") from None
    if number < 1:
        raise SlackRefusal("invalid_limit")
    return min(number, most)


def writable(backend: Backend, caller: Caller, wanted: object) -> Channel:
    """Find a conversation that the caller may write to; a user's id opens direct messages."""
    workspace = backend.workspace
    name = str(wanted or "")
    if name in workspace.users:
        channel = open_direct(backend, caller, workspace.users[name])
    elif name:
        channel = workspace.channel_for(name, caller.team_id, caller.user.id)
    else:
        raise SlackRefusal("channel_not_found")
    if channel.is_archived:
        raise SlackRefusal("is_archived")
    public = channel.kind == "channel" and "chat:write.public" in caller.token.scopes
    if caller.user.id not in channel.members and not public:
        raise SlackRefusal("not_in_channel")
    return channel


def open_direct(backend: Backend, caller: Caller, user: User) -> Channel:
    """Open direct messages with a user, unless that user is a bot or has left."""
    if user.is_bot:
        raise SlackRefusal("cannot_dm_bot")
    if user.deleted:
        raise SlackRefusal("user_disabled")
    if user.team_id != caller.team_id and user.is_stranger:
        raise SlackRefusal("user_not_visible")
    return backend.workspace.direct_channel(user, caller.team_id)
