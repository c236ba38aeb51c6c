"""Digests: the same content gives the same one, any other content another."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from bot.domain.digests import action_of, canonical, digest_of, is_intact
from bot.domain.feedback import (
    Answer,
    FeedbackRequest,
    Field,
    FieldKind,
    Kind,
    Risk,
    Rule,
    State,
)
from bot.domain.timetable import EscalationStep, Timetable
from tests.unit.deciding_cases import a_request

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
lists = st.lists(texts, max_size=4).map(tuple)
arguments = st.dictionaries(texts, st.one_of(texts, st.integers(), st.none(), st.booleans()))
form_fields = st.lists(
    st.builds(
        Field,
        name=texts,
        label=texts,
        kind=st.sampled_from(FieldKind),
        required=st.booleans(),
        options=lists,
    ),
    max_size=3,
).map(tuple)
SHOWN = {
    "kind": st.sampled_from(Kind),
    "question": texts,
    "context": texts,
    "options": lists,
    "multiple": st.booleans(),
    "fields": form_fields,
    "asker_id": texts,
    "rule": st.sampled_from(Rule),
    "quorum": st.integers(1, 5),
    "veto": st.booleans(),
    "risk": st.sampled_from(Risk),
    "action": st.one_of(st.none(), st.builds(action_of, texts, arguments)),
}
contents = st.fixed_dictionaries(SHOWN)
instants = st.integers(0, 10**15)
OTHERWISE = {
    "id": texts,
    "session_id": texts,
    "state": st.sampled_from(State),
    "digest": texts,
    "asked_at": instants,
    "deadline": instants,
    "version": st.integers(1, 9),
    "urgent": st.booleans(),
    "timetable": st.builds(
        Timetable,
        asked_at=instants,
        deadline=instants,
        reminders=st.lists(instants, max_size=2).map(tuple),
        escalations=st.lists(st.builds(EscalationStep, at=instants, people=lists), max_size=2).map(
            tuple
        ),
    ),
    "reminders_done": st.integers(0, 3),
    "escalations_done": st.integers(0, 3),
    "next_at": st.one_of(st.none(), instants),
    "claimed_by": st.one_of(st.none(), texts),
    "replaces": st.one_of(st.none(), texts),
    "decided_at": st.one_of(st.none(), instants),
    "decided_by": st.one_of(st.none(), texts),
    "decided_via": st.one_of(st.none(), texts),
    "outcome": st.one_of(st.none(), st.builds(Answer, text=texts)),
    "place": st.one_of(st.none(), texts),
}


def test_every_part_of_a_request_is_shown_or_not() -> None:
    """A field that is added must be put on one of the two sides."""
    assert {field.name for field in fields(FeedbackRequest)} == SHOWN.keys() | OTHERWISE.keys()
    assert not SHOWN.keys() & OTHERWISE.keys()


@given(contents, st.fixed_dictionaries(OTHERWISE))
def test_it_depends_on_nothing_else(content: dict[str, Any], otherwise: dict[str, Any]) -> None:
    """Until when and whom it went to may change while it is open."""
    digest = digest_of(a_request(**content))
    assert digest_of(a_request(**content, **otherwise)) == digest
    assert len(digest) == 64


@given(contents, contents)
def test_two_contents_differ(one: dict[str, Any], other: dict[str, Any]) -> None:
    same = digest_of(a_request(**one)) == digest_of(a_request(**other))
    assert same == (one == other)


@given(contents, contents, st.sampled_from(sorted(SHOWN)))
def test_each_part_that_is_shown_matters(
    content: dict[str, Any], other: dict[str, Any], part: str
) -> None:
    """Invariant 5: whatever was shown otherwise is another question."""
    assume(content[part] != other[part])
    request = a_request(**content)
    assert digest_of(request) != digest_of(replace(request, **{part: other[part]}))


@given(form_fields, st.data())
def test_each_part_of_a_form_matters(fields_: tuple[Field, ...], data: st.DataObject) -> None:
    assume(fields_)
    index = data.draw(st.integers(0, len(fields_) - 1))
    part, other = (
        data.draw(st.sampled_from(["name", "label", "kind", "required", "options"])),
        data.draw(form_fields),
    )
    assume(other and getattr(other[0], part) != getattr(fields_[index], part))
    changed = list(fields_)
    changed[index] = replace(changed[index], **{part: getattr(other[0], part)})
    request = a_request(kind=Kind.FORM, fields=fields_)
    assert digest_of(request) != digest_of(replace(request, fields=tuple(changed)))
    if len(fields_) > 1 and fields_ != fields_[::-1]:
        assert digest_of(request) != digest_of(replace(request, fields=fields_[::-1]))


@given(st.lists(texts, min_size=2, max_size=4, unique=True))
def test_the_order_of_options_and_where_they_part_matter(options: list[str]) -> None:
    request = a_request(options=tuple(options))
    assert digest_of(request) != digest_of(replace(request, options=tuple(options[::-1])))
    joined = (options[0] + options[1], *options[2:])
    assert digest_of(request) != digest_of(replace(request, options=joined))


def test_it_is_the_same_in_every_release() -> None:
    """Stored digests are compared after an upgrade."""
    request = a_request(context="é", asker_id="a")
    assert digest_of(request) == (
        "d83617769ba9351cf8deaf8e0322b64b7392935e73c201bd75cd58ed773c33e7"
    )
    action = action_of("http", {"url": "https://example.org/", "body": "é"})
    assert action.digest == "755a420a007f703786a077b78b9e69517deb2c9a3184346e363d0de68c5ec9a4"
    form = a_request(
        kind=Kind.FORM,
        options=(),
        fields=(Field(name="n", label="N", kind=FieldKind.NUMBER),),
        rule=Rule.ALL,
        veto=True,
        action=action,
    )
    assert digest_of(form) == "2b8699570f493bbf9458667892d291b6b59584791dac89600ba07ed9e64697da"


@given(arguments, texts)
def test_an_action_is_bound_to_its_tool_and_arguments(given_: dict[str, Any], other: str) -> None:
    """Invariant 5: what was approved is what runs."""
    action = action_of("http", given_)
    assert is_intact(action)
    assert json.loads(action.arguments) == given_
    # The order in which arguments were named does not matter.
    assert action_of("http", dict(reversed(given_.items()))) == action
    if other != action.arguments:
        assert not is_intact(replace(action, arguments=other))
    if other != action.tool:
        assert not is_intact(replace(action, tool=other))


def test_canonical_json_has_one_form() -> None:
    assert canonical({"b": [1, "é"], "a": None}) == '{"a":null,"b":[1,"é"]}'
