"""The commands for deliveries and people, in this process, on a database beside no server."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from bot.adapters.store.opening import make_store
from bot.domain.journal import Entry
from bot.domain.surface import SurfaceState
from bot.service.ports.store import Transaction
from bot.settings import Settings
from tests.contract.records import NOW, a_message, a_person, a_surface, add_request, an_account
from tests.contract.test_places import a_post
from web.cli.main import main
from web.journal_key import journal_key


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def kept(tx: Transaction) -> tuple[str, str]:
    """Keep a card and a post that were given up, and one that was settled meanwhile."""
    ann, ben = a_person(), a_person("Ben")
    request = add_request(tx, ann, ben, deadline=NOW * 2)
    tx.journal.add(Entry(kind="request.asked", at=NOW, request_id=request.id, person_id=ann.id))
    card = a_surface(
        request,
        ben,
        channel="email",
        state=SurfaceState.DEAD,
        due_at=None,
        last_error="bounced \x1b[31m",
    )
    tx.surfaces.add(card)
    post = a_post(person_id=ben.id)
    tx.posts.add(post)
    (claimed,) = tx.posts.claim_due("me", NOW, NOW + 1, 9)
    tx.posts.failed(post.id, claimed.claim_number, "no such channel", None, certain=True)
    tx.accounts.add(an_account(ben, "ben"))
    tx.people.add_identity("email", "ben@example.org", ben.id, NOW)
    session = tx.sessions.get(request.session_id)
    assert session is not None
    tx.messages.add(a_message(session, 100, person_id=ben.id, text="what only ben would say"))
    return card.id, post.id


def make(folder: Path) -> tuple[str, str]:
    async def write() -> tuple[str, str]:
        key = journal_key(Settings.load().secret_key)
        store = make_store(f"sqlite:///{folder / 'handraise.db'}", journal_key=key)
        await store.open()
        found = await store.run(kept)
        await store.close()
        return found

    return asyncio.run(write())


def test_deliveries_are_listed_and_tried_again(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card, post = make(folder)
    for words in (["deliveries", "list"], ["surfaces", "failed"]):
        assert main(words) == 0
        listed = capsys.readouterr().out.splitlines()
        assert [line.split()[0] for line in listed] == [card, post]
        assert "bounced" in listed[0]
        assert "no such channel" in listed[1]
        assert "\x1b" not in listed[0]
    assert main(["deliveries", "redrive", post]) == 0
    assert "said again on slack" in capsys.readouterr().out
    assert main(["deliveries", "redrive", post]) == 2
    assert "not given up" in capsys.readouterr().err
    assert main(["deliveries", "redrive", "--all"]) == 0
    assert capsys.readouterr().out == "1 delivery will be tried again.\n"
    assert main(["deliveries", "list"]) == 0
    assert capsys.readouterr().out == "Nothing was given up.\n"
    assert main(["deliveries", "redrive", "none"]) == 1


def test_a_person_is_written_out_and_erased(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make(folder)
    for who in ("ben", "ben@example.org", "email:ben@example.org"):
        assert main(["person", "export", who]) == 0
        records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert records[0]["name"] == "Ben"
        said = [each["text"] for each in records if each["record"] == "message"]
        assert said == ["what only ben would say"]
    assert main(["person", "export", "nobody"]) == 1
    assert "nobody with this" in capsys.readouterr().err

    class No:
        def readline(self) -> str:
            return "no\n"

    monkeypatch.setattr("sys.stdin", No())
    assert main(["person", "erase", "ben"]) == 2
    assert "Nothing was erased." in capsys.readouterr().err
    assert main(["person", "erase", "ben", "--yes"]) == 0
    assert capsys.readouterr().out.startswith("The person is erased, their words, and what the")
    assert main(["person", "export", "ben"]) == 1
    capsys.readouterr()
    code = main(["audit", "verify"])
    assert (code, capsys.readouterr().out) == (0, "2 entries of 1 question verified.\n")
