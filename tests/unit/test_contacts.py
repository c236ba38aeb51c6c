"""Contacts: who was named by the owner, as a word of its own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.contacts import named_by_owner, names


@pytest.mark.parametrize(
    ("text", "person"),
    [
        ("ask bob: Ship?", "bob"),
        ("bob", "bob"),
        ("Ask BOB, please", "bob"),
        ("@bob knows", "bob"),
        ("bob knows", "@bob"),
        ("(bob)", "bob"),
        ("bob's idea", "bob"),
        ("ask bob.", "bob"),
        ("ask bob. Then carl", "bob"),
        ("ask bob,carl;dora", "carl"),
        ("bob/carl", "carl"),
        ("<bob@example.org>", "bob@example.org"),
        ("mail Bob@Example.ORG.", "bob@example.org"),
        ("bob@example.org, please", "bob@example.org"),
        ("ask bob+work@example.org", "bob+work@example.org"),
        ("ask b.o.b: Ship?", "b.o.b"),
        ("ask zoë", "Zoë"),
        ("ask STRASSE", "straße"),
        ("first bob@example.org and then bob", "bob"),
    ],
)
def test_named(text: str, person: str) -> None:
    assert names(text, person)


@pytest.mark.parametrize(
    ("text", "person"),
    [
        ("", "bob"),
        ("ask bobby", "bob"),
        ("ask kebob", "bob"),
        ("ask bob_smith", "bob"),
        ("ask bob-smith", "bob"),
        ("ask bob.smith", "bob"),
        ("ask j.bob", "bob"),
        ("ask bob@example.org", "bob"),
        ("ask x+bob@example.org", "bob@example.org"),
        ("ask me@bob", "bob"),
        ("ask bob@example.org.evil.com", "bob@example.org"),
        ("ask bob@example.organisation", "bob@example.org"),
        ("ask notbob@example.org", "bob@example.org"),
        ("ask not.bob@example.org", "bob@example.org"),
        ("ask bob@examplexorg", "bob@example.org"),
        ("ask anybody", ""),
        ("ask anybody", " "),
        ("ask anybody", "@"),
        ("ask anybody", ".*"),
        ("ask 2bob", "bob"),
        ("ask ébob", "bob"),
    ],
)
def test_not_named(text: str, person: str) -> None:
    assert not names(text, person)


def test_any_of_the_owner_s_texts_will_do() -> None:
    assert named_by_owner(["Hello", "ask bob"], "bob")
    assert not named_by_owner(["Hello", "ask carl"], "bob")
    assert not named_by_owner([], "bob")


@given(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}[A-Za-z0-9]", fullmatch=True))
def test_a_user_name_between_spaces_is_named(name: str) -> None:
    assert names(f"please ask {name} about it", name)
    assert names(f"please ask @{name.upper()}: ready?", name)
    assert not names(f"please ask x{name}x about it", name)
