"""Sessions at places outside the web: what is said there comes in, the answer goes out there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.adapters.store.sqlite import SqliteStore
from bot.domain.commands import (
    Actor,
    BindSession,
    CloseSession,
    SpeakAt,
)
from bot.domain.errors import NotAllowed, NotFound, Unavailable
from bot.domain.feedback import Answer, Kind, Risk
from bot.domain.instants import HOUR, MINUTE, SECOND
from bot.domain.planning import AskHuman, Plan, Reply, Role
from bot.domain.post import Post
from bot.domain.reading import Unclear
from bot.domain.routing import Routing
from bot.domain.session import Message
from bot.service.backlog import Backlog
from bot.service.courier import Courier
from bot.service.deliveries import Deliveries
from bot.service.intake import Intake
from bot.service.interpreting import Interpreter
from bot.service.ports.channel import Delivery, Fate, Saying
from bot.service.posting import Posting
from bot.service.talking import bind_place
from bot.service.unread import READ
from tests.clock import FakeClock
from tests.flows.stage import UNLIMITED, Stage

PLACE = "slack:T1/C1/100.1"


class FakeSpeaker:
    """Implements the port `Speaker`; keeps what was said, by place."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        self.fates: list[Delivery] = []
        self.tries = 0

    async def say(self, post: Post, saying: Saying) -> Delivery:
        self.tries += 1
        if self.fates:
            return self.fates.pop(0)
        self.said.append((post.place, saying.text))
        return Delivery(
            fate=Fate.SHOWN, landed=f"ts{len(self.said)}", spots=(f"{post.place}/{self.tries}",)
        )


class Places(Stage):
    """A stage with a channel on which sessions live."""

    def speak_out(self) -> None:
        self.speaker = FakeSpeaker()
        self.mouth = Courier(
            name="mouth",
            store=self.store,
            clock=self.clock,
            channels=("chat", "slack"),
            desks=[
                Deliveries(routing=Routing(), session_timeout=24 * HOUR, channels=self.channels),
                Posting(
                    speakers={"slack": self.speaker},
                    public_url="http://h",
                    session_timeout=24 * HOUR,
                ),
            ],
        )

    async def settled(self) -> None:
        """Run turns and say what they left to say, until nothing is due."""
        await self.worker.drain()
        await self.mouth.drain()

    async def speak(self, who: str, text: str, *, place: str = PLACE, opens: bool = True) -> str:
        outcome = await self.intake.submit(
            SpeakAt(
                external_key=self.key(),
                actor=Actor(person_id=self.people[who].id, channel="slack"),
                place=place,
                text=text,
                opens=opens,
            )
        )
        assert outcome.session_id is not None or outcome.status == "ignored"
        return outcome.session_id or outcome.status

    async def messages(self, session_id: str) -> list[Message]:
        return list(await self.store.read(lambda tx: tx.messages.after(session_id, 0, 100)))


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Places]:
    store = SqliteStore(tmp_path / "places.db")
    await store.open()
    stage = Places(store, FakeClock())
    stage.speak_out()
    for name in ("ann", "ben", "cid"):
        await stage.person(name)
    yield stage
    await store.close()


async def test_a_word_at_a_new_place_opens_a_session_that_answers_there(stage: Places) -> None:
    stage.planner.script.append(Plan(steps=(Reply(text="Hello, Ann."),)))
    session_id = await stage.speak("ann", "hello")
    await stage.settled()
    said = await stage.messages(session_id)
    assert [(m.role, m.text, m.place) for m in said] == [
        (Role.USER, "hello", PLACE),
        (Role.AGENT, "Hello, Ann.", PLACE),
    ]
    assert stage.speaker.said == [(PLACE, "Hello, Ann.")]
    landing = await stage.store.read(lambda tx: tx.landings.find("slack", f"{PLACE}/1"))
    assert landing is not None
    assert landing.session_id == session_id


async def test_what_belongs_to_no_session_and_opens_none_is_ignored(stage: Places) -> None:
    assert await stage.speak("ann", "just chatting", opens=False) == "ignored"


async def test_a_place_goes_on_with_its_session(stage: Places) -> None:
    first = await stage.speak("ann", "hello")
    assert await stage.speak("ann", "and more", opens=False) == first


async def test_a_bystander_contributes_text_and_owns_nothing(stage: Places) -> None:
    session_id = await stage.speak("ann", "hello")
    assert await stage.speak("ben", "me too", opens=False) == session_id
    with pytest.raises(NotFound):
        await stage.intake.submit(
            CloseSession(
                external_key="x", actor=stage.actor("ben", channel="slack"), session_id=session_id
            )
        )


async def test_a_reply_goes_where_its_input_came_from(stage: Places) -> None:
    for text in ("in the thread", "on the web"):
        stage.planner.script.append(Plan(steps=(Reply(text=text),)))
    session_id = await stage.speak("ann", "first, in Slack")
    await stage.say("ann", session_id, "second, on the web")
    await stage.settled()
    # One turn for each place, so that nobody's answer is said elsewhere.
    assert stage.speaker.said == [(PLACE, "in the thread")]
    texts = [m.text for m in await stage.messages(session_id) if m.role is Role.AGENT]
    assert texts == ["in the thread", "on the web"]


async def test_what_a_question_came_to_is_told_where_it_was_asked(stage: Places) -> None:
    ask = AskHuman(people=("ben",), question="Ship it?", kind=Kind.APPROVAL)
    stage.planner.script.append(Plan(steps=(ask,)))
    session_id = await stage.speak("ann", "ask ben whether we ship")
    await stage.settled()
    (request,) = await stage.requests(session_id)
    assert request.place == PLACE
    await stage.say("ann", session_id, "meanwhile on the web")
    stage.planner.script += [Plan(steps=(Reply(text="ok"),)), Plan(steps=(Reply(text="Shipped."),))]
    await stage.worker.drain()
    await stage.answer("ben", request, approved=True)
    await stage.settled()
    assert [text for _, text in stage.speaker.said] == [
        "I asked ben: Ship it?",
        "ben answered “Ship it?”: approved",
        "Shipped.",
    ]


async def test_a_failed_word_is_said_before_those_behind_it(stage: Places) -> None:
    stage.planner.script += [Plan(steps=(Reply(text="one"), Reply(text="two")))]
    await stage.speak("ann", "hello")
    stage.speaker.fates = [Delivery(fate=Fate.RETRY, detail="503")]
    await stage.settled()
    assert stage.speaker.said == []
    stage.clock.advance(2 * SECOND)
    await stage.settled()
    assert [text for _, text in stage.speaker.said] == ["one", "two"]


async def test_what_cannot_be_said_is_told_on_the_web(stage: Places) -> None:
    stage.planner.script.append(Plan(steps=(Reply(text="one"),)))
    session_id = await stage.speak("ann", "hello")
    stage.speaker.fates = [Delivery(fate=Fate.FAILED, detail="the channel is archived")]
    await stage.settled()
    last = (await stage.messages(session_id))[-1]
    assert "could not be brought to slack (the channel is archived)" in last.text
    assert last.place is None


async def test_two_people_who_begin_at_one_place_get_one_session(stage: Places) -> None:
    first = await stage.speak("ann", "hello")
    with pytest.raises(Unavailable):
        await stage.store.run(bind_place, PLACE, first, "{}", 0)
    assert await stage.speak("ben", "hello") == first


async def test_an_owner_binds_a_further_place_which_shows_nothing_earlier(stage: Places) -> None:
    session_id = await stage.opened("ann", "on the web")
    await stage.settled()
    bind = BindSession(
        external_key="b", actor=stage.actor("ann"), session_id=session_id, place=PLACE
    )
    await stage.intake.submit(bind)
    await stage.settled()
    assert stage.speaker.said == []
    stage.planner.script.append(Plan(steps=(Reply(text="here too"),)))
    assert await stage.speak("ann", "now in Slack", opens=False) == session_id
    await stage.settled()
    assert stage.speaker.said == [(PLACE, "here too")]


class FakeReader:
    """Implements the port `FeedbackReader`; `found` is what it reads."""

    name = "openai/test"

    def __init__(self, found: object) -> None:
        self.found = found
        self.read_texts: list[str] = []

    async def read(self, request: object, text: str) -> object:
        self.read_texts.append(text)
        return self.found

    async def aclose(self) -> None:
        pass


async def with_reader(stage: Places, found: object) -> Backlog:
    """Let a reader read what the rules cannot; return what runs it."""
    stage.intake = Intake(store=stage.store, clock=stage.clock, limits=UNLIMITED, has_reader=True)
    stage.reader = FakeReader(found)  # type: ignore[attr-defined]
    interpreter = Interpreter(
        store=stage.store,
        clock=stage.clock,
        intake=stage.intake,
        reader=stage.reader,  # type: ignore[attr-defined]
        public_url="http://h",
    )
    return Backlog(name="b", store=stage.store, clock=stage.clock, deals={READ: interpreter.deal})


LONG = "I went through the plan with legal and finance this morning and they are happy, go on."


async def test_a_model_reads_what_the_rules_cannot(stage: Places) -> None:
    backlog = await with_reader(stage, Answer(approved=True))
    ask = AskHuman(people=("ben",), question="Ship it?", kind=Kind.APPROVAL)
    stage.planner.script.append(Plan(steps=(ask,)))
    session_id = await stage.opened("ann", "ask ben")
    await stage.settle_down()
    (request,) = await stage.requests(session_id)
    sent = stage.clock.now()
    told = await stage.answer("ben", request, channel="slack", text=LONG, sent_at=sent)
    assert told.status == "reading"
    stage.clock.advance(2 * MINUTE)
    await backlog.drain()
    decided = await stage.request(request)
    assert decided.state.value == "approved"
    assert decided.decided_via == "slack"
    responses = await stage.store.read(lambda tx: tx.requests.responses(request.id))
    assert [r.standing.value for r in responses] == ["unclear", "decided"]
    assert responses[-1].sent_at == sent
    assert responses[-1].raw_text == LONG


async def test_what_the_model_cannot_read_is_asked_back(stage: Places) -> None:
    backlog = await with_reader(stage, Unclear(question="Do you approve it?"))
    await stage.store.run(
        lambda tx: tx.people.add_identity("slack", "T1/UBEN", stage.people["ben"].id, 0)
    )
    ask = AskHuman(people=("ben",), question="Ship it?", kind=Kind.APPROVAL)
    stage.planner.script.append(Plan(steps=(ask,)))
    session_id = await stage.opened("ann", "ask ben")
    await stage.settle_down()
    (request,) = await stage.requests(session_id)
    await stage.answer("ben", request, channel="slack", text=LONG, spot="T1/C9/5.5")
    await backlog.drain()
    await stage.mouth.drain()
    assert stage.speaker.said == [("slack:T1/UBEN", "Do you approve it?")]
    assert (await stage.request(request)).is_open


async def test_no_model_decides_where_a_wrong_answer_does_much_harm(stage: Places) -> None:
    await with_reader(stage, Unclear(question="?"))
    ask = AskHuman(people=("ben",), question="Ship it?", kind=Kind.APPROVAL, risk=Risk.HIGH)
    stage.planner.script.append(Plan(steps=(ask,)))
    session_id = await stage.opened("ann", "ask ben")
    await stage.settle_down()
    (request,) = await stage.requests(session_id)
    told = await stage.answer("ben", request, channel="slack", text=LONG)
    assert told.status == "unclear"


async def test_who_reads_along_at_a_place_may_not_read_the_session(stage: Places) -> None:
    session_id = await stage.speak("ann", "hello")
    await stage.speak("ben", "me too", opens=False)
    role = await stage.store.read(
        lambda tx: tx.sessions.role_of(session_id, stage.people["ben"].id)
    )
    assert role is None


async def test_whose_account_was_disabled_is_not_heard_outside_either(stage: Places) -> None:
    id_ = stage.people["ben"].id
    await stage.store.run(lambda tx: tx.accounts.set_disabled(id_, stage.clock.now()))
    with pytest.raises(NotAllowed, match="disabled"):
        await stage.speak("ben", "hello")


async def test_who_decided_and_presses_again_is_told_so_and_nobody_else(stage: Places) -> None:
    ask = AskHuman(people=("ben",), question="Ship it?", kind=Kind.APPROVAL)
    stage.planner.script.append(Plan(steps=(ask,)))
    session_id = await stage.speak("ann", "ask ben whether we ship")
    await stage.settled()
    (request,) = await stage.requests(session_id)
    await stage.answer("ben", request, channel="slack", approved=True)
    stage.planner.script.append(Plan(steps=(Reply(text="Shipped."),)))
    await stage.settled()
    before = [m.text for m in await stage.messages(session_id)]
    again = await stage.answer("ben", request, channel="slack", approved=True)
    assert again.text.startswith("You have answered this already")
    await stage.settled()
    assert [m.text for m in await stage.messages(session_id)] == before
    responses = await stage.store.read(lambda tx: tx.requests.responses(request.id))
    assert [r.standing.value for r in responses] == ["decided", "late"]
