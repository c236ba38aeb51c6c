"""One's own profile over REST: what is given changes, what is null is cleared, wrong is refused."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.instants import HOUR, iso
from tests.clock import START
from tests.flows.conftest import SignedIn, SignUp

WEEK = {"mon": ["09:00", "17:00"], "fri": ["22:00", "06:00"]}
AWAY = {"from": iso(START - HOUR), "until": iso(START + 72 * HOUR)}


async def patch(person: SignedIn, body: Any, **headers: str) -> tuple[int, Any]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with person.client.patch(
        "/api/profile", json=body, headers=person.headers | named
    ) as answer:
        return answer.status, await answer.json()


async def test_a_profile_starts_plain(sign_up: SignUp) -> None:
    ann = await sign_up("ann")
    status, profile = await ann.get("/api/profile")
    assert status == 200
    assert profile == {
        "id": profile["id"],
        "name": "ann",
        "zone": "UTC",
        "working_hours": None,
        "away": None,
        "delegate": None,
        "preferred_channel": None,
        "last_channel": None,
        "channels": profile["channels"],
        "identities": [{"channel": "email", "key": "ann@example.org", "name": ""}],
    }
    assert "chat" in profile["channels"]


async def test_what_is_given_changes_and_null_clears(sign_up: SignUp) -> None:
    ann, bob = await sign_up("ann"), await sign_up("bob")
    _, plain = await ann.get("/api/profile")
    everything = {
        "zone": "Europe/Berlin",
        "working_hours": {"Monday": ["9:00", "17:00"], "tue": None, "fri": ["22:00", "06:00"]},
        "away": AWAY,
        "delegate": "@bob",
        "preferred_channel": "chat",
    }
    status, changed = await patch(ann, everything)
    assert status == 200, changed
    _, his = await bob.get("/api/profile")
    wanted = plain | {
        "zone": "Europe/Berlin",
        "working_hours": WEEK,
        "away": AWAY,
        "delegate": {"id": his["id"], "name": "bob"},
        "preferred_channel": "chat",
    }
    assert changed == wanted
    assert (await ann.get("/api/profile"))[1] == wanted
    assert await patch(ann, {}) == (200, wanted)
    status, changed = await patch(ann, {"zone": "Asia/Tokyo"})
    assert (status, changed) == (200, wanted | {"zone": "Asia/Tokyo"})
    for name in ("working_hours", "away", "delegate", "preferred_channel"):
        status, changed = await patch(ann, {name: None})
        assert (status, changed[name]) == (200, None)
    assert changed == plain | {"zone": "Asia/Tokyo"}


async def test_instants_keep_their_moment_whatever_their_offset(sign_up: SignUp) -> None:
    ann = await sign_up("ann")
    given = {"from": "2026-03-10T08:00:00+01:00", "until": "2026-03-12T00:00:00-05:00"}
    _, profile = await patch(ann, {"away": given})
    assert profile["away"] == {
        "from": "2026-03-10T07:00:00.000000Z",
        "until": "2026-03-12T05:00:00.000000Z",
    }


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"zone": "Mars/Olympus"}, "is not a time zone"),
        ({"zone": "../etc/passwd"}, "is not a time zone"),
        ({"zone": ""}, "is not a time zone"),
        ({"zone": None}, "cannot be cleared"),
        ({"zone": 7}, "valid string"),
        ({"working_hours": {}}, "no working day"),
        ({"working_hours": {"mon": None}}, "no working day"),
        ({"working_hours": {"someday": ["09:00", "17:00"]}}, "not a day of the week"),
        ({"working_hours": {"mon": ["09:00"]}}, "a start and an end"),
        ({"working_hours": {"mon": ["09:00", "09:00"]}}, "cannot end when it starts"),
        ({"working_hours": {"mon": ["9 am", "5 pm"]}}, "is not a time of day"),
        ({"working_hours": {"mon": ["09:00", "25:00"]}}, "is not a time of day"),
        ({"working_hours": {"mon": ["09:00", 17]}}, "is not a time of day"),
        ({"working_hours": {"mon": ["9:00", "17:00"], "Monday": None}}, "named twice"),
        ({"working_hours": ["mon"]}, "working_hours"),
        ({"away": {"from": iso(START - 2 * HOUR), "until": iso(START - HOUR)}}, "still to come"),
        ({"away": {"from": iso(START + 2 * HOUR), "until": iso(START + HOUR)}}, "after its start"),
        ({"away": {"from": iso(START + HOUR), "until": iso(START + HOUR)}}, "after its start"),
        ({"away": {"from": "2026-03-10T08:00:00", "until": AWAY["until"]}}, "with its offset"),
        ({"away": {"from": "tomorrow", "until": AWAY["until"]}}, "with its offset"),
        ({"away": {"from": "0001-01-01T00:00:00+14:00", "until": "x"}}, "with its offset"),
        ({"away": {"from": AWAY["from"]}}, "required"),
        ({"away": {"from_": AWAY["from"], "until": AWAY["until"]}}, "away."),
        ({"delegate": "nobody"}, "do not know anybody"),
        ({"delegate": "uma"}, "do not know anybody"),
        ({"delegate": " "}, "do not know anybody"),
        ({"delegate": "ann"}, "stand in for yourself"),
        ({"preferred_channel": "pigeon"}, "not a channel of this deployment"),
        ({"nickname": "Ann"}, "not known here"),
        ({"zone": "Asia/Tokyo", "delegate": "nobody"}, "do not know anybody"),
    ],
)
async def test_what_is_wrong_is_refused_and_changes_nothing(
    sign_up: SignUp, body: Any, says: str
) -> None:
    ann = await sign_up("ann")
    await sign_up("uma", verify=False)
    _, before = await ann.get("/api/profile")
    status, answer = await patch(ann, body)
    assert status == 422, answer
    assert set(answer["error"]) == {"code", "message", "details"}
    assert says in answer["error"]["message"], answer
    # Which field it is about, for whoever shows it beside that field.
    fields = answer["error"]["details"]["fields"]
    assert {name.partition(".")[0] for name in fields} <= set(body)
    assert any(sentence in answer["error"]["message"] for sentence in fields.values())
    assert (await ann.get("/api/profile"))[1] == before


async def test_a_change_sent_twice_counts_once(sign_up: SignUp) -> None:
    ann = await sign_up("ann")
    await patch(ann, {"zone": "Asia/Tokyo"}, Idempotency_Key="a")
    await patch(ann, {"zone": "Europe/Paris"}, Idempotency_Key="b")
    status, profile = await patch(ann, {"zone": "Asia/Tokyo"}, Idempotency_Key="a")
    assert (status, profile["zone"]) == (200, "Europe/Paris")
