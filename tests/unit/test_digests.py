"""Digests: the same content gives the same one, any other content another."""

from __future__ import annotations

from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from bot.domain.digests import digest_of
from bot.domain.feedback import Kind, Risk

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
contents = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(Kind),
        "question": texts,
        "context": texts,
        "options": st.lists(texts, max_size=4),
        "asker_id": texts,
        "quorum": st.integers(1, 5),
        "risk": st.sampled_from(Risk),
    }
)


@given(contents)
def test_it_depends_on_nothing_else(content: dict[str, Any]) -> None:
    again = {**content, "options": tuple(content["options"])}
    assert digest_of(**content) == digest_of(**again)
    assert len(digest_of(**content)) == 64


@given(contents, contents)
def test_two_contents_differ(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert (digest_of(**one) == digest_of(**other)) == (one == other)


@given(contents, contents, st.sampled_from(["kind", "question", "context", "options", "asker_id",
                                            "quorum", "risk"]))  # fmt: skip
def test_each_part_that_is_shown_matters(
    content: dict[str, Any], other: dict[str, Any], part: str
) -> None:
    """Invariant 5: whatever was shown otherwise is another question."""
    assume(content[part] != other[part])
    assert digest_of(**content) != digest_of(**{**content, part: other[part]})


@given(st.lists(texts, min_size=2, max_size=4, unique=True))
def test_the_order_of_options_and_where_they_part_matter(options: list[str]) -> None:
    rest: dict[str, Any] = {"kind": Kind.CHOICE, "question": "q", "context": "", "asker_id": "a",
                            "quorum": 1, "risk": Risk.NORMAL}  # fmt: skip
    assert digest_of(options=options, **rest) != digest_of(options=options[::-1], **rest)
    joined = [options[0] + options[1], *options[2:]]
    assert digest_of(options=options, **rest) != digest_of(options=joined, **rest)


def test_it_is_the_same_in_every_release() -> None:
    """Stored digests are compared after an upgrade."""
    assert (
        digest_of(kind=Kind.CHOICE, question="Ship?", context="é", options=("yes", "no"),
                  asker_id="a", quorum=1, risk=Risk.NORMAL)
        == "ed9764d526dfb36b9e1b9e8512537c73c5709a8fc2bb84b09d763cea3bf12bae"
    )  # fmt: skip
