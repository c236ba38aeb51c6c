"""Who asks and answers in any order, what they may ask, and all that is stored, read at once."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st

from bot.domain.feedback import FeedbackRequest, Kind
from bot.domain.instants import HOUR
from bot.domain.person import Person
from bot.domain.planning import AskHuman, Escalation, Plan, PlanContext, Spoken
from bot.domain.session import Session
from bot.domain.surface import Surface
from bot.service.ports.planner import ShowText

OWNERS = ("ann", "ann", "bob")
"""Who owns each of the three sessions."""
OTHERS = ("carl", "dora", "eve")
PEOPLE = ("ann", "bob", *OTHERS)


class ByNumber:
    """A planner that asks what an owner's message names by its number."""

    name = "by number"

    def __init__(self) -> None:
        self.asks: list[AskHuman] = []

    async def plan(self, context: PlanContext, show: ShowText) -> Plan:
        said = [line.text.split() for line in context.new_lines if line.is_owner]
        return Plan(steps=tuple(self.asks[int(words[1])] for words in said if words[0] == "Ask"))

    async def summarise(self, summary: str, messages: list[Spoken]) -> str:
        return "What was said before."

    async def name_session(self, text: str) -> str | None:
        return None

    async def aclose(self) -> None:
        pass


@dataclass
class World:
    """Everything that is stored, read at once."""

    sessions: list[Session] = field(default_factory=list)
    requests: list[FeedbackRequest] = field(default_factory=list)
    surfaces: dict[str, list[Surface]] = field(default_factory=dict)
    responses: dict[str, int] = field(default_factory=dict)
    story: dict[str, list[str]] = field(default_factory=dict)
    people: list[Person] = field(default_factory=list)
    feeds: dict[str, list[int]] = field(default_factory=dict)


# A day's worth of anything is as likely as a minute.
jumps = st.sampled_from([1, 10, 29, 31, 60, 240, 600, 1_440, 1_800])
pick = st.integers(0, 10**6)


@dataclass(frozen=True)
class Asked:
    """A question, the session that asks it, and whether it takes another's place."""

    session: int
    ask: AskHuman
    replaces: bool


@st.composite
def questions(draw: st.DrawFn) -> Asked:
    kind = draw(st.sampled_from([Kind.APPROVAL, Kind.CHOICE, Kind.INPUT]))
    needs = draw(st.sampled_from(["first", "all", "two"]))
    owner = draw(st.integers(0, 2))
    able = [name for name in PEOPLE if kind is not Kind.APPROVAL or name != OWNERS[owner]]
    names = st.sampled_from(able)
    fewest = 2 if needs == "two" else 1
    hours = draw(st.sampled_from([1, 8, 48]))
    to, told = draw(st.none() | names), draw(st.none() | names)
    ask = AskHuman(
        people=tuple(draw(st.lists(names, min_size=fewest, max_size=3, unique=True))),
        question="?",
        kind=kind,
        options=("yes", "no") if kind is Kind.CHOICE else (),
        within=hours * HOUR,
        quorum=fewest,
        everybody=needs == "all",
        veto=kind is Kind.APPROVAL and draw(st.booleans()),
        urgent=draw(st.booleans()),
        notify=() if told is None else (told,),
        escalations=() if to is None else (Escalation(people=(to,), after=hours * HOUR // 3),),
    )
    return Asked(session=owner, ask=ask, replaces=draw(st.integers(0, 4)) == 0)


asks = questions()
