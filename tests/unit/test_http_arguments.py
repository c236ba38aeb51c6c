"""What an HTTP request may look like before anybody is asked about it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.http.addresses import is_public
from bot.channels.http.arguments import ARGUMENT_BYTES, HttpCall, read_call
from bot.channels.http.hosts import AllowedHost, read_hosts
from bot.channels.http.tool import HTTP_REQUEST, HttpTool
from bot.domain.digests import action_of, canonical
from bot.domain.errors import Invalid

HOSTS = read_hosts(
    [
        "api.example.org",
        "api.example.org:8443",
        "http://plain.example.org",
        "keyed!pay.example.org",
        "internal!http://127.0.0.1:8080",
        "10.0.0.5",
        "93.184.216.34",
        "internal![::1]:9000",
        "xn--bcher-kva.example",
    ]
)


def call(**arguments: Any) -> HttpCall:
    arguments = {"method": "GET", "url": "https://api.example.org/x", **arguments}
    return read_call(json.dumps(arguments), HOSTS)


def refusal(text: str) -> str:
    with pytest.raises(Invalid) as refused:
        read_call(text, HOSTS)
    assert refused.value.message.endswith(".")
    return refused.value.message


def test_every_default_is_filled_in() -> None:
    """What `check` returns is what approvers see."""
    tool = HttpTool(HOSTS)
    short = '{"url": "HTTPS://API.example.org", "method": "post", "body": {"b": 1, "a": [true]}}'
    assert tool.check(HTTP_REQUEST, short) == {
        "method": "POST",
        "url": "https://api.example.org",
        "headers": {"content-type": "application/json"},
        "body": {"a": [True], "b": 1},
        "timeout": 10,
    }
    plain = call().plain()
    assert plain == {
        "method": "GET",
        "url": "https://api.example.org/x",
        "headers": {},
        "body": None,
        "timeout": 10,
    }


def test_text_is_sent_as_it_is_and_the_rest_as_json() -> None:
    assert call(method="POST", body="héllo").sent_body() == "héllo".encode()
    assert call(method="POST", body="x").headers == {"content-type": "text/plain; charset=utf-8"}
    assert call(method="PUT", body={"b": 1, "a": 2}).sent_body() == b'{"a":2,"b":1}'
    assert call(method="PUT", body=0).sent_body() == b"0"
    assert call().sent_body() is None
    csv = call(method="POST", body="a,b", headers={"Content-Type": "text/csv"})
    assert csv.headers == {"content-type": "text/csv"}


@pytest.mark.parametrize(
    ("method", "url", "repeatable"),
    [
        ("GET", "https://api.example.org/", True),
        ("HEAD", "https://api.example.org/", True),
        ("PUT", "https://api.example.org/", True),
        ("DELETE", "https://api.example.org/", True),
        ("POST", "https://api.example.org/", False),
        ("PATCH", "https://api.example.org/", False),
        ("POST", "https://pay.example.org/", True),
    ],
)
def test_what_may_be_repeated(method: str, url: str, repeatable: bool) -> None:
    assert call(method=method, url=url).is_repeatable is repeatable


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.org:8443/x?a=1&b=%20",
        "http://plain.example.org/",
        "http://127.0.0.1:8080/",
        "https://[::1]:9000/",
        "https://93.184.216.34/",
        "https://api.example.org:443/x",
    ],
)
def test_listed_places_can_be_reached(url: str) -> None:
    assert call(url=url).target in HOSTS


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://api.example.org/", "must use https"),
        ("https://api.example.org:444/", "port 444"),
        ("https://evil.example.org/", "not allowed here"),
        ("https://api.example.org.evil.com/", "not allowed here"),
        ("https://api.example.org./", "not allowed here"),
        ("https://sub.api.example.org/", "not allowed here"),
        ("https://127.0.0.1:8080/", "not allowed here"),
        ("https://10.0.0.5/", "inside a network"),
        ("https://api.example.org@evil.com/", "user name or password"),
        ("https://user:secret@api.example.org/", "user name or password"),
        ("https://evil.com\\@api.example.org/", "user name or password"),
        ("https://evil.com#@api.example.org/", "user name or password"),
        ("https://api.example.org/#x", "fragment"),
        ("https://evil.com\\.api.example.org/", "must be an https address"),
        ("https:/api.example.org/", "must be an https address"),
        ("https:///api.example.org/", "must be an https address"),
        ("//api.example.org/", "must be an https address"),
        ("https://api.example.org/ x", "must be an https address"),
        ("https://api.example.org/\r\nHost: evil", "must be an https address"),
        ("https://api.example.org/é", "must be an https address"),
        (" https://api.example.org/", "must be an https address"),
        ("file:///etc/passwd", "must be an https address"),
        ("ftp://api.example.org/", "must be an https address"),
        ("javascript:alert(1)", "must be an https address"),
        ("https://api.example.org:99999/", "cannot be understood"),
        ("https://[::1/", "cannot be understood"),
        ("https://0x7f000001/", "not allowed here"),
        ("https://2130706433/", "not allowed here"),
        ("https://api。example.org/", "must be an https address"),
        ("https://api.example.org" + "/x" * 1000, "longer than"),
        ("", "needs a url"),
        (7, "needs a url"),
        (None, "needs a url"),
    ],
)
def test_hostile_urls_are_refused(url: object, why: str) -> None:
    text = json.dumps({"method": "GET", "url": url})
    message = refusal(text)
    assert why in message
    assert "secret" not in message


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"method": "TRACE"}, "method must be one of"),
        ({"method": "CONNECT"}, "method must be one of"),
        ({"method": ["GET"]}, "method must be one of"),
        ({"body": "x"}, "A GET has no body"),
        ({"follow": True}, "“follow” is no argument"),
        ({"timeout": 0}, "timeout must be"),
        ({"timeout": 11}, "timeout must be"),
        ({"timeout": True}, "timeout must be"),
        ({"timeout": 1.5}, "timeout must be"),
        ({"headers": ["x"]}, "headers must be"),
        ({"headers": {"x y": "1"}}, "no name of a header"),
        ({"headers": {"": "1"}}, "no name of a header"),
        ({"headers": {"x": "a\r\nHost: evil"}}, "must be plain text"),
        ({"headers": {"x": 1}}, "must be plain text"),
        ({"headers": {"x": "é"}}, "must be plain text"),
        ({"headers": {"X-A": "1", "x-a": "2"}}, "comes twice"),
        ({"headers": {"Authorization": "Bearer s3cret"}}, "would show a secret"),
        ({"headers": {"cookie": "a=s3cret"}}, "would show a secret"),
        ({"headers": {"Host": "evil"}}, "set by Handraise"),
        ({"headers": {"Content-Length": "3"}}, "set by Handraise"),
        ({"headers": {"Transfer-Encoding": "chunked"}}, "set by Handraise"),
        ({"headers": {"Idempotency-Key": "mine"}}, "set by Handraise"),
        ({"headers": {"X-HTTP-Method-Override": "POST"}}, "hide the method"),
        ({"headers": {f"x-{n}": "1" for n in range(21)}}, "more than 20"),
        ({"method": "POST", "body": "x" * ARGUMENT_BYTES}, "over 16 KiB"),
        ({"method": "POST", "body": "é" * 6_000 + "é" * 4_000}, "over 16 KiB"),
        ({"method": "POST", "body": json.loads("[" * 30 + "]" * 30)}, "nested too deeply"),
    ],
)
def test_unfit_arguments_are_refused(more: dict[str, object], why: str) -> None:
    text = json.dumps(
        {"method": "GET", "url": "https://api.example.org/", **more}, ensure_ascii=False
    )
    message = refusal(text)
    assert why in message
    assert "s3cret" not in message


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "nonsense",
        '{"method": "GET", "method": "POST", "url": "https://api.example.org/"}',
        '{"method": "POST", "url": "https://api.example.org/", "body": NaN}',
        '{"method": "POST", "url": "https://api.example.org/", "body": 1e999}',
        '{"method": "POST", "url": "https://api.example.org/", "body": "\\ud800"}',
    ],
)
def test_what_is_no_json_is_refused(text: str) -> None:
    assert refusal(text) == "The request's arguments are not valid JSON."


def test_what_is_nested_beyond_measure_is_refused() -> None:
    """How deep a parser goes before it gives up differs between versions of Python."""
    deep = "[" * 8_000 + "]" * 8_000
    assert refusal(deep).startswith("The request's arguments")
    text = (
        '{"method": "POST", "url": "https://api.example.org/", "body": ' + deep[4_000:-4_000] + "}"
    )
    assert refusal(text) in (
        "The request's arguments are not valid JSON.",
        "The request's body is nested too deeply.",
    )


@pytest.mark.parametrize("text", ["[]", '"x"', "7", "null"])
def test_what_is_no_object_is_refused(text: str) -> None:
    assert refusal(text) == "The request's arguments must be a JSON object."


@given(
    path=st.text("abc/.%?&=;+:@!$'()*,~-_012AF", max_size=30),
    body=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        ),
        max_leaves=8,
    ),
    headers=st.dictionaries(
        st.from_regex(r"x-[a-zA-Z]{1,5}", fullmatch=True),
        st.text("abc \t:;é", max_size=8),
        max_size=3,
    ),
)
def test_what_was_checked_is_accepted_again_unchanged(
    path: str, body: object, headers: dict[str, str]
) -> None:
    """Invariant 5: the digest is of what runs, so checking twice changes nothing."""
    tool = HttpTool(HOSTS)
    arguments = {
        "method": "POST",
        "url": f"https://api.example.org/{path}",
        "body": body,
        "headers": headers,
    }
    try:
        checked = canonical(tool.check(HTTP_REQUEST, json.dumps(arguments)))
        checked.encode()
    except Invalid:
        return
    assert canonical(tool.check(HTTP_REQUEST, checked)) == checked
    assert read_call(checked, HOSTS).url.raw_host == "api.example.org"


def test_other_tools_are_unknown() -> None:
    tool = HttpTool(HOSTS)
    with pytest.raises(Invalid, match="no such tool"):
        tool.check("shell", "{}")
    assert not tool.is_repeatable(action_of("shell", {}))


@pytest.mark.parametrize(
    ("entry", "read"),
    [
        ("Api.Example.org", AllowedHost(scheme="https", host="api.example.org", port=443)),
        ("a.example:8443", AllowedHost(scheme="https", host="a.example", port=8443)),
        ("http://a.example", AllowedHost(scheme="http", host="a.example", port=80)),
        (
            "internal!keyed!http://localhost:80",
            AllowedHost(scheme="http", host="localhost", port=80, internal=True, keyed=True),
        ),
        (
            "internal!10.0.0.5",
            AllowedHost(scheme="https", host="10.0.0.5", port=443, internal=True),
        ),
        ("[2001:DB8::0:1]:1", AllowedHost(scheme="https", host="2001:db8::1", port=1)),
    ],
)
def test_hosts_are_read(entry: str, read: AllowedHost) -> None:
    assert read_hosts([entry]) == (read,)


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "*",
        "*.example.org",
        "a.example/",
        "a.example:0",
        "a.example:65536",
        "a.example:",
        "a.example:80:80",
        "user@a.example",
        "secret!a.example",
        "!a.example",
        "ws://a.example",
        "https://",
        "a..example",
        "-a.example",
        "a b.example",
        "127.1",
        "2130706433",
        "0x7f.0.0.1",
        "[::1",
        "[fe80::1%eth0]",
        "[127.0.0.1]",
        "::1",
        "é.example",
    ],
)
def test_entries_that_are_no_hosts_are_refused(entry: str) -> None:
    with pytest.raises(ValueError, match="must list hosts, such as"):
        read_hosts([entry])


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"]
)
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.0.8",
        "198.18.0.1",
        "192.0.2.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2001::1",
        "2001:db8::1",
        "fe80::1",
        "fe80::1%eth0",
        "fd00:ec2::254",
        "fec0::1",
        "ff02::1",
        "::127.0.0.1",
        "localhost",
        "",
    ],
)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)
