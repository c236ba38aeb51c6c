"""What a workspace consists of: teams, people, channels, messages, views, files and installs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(kw_only=True, slots=True)
class Team:
    """A workspace of Slack's, by its id `T…`."""

    id: str
    name: str
    domain: str


@dataclass(kw_only=True, slots=True)
class User:
    """A member of a team: a person, a guest or a bot."""

    id: str
    team_id: str
    name: str
    real_name: str
    email: str | None = None
    is_email_confirmed: bool = True
    tz: str = "Etc/UTC"
    tz_label: str = "UTC"
    tz_offset: int = 0
    locale: str = "en-US"
    deleted: bool = False
    is_admin: bool = False
    is_owner: bool = False
    is_bot: bool = False
    is_stranger: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    bot_id: str | None = None
    app_id: str | None = None
    updated: int = 0


@dataclass(kw_only=True, slots=True)
class Message:
    """One message; `ts` is its id within the channel."""

    ts: str
    channel_id: str
    team_id: str
    user: str
    text: str = ""
    thread_ts: str | None = None
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    metadata: Json | None = None
    subtype: str | None = None
    bot_id: str | None = None
    app_id: str | None = None
    username: str | None = None
    files: list[Json] = field(default_factory=list)
    reactions: dict[str, list[str]] = field(default_factory=dict)
    edited: Json | None = None
    ephemeral_to: str | None = None
    stream: Stream | None = None
    tombstone: bool = False
    unfurl_links: bool | None = None
    unfurl_media: bool | None = None
    reply_broadcast: bool = False
    client_msg_id: str | None = None
    history: list[Json] = field(default_factory=list)
    """What the message showed before each edit, oldest first."""

    @property
    def is_reply(self) -> bool:
        return self.thread_ts is not None and self.thread_ts != self.ts


@dataclass(kw_only=True, slots=True)
class Stream:
    """Text that is still being written into a message."""

    started: float
    open: bool = True
    stopped_by_user: bool = False
    tasks: dict[str, Json] = field(default_factory=dict)
    plan_title: str | None = None
    recipient: str | None = None


@dataclass(kw_only=True, slots=True)
class Channel:
    """A conversation: `kind` is channel, group, im or mpim."""

    id: str
    team_id: str
    name: str
    kind: str = "channel"
    members: list[str] = field(default_factory=list)
    is_archived: bool = False
    shared_with: list[str] = field(default_factory=list)
    topic: str = ""
    messages: dict[str, Message] = field(default_factory=dict)
    ephemerals: list[Message] = field(default_factory=list)
    created: int = 0

    @property
    def is_ext_shared(self) -> bool:
        return bool(self.shared_with)


@dataclass(kw_only=True, slots=True)
class View:
    """A modal or a Home tab as the app described it, and as its user filled it in."""

    id: str
    team_id: str
    user_id: str
    type: str
    content: Json
    hash: str
    root_view_id: str
    previous_view_id: str | None = None
    external_id: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    open: bool = True


@dataclass(kw_only=True, slots=True)
class File:
    """An uploaded file."""

    id: str
    team_id: str
    user: str
    name: str
    mimetype: str
    content: bytes
    created: int
    channels: list[str] = field(default_factory=list)


@dataclass(kw_only=True, slots=True)
class Install:
    """The app in one team: its bot user and what it may do."""

    team_id: str
    bot_user_id: str
    bot_id: str
    scopes: frozenset[str]
    installer: str
    active: bool = True


@dataclass(kw_only=True, slots=True)
class Token:
    """A credential; `kind` is bot, user or app."""

    value: str
    kind: str
    team_id: str
    user_id: str
    scopes: frozenset[str]
    expires_at: float | None = None
    refresh_token: str | None = None
    revoked: bool = False
    exchanged: bool = False


@dataclass(kw_only=True, slots=True)
class SlackApp:
    """The app as api.slack.com has it: secrets, URLs, scopes and subscriptions."""

    id: str = "A0HANDRAISE"
    name: str = "handraise"
    client_id: str = "1111111111.2222222222"
    client_secret: str = "simulated-client-secret"  # the simulator's own
    signing_secret: str = "simulated-signing-secret"  # the simulator's own
    verification_token: str = "simulated-verification-token"  # the simulator's own
    app_token: str = "xapp-1-A0HANDRAISE-1-simulated"
    app_scopes: frozenset[str] = frozenset({"connections:write", "authorizations:read"})
    bot_scopes: frozenset[str] = frozenset()
    events: frozenset[str] | None = None
    """What is subscribed to, as in the manifest; None for everything."""
    commands: frozenset[str] | None = None
    shortcuts: frozenset[tuple[str, str]] | None = None
    """Kinds (`message` or `global`) and callback ids; None for any."""
    interactive: bool = True
    """Whether interactivity is on; without it nobody can click."""
    redirect_urls: tuple[str, ...] = ()
    token_rotation: bool = False
    socket_mode: bool | None = None
    """Whether Socket Mode is on; None: it is while a client is connected."""
    events_url: str | None = None
    interactions_url: str | None = None
    options_url: str | None = None
    commands_url: str | None = None

    def point_at(self, url: str) -> None:
        """Send everything to one Request URL."""
        self.events_url = self.interactions_url = self.options_url = self.commands_url = url


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One call of a Web API method, as it came and as it was answered."""

    method: str
    args: Json
    at: float
    team_id: str | None
    token: str | None
    status: int
    response: Json | None
    fault: str | None = None

    @property
    def ok(self) -> bool:
        return bool(self.response and self.response.get("ok"))


@dataclass(frozen=True, kw_only=True, slots=True)
class MassMention:
    """Somebody or something called a whole channel."""

    channel_id: str
    ts: str
    by: str
    what: str
    where: str
