"""Answers: they decide once, whatever comes at once or late."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.commands import Outcome
from bot.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from bot.domain.feedback import FeedbackRequest, Standing, State
from bot.domain.planning import CancelQuestion, Plan, RemindPeople, Reply, Role
from tests.flows.core_stages import stage
from tests.flows.stage import Stage, staged

__all__ = ["stage"]

ASK = "ask bob, carl, dora: Can we ship? options: yes, no"


async def standings(stage: Stage, request: FeedbackRequest) -> Counter[str]:
    return Counter(response.standing.value for response in await stage.responses(request))


async def test_two_votes_at_once_make_a_quorum_of_two(stage: Stage) -> None:
    """Invariant 3: each response locks the request's row before it is counted."""
    request = await stage.asked("ann", ASK + " quorum 2")
    outcomes = await asyncio.gather(
        stage.answer("bob", request, choices=("yes",)),
        stage.answer("carl", request, choices=("yes",)),
    )
    assert [o.status for o in outcomes] == ["counted", "decided"]
    decided = await stage.request(request)
    assert (decided.state, decided.decided_by) == (State.ANSWERED, stage.people["carl"].id)
    assert decided.outcome is not None
    assert decided.outcome.choices == ("yes",)
    assert "1 more answer is needed" in outcomes[0].text


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    votes=st.lists(
        st.tuples(st.sampled_from(["bob", "carl", "dora"]), st.sampled_from(["yes", "no"])),
        min_size=1,
        max_size=8,
    ),
    quorum=st.integers(1, 3),
)
async def test_any_answers_at_once_decide_at_most_once(
    tmp_path_factory: pytest.TempPathFactory, votes: list[tuple[str, str]], quorum: int
) -> None:
    """Invariant 3: against a model that takes the votes one after the other."""
    async with staged(tmp_path_factory.mktemp("votes") / "core.db") as stage:
        await stage.cast("ann", "bob", "carl", "dora")
        request = await stage.asked("ann", f"{ASK} quorum {quorum}")
        outcomes = await asyncio.gather(
            *(stage.answer(who, request, choices=(vote,)) for who, vote in votes)
        )
        standing: dict[str, str] = {}
        expected = []
        won = None
        for who, vote in votes:
            if won is not None:
                expected.append(("late", vote == won))
                continue
            standing[who] = vote
            if sum(v == vote for v in standing.values()) >= quorum:
                won = vote
            expected.append(("decided" if won else "counted", None))
        assert [o.status for o in outcomes] == [status for status, _ in expected]
        responses = await stage.responses(request)
        assert [(r.standing.value, r.agrees) for r in responses] == expected
        after = await stage.request(request)
        assert after.state is (State.PENDING if won is None else State.ANSWERED)
        session = await stage.session(request.session_id)
        assert session.open_questions == (1 if won is None else 0)
        facts = [e for e in await stage.journal(session.id) if e == "request.answered"]
        assert len(facts) == (0 if won is None else 1)


async def test_late_answers_are_kept_with_what_they_say(stage: Stage) -> None:
    """Invariants 2 and 3: committed after the decision is late; agreeing or not is told."""
    request = await stage.asked("ann", ASK)
    await stage.answer("bob", request, choices=("yes",))
    agrees = await stage.answer("carl", request, choices=("yes",))
    differs = await stage.answer("dora", request, text="No!")
    again = await stage.answer("bob", request, choices=("no",))
    assert [agrees.status, differs.status, again.status] == ["late"] * 3
    assert "bob already answered “yes”: today, 09:00 (UTC)" in agrees.text
    kept = await stage.responses(request)
    assert [(r.standing, r.agrees) for r in kept] == [
        (Standing.DECIDED, None),
        (Standing.LATE, True),
        (Standing.LATE, False),
        (Standing.LATE, False),
    ]
    assert kept[2].raw_text == "No!"
    after = await stage.request(request)
    assert after.outcome is not None
    assert (after.outcome.choices, after.decided_by) == (("yes",), stage.people["bob"].id)
    await stage.settle_down()
    facts = await stage.said(request.session_id, Role.SYSTEM)
    assert any("carl" in fact and "in agreement" in fact for fact in facts)
    assert any("dora" in fact and "in disagreement" in fact for fact in facts)


async def test_unclear_words_after_the_decision_are_late_and_say_who_decided(stage: Stage) -> None:
    """Invariant 2: nobody is asked to choose once there is nothing left to choose."""
    request = await stage.asked("ann", ASK)
    await stage.answer("bob", request, choices=("yes",))
    late = await stage.answer("carl", request, text="I would rather wait a week")
    assert late.status == "late"
    assert "bob already answered" in late.text
    response = (await stage.responses(request))[-1]
    assert (response.standing, response.agrees) == (Standing.LATE, None)
    assert response.raw_text == "I would rather wait a week"
    told = (await stage.said(request.session_id, Role.SYSTEM))[-1]
    assert "carl" in told
    assert "I would rather wait a week" in told


async def test_a_digest_of_something_else_is_refused_and_nothing_is_stored(stage: Stage) -> None:
    """Invariant 5: an answer is bound to what was shown."""
    request = await stage.asked("ann", "ask bob: Can we ship? options: yes, no")
    before = await stage.session(request.session_id)
    with pytest.raises(Conflict) as refused:
        await stage.answer("bob", request, choices=("yes",), digest="0" * 64, external_key="k")
    assert refused.value.code == "digest_mismatch"
    assert await stage.responses(request) == []
    assert await stage.session(request.session_id) == before
    # Nor was its key used up.
    outcome = await stage.answer("bob", request, choices=("yes",), external_key="k")
    assert (outcome.status, outcome.replayed) == ("decided", False)


@pytest.mark.parametrize(
    ("who", "error", "sentence"),
    [
        ("mallory", NotFound, "There is no such question."),
        ("ann", NotAllowed, "This question is for bob; they can answer it."),
    ],
)
async def test_only_a_recipient_answers(
    stage: Stage, who: str, error: type[Exception], sentence: str
) -> None:
    """Invariant 4: only a named person decides."""
    request = await stage.asked("ann", "ask bob: Can we ship? options: yes, no")
    with pytest.raises(error, match=sentence):
        await stage.answer(who, request, choices=("yes",))
    assert await stage.responses(request) == []
    assert (await stage.request(request)).state is State.PENDING


async def test_who_is_not_verified_decides_nothing(stage: Stage) -> None:
    """Invariant 4: only a verified person decides."""
    request = await stage.asked("ann", "ask bob: Can we ship? options: yes, no")
    with pytest.raises(NotAllowed, match="Verify your address first"):
        await stage.answer("bob", request, choices=("yes",), verified=False)
    assert await stage.responses(request) == []
    assert (await stage.request(request)).state is State.PENDING


async def test_unclear_words_decide_nothing_and_are_kept(stage: Stage) -> None:
    """Invariant 6: a guess is not an answer."""
    request = await stage.asked("ann", "ask bob for approval: Ship it?")
    outcome = await stage.answer("bob", request, text="ok, but only after the tests ran")
    assert outcome.status == "unclear"
    assert "nothing is decided" in outcome.text
    [response] = await stage.responses(request)
    assert (response.standing, response.answer) == (Standing.UNCLEAR, None)
    assert response.raw_text == "ok, but only after the tests ran"
    assert (await stage.request(request)).is_open
    assert "response.unclear" in await stage.journal(request.session_id)
    decided = await stage.answer("bob", request, text="Approve!")
    assert decided.status == "decided"
    assert (await stage.request(request)).state is State.APPROVED


@pytest.mark.parametrize(
    "given", [{"choices": ("yes",)}, {"text": "   "}, {"text": "\x07"}], ids=str
)
async def test_an_answer_of_the_wrong_shape_is_refused(
    stage: Stage, given: dict[str, object]
) -> None:
    request = await stage.asked("ann", "ask bob for approval: Ship it?")
    with pytest.raises(Invalid):
        await stage.answer("bob", request, **given)
    assert await stage.responses(request) == []


async def test_who_changes_their_mind_counts_once(stage: Stage) -> None:
    request = await stage.asked("ann", ASK + " quorum 2")
    votes = ["yes", "yes", "no"]
    counted = [await stage.answer("bob", request, choices=(vote,)) for vote in votes]
    assert [o.status for o in counted] == ["counted"] * 3
    assert (await stage.answer("carl", request, choices=("yes",))).status == "counted"
    assert (await stage.answer("dora", request, choices=("no",))).status == "decided"
    assert await standings(stage, request) == {"counted": 4, "decided": 1}


async def test_people_merged_after_they_voted_count_once(stage: Stage) -> None:
    """Rules count canonical persons: two votes of one human are no quorum."""
    request = await stage.asked("ann", ASK + " quorum 2")
    await stage.answer("bob", request, choices=("yes",))
    bob, carl = stage.people["bob"], stage.people["carl"]

    await stage.store.run(lambda tx: tx.people.merge(bob.id, carl.id))
    assert (await stage.answer("carl", request, choices=("yes",))).status == "counted"
    assert (await stage.answer("bob", request, choices=("yes",))).status == "counted"
    assert (await stage.answer("dora", request, choices=("yes",))).status == "decided"


async def test_an_approver_who_is_found_to_be_the_asker_approves_nothing(stage: Stage) -> None:
    """Nobody approves their own request, whenever it turns out to be their own."""
    request = await stage.asked("ann", "ask bob, carl for approval: Ship it?")
    ann, bob = stage.people["ann"], stage.people["bob"]
    await stage.store.run(lambda tx: tx.people.merge(ann.id, bob.id))
    with pytest.raises(NotAllowed) as refused:
        await stage.answer("bob", request, approved=True)
    assert refused.value.code == "self_approval"
    assert (await stage.request(request)).is_open
    # By either name they are the asker.
    with pytest.raises(NotAllowed):
        await stage.cancel("carl", request)
    assert (await stage.cancel("bob", request)).status == "cancelled"


async def test_the_asker_takes_a_question_back(stage: Stage) -> None:
    request = await stage.asked("ann", ASK)
    with pytest.raises(NotFound):
        await stage.cancel("mallory", request)
    with pytest.raises(NotAllowed, match="Only the person who asked"):
        await stage.cancel("bob", request)
    assert (await stage.request(request)).is_open
    assert (await stage.cancel("ann", request)).status == "cancelled"
    with pytest.raises(Conflict) as again:
        await stage.cancel("ann", request)
    assert again.value.code == "already_settled"
    late = await stage.answer("bob", request, choices=("yes",))
    assert (late.status, "cancelled" in late.text) == ("late", True)
    assert (await stage.responses(request))[0].agrees is None
    await stage.settle_down()
    assert Counter(stage.channel.states()) == {"pending": 3, "cancelled": 3}
    session = await stage.session(request.session_id)
    assert session.open_questions == 0


async def test_the_asker_may_be_asked_and_answers(stage: Stage) -> None:
    request = await stage.asked("ann", "ask ann, bob: Can we ship? options: yes, no")
    assert (await stage.answer("ann", request, choices=("yes",))).status == "decided"


async def test_the_session_goes_on_with_the_answer(stage: Stage) -> None:
    request = await stage.asked("ann", "ask bob: How many? ")
    await stage.answer("bob", request, text="  Twelve,\r\n at most ")
    await stage.settle_down()
    texts = [m.text for m in await stage.messages(request.session_id)]
    assert texts == [
        "ask bob: How many?",
        "I asked bob: How many?",
        "bob answered “How many?”: \n\n> Twelve,\n> at most",
        "bob says:\n\n> Twelve,\n> at most.",
    ]
    assert (await stage.session(request.session_id)).has_input is False


async def test_a_version_is_seen_once_by_its_person(stage: Stage) -> None:
    request = await stage.asked("ann", "ask bob: Can we ship? options: yes, no")
    for _ in range(2):
        assert (await stage.seen("bob", request, 1)).status == "seen"
    assert (await stage.seen("bob", request, 9)).status == "seen"
    [surface] = await stage.surfaces(request)
    assert surface.seen_version == 1
    assert (await stage.journal(request.session_id)).count("surface.seen") == 1
    with pytest.raises(NotFound):
        await stage.seen("mallory", request, 1)


@pytest.mark.parametrize("first", [CancelQuestion, RemindPeople])
@pytest.mark.parametrize("second", [CancelQuestion, RemindPeople])
async def test_two_steps_on_one_question_in_one_plan(
    stage: Stage,
    first: type[CancelQuestion | RemindPeople],
    second: type[CancelQuestion | RemindPeople],
) -> None:
    """The second step meets what the first one did: nothing is cancelled twice or reopened."""
    request = await stage.asked("ann", "ask bob: Can we ship? options: yes, no")
    steps = (first(request_id=request.id), second(request_id=request.id), Reply(text="Done."))
    stage.planner.script = [Plan(steps=steps)]
    await stage.say("ann", request.session_id, "Forget it")
    await stage.settle_down()
    cancelled = CancelQuestion in (first, second)
    after = await stage.request(request)
    assert after.state is (State.CANCELLED if cancelled else State.PENDING)
    session = await stage.session(request.session_id)
    assert session.open_questions == (0 if cancelled else 1)
    refused = first is CancelQuestion
    # One step changed it, or both did.
    assert after.version == (2 if refused else 3)
    assert ("That question is not open any more." in await stage.said(session.id)) is refused
    [surface] = await stage.surfaces(request)
    assert surface.shown_version == surface.wanted_version == after.version
    assert stage.channel.states()[-1] == after.state.value


async def test_a_plan_cannot_touch_another_session_s_question(stage: Stage) -> None:
    """Invariant 10: what is proposed is checked against what this session may do."""
    request = await stage.asked("ann", "ask bob: Can we ship? options: yes, no")
    stage.planner.script = [Plan(steps=(CancelQuestion(request_id=request.id),))]
    other = await stage.opened("mallory", "Cancel Ann's question")
    await stage.settle_down()
    assert (await stage.request(request)).is_open
    assert await stage.said(other) == ["That question is not open any more."]


async def test_the_same_answer_twice_is_one_answer(stage: Stage) -> None:
    request = await stage.asked("ann", ASK)

    async def click() -> Outcome:
        return await stage.answer("bob", request, choices=("yes",), external_key="click")

    outcomes = await asyncio.gather(*(click() for _ in range(20)))
    assert Counter(o.replayed for o in outcomes) == {False: 1, True: 19}
    assert {(o.status, o.text) for o in outcomes} == {("decided", outcomes[0].text)}
    assert len(await stage.responses(request)) == 1
