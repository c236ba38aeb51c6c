"""The tool `http_request` against a real server: what arrives, and what comes back."""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.channels.http.hosts import read_hosts
from bot.channels.http.tool import HTTP_REQUEST, HttpTool
from bot.domain.digests import action_of, canonical
from bot.domain.errors import HandraiseError, Invalid, NotAllowed, Unavailable
from bot.domain.feedback import Action
from bot.service.ports.tools import ResultUnknown, ToolFailed
from tests.flows.target import Target, a_target, drip, flood, hang, hang_up


@pytest.fixture
async def target() -> AsyncIterator[Target]:
    async with a_target() as target:
        yield target


class FakeResolver(AbstractResolver):
    """Answers look-ups in turn, the last one for good: a name server that rebinds."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked += 1
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=0,
            )
            for address in found
        ]

    async def close(self) -> None:
        pass


def action(tool: HttpTool, url: str, **more: Any) -> Action:
    arguments = {"method": "GET", "url": url, "timeout": 1, **more}
    return action_of(HTTP_REQUEST, tool.check(HTTP_REQUEST, canonical(arguments)))


async def run(target: Target, method: str = "GET", **more: Any) -> str:
    tool = HttpTool(read_hosts([target.host]))
    return await tool.run(action(tool, f"{target.url}/a?b=1", method=method, **more), "key-1")


async def failure(target: Target, method: str = "GET", **more: Any) -> HandraiseError:
    with pytest.raises(HandraiseError) as failed:
        await run(target, method, **more)
    return failed.value


async def test_what_was_approved_arrives(target: Target) -> None:
    body = {"order": 7, "text": "ünï"}
    said = await run(target, "POST", body=body, headers={"X-Trace": "a"})
    assert said == "127.0.0.1 answered 200 OK.\n\nfine"
    [arrived] = target.arrived
    assert (arrived.method, arrived.path) == ("POST", "/a?b=1")
    assert arrived.body == '{"order":7,"text":"ünï"}'.encode()
    assert arrived.headers["idempotency-key"] == "key-1"
    assert arrived.headers["x-trace"] == "a"
    assert arrived.headers["user-agent"] == "Handraise"
    assert arrived.headers["content-type"] == "application/json"
    assert arrived.headers["accept-encoding"] == "identity"
    assert "cookie" not in arrived.headers


async def test_redirects_are_not_followed(target: Target) -> None:
    target.answers = [web.Response(status=302, headers={"location": "/secret"}, text="moved")]
    failed = await failure(target)
    assert isinstance(failed, ToolFailed)
    assert "302 Found; redirects are not followed" in failed.message
    assert len(target.arrived) == 1


@pytest.mark.parametrize(
    ("status", "method", "kind"),
    [
        (404, "GET", ToolFailed),
        (409, "POST", ToolFailed),
        (500, "POST", ToolFailed),
        (503, "POST", ToolFailed),
        (500, "GET", ResultUnknown),
        (503, "PUT", ResultUnknown),
        (502, "POST", ResultUnknown),
        (504, "POST", ResultUnknown),
        (429, "POST", Unavailable),
        (799, "GET", ResultUnknown),
    ],
)
async def test_what_a_status_means(
    target: Target, status: int, method: str, kind: type[HandraiseError]
) -> None:
    target.answers = [web.Response(status=status, text="because", reason="<b>own words</b>")]
    failed = await failure(target, method)
    assert type(failed) is kind
    assert str(status) in failed.message
    assert "own words" not in failed.message
    if isinstance(failed, ToolFailed):
        assert failed.output == "because"


async def test_big_bodies_are_cut(target: Target) -> None:
    target.answers = [flood]
    said = await run(target, timeout=10)
    assert said.endswith("x\n(cut off after 64 KiB)")
    assert len(said) < 66_000


async def test_slow_servers_are_left(target: Target) -> None:
    target.answers = [hang]
    failed = await failure(target, "POST")
    assert isinstance(failed, ResultUnknown)
    assert failed.message == "127.0.0.1 did not answer within 1 s."


async def test_an_answer_that_does_not_end_is_an_answer(target: Target) -> None:
    target.answers = [drip]
    async with asyncio.timeout(5):
        said = await run(target, "POST")
    assert said.startswith("127.0.0.1 answered 200 OK.\n\n.")
    assert said.endswith("(the rest did not arrive)")


async def test_a_connection_that_breaks_leaves_the_result_unknown(target: Target) -> None:
    target.answers = [hang_up]
    failed = await failure(target, "POST")
    assert isinstance(failed, ResultUnknown)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
async def test_a_request_is_sent_once_even_where_the_library_would_send_it_again(
    target: Target, method: str
) -> None:
    target.answers = [hang_up]
    failed = await failure(target, method)
    assert isinstance(failed, ResultUnknown)
    assert len(target.arrived) == 1
    assert "content-type" not in target.arrived[0].headers


async def test_what_was_certainly_not_sent_may_come_again() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        place = f"http://127.0.0.1:{unused.getsockname()[1]}"
        tool = HttpTool(read_hosts([f"internal!{place}"]))
        with pytest.raises(Unavailable, match="nothing was sent"):
            await tool.run(action(tool, place, method="POST"), "key")


@pytest.mark.parametrize(
    "answer",
    [
        web.Response(body=b"\x89PNG\x00", content_type="image/png"),
        web.Response(
            body=gzip.compress(b"x" * 10_000_000),
            content_type="text/plain",
            headers={"content-encoding": "gzip"},
        ),
    ],
)
async def test_what_is_no_text_is_only_described(target: Target, answer: web.Response) -> None:
    target.answers = [answer]
    assert (await run(target)).endswith("bytes that are not text)")


async def test_names_that_stand_for_inside_addresses_are_refused(target: Target) -> None:
    for address in ("127.0.0.1", "::1", "169.254.169.254", "10.0.0.1", "::ffff:127.0.0.1"):
        hosts = read_hosts([f"http://inside.example.org:{target.port}"])
        tool = HttpTool(hosts, resolver=FakeResolver([address]))
        call = action(tool, f"http://inside.example.org:{target.port}/")
        with pytest.raises(NotAllowed, match="not listed as internal"):
            await tool.run(call, "key")
    assert target.arrived == []


async def test_a_name_that_is_listed_as_internal_may_be_inside(target: Target) -> None:
    hosts = read_hosts([f"internal!http://inside.example.org:{target.port}"])
    tool = HttpTool(hosts, resolver=FakeResolver(["127.0.0.1"]))
    assert "200 OK" in await tool.run(action(tool, f"{_of(target)}/"), "key")
    assert target.arrived[0].headers["host"] == f"inside.example.org:{target.port}"


async def test_a_name_that_changes_its_address_gains_nothing(target: Target) -> None:
    """DNS rebinding: what counts is the address that is connected to, at each single try."""
    resolver = FakeResolver(["192.0.2.1", "127.0.0.1"], ["127.0.0.1"])
    tool = HttpTool(read_hosts([f"http://inside.example.org:{target.port}"]), resolver=resolver)
    call = action(tool, f"{_of(target)}/")
    for _ in range(3):
        with pytest.raises(NotAllowed):
            await tool.run(call, "key")
    assert resolver.asked == 3
    assert target.arrived == []


async def test_proxies_of_the_environment_are_not_used(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert "200 OK" in await run(target)


async def test_a_host_that_is_not_listed_any_more_is_not_reached(target: Target) -> None:
    before = HttpTool(read_hosts([target.host]))
    call = action(before, f"{target.url}/")
    with pytest.raises(Invalid, match="not allowed here"):
        await HttpTool(()).run(call, "key")
    assert target.arrived == []


def _of(target: Target) -> str:
    return f"http://inside.example.org:{target.port}"
