"""The parts of one simulated Slack, put together without HTTP."""

from __future__ import annotations

from tests.slack.calling import Backend
from tests.slack.clock import Clock
from tests.slack.delivery import Post
from tests.slack.faults import Faults
from tests.slack.outbox import Outbox
from tests.slack.posting import Posting
from tests.slack.rates import Rates
from tests.slack.records import Channel, Message, SlackApp, User
from tests.slack.socket_mode import Sockets
from tests.slack.tokens import Tokens
from tests.slack.triggers import Triggers
from tests.slack.web_api import WebApi
from tests.slack.workspace import Workspace


class Parts:
    """What people's acts, the administrator's and the HTTP front work on."""

    def __init__(self, *, clock: Clock | None = None, app: SlackApp | None = None) -> None:
        self.clock = clock or Clock()
        self.app = app or SlackApp()
        self.workspace = Workspace(self.clock, self.app)
        self.outbox = Outbox(self.workspace)
        self.posting = Posting(self.workspace, self.outbox)
        self.tokens = Tokens(self.workspace)
        self.triggers = Triggers(self.workspace)
        self.sockets = Sockets(self.workspace)
        self.post = Post(self.workspace, self.outbox, self.sockets)
        self.faults = Faults()
        self.rates = Rates(self.clock)
        self.backend = Backend(
            workspace=self.workspace,
            tokens=self.tokens,
            triggers=self.triggers,
            outbox=self.outbox,
            posting=self.posting,
            socket_url=self.socket_url,
        )
        self.web_api = WebApi(self.backend, self.faults, self.rates, self.post.flush_soon)

    def socket_url(self) -> str:
        """Return an address for one Socket Mode connection."""
        return self.backend.base_url.replace("http", "ws", 1) + self.sockets.issue_path()

    def user(self, who: User | str) -> User:
        """Find a user by record, id or name."""
        return self.workspace.find_user(who)

    def place(self, where: Channel | str, who: User | None = None) -> Channel:
        """Find a conversation; `dm` is the one between `who` and the bot."""
        if where == "dm" and who is not None:
            return self.workspace.direct_channel(who)
        return self.workspace.find_channel(where)

    def message(self, where: Channel | str, ts: str) -> Message:
        """Find a message, also an ephemeral one."""
        channel = self.workspace.find_channel(where)
        if ts in channel.messages:
            return channel.messages[ts]
        return next(message for message in channel.ephemerals if message.ts == ts)
