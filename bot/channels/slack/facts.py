"""What happened on Slack, once it is read: plain facts with a key by which each counts once."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.instants import Micros

Value = str | tuple[str, ...]
"""What stands in an input: one value, or those that were picked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """Base of all; `team` is the workspace in which the bot is installed."""

    key: str
    team: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Ignored:
    """Nothing that concerns the bot; `reason` is for logs and quotes nothing."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """A file that came with a message, by name only."""

    id: str
    name: str
    mimetype: str
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard(Fact):
    """Somebody wrote something; `text` is as Slack sends it, `plain.plain` makes words of it."""

    channel: str
    user: str
    user_team: str
    """The author's own workspace: another one's for a stranger in a shared channel."""
    ts: str
    thread_ts: str | None
    """The thread's first message, where this is a reply in one."""
    text: str
    mentions_bot: bool
    is_dm: bool
    is_me: bool = False
    """Whether it was said of oneself ("/me")."""
    files: tuple[File, ...] = ()
    at: Micros

    @property
    def thread(self) -> str:
        """Return the thread that this is in, or would begin."""
        return self.thread_ts or self.ts


@dataclass(frozen=True, kw_only=True, slots=True)
class Edited(Fact):
    """Somebody changed what they had written."""

    channel: str
    user: str
    ts: str
    thread_ts: str | None
    before: str | None
    """The text as it was, where Slack tells."""
    text: str
    at: Micros


@dataclass(frozen=True, kw_only=True, slots=True)
class Deleted(Fact):
    """A message was taken away; `user` wrote it, where Slack tells."""

    channel: str
    ts: str
    thread_ts: str | None
    user: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class HomeOpened(Fact):
    """Somebody looks at the bot's Home, or at its messages."""

    user: str
    channel: str | None
    tab: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AssistantOpened(Fact):
    """Somebody opened the assistant's container, beside `context_channel`."""

    user: str
    channel: str
    thread_ts: str
    context_channel: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Stopped(Fact):
    """Somebody pressed Slack's own Stop in a thread where the agent was at work."""

    user: str
    channel: str
    thread_ts: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Joined(Fact):
    """Somebody joined a channel; `is_bot` when it was the bot itself."""

    channel: str
    user: str
    inviter: str | None
    is_bot: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Gone(Fact):
    """The bot may no longer act in a team; `bot` says whether the bot itself, else only users."""

    reason: str
    bot: bool
    users: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile(Fact):
    """What Slack tells of a user, new or changed."""

    user: str
    user_team: str
    handle: str
    name: str
    first_name: str
    email: str | None
    email_confirmed: bool
    zone: str | None
    deleted: bool
    is_bot: bool
    is_guest: bool
    is_stranger: bool
    updated: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Clicked(Fact):
    """Somebody used a button or a select; `value` is the button's or the picked option's."""

    user: str
    user_team: str
    action_id: str
    block_id: str
    value: str
    picked: tuple[str, ...] = ()
    """What stands in a select for several."""
    inputs: tuple[tuple[str, Value], ...] = ()
    """What stands in the inputs around it, by action id."""
    channel: str | None
    message_ts: str | None
    thread_ts: str | None
    view_id: str | None
    is_home: bool
    ephemeral: bool
    trigger_id: str
    """Opens a modal within 3 seconds."""
    response_url: str | None
    at: Micros


@dataclass(frozen=True, kw_only=True, slots=True)
class Submitted(Fact):
    """Somebody sent a modal; `inputs` by block id."""

    user: str
    user_team: str
    callback_id: str
    private_metadata: str
    view_id: str
    inputs: tuple[tuple[str, Value], ...]
    trigger_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Closed(Fact):
    """Somebody closed a modal without sending it."""

    user: str
    callback_id: str
    private_metadata: str
    view_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Pointed(Fact):
    """Somebody used a shortcut: on a message, or (without one) anywhere."""

    user: str
    user_team: str
    callback_id: str
    trigger_id: str
    response_url: str | None
    channel: str | None = None
    message_ts: str | None = None
    thread_ts: str | None = None
    text: str = ""
    author: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Commanded(Fact):
    """Somebody typed a slash command."""

    user: str
    channel: str
    command: str
    text: str
    trigger_id: str
    response_url: str
