"""The agent's sending parts for Slack on a real store, against the server of `tests/slack`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.adapters.sealing import SecretSealer
from bot.adapters.store.sqlite import SqliteStore
from bot.channels.slack.api import Api
from bot.channels.slack.calls import Calls
from bot.channels.slack.config import SlackConfig
from bot.channels.slack.delivering import SlackChannel
from bot.channels.slack.installations import Installations
from bot.channels.slack.landing import Landing
from bot.channels.slack.pacing import Pacing
from bot.channels.slack.speaking import SlackSpeaker
from bot.channels.slack.staging import SlackStage
from bot.domain.card import Card
from bot.domain.commands import Actor, SpeakAt
from bot.domain.feedback import FeedbackRequest
from bot.domain.instants import HOUR, SECOND
from bot.domain.planning import Plan, Role
from bot.domain.routing import Routing
from bot.domain.surface import Surface
from bot.service.cards import Cards
from bot.service.courier import Courier
from bot.service.deliveries import Deliveries
from bot.service.links import Links
from bot.service.orchestrator import Orchestrator
from bot.service.outlet import Parts
from bot.service.ports.planner import Planner
from bot.service.ports.store import Store
from bot.service.posting import Posting
from bot.service.worker import Worker
from tests.clock import FakeClock
from tests.flows.second_channel import EmptyPage
from tests.flows.stage import Stage
from tests.slack.clock import Clock as SlackClock
from tests.slack.records import Channel, Message, Team, User
from tests.slack.server import Slack

URL = "https://handraise.example.org"
CALL = 1.0
"""Seconds that a call may take."""


class Sender:
    """What one server has for sending; several may share a store."""

    def __init__(
        self,
        store: Store,
        clock: FakeClock,
        slack: Slack,
        *,
        name: str = "first",
        config: SlackConfig | None = None,
        parts: Parts,
    ) -> None:
        self.clock = clock
        self.waited: list[float] = []
        self.config = config or config_of(slack)
        self.api = Api(slack.api_url, total=CALL)
        self.pacing = Pacing()
        self.installations = Installations(
            config=self.config, parts=parts, api=self.api, pause=self.pause
        )
        self.calls = Calls(
            api=self.api,
            installations=self.installations,
            clock=clock,
            pacing=self.pacing,
            pause=self.pause,
        )
        self.landing = Landing(calls=self.calls, store=store, clock=clock)
        self.channel = SlackChannel(calls=self.calls, landing=self.landing, store=store)
        self.speaker = SlackSpeaker(landing=self.landing)
        self.stage = SlackStage(
            calls=self.calls, landing=self.landing, store=store, clock=clock, pause=self.pause
        )

    async def pause(self, seconds: float) -> None:
        """Let the time go by on the clock alone."""
        self.waited.append(seconds)
        self.clock.advance(seconds)

    async def open(self) -> None:
        await self.api.open()
        await self.installations.open()

    async def close(self) -> None:
        await self.stage.close()
        await self.installations.close()
        await self.api.close()


def config_of(slack: Slack, **more: Any) -> SlackConfig:
    """Return the configuration of an app that several workspaces install."""
    return SlackConfig(
        client_id=slack.app.client_id,
        client_secret=slack.app.client_secret,
        signing_secret=slack.app.signing_secret,
        api_url=slack.api_url,
        public_url=URL,
        **more,
    )


class Scene(Stage):
    """A stage whose people are reached in Slack."""

    slack: Slack
    team: Team
    sender: Sender
    SYSTEM = Role.SYSTEM

    def script(self, *steps: Any) -> None:
        """Let the next turn take these steps."""
        self.planner.script.append(Plan(steps=steps))

    async def sweep_to_reminder(self, request: FeedbackRequest) -> None:
        """Let the time come at which people are reminded of a question."""
        now = (await self.request(request)).next_at
        assert now is not None
        self.clock.advance((now - self.clock.now()) / SECOND + 1)
        await self.sweeper.sweep()
        await self.reached()

    async def as_if_asked_in(
        self, request: FeedbackRequest, who: str, address: str
    ) -> tuple[Surface, Card]:
        """Return somebody's surface of a question as if it were at another address."""
        surface = replace(await self.surface(request, who), address=address, attempts=1)
        now = self.clock.now()
        cards = Cards(public_url=URL)
        return surface, await self.read(lambda tx: cards.card(tx, request, surface, now))

    async def set_up(self, slack: Slack) -> None:
        self.slack = slack
        self.team = slack.add_team("Acme", "root")
        self.users: dict[str, User] = {}
        self.sender = self.new_sender()
        await self.sender.open()
        self.courier = self.mouth = self.new_courier(self.sender)
        self.use(self.planner)

    def use(self, planner: Planner) -> None:
        """Let turns be planned by this planner."""
        self.worker = Worker(
            name="first",
            store=self.store,
            clock=self.clock,
            turns=self.turns,
            handoff=self.handoff,
            orchestrator=Orchestrator(
                store=self.store,
                clock=self.clock,
                planner=planner,
                turns=self.turns,
                handoff=self.handoff,
                stages={"slack": self.sender.stage},
            ),
        )

    def new_sender(self, name: str = "first", config: SlackConfig | None = None) -> Sender:
        """Return what another server of the deployment has."""
        return Sender(
            self.store,
            self.clock,
            self.slack,
            name=name,
            config=config,
            parts=Parts(
                name=name,
                store=self.store,
                clock=self.clock,
                intake=self.intake,
                sealer=SecretSealer("a secret of these tests"),
                cards=Cards(public_url=URL),
                links=Links(key=b"key"),
                public_url=URL,
            ),
        )

    def new_courier(self, sender: Sender, name: str = "mouth") -> Courier:
        """Return a courier that sends by a sender."""
        routing = Routing(order=("chat", "slack"))
        return Courier(
            name=name,
            store=self.store,
            clock=self.clock,
            channels=("chat", "slack"),
            desks=[
                Deliveries(
                    routing=routing,
                    session_timeout=24 * HOUR,
                    channels={"chat": EmptyPage(), "slack": sender.channel},
                    cards=Cards(public_url=URL),
                ),
                Posting(
                    speakers={"slack": sender.speaker},
                    public_url=URL,
                    session_timeout=24 * HOUR,
                ),
            ],
        )

    async def install(self) -> None:
        """Install the app in the team as an administrator does, by OAuth."""
        url = f"{self.slack.url}/oauth/v2/authorize?client_id={self.slack.app.client_id}&state=x"
        back = f"{URL}/slack/oauth_redirect"
        url += f"&redirect_uri={back}&scope=" + ",".join(
            sorted(self.slack.app.bot_scopes or _SCOPES)
        )
        code = self.slack.approve("root", url).partition("code=")[2].partition("&")[0]
        answer = await self.sender.api.call(
            None,
            lambda client: client.oauth_v2_access(
                client_id=self.sender.config.client_id,
                client_secret=self.sender.config.client_secret,
                code=code,
                redirect_uri=back,
            ),
        )
        await self.sender.installations.install(answer)

    async def join(self, *names: str) -> None:
        """Let people have an account and be in the team."""
        for name in names:
            user = self.users[name] = self.slack.add_user(name, self.team)
            person = await self.person(name)
            now = self.clock.now()

            def bind(
                tx: Any, key: str = f"{self.team.id}/{user.id}", id_: str = person.id, at: int = now
            ) -> None:
                tx.people.add_identity("slack", key, id_, at)

            await self.store.run(bind)

    async def reached(self) -> None:
        """Run turns, and send until nothing is due, waiting out the page that nobody looks at."""
        await self.worker.drain()
        await self.mouth.drain()
        self.clock.advance(3)
        await self.mouth.drain()

    async def talk(self, who: str, where: Channel, text: str) -> Message:
        """Say something in a thread of one's own, which opens a session there."""
        message = await self.slack.post_as(who, where, text)
        await self.speak(who, where, message.ts, text)
        return message

    async def speak(self, who: str, where: Channel, ts: str, text: str) -> None:
        await self.intake.submit(
            SpeakAt(
                external_key=self.key(),
                actor=Actor(person_id=self.people[who].id, channel="slack"),
                place=f"slack:{self.team.id}/{where.id}/{ts}",
                text=text,
                opens=True,
            )
        )

    def cards(self, who: str) -> list[Message]:
        """Return what stands in somebody's direct messages, in order."""
        return self.slack.messages(self.slack.dm(self.users[who]))

    async def surface(self, request: FeedbackRequest, who: str) -> Surface:
        """Return where a question is shown to somebody in Slack."""
        (found,) = [
            s
            for s in await self.surfaces(request)
            if s.channel == "slack" and s.person_id == self.people[who].id
        ]
        return found

    def thread(self, where: Channel, ts: str) -> Sequence[Message]:
        """Return what is said in a thread."""
        return self.slack.messages(where, thread_ts=ts)


_SCOPES = (
    "assistant:write", "channels:history", "channels:join", "channels:read", "chat:write",
    "groups:history", "im:history", "im:write", "users:read",
)  # fmt: skip


@asynccontextmanager
async def slack_scene(
    path: Path, *, rotating: bool = False, installed: bool = True
) -> AsyncIterator[Scene]:
    """Open a store, a Slack and the parts between them, on one clock."""
    clock = FakeClock()
    store = SqliteStore(path / "slack.db")
    await store.open()
    slack = Slack(clock=SlackClock(lambda: clock.now() / SECOND))
    slack.app.token_rotation = rotating
    slack.app.bot_scopes = frozenset(_SCOPES)
    slack.web_api.rates.reads_a_minute = 20
    scene = Scene(store, clock, channels=("chat", "slack"))
    try:
        async with slack:
            await scene.set_up(slack)
            try:
                if installed:
                    await scene.install()
                yield scene
            finally:
                await scene.sender.close()
    finally:
        await store.close()


def text_of(message: Message) -> str:
    """Return all words that a message's blocks show."""
    found: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("text"), str):
                found.append(value["text"])
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(message.blocks)
    return "\n".join(found)


def buttons_of(message: Message) -> list[str]:
    """Return the labels of a message's buttons."""
    found: list[str] = []
    for block in message.blocks:
        for element in (*block.get("elements", ()), block.get("accessory") or {}):
            if element.get("type") == "button":
                found += [element["text"]["text"]]
    return found
