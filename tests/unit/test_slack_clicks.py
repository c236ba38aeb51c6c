"""Clicks: they come back as they were made, and nothing else is taken for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.slack.bindings import Bound, callback_of, write
from bot.channels.slack.bindings import read as read_bound
from bot.channels.slack.clicks import Act, Click, NotOurs, decode, decode_picked, encode

ID = "01890000-0000-7000-8000-000000000001"
DIGEST = "ab" * 32
IDS = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
DIGESTS = st.from_regex(r"[0-9a-f]{64}", fullmatch=True)


@st.composite
def clicks(draw: st.DrawFn) -> Click:
    act = draw(st.sampled_from(Act))
    if act in {Act.SETTINGS, Act.OPEN}:
        return Click(act=act)
    numbered = act in {Act.CHOOSE, Act.PICK}
    more = act in {Act.REOPEN, Act.CONFIRM, Act.DENY}
    return Click(
        act=act,
        subject=draw(IDS),
        digest="" if act is Act.END else draw(DIGESTS),
        option=draw(st.integers(0, 999)) if numbered else None,
        extra=draw(IDS) if more else "",
    )


@given(clicks())
def test_a_click_comes_back(click: Click) -> None:
    action_id, value = encode(click)
    assert decode(action_id, value) == click
    assert len(action_id) <= 255
    assert len(value) <= 300
    # As it is written where several stand in one view.
    assert decode(action_id + "~12", value) == click
    if click.act is Act.PICK:
        assert len(value) <= 150


def test_the_names_are_stable() -> None:
    """A card that was sent last week must still be understood."""
    assert encode(Click(act=Act.APPROVE, subject=ID, digest=DIGEST)) == (
        "hr.approve", f"1:{ID}:{DIGEST}::",
    )  # fmt: skip
    assert encode(Click(act=Act.CHOOSE, subject=ID, digest=DIGEST, option=3)) == (
        "hr.choose.3", f"1:{ID}:{DIGEST}:3:",
    )  # fmt: skip
    assert encode(Click(act=Act.REOPEN, subject=ID, digest=DIGEST, extra="r-1")) == (
        "hr.reopen", f"1:{ID}:{DIGEST}::r-1",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("action_id", "value"),
    [
        ("", ""),
        ("hr.approve", ""),
        ("approve", f"1:{ID}:{DIGEST}::"),
        ("hr.shred", f"1:{ID}:{DIGEST}::"),
        ("hr.approve", f"2:{ID}:{DIGEST}::"),
        ("hr.approve", f"1::{DIGEST}::"),
        ("hr.approve", f"1:{ID}:{DIGEST}:0:"),
        ("hr.approve.1", f"1:{ID}:{DIGEST}::"),
        ("hr.approve", f"1:{ID}:{DIGEST}:::"),
        ("hr.approve", f"1:{ID}:{DIGEST}::\n"),
        ("hr.approve", f"1:{ID}:<!here>::"),
        ("hr.approve", f"1:{ID}:{DIGEST}::{ID}"),
        ("hr.choose.3", f"1:{ID}:{DIGEST}:4:"),
        ("hr.approve~0", f"1:{ID}:{DIGEST}::"),
        ("hr.approve~1~2", f"1:{ID}:{DIGEST}::"),
        ("hr.approve~1\n", f"1:{ID}:{DIGEST}::"),
        ("hr.choose", f"1:{ID}:{DIGEST}:4:"),
        ("hr.choose.03", f"1:{ID}:{DIGEST}:03:"),
        ("hr.choose.٣", f"1:{ID}:{DIGEST}:٣:"),
        ("hr.choose.-1", f"1:{ID}:{DIGEST}:-1:"),
        ("hr.reopen", f"1:{ID}:{DIGEST}::"),
        ("hr.approve", "1:" + "x" * 10_000 + "::"),
    ],
)
def test_a_forged_click_is_refused(action_id: str, value: str) -> None:
    with pytest.raises(NotOurs):
        decode(action_id, value)


@given(st.text(max_size=40), st.text(max_size=400))
def test_any_other_text_is_refused(name: str, value: str) -> None:
    for action_id in (name, "hr." + name, "hr.approve", "hr.choose.1"):
        try:
            click = decode(action_id, value)
        except NotOurs:
            continue
        bare = action_id.partition("~")[0]
        assert click.act in {Act.SETTINGS, Act.OPEN} or encode(click) == (bare, value)


def test_options_of_two_questions_are_no_answer() -> None:
    one = encode(Click(act=Act.PICK, subject="a", digest="d", option=0))[1]
    same = encode(Click(act=Act.PICK, subject="a", digest="d", option=1))[1]
    other = encode(Click(act=Act.PICK, subject="b", digest="d", option=1))[1]
    assert [click.option for click in decode_picked((one, same))] == [0, 1]
    with pytest.raises(NotOurs):
        decode_picked((one, other))


@given(clicks(), st.from_regex(r"[A-Z0-9]{1,12}:[0-9]{1,10}\.[0-9]{6}", fullmatch=True))
def test_what_a_modal_carries_comes_back(click: Click, origin: str) -> None:
    if click.act in {Act.CHOOSE, Act.SETTINGS, Act.OPEN}:
        return
    bound = Bound(click=click, origin=origin)
    assert read_bound(callback_of(click.act), write(bound)) == bound


@given(st.one_of(st.text(max_size=80), st.from_regex(r'\{"(value|origin)": ?.{0,40}\}')))
def test_other_metadata_is_refused(metadata: str) -> None:
    with pytest.raises(NotOurs):
        read_bound("hr.answer", metadata)


def test_deep_metadata_is_refused() -> None:
    with pytest.raises(NotOurs):
        read_bound("hr.answer", "[" * 900)
