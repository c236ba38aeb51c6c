"""Sockets that are shut: of other sites, of nobody, and too many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import WSMsgType

from tests.flows.conftest import Client, SignUp
from web.chat import doorway, hub

# Sockets


async def closed(socket: Any) -> int:
    while (message := await socket.receive(timeout=10)).type is WSMsgType.TEXT:
        pass
    assert message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING), message
    return int(socket.close_code or 0)


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example", "file://", "x"]
)
async def test_another_site_opens_no_socket(client: Client, sign_up: SignUp, origin: str) -> None:
    """Cross-site WebSocket hijacking: refused before a frame is read, whatever the frame says."""
    ann = await sign_up("ann")
    async with client.ws_connect("/ws", headers={"Origin": origin}) as socket:
        await socket.send_json({"type": "auth", "token": ann.tokens["access_token"]})
        assert await closed(socket) == 4403


async def test_sockets_that_do_not_sign_in_are_bounded(
    client: Client, monkeypatch: pytest.MonkeyPatch, sign_up: SignUp
) -> None:
    monkeypatch.setattr(doorway, "WAITING", 2)
    ann = await sign_up("ann")
    first, second = await client.ws_connect("/ws"), await client.ws_connect("/ws")
    third = await client.ws_connect("/ws")
    assert await closed(third) == 1013
    await first.send_json({"type": "auth", "token": ann.tokens["access_token"]})
    assert (await first.receive_json())["type"] == "ready"
    # Who has signed in stands in the doorway no more.
    fourth = await client.ws_connect("/ws")
    await fourth.send_json({"type": "auth", "token": ann.tokens["access_token"]})
    assert (await fourth.receive_json())["type"] == "ready"
    for socket in (first, second, third, fourth):
        await socket.close()


async def test_sockets_of_one_person_are_bounded(
    client: Client, monkeypatch: pytest.MonkeyPatch, sign_up: SignUp
) -> None:
    monkeypatch.setattr(hub, "MAX_SOCKETS", 2)
    ann, bob = await sign_up("ann"), await sign_up("bob")
    opened: list[Any] = []
    sign: Callable[..., Any] = client.ws_connect
    for who, ready in ((ann, True), (ann, True), (ann, False), (bob, True)):
        socket = await sign("/ws")
        opened.append(socket)
        await socket.send_json({"type": "auth", "token": who.tokens["access_token"]})
        if ready:
            assert (await socket.receive_json())["type"] == "ready"
        else:
            assert await closed(socket) == 4429
    for socket in opened:
        await socket.close()
