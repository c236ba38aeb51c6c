"""The simulated Slack as one thing: start it, people it, act in it, and read what came of it."""

from __future__ import annotations

from typing import Any, Self

from aiohttp import web

from tests.slack.acting import Acting
from tests.slack.clock import Clock
from tests.slack.control import Control
from tests.slack.faults import Fault
from tests.slack.hooks import Hooks
from tests.slack.methods_auth import announce_revoked, uninstall_from
from tests.slack.methods_chat import stream_is_open
from tests.slack.oauth import PATHS, Consent
from tests.slack.outbox import Parcel
from tests.slack.records import (
    Call,
    Channel,
    File,
    Install,
    Message,
    SlackApp,
    Team,
    Token,
    User,
)


class Slack(Acting):
    """A Slack of one's own on a port of loopback.

    `api_url` is the `base_url` for the SDK's clients; people act by `post_as`, `click`, `submit`
    and so on; `app.point_at(url)` tells where the app listens.
    """

    def __init__(self, *, clock: Clock | None = None, app: SlackApp | None = None) -> None:
        super().__init__(clock=clock, app=app)
        self.consent = Consent(self.backend)
        self.url = ""
        self._runner: web.AppRunner | None = None

    # --- running -------------------------------------------------------------------------

    @property
    def api_url(self) -> str:
        """What the SDK takes as `base_url`."""
        return f"{self.url}/api/"

    def application(self) -> web.Application:
        """Return the HTTP front: the Web API, Socket Mode, hooks, consent and control."""
        hooks, control = Hooks(self.backend), Control(self)
        app = web.Application(client_max_size=8 * 1024 * 1024)
        app.router.add_route("*", "/api/{method}", self.web_api.handle)
        app.router.add_get("/link/", self.sockets.handle)
        app.router.add_post("/actions/{key:.+}", hooks.respond)
        app.router.add_get("/files-pri/{team}-{file}/{name}", hooks.file)
        for path in PATHS:
            app.router.add_get(path, self.consent.page)
        app.router.add_get("/openid/connect/keys", self.consent.keys)
        control.add_routes(app)
        return app

    async def start(self, port: int = 0) -> Self:
        """Listen on loopback."""
        self._runner = web.AppRunner(self.application(), access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self.backend.base_url = self.url
        return self

    async def stop(self) -> None:
        """Let go of everything."""
        self.faults.clear()
        await self.post.close()
        await self.sockets.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    # --- who is there --------------------------------------------------------------------

    def add_team(self, name: str, *people: str) -> Team:
        """Found a team with these people; the first is its owner and administrator."""
        team = self.workspace.add_team(name)
        for number, person in enumerate(people):
            self.add_user(person, team, is_admin=number == 0, is_owner=number == 0)
        return team

    def add_user(self, name: str, team: Team | str, **facts: Any) -> User:
        """Let somebody into a team; `facts` are fields of `User`."""
        team_id = team if isinstance(team, str) else team.id
        return self.workspace.add_user(name, team_id, **facts)

    def add_channel(
        self, name: str, *people: User | str, team: Team | None = None, **more: Any
    ) -> Channel:
        """Create a channel with these people; `kind`, `shared_with`, `is_archived` as wished."""
        members = [self.user(person).id for person in people]
        first = next(iter(self.workspace.teams.values()))
        team_id = (team or first).id
        return self.workspace.add_channel(name, team_id, members=members, **more)

    def add_file(
        self, who: User | str, name: str, content: bytes = b"", mimetype: str = "text/plain"
    ) -> File:
        """Upload a file, to be shared with `post_as(files=…)`."""
        return self.workspace.add_file(self.user(who), name, content, mimetype)

    def install(
        self, team: Team, by: User | str | None = None, *, scopes: frozenset[str] | None = None
    ) -> Token:
        """Install the app into a team without OAuth; return its bot token."""
        installer = self.user(by).id if by is not None else ""
        return self.tokens.issue_bot(self.workspace.install(team.id, installer, scopes))

    def installed(self, team: Team | None = None) -> Install:
        """Return the app's install in a team, or the only one."""
        if team is not None:
            return self.workspace.installs[team.id]
        (install,) = self.workspace.installs.values()
        return install

    def approve(self, who: User | str, authorize_url: str) -> str:
        """Let somebody agree on the consent page; return where their browser is sent."""
        return self.consent.approve(self.user(who), authorize_url)

    async def uninstall(self, team: Team | None = None) -> None:
        """Take the app out of a team."""
        uninstall_from(self.backend, self.installed(team))
        await self.post.flush()

    async def revoke_tokens(self, team: Team | None = None) -> None:
        """Revoke a team's tokens and tell the app."""
        revoked = self.tokens.revoke_all(self.installed(team).team_id)
        announce_revoked(self.backend, revoked)
        await self.post.flush()

    async def archive(self, where: Channel | str) -> None:
        """Archive a channel."""
        channel = self.place(where)
        channel.is_archived = True
        event = {"type": "channel_archive" if channel.kind == "channel" else "group_archive"}
        self.outbox.put(event | {"channel": channel.id, "user": ""}, channel=channel)
        await self.post.flush()

    async def verify_url(self) -> bool:
        """Send the challenge with which Slack checks a Request URL; tell whether it came back."""
        body = {
            "token": self.app.verification_token,
            "challenge": self.workspace.new_id("challenge"),
            "type": "url_verification",
        }
        delivery = await self.post.send(Parcel(kind="event", body=body, team_id=""))
        return body["challenge"] in delivery.text

    # --- what came of it -----------------------------------------------------------------

    def channel(self, where: Channel | str) -> Channel:
        """Find a conversation by record, id or name."""
        return self.workspace.find_channel(where)

    def dm(self, who: User | str) -> Channel:
        """Return the direct messages between somebody and the bot."""
        return self.workspace.direct_channel(self.user(who))

    def messages(self, where: Channel | str, *, thread_ts: str | None = None) -> list[Message]:
        """Return a channel's messages in order, or one thread's."""
        channel = self.workspace.find_channel(where)
        if thread_ts is not None:
            return self.workspace.thread(channel, thread_ts)
        return list(channel.messages.values())

    def ephemerals(self, who: User | str) -> list[Message]:
        """Return what only this person was shown, in order."""
        id_ = self.user(who).id
        found = [m for ch in self.workspace.channels.values() for m in ch.ephemerals]
        return sorted((m for m in found if m.ephemeral_to == id_), key=lambda m: m.ts)

    def status_of(self, where: Channel | str, thread_ts: str) -> str:
        """Return the status that a thread shows now; the empty string for none."""
        status = self.workspace.statuses.get((self.channel(where).id, thread_ts))
        if status is None or status["until"] < self.clock.now():
            return ""
        return str(status["status"])

    def is_streaming(self, where: Channel | str, ts: str) -> bool:
        """Tell whether a message is still being streamed."""
        return stream_is_open(self.backend, self.message(where, ts))

    def end_stream(self, where: Channel | str, ts: str) -> None:
        """Let a stream die now."""
        stream = self.message(where, ts).stream
        if stream is not None:
            stream.open = False

    def calls(self, method: str | None = None) -> list[Call]:
        """Return the calls of the Web API so far, perhaps of one method."""
        return [call for call in self.web_api.calls if method in (None, call.method)]

    async def wait_for_call(self, method: str, count: int = 1) -> list[Call]:
        """Wait until a method was called this often."""
        async with self.web_api.called:
            await self.web_api.called.wait_for(lambda: len(self.calls(method)) >= count)
        return self.calls(method)

    def fail(self, method: str, **how: Any) -> Fault:
        """Let the next calls of a method go wrong; `how` are fields of `Fault`."""
        return self.faults.add(Fault(method=method, **how))
