"""How fast we may speak to Slack, whatever comes and whenever."""

from __future__ import annotations

from copy import deepcopy

from hypothesis import given
from hypothesis import strategies as st

from bot.channels.slack.pacing import RATES, Pace, Pacing, Rank
from bot.domain.instants import MINUTE, SECOND

NOW = 1_700_000_000 * SECOND


def test_a_few_messages_go_at_once_and_about_one_a_second_in_the_long_run() -> None:
    pacing = Pacing()
    waits = [pacing.take(Pace.POST, "T/C", Rank.WORDS, NOW) for _ in range(4)]
    assert waits == [0, 0, 0, 3 * SECOND]
    assert pacing.take(Pace.POST, "T/C", Rank.WORDS, NOW + 3 * SECOND) == 0
    assert pacing.take(Pace.POST, "T/D", Rank.WORDS, NOW) == 0, "another channel"


def test_what_matters_less_leaves_room_for_a_decision() -> None:
    pacing = Pacing()
    for rank, room in ((Rank.PREVIEW, 25), (Rank.WORDS, 12), (Rank.DECISION, 8)):
        for _ in range(room):
            assert pacing.take(Pace.UPDATE, "T", rank, NOW) == 0
        assert pacing.take(Pace.UPDATE, "T", rank, NOW) > 0


def test_repaints_have_a_tier_of_their_own() -> None:
    pacing = Pacing()
    for _ in range(5):
        pacing.take(Pace.POST, "T/C", Rank.WORDS, NOW)
    assert pacing.take(Pace.UPDATE, "T", Rank.DECISION, NOW) == 0


def test_nothing_is_taken_before_the_time_that_slack_asked_for() -> None:
    pacing = Pacing()
    pacing.hold(Pace.POST, "T/C", NOW + 30 * SECOND)
    pacing.hold(Pace.POST, "T/C", NOW + 10 * SECOND)
    assert pacing.take(Pace.POST, "T/C", Rank.DECISION, NOW) == 30 * SECOND
    assert pacing.take(Pace.POST, "T/C", Rank.DECISION, NOW + 30 * SECOND) == 0


@given(
    pace=st.sampled_from(list(Pace)),
    asks=st.lists(st.tuples(st.integers(0, 5 * SECOND), st.sampled_from(list(Rank))), max_size=80),
)
def test_no_window_ever_holds_more_than_the_rate(pace: Pace, asks: list[tuple[int, Rank]]) -> None:
    pacing, now, taken = Pacing(), NOW, []
    for step, rank in asks:
        now += step
        wait = pacing.take(pace, "T", rank, now)
        if wait == 0:
            taken.append(now)
        else:
            assert deepcopy(pacing).take(pace, "T", rank, now + wait - 1) > 0
    rate = RATES[pace]
    for first, start in enumerate(taken):
        within = sum(start <= at < start + rate.window for at in taken[first:])
        assert within <= rate.most


def test_the_tiers_are_below_slacks_own() -> None:
    most = {pace: rate.most * MINUTE / rate.window for pace, rate in RATES.items()}
    assert most[Pace.POST] <= 60
    assert most[Pace.UPDATE] <= 50
    assert most[Pace.START] <= 20
    assert most[Pace.STOP] <= 20
    assert most[Pace.APPEND] <= 100


def test_it_forgets_channels_of_long_ago() -> None:
    pacing = Pacing()
    for number in range(5_000):
        assert pacing.take(Pace.POST, f"T/C{number}", Rank.WORDS, NOW + number) == 0
    assert len(pacing._taken) <= 4_096
