"""The administrators' doors: shut for everybody else, paged, and acted through."""

from __future__ import annotations

import pytest
from aiohttp import web

from bot.domain.surface import SurfaceState
from bot.service.ports.inbox import Received
from bot.service.ports.store import Transaction
from tests.clock import START
from tests.contract.records import a_person, a_surface, add_request
from tests.flows.conftest import Client, SignUp
from web.api import admin_deliveries, admin_numbers, admin_records
from web.api.endpoint import Endpoint
from web.keys import STORE

ENDPOINTS = (
    *admin_deliveries.ENDPOINTS,
    *admin_numbers.ENDPOINTS,
    *admin_records.ENDPOINTS,
)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda each: each.name)
async def test_only_administrators_come_in(
    sign_up: SignUp, client: Client, endpoint: Endpoint
) -> None:
    await sign_up("ann")  # the first one is an administrator
    ben = await sign_up("ben")
    path = endpoint.path.replace("{id}", "x")
    for headers, status in ((ben.headers, 403), ({}, 401)):
        async with client.request(
            endpoint.method, path, json={"key": "x"} if endpoint.body else None, headers=headers
        ) as answer:
            assert answer.status == status
            if status == 403:
                assert (await answer.json())["error"]["code"] == "admin_only"


async def test_what_was_given_up_is_listed_and_tried_again(
    sign_up: SignUp, app: web.Application
) -> None:
    ann = await sign_up("ann")
    ben = a_person("Ben")

    def write(tx: Transaction) -> list[str]:
        request = add_request(tx, a_person("Zoe"), ben)
        gone = [
            a_surface(
                request,
                ben,
                channel=channel,
                state=SurfaceState.DEAD,
                due_at=None,
                last_error="bounced",
            )
            for channel in ("email", "slack")
        ]
        for surface in gone:
            tx.surfaces.add(surface)
        return [surface.id for surface in gone]

    first, second = await app[STORE].run(write)
    status, page = await ann.get("/api/admin/surfaces", params={"limit": 1})
    assert status == 200
    assert [(s["id"], s["error"], s["person"]["name"]) for s in page["surfaces"]] == [
        (second, "bounced", "Ben")
    ]
    assert [(s["state"], s["can_retry"]) for s in page["surfaces"]] == [("pending", True)]
    _, rest = await ann.get("/api/admin/surfaces", params={"before": page["next"]})
    assert ([s["id"] for s in rest["surfaces"]], rest["next"]) == ([first], None)
    assert (await ann.post(f"/api/admin/surfaces/{first}/redrive"))[0] == 200
    status, again = await ann.post(f"/api/admin/surfaces/{first}/redrive")
    assert (status, again["error"]["code"]) == (409, "not_given_up")
    assert (await ann.post("/api/admin/surfaces/none/redrive"))[0] == 404
    assert (await ann.post("/api/admin/posts/none/redrive"))[0] == 404
    assert await ann.get("/api/admin/posts") == (200, {"posts": [], "next": None})
    _, journal = await ann.get("/api/admin/journal", params={"limit": 1})
    (entry,) = journal["entries"]
    assert (entry["kind"], entry["person"]["name"]) == ("surface.redriven", "ann")
    assert journal["next"] == entry["position"]
    _, older = await ann.get("/api/admin/journal", params={"before": journal["next"]})
    assert older["entries"][0]["position"] < entry["position"]


async def test_what_was_set_aside_is_retried_or_forgotten(
    sign_up: SignUp, app: web.Application
) -> None:
    ann = await sign_up("ann")

    def write(tx: Transaction) -> None:
        for key in ("gmail:1", "gmail:2", "gmail:3"):
            tx.inbox.add(
                Received(
                    key=key,
                    kind="gmail.mail",
                    payload="whose words nobody is shown",
                    due_at=None,
                    received_at=START,
                    last_error="unreadable",
                )
            )

    await app[STORE].run(write)
    status, page = await ann.get("/api/admin/inbox", params={"limit": 2})
    assert (status, [each["key"] for each in page["inbox"]]) == (200, ["gmail:3", "gmail:2"])
    assert "words" not in str(page)
    _, rest = await ann.get("/api/admin/inbox", params={"before": page["next"]})
    assert [each["key"] for each in rest["inbox"]] == ["gmail:1"]
    status, refused = await ann.get("/api/admin/inbox", params={"before": "x:y"})
    assert (status, refused["error"]["code"]) == (422, "invalid")
    assert (await ann.post("/api/admin/inbox/retry", {"key": "gmail:1"}))[0] == 200
    assert (await ann.post("/api/admin/inbox/retry", {"key": "gmail:1"}))[0] == 404
    assert (await ann.post("/api/admin/inbox/drop", {"key": "gmail:2"}))[0] == 200
    _, left = await ann.get("/api/admin/inbox")
    assert [each["key"] for each in left["inbox"]] == ["gmail:3"]


async def test_people_limits_channels_and_numbers_are_told(sign_up: SignUp) -> None:
    ann = await sign_up("ann")
    await sign_up("ben")
    _, people = await ann.get("/api/admin/people", params={"limit": 1})
    assert [(p["name"], p["identities"]) for p in people["people"]] == [
        ("ben", [{"channel": "email", "address": "ben@example.org"}])
    ]
    _, more = await ann.get("/api/admin/people", params={"before": people["next"]})
    assert [p["name"] for p in more["people"]] == ["ann"]
    _, limits = await ann.get("/api/admin/limits")
    assert {"name": "acts of one person", "number": 30, "window": "minute"} in limits["limits"]
    _, channels = await ann.get("/api/admin/channels")
    assert channels["channels"][0]["name"] == "chat"
    status, numbers = await ann.get("/api/admin/numbers")
    assert status == 200
    for span in ("day", "week", "month"):
        assert (numbers[span]["asked"], numbers[span]["median_seconds"]) == (0, None)
        assert numbers[span]["is_whole"] is True
    assert [len(numbers[span]["slots"]) for span in ("day", "week", "month")] == [24, 7, 30]


async def test_people_and_the_journal_are_searched(sign_up: SignUp) -> None:
    ann, ben = await sign_up("ann"), await sign_up("ben")
    _, found = await ann.get("/api/admin/people", params={"q": " BEN@ex "})
    (shown,) = found["people"]
    assert (shown["name"], [a["username"] for a in shown["accounts"]]) == ("ben", ["ben"])
    assert shown["accounts"][0]["disabled"] is False
    assert (await ann.get("/api/admin/people", params={"q": "cleo"}))[1]["people"] == []
    _, journal = await ann.get(
        "/api/admin/journal", params={"kind": "account.", "person": shown["id"]}
    )
    assert {e["kind"] for e in journal["entries"]} == {"account.registered", "account.verified"}
    newest = journal["entries"][0]["at"]
    _, until = await ann.get("/api/admin/journal", params={"until": newest, "kind": "account.v"})
    assert newest not in [e["at"] for e in until["entries"]]
    for wrong in ({"since": "yesterday"}, {"since": "2026-01-01T00:00:00"}, {"kind": "x" * 65}):
        status, refused = await ann.get("/api/admin/journal", params=wrong)
        assert (status, refused["error"]["code"]) == (422, "invalid")
    assert (await ben.get("/api/admin/people", params={"q": "ann"}))[0] == 403


async def test_a_channel_says_how_it_is_connected_by_web(sign_up: SignUp) -> None:
    ann = await sign_up("ann")
    _, channels = await ann.get("/api/admin/channels")
    assert {each["name"]: each["connect"] for each in channels["channels"]} == {
        "chat": None,
        "slack": None,
        "email": None,
    }
