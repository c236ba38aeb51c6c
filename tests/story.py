"""`python -m tests.story`: one question's day on the tests' clock, told from its journal.

Two of three people must approve, over three channels. One of them is away, so that somebody else
is asked; one is reminded and still late; and nobody decides for so long that one more is asked.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bot.domain.feedback import FeedbackRequest, FeedbackResponse
from bot.domain.instants import DAY, Micros
from bot.domain.journal import Entry
from bot.domain.person import Person
from bot.domain.zones import local
from bot.service.ports.store import Transaction
from tests.clock import FakeClock
from tests.flows.second_channel import SecondChannel
from tests.flows.stage import Stage, staged

WORDS = (
    "ask two of ana, ben and cleo for approval: May we ship 4.2? within 8h escalate to eve after 5h"
)
ZONES = {
    "olga": "Europe/Berlin",
    "ana": "Europe/Berlin",
    "ben": "America/New_York",
    "cleo": "Asia/Tokyo",
    "dan": "Europe/London",
    "eve": "Europe/Berlin",
}
NINE_TO_FIVE = {day: ["09:00", "17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}

TOLD: Mapping[str, str] = {
    "request.asked": "olga asked: {question}",
    "surface.delivered": "it reached {who} over {via}",
    "surface.seen": "{who} saw it",
    "request.reminded": "a reminder went to who had not answered",
    "request.escalated": "nobody had decided, so {people} was asked too",
    "response.counted": "{who} said “{words}” over {via}: counted",
    "request.approved": "{who} said “{words}” over {via}: decided, the request is approved",
    "response.late": "{who} said “{words}” over {via}: late, {relation}, and kept",
}


async def tell(folder: Path) -> list[str]:
    """Let the story happen and return it line by line."""
    clock = FakeClock()
    async with staged(folder / "story.db", clock, channels=("chat", "email", "slack")) as stage:
        for name in ("email", "slack"):
            stage.channels[name] = SecondChannel(name, clock)  # type: ignore[assignment]
        await _cast(stage)
        request = await stage.asked("olga", WORDS)
        await stage.seen("ana", request, 1)
        await _pass(stage, minutes=10)
        await stage.answer("dan", request, approved=True, channel="slack")
        await _pass(stage, hours=3, minutes=50)  # half of the time
        await _pass(stage, hours=1)  # the escalation; and morning in New York
        await _pass(stage, minutes=40)
        await stage.answer("ben", request, text="Yes!", channel="email")
        await _pass(stage, minutes=30)
        await stage.answer("ana", request, approved=False)
        await _pass(stage, hours=5)  # past the deadline: nothing happens any more
        return await stage.read(lambda tx: _told(tx, request.id))


async def _cast(stage: Stage) -> None:
    await stage.cast(*ZONES)
    for name, zone in ZONES.items():
        await stage.profile(name, zone=zone)
    now = stage.clock.now()
    await stage.profile("ben", preferred_channel="email", working_hours=NINE_TO_FIVE)
    await stage.profile("cleo", away=(now - DAY, now + 7 * DAY), delegate="dan")
    await stage.profile("dan", preferred_channel="slack")
    dan = stage.people["dan"].id
    await stage.store.run(lambda tx: tx.people.add_identity("slack", "T1:dan", dan, now))


async def _pass(stage: Stage, **time: float) -> None:
    """Let time go by, and do what becomes due when it does."""
    until = FakeClock(stage.clock.now())
    until.advance(**time)
    while stage.clock.now() < until.now():
        stage.clock.advance(minutes=5)
        await stage.sweeper.sweep()
        await stage.settle_down()


def _told(tx: Transaction, request_id: str) -> list[str]:
    request = tx.requests.get(request_id)
    assert request is not None
    recipients = tx.requests.recipients(request_id)
    people = {id_: tx.people.get(id_) for id_ in [request.asker_id]}
    people |= {r.canonical_id: tx.people.get(r.canonical_id) for r in recipients}
    known = {id_: person for id_, person in people.items() if person is not None}
    responses = {r.id: r for r in tx.requests.responses(request_id)}
    decided = next(r for r in responses.values() if r.standing.value == "decided")
    lines = [f"> {WORDS}", ""]
    for entry in tx.journal.of_request(request_id):
        response = responses.get(str(entry.data.get("response")), decided)
        lines.append(_line(entry, request, response, known))
        if entry.kind == "request.asked":
            lines += [
                f"{'':26}  {r.name}: {r.part.value}, {r.route.value}"
                + (f" for {known[r.by_id].name}" if r.by_id else "")
                for r in recipients
                if r.route.value != "escalated"
            ]
    outcome = request.outcome.words() if request.outcome else "none"
    verified = tx.journal.verify(request_id).fault is None
    return [
        *lines,
        "",
        f"Outcome: {request.state.value} (“{outcome}”). {len(responses)} responses were kept.",
        f"The journal {'verifies' if verified else 'does not verify'}.",
    ]


def _line(
    entry: Entry,
    request: FeedbackRequest,
    response: FeedbackResponse,
    people: Mapping[str, Person],
) -> str:
    """Return one entry as a sentence, at the time of whom it is about."""
    who = people.get(entry.person_id or "")
    reader = who or people[request.asker_id]
    found = entry.data.get("people")
    named = found if isinstance(found, list) else []
    told = TOLD.get(entry.kind, entry.kind).format(
        question=request.question,
        who=who.name if who else "",
        via=entry.data.get("channel", entry.channel),
        words=response.answer.words() if response.answer else "",
        relation="in agreement" if response.agrees else "in disagreement",
        people=", ".join(person.name for id_, person in people.items() if id_ in named),
    )
    return f"{_moment(entry.at, reader.zone)}  {told}"


def _moment(at: Micros, zone: str) -> str:
    return f"{local(at, zone):%a %H:%M} {zone:<16}"


def main() -> int:
    """Print the story."""
    with tempfile.TemporaryDirectory(prefix="handraise-story-") as folder:
        for line in asyncio.run(tell(Path(folder))):
            print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
