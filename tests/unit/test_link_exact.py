"""What a link page writes: what would run, whole; the names of its forms; addresses, hidden."""

from __future__ import annotations

import pytest

from bot.domain.digests import action_of
from bot.domain.feedback import Action
from web.links.exact import rows
from web.links.nonces import FRESH, age_of, new_nonce
from web.links.wording import masked


def test_parts_come_in_the_order_that_people_read() -> None:
    arguments = {"url": "https://a.example", "method": "POST", "body": {"b": [1]}, "zzz": None}
    assert rows(action_of("http_request", arguments)) == [
        ("Method", "POST"),
        ("Address", "https://a.example"),
        ("Body", '{\n  "b": [\n    1\n  ]\n}'),
        ("zzz", "null"),
    ]


@pytest.mark.parametrize(
    "arguments", ["[1]", '"x"', "not json", '{"a": 1}', '{"a":1,"a":2}', '{"a":1.0e400}']
)
def test_what_is_no_plain_object_is_shown_as_it_is_bound(arguments: str) -> None:
    assert rows(Action(tool="t", arguments=arguments, digest="")) == [("Exactly", arguments)]


@pytest.mark.parametrize("sign", ["\u202e", "\u200b", "\u00ad", "\u2066", "\x1b", "\ufeff"])
def test_what_is_not_seen_is_written_out(sign: str) -> None:
    ((name, value),) = rows(action_of("t", {f"a{sign}": f"b{sign}c"}))
    code = f"\\u{ord(sign):04x}"
    assert value == f"b{code}c"
    assert sign not in name + value


def keyed(purpose: str, *parts: str) -> bytes:
    import hashlib

    return hashlib.sha256("|".join((purpose, *parts)).encode()).digest()


def test_a_form_s_name_is_bound_to_its_link_and_has_an_age() -> None:
    now = 1_000_000_000_000
    nonce = new_nonce(keyed, "a" * 64, now)
    assert nonce != new_nonce(keyed, "a" * 64, now)
    assert age_of(keyed, "a" * 64, nonce, now + FRESH) == FRESH
    assert age_of(keyed, "a" * 64, nonce, now - 5) == 0
    assert age_of(keyed, "b" * 64, nonce, now) is None
    for forged in ("", "x", nonce[:-1], nonce + "0", f"9{nonce}", nonce.upper() + " ", "١" + nonce):
        assert age_of(keyed, "a" * 64, forged, now) is None, forged
    assert len(f"link:{'a' * 64}:{nonce}") <= 200


@pytest.mark.parametrize(
    ("address", "shown"),
    [("ana@example.org", "a…@example.org"), ("@x", "…@x"), ("odd", "o…"), ("", "…")],
)
def test_an_address_is_known_to_its_owner_only(address: str, shown: str) -> None:
    assert masked(address) == shown
