"""The order in which what is in hand is dealt with."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.service.lanes import Lanes, Turn
from bot.service.ports.inbox import Received


def received(key: str) -> Received:
    return Received(key=key, kind="k", payload="{}", due_at=0, received_at=0)


def add(lanes: Lanes, lane: str, at: int, key: str) -> None:
    lanes.add(Turn(lane=lane, at=at), received(key))


def taken(lanes: Lanes) -> tuple[str, str] | None:
    found = lanes.take()
    return None if found is None else (found[0], found[1].key)


def test_a_lane_gives_its_oldest_and_then_nothing_until_it_is_left() -> None:
    lanes = Lanes()
    add(lanes, "a", 2, "a2")
    add(lanes, "a", 1, "a1")
    add(lanes, "b", 9, "b9")
    assert [taken(lanes), taken(lanes), taken(lanes)] == [("a", "a1"), ("b", "b9"), None]
    add(lanes, "a", 0, "late")
    assert taken(lanes) is None
    lanes.leave("a")
    assert taken(lanes) == ("a", "late")
    assert len(lanes) == 3
    for lane in ("a", "b"):
        lanes.leave(lane)
    assert taken(lanes) == ("a", "a2")
    lanes.leave("a")
    assert (len(lanes), taken(lanes)) == (0, None)


def test_a_long_lane_does_not_hold_up_the_others() -> None:
    lanes = Lanes()
    for number in range(50):
        add(lanes, "long", number, f"{number}")
    add(lanes, "short", 99, "one")
    assert taken(lanes) == ("long", "0")
    lanes.leave("long")
    assert taken(lanes) == ("short", "one")


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3)) | st.none(), max_size=60))
def test_never_two_of_a_lane_and_each_once_in_its_order(
    steps: list[tuple[str, int] | None],
) -> None:
    lanes, waiting, held, count = Lanes(), dict[str, list[tuple[int, int]]](), dict[str, str](), 0
    steps += [None] * (3 * len(steps) + 3)  # until all have been dealt with
    for number, step in enumerate(steps):
        if step is not None:
            lane, at = step
            add(lanes, lane, at, f"{at}:{number}")
            waiting.setdefault(lane, []).append((at, number))
            count += 1
        elif (found := taken(lanes)) is not None:
            lane, key = found
            assert lane not in held
            first = min(waiting[lane])
            assert key == f"{first[0]}:{first[1]}"
            waiting[lane].remove(first)
            held[lane] = key
        elif held:
            lane = next(iter(held))
            del held[lane]
            lanes.leave(lane)
            count -= 1
        assert len(lanes) == count
    assert count == 0
    assert not any(waiting.values())
