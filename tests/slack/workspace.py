"""The state of the simulated Slack: who and what exists, and how it is found; no I/O."""

from __future__ import annotations

import itertools
from typing import Any

from tests.slack.clock import Clock
from tests.slack.failures import SlackRefusal
from tests.slack.records import (
    Channel,
    File,
    Install,
    Json,
    MassMention,
    Message,
    SlackApp,
    Team,
    User,
    View,
)
from tests.slack.scopes import ALL_BOT_SCOPES


class Workspace:
    """Everything that Slack knows, of every team in which the app may live."""

    def __init__(self, clock: Clock, app: SlackApp) -> None:
        self.clock = clock
        self.app = app
        self.teams: dict[str, Team] = {}
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.views: dict[str, View] = {}
        self.homes: dict[tuple[str, str], View] = {}
        self.files: dict[str, File] = {}
        self.installs: dict[str, Install] = {}
        self.mass_mentions: list[MassMention] = []
        self.statuses: dict[tuple[str, str], Json] = {}
        self.titles: dict[tuple[str, str], str] = {}
        self.prompts: dict[tuple[str, str | None], Json] = {}
        self.sessions: dict[tuple[str, str], Json] = {}
        self.states: dict[tuple[str, str], Json] = {}
        """What people chose on a screen: (message or view, user) to block to action to value."""
        self._numbers = itertools.count(1)
        self._last_ts = 0

    def new_id(self, prefix: str) -> str:
        """Return an id that was not used before."""
        return f"{prefix}{next(self._numbers):08d}"

    def new_ts(self) -> str:
        """Return a message's timestamp, later than each before."""
        micros = max(int(self.clock.now() * 1_000_000), self._last_ts + 1)
        self._last_ts = micros
        return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"

    # --- making things -------------------------------------------------------------------

    def add_team(self, name: str, *, id_: str | None = None) -> Team:
        """Found a team."""
        team = Team(id=id_ or self.new_id("T"), name=name, domain=name.lower().replace(" ", "-"))
        self.teams[team.id] = team
        return team

    def add_user(self, name: str, team_id: str, *, id_: str | None = None, **facts: Any) -> User:
        """Let somebody into a team."""
        facts.setdefault("real_name", name.title())
        if "email" not in facts and not facts.get("is_bot") and not facts.get("is_stranger"):
            facts["email"] = f"{name}@example.org"
        user = User(id=id_ or self.new_id("U"), team_id=team_id, name=name, **facts)
        user.updated = int(self.clock.now())
        if user.is_bot and user.bot_id is None:
            user.bot_id, user.app_id = self.new_id("B"), self.new_id("A")
        self.users[user.id] = user
        return user

    def add_channel(
        self, name: str, team_id: str, *, kind: str = "channel", **more: Any
    ) -> Channel:
        """Create a conversation; direct messages come by `direct_channel`."""
        prefix = {"im": "D", "mpim": "G"}.get(kind, "C")
        channel = Channel(id=self.new_id(prefix), team_id=team_id, name=name, kind=kind, **more)
        channel.created = int(self.clock.now())
        self.channels[channel.id] = channel
        return channel

    def add_file(self, user: User, name: str, content: bytes, mimetype: str) -> File:
        """Upload a file."""
        file = File(
            id=self.new_id("F"),
            team_id=user.team_id,
            user=user.id,
            name=name,
            mimetype=mimetype,
            content=content,
            created=int(self.clock.now()),
        )
        self.files[file.id] = file
        return file

    def install(
        self, team_id: str, installer: str, scopes: frozenset[str] | None = None
    ) -> Install:
        """Put the app into a team, or let it back in; its bot user stays the same one."""
        asked = scopes or self.app.bot_scopes or ALL_BOT_SCOPES
        known = self.installs.get(team_id)
        if known is not None:
            known.active, known.scopes, known.installer = True, asked, installer
            self.users[known.bot_user_id].deleted = False
            return known
        bot_id = self.new_id("B")
        bot = self.add_user(
            self.app.name,
            team_id,
            is_bot=True,
            bot_id=bot_id,
            app_id=self.app.id,
            real_name=self.app.name.title(),
        )
        install = Install(
            team_id=team_id, bot_user_id=bot.id, bot_id=bot_id, scopes=asked, installer=installer
        )
        self.installs[team_id] = install
        return install

    # --- finding things ------------------------------------------------------------------

    def find_user(self, who: User | str) -> User:
        """Find a user by record, id or name."""
        if isinstance(who, User):
            return who
        if who in self.users:
            return self.users[who]
        named = [user for user in self.users.values() if user.name == who.removeprefix("@")]
        if len(named) != 1:
            raise LookupError(f"{len(named)} users are called {who!r}")
        return named[0]

    def find_channel(self, where: Channel | str) -> Channel:
        """Find a conversation by record, id or name."""
        if isinstance(where, Channel):
            return where
        if where in self.channels:
            return self.channels[where]
        named = [ch for ch in self.channels.values() if ch.name == where.removeprefix("#")]
        if len(named) != 1:
            raise LookupError(f"{len(named)} channels are called {where!r}")
        return named[0]

    def bot_of(self, team_id: str) -> User:
        """Return the app's bot user in a team."""
        return self.users[self.installs[team_id].bot_user_id]

    def direct_channel(self, user: User, team_id: str | None = None) -> Channel:
        """Return the direct messages between a user and the app's bot, opened if need be."""
        team_id = team_id or user.team_id
        if team_id not in self.installs:  # somebody of another team, over Slack Connect
            team_id = next(iter(self.installs))
        bot = self.bot_of(team_id)
        for channel in self.channels.values():
            if channel.kind == "im" and set(channel.members) == {user.id, bot.id}:
                return channel
        channel = self.add_channel("", bot.team_id, kind="im")
        channel.name = f"dm-{user.name}"
        channel.members = [user.id, bot.id]
        return channel

    def visible_in(self, channel: Channel, team_id: str) -> bool:
        """Tell whether a team has a conversation at all."""
        return team_id == channel.team_id or team_id in channel.shared_with

    def channel_for(self, wanted: object, team_id: str, user_id: str) -> Channel:
        """Find the conversation that a caller names, if it can see it; `channel_not_found`."""
        name = str(wanted or "")
        channel = self.channels.get(name)
        if channel is None and name.startswith("#"):
            public = (ch for ch in self.channels.values() if ch.kind in {"channel", "group"})
            channel = next((ch for ch in public if ch.name == name[1:]), None)
        if channel is None or not self.visible_in(channel, team_id):
            raise SlackRefusal("channel_not_found")
        if channel.kind != "channel" and user_id not in channel.members:
            raise SlackRefusal("channel_not_found")
        return channel

    def message_at(self, channel: Channel, ts: object, code: str = "message_not_found") -> Message:
        """Find a message that is still there; refuse with `code`."""
        message = channel.messages.get(str(ts or ""))
        if message is None or message.tombstone:
            raise SlackRefusal(code)
        return message

    def thread(self, channel: Channel, ts: str) -> list[Message]:
        """Return a thread's messages, its parent first."""
        return [m for m in channel.messages.values() if m.ts == ts or m.thread_ts == ts]
