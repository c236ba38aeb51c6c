"""A mail is from whom it says only if our own server found so, for exactly one plain address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.gmail.addresses import parsed
from bot.channels.gmail.authenticity import Authenticity, aligned, authenticity
from bot.channels.gmail.mime import read_mail

DANA = "Dana <dana@acme.example>"


def checked(*results: str, sender: str = DANA, server: str = "mx.google.com") -> Authenticity:
    top = "".join(f"Authentication-Results: {result}\r\n" for result in results)
    raw = f"{top}From: {sender}\r\nSubject: x\r\n\r\nYes\r\n"
    return authenticity(read_mail(raw.encode()), server=server)


@pytest.mark.parametrize(
    "result",
    [
        "mx.google.com; dmarc=pass (p=NONE) header.from=acme.example",
        "mx.google.com; dmarc=pass header.from=ACME.example",
        "mx.google.com; dmarc=pass",
        "mx.google.com; dkim=pass header.i=@acme.example header.s=a header.b=x",
        "mx.google.com; dkim=pass header.d=acme.example",
        "mx.google.com; dkim=pass header.i=dana@mail.acme.example",
        "mx.google.com; dkim=fail header.d=acme.example; dkim=pass header.d=acme.example",
        "mx.google.com; dkim=pass header.d=bulk.example; spf=pass smtp.mailfrom=a@acme.example",
        "mx.google.com; spf=pass smtp.mailfrom=acme.example",
        "mx.google.com; dkim=pass header.d=acme.example; dmarc=none header.from=acme.example",
        "mx.google.com; dkim=pass header.d=acme.example; dmarc=temperror header.from=acme.example",
        "MX.GOOGLE.COM 1; DMARC=Pass Header.From=acme.example",
        "mx.google.com (a (b) c); dkim (d) = (e) pass (f) header (g) . d = acme.example",
        "mx.google.com; dkim=pass (von bücher.example) header.d=acme.example",
        "mx.google.com;\r\n  dmarc=pass\r\n header.from=acme.example",
    ],
)
def test_what_vouches_for_the_sender(result: str) -> None:
    found = checked(result)
    assert found.reason == ""
    assert found.sender is not None
    assert found.sender.email == "dana@acme.example"


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        ("mx.google.com; none", "nothing_passed"),
        ("mx.google.com; dkim=pass header.d=evil.example", "not_aligned"),
        ("mx.google.com; dkim=pass header.d=evilacme.example", "not_aligned"),
        ("mx.google.com; dkim=pass header.d=acme.example.evil.example", "not_aligned"),
        ("mx.google.com; dkim=pass header.d=evil.example header.i=@acme.example", "not_aligned"),
        ("mx.google.com; dkim=pass header.d=example", "not_aligned"),
        ("mx.google.com; dkim=pass header.i=acme.example@evil.example", "not_aligned"),
        ("mx.google.com; dkim=pass", "not_aligned"),
        ("mx.google.com; spf=pass smtp.helo=acme.example", "not_aligned"),
        ("mx.google.com; spf=softfail smtp.mailfrom=a@acme.example", "nothing_passed"),
        ("mx.google.com; dkim=fail header.d=acme.example", "nothing_passed"),
        ("mx.google.com; dkim=policy (dmarc=pass) header.d=acme.example", "nothing_passed"),
        ("mx.google.com; arc=pass header.d=acme.example", "not_aligned"),
        ("mx.google.com; dmarc=fail header.from=acme.example", "dmarc_failed"),
        ("mx.google.com; dkim=pass header.d=acme.example; dmarc=fail", "dmarc_failed"),
        ("mx.google.com; dmarc=pass; dmarc=pass header.from=acme.example", "dmarc_failed"),
        ("mx.google.com; dmarc=pass header.from=evil.example", "dmarc_of_another_domain"),
        ("mx.google.com.evil.example; dmarc=pass", "results_of_another_server"),
        ("evil.example; dmarc=pass", "results_of_another_server"),
        ("mx.google.com; dmarc=pass header.from=acme.example (", "results_unreadable"),
        ("mx.google.com; dmarc=pass ) header.from=acme.example", "results_unreadable"),
        ('mx.google.com; spf=pass ("x) ; dmarc=pass (") smtp.helo=y', "results_unreadable"),
        ('mx.google.com; spf=pass smtp.mailfrom="a;dmarc=pass"@y.example', "results_unreadable"),
        ("mx.google.com; " + "(" * 5000, "results_unreadable"),
        ("mx.google.com; dmarc=pass " + "x" * 9000, "results_unreadable"),
        ("", "results_unreadable"),
        ("\u0000", "results_unreadable"),
    ],
)
def test_what_does_not(result: str, reason: str) -> None:
    found = checked(result)
    assert found.sender is None
    assert found.reason == reason
    assert found.claimed is not None


def test_only_the_top_header_counts() -> None:
    good = "mx.google.com; dmarc=pass header.from=acme.example"
    assert checked(good, "mx.google.com; dmarc=fail").sender
    assert not checked("mx.google.com; dmarc=fail", good).sender
    assert not checked("evil.example; dmarc=pass", good).sender
    assert not checked().sender


def test_another_server_can_be_pinned() -> None:
    good = "mail.corp.example; dmarc=pass header.from=acme.example"
    assert checked(good, server="mail.corp.example").sender
    assert not checked(good).sender


@pytest.mark.parametrize(
    ("sender", "email"),
    [
        ("dana@acme.example", "dana@acme.example"),
        ("<dana@acme.example>", "dana@acme.example"),
        ("dana@acme.example <dana@acme.example>", "dana@acme.example"),
        ('"boss@corp.example, x" <dana@acme.example>', "dana@acme.example"),
        ("dana@acme.example (boss@corp.example)", "dana@acme.example"),
        ("=?utf-8?q?boss=40corp=2Eexample?= <dana@acme.example>", "dana@acme.example"),
        ("Dana <Dana.R@ACME.Example>", "Dana.R@acme.example"),
        ("Dana <dana@bücher.example>", "dana@xn--bcher-kva.example"),
        ("Dana <dana@acme.example>,", "dana@acme.example"),
    ],
)
def test_one_plain_address(sender: str, email: str) -> None:
    domain = email.rpartition("@")[2]
    found = checked(f"mx.google.com; dmarc=pass header.from={domain}", sender=sender)
    assert found.sender is not None
    assert found.sender.email == email


@pytest.mark.parametrize(
    "sender",
    [
        "",
        "Dana",
        "boss@corp.example <dana@acme.example>",
        "boss@corp.example, dana@acme.example",
        "<boss@corp.example> <dana@acme.example>",
        "<dana@acme.example> boss@corp.example",
        "Team: dana@acme.example;",
        "<@corp.example:dana@acme.example>",
        "<dana@acme.example",
        '"Dana <dana@acme.example>',
        "dana@acme.example@corp.example",
        "=?utf-8?q?dana=40acme=2Eexample?=",
        "=?utf-8?q?dana?=@acme.example",
        "dana(x)@acme.example <boss@corp.example>",
        "<dana@acme.example(boss@corp.example)>",
        "dana@[192.0.2.1]",
        "dana @acme.example",
    ],
)
def test_anything_else_is_nobody(sender: str) -> None:
    found = checked("mx.google.com; dmarc=pass", sender=sender)
    assert found.sender is None
    assert found.reason == "from_not_one_address"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("acme.example", "acme.example", True),
        ("mail.acme.example", "news.acme.example", True),
        ("acme.co.uk", "mail.acme.co.uk", True),
        ("acme.co.uk", "evil.co.uk", False),
        ("dana.github.io", "mallory.github.io", False),
        ("co.uk", "acme.co.uk", False),
        ("bücher.example", "xn--bcher-kva.example", True),
        ("straße.example", "strasse.example", False),
        ("acme.example.", "ACME.example", True),
        ("", "", False),
        ("acme", "acme", True),
        ("mail.acme", "acme", False),
    ],
)
def test_alignment_is_by_the_registered_domain(one: str, other: str, *, same: bool) -> None:
    assert aligned(one, other) is same
    assert aligned(other, one) is same


@given(st.text(st.sampled_from('<>"()@,;:\\ abc.=?\r\n\x00é'), max_size=80))
def test_any_header_is_read_without_an_error(value: str) -> None:
    parsed(value)
    checked("mx.google.com; " + value.replace("\r", "").replace("\n", ""), sender=value)


@given(st.text(st.sampled_from('<>"(),;:\\ abc.=?'), max_size=60))
def test_no_header_makes_somebody_of_another_domain(value: str) -> None:
    results = f"mx.google.com; dkim=pass header.d=evil.example; spf=none ({value})"
    assert checked(results).sender is None


@pytest.mark.parametrize(
    "smuggled",
    [
        "X: a\rFrom: boss@corp.example",
        "X: a\nFrom: boss@corp.example",
        "X: a\r\rFrom: boss@corp.example",
        "X: a\r\n \r\nFrom: boss@corp.example",
        "From : boss@corp.example",
        "From: boss@corp.example",
        "FROM: boss@corp.example",
        "Sender: boss@corp.example",
        "Resent-From: boss@corp.example",
        "Reply-To: boss@corp.example",
        "X-Google-Original-From: boss@corp.example",
        "X: =?utf-8?q?a=0D=0AFrom=3A_boss=40corp=2Eexample?=",
    ],
)
@pytest.mark.parametrize("above", [True, False])
def test_a_smuggled_author_is_never_believed(smuggled: str, *, above: bool) -> None:
    own = f"From: {DANA}"
    lines = f"{smuggled}\r\n{own}" if above else f"{own}\r\n{smuggled}"
    top = "Authentication-Results: mx.google.com; dmarc=pass header.from=acme.example"
    found = authenticity(read_mail(f"{top}\r\n{lines}\r\nTo: x@y.example\r\n\r\nYes".encode()))
    assert found.sender is None or found.sender.email == "dana@acme.example"
