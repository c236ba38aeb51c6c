"""Whom `X-Forwarded-*` makes the client: the first from the right that is no proxy of ours."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from web.proxies import told

TRUSTED = [ip_network("10.0.0.0/8"), ip_network("::1/128")]


def client(*chains: str, remote: str = "10.0.0.1", **more: str) -> dict[str, str]:
    headers = CIMultiDict([("X-Forwarded-For", chain) for chain in chains])
    for name, value in more.items():
        headers.add(f"X-Forwarded-{name}", value)
    return dict(told(headers, remote, TRUSTED))


@pytest.mark.parametrize(
    ("chains", "remote"),
    [
        ((), "10.0.0.1"),
        (("203.0.113.7",), "203.0.113.7"),
        (("198.51.100.1, 203.0.113.7",), "203.0.113.7"),
        (("198.51.100.1, 203.0.113.7, 10.0.0.2",), "203.0.113.7"),
        (("198.51.100.1", "203.0.113.7"), "203.0.113.7"),
        (("10.9.9.9",), "10.9.9.9"),
        (("127.0.0.1, 203.0.113.7:51234",), "203.0.113.7"),
        (("[2001:db8::1]:443",), "2001:db8::1"),
        (("2001:db8::1",), "2001:db8::1"),
        (("::ffff:203.0.113.7",), "203.0.113.7"),
        (("203.0.113.7, unknown",), "10.0.0.1"),
        (("203.0.113.7, <script>, 10.0.0.2",), "10.0.0.2"),
        (("",), "10.0.0.1"),
        ((",,,",), "10.0.0.1"),
        (("203.0.113.7," * 10_000 + "10.0.0.2",), "203.0.113.7"),
    ],
    ids=range(15),
)
def test_the_address(chains: tuple[str, ...], remote: str) -> None:
    assert client(*chains)["remote"] == remote


@given(forged=st.text(max_size=60).filter(lambda text: "\n" not in text and "\r" not in text))
def test_nothing_a_client_writes_changes_who_it_is(forged: str) -> None:
    """The proxy appends whom it saw; all that is left of it is the client's own."""
    assert client(f"{forged}, 203.0.113.7")["remote"] == "203.0.113.7"


@pytest.mark.parametrize(
    ("value", "scheme"),
    [
        ("https", "https"),
        ("HTTPS", "https"),
        ("http", "http"),
        ("javascript", None),
        ("", None),
        ("http, https", "https"),
    ],
)
def test_the_scheme(value: str, scheme: str | None) -> None:
    assert client("203.0.113.7", Proto=value).get("scheme") == scheme


@pytest.mark.parametrize(
    ("value", "host"),
    [
        ("handraise.example.org", "handraise.example.org"),
        ("handraise.example.org:8443", "handraise.example.org:8443"),
        ("evil.example, handraise.example.org", "handraise.example.org"),
        ("a b", None),
        ("x/../y", None),
        ("user@host", None),
        ("x" * 300, None),
    ],
    ids=range(7),
)
def test_the_host(value: str, host: str | None) -> None:
    assert client("203.0.113.7", Host=value).get("host") == host
